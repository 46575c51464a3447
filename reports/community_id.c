#include "reports/community_id.h"

#include <netinet/in.h>
#include <openssl/evp.h>

#define SHA1_OCTETS 20

static size_t
put_be16(uint8_t *at, uint16_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
	return 2;
}

bool
community_id_format(
    char room[static COMMUNITY_ID_ROOM], const struct endpoint *a, const struct endpoint *b)
{
	size_t octets = a->addr.family == 6 ? 16 : 4, n = 0;
	int order = memcmp(a->addr.octet, b->addr.octet, octets);
	uint8_t in[2 + 16 + 16 + 2 + 2 + 2], digest[EVP_MAX_MD_SIZE];

	if (order > 0 || (order == 0 && a->port > b->port)) {
		const struct endpoint *lower = b;

		b = a;
		a = lower;
	}
	n += put_be16(in, 0); /* the seed */
	memcpy(in + n, a->addr.octet, octets);
	n += octets;
	memcpy(in + n, b->addr.octet, octets);
	n += octets;
	in[n++] = IPPROTO_TCP;
	in[n++] = 0;
	n += put_be16(in + n, a->port);
	n += put_be16(in + n, b->port);
	if (EVP_Digest(in, n, digest, NULL, EVP_sha1(), NULL) != 1)
		return false;
	room[0] = '1';
	room[1] = ':';
	EVP_EncodeBlock((unsigned char *)room + 2, digest, SHA1_OCTETS);
	return true;
}
