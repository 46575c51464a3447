#include "analyzer/flow/key.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

/*
 * Whole words, so that no octet is written alone and read back as part of one; the lesser end
 * first, whichever side it is.
 */
static uint64_t
hash_v4(uint64_t secret, const struct endpoint *a, const struct endpoint *b)
{
	uint32_t from, to;
	uint64_t x, y, words[2];

	memcpy(&from, a->addr.octet, sizeof from);
	memcpy(&to, b->addr.octet, sizeof to);
	x = (uint64_t)from << 16 | a->port;
	y = (uint64_t)to << 16 | b->port;
	words[0] = x < y ? x : y;
	words[1] = x < y ? y : x;
	return XXH3_64bits_withSeed(words, sizeof words, secret);
}

static uint64_t
hash_v6(uint64_t secret, const struct endpoint *a, const struct endpoint *b)
{
	int order = memcmp(a->addr.octet, b->addr.octet, sizeof a->addr.octet);
	const struct endpoint *less = a, *more = b;
	uint64_t words[5];

	if (order > 0 || (order == 0 && a->port > b->port)) {
		less = b;
		more = a;
	}
	memcpy(words, less->addr.octet, 16);
	memcpy(words + 2, more->addr.octet, 16);
	words[4] = (uint64_t)less->port << 16 | more->port;
	return XXH3_64bits_withSeed(words, sizeof words, secret);
}

uint64_t
key_hash(uint64_t secret, const struct endpoint *a, const struct endpoint *b)
{
	return a->addr.family == 4 ? hash_v4(secret, a, b) : hash_v6(secret, a, b);
}
