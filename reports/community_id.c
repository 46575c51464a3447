#include "reports/community_id.h"

#include <netinet/in.h>
#include <openssl/evp.h>

#define SHA1_OCTETS 20

bool
community_id_format(
    char room[static COMMUNITY_ID_ROOM], const struct endpoint *a, const struct endpoint *b)
{
	size_t octets = a->addr.family == 6 ? 16 : 4, n = 0;
	int order = memcmp(a->addr.octet, b->addr.octet, octets);
	uint8_t in[2 + 16 + 16 + 2 + 2 + 2] = { 0 }, digest[EVP_MAX_MD_SIZE];

	if (order > 0 || (order == 0 && a->port > b->port)) {
		const struct endpoint *lower = b;

		b = a;
		a = lower;
	}
	n += 2; /* the seed, 0 */
	memcpy(in + n, a->addr.octet, octets);
	n += octets;
	memcpy(in + n, b->addr.octet, octets);
	n += octets;
	in[n] = IPPROTO_TCP;
	bytes_put_be16(in + n + 2, a->port);
	bytes_put_be16(in + n + 4, b->port);
	if (EVP_Digest(in, n + 6, digest, NULL, EVP_sha1(), NULL) != 1)
		return false;
	room[0] = '1';
	room[1] = ':';
	EVP_EncodeBlock((unsigned char *)room + 2, digest, SHA1_OCTETS);
	return true;
}
