#include "capture/packet/checksum.h"

static inline uint64_t
load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

/* Fewer than 16 octets, those that are missing to an even number being 0. */
static inline uint64_t
tail(const uint8_t *p, size_t n)
{
	uint64_t sum = 0;
	uint32_t half = 0;
	uint16_t quarter = 0, eighth = 0;

	if ((n & 8) != 0) {
		sum = (load64(p) & UINT32_MAX) + (load64(p) >> 32);
		p += 8;
	}
	if ((n & 4) != 0) {
		memcpy(&half, p, 4);
		p += 4;
	}
	if ((n & 2) != 0) {
		memcpy(&quarter, p, 2);
		p += 2;
	}
	if ((n & 1) != 0)
		memcpy(&eighth, p, 1);
	return sum + half + quarter + eighth;
}

/* Carries are put off: words of 32 bits are summed in 64, where so short a run has room. */
uint64_t
checksum_add(uint64_t sum, struct bytes run)
{
	const uint8_t *p = run.p;
	size_t n = run.n;
	uint64_t low = sum & UINT32_MAX, high = sum >> 32;

	for (; n >= 16; n -= 16, p += 16) {
		uint64_t a = load64(p), b = load64(p + 8);

		low += (a & UINT32_MAX) + (b & UINT32_MAX);
		high += (a >> 32) + (b >> 32);
	}
	return low + high + tail(p, n);
}
