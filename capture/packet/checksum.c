#include "capture/packet/checksum.h"

/*
 * Carries are put off: words of 32 bits are summed in 64, which a run of 2^32 octets
 * cannot overflow, and two independent sums keep the adders busy.
 */
uint64_t
checksum_add(uint64_t sum, struct bytes run)
{
	const uint8_t *p = run.p;
	size_t n = run.n;
	uint64_t low = 0, high = 0;

	for (; n >= 16; n -= 16, p += 16) {
		uint64_t word[2];

		memcpy(word, p, sizeof word);
		low += (word[0] & UINT32_MAX) + (word[1] & UINT32_MAX);
		high += (word[0] >> 32) + (word[1] >> 32);
	}
	for (; n >= 2; n -= 2, p += 2) {
		uint16_t word;

		memcpy(&word, p, sizeof word);
		low += word;
	}
	if (n == 1) {
		uint16_t word = 0;

		memcpy(&word, p, 1);
		low += word;
	}
	return sum + (low & UINT32_MAX) + (low >> 32) + (high & UINT32_MAX) + (high >> 32);
}

bool
checksum_ok(uint64_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}
