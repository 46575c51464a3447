/*
 * checksum: the Internet's one's complement sum.                       RFC 1071
 *
 * Sums are of the octets as they lie in memory, in words of any even length, because 2^16,
 * 2^32 and 2^64 are all 1 more than a multiple of 2^16 - 1; so a run of odd length must be the
 * last. A message that holds its checksum is right when its sum is ok.
 * Cost: 8 octets a step; no alignment is asked. Inline: a run of known length is a few additions.
 */
#ifndef HATCHECK_CHECKSUM_H
#define HATCHECK_CHECKSUM_H

#include <endian.h>

#include "capture/base/bytes.h"

/* Of two sums; a carry comes in again below. */
static inline uint64_t
checksum_both(uint64_t a, uint64_t b)
{
	a += b;
	return a + (a < b);
}

/* A sum of words, and how often it ran over: so no addition waits for the carry of another. */
struct checksum_part {
	uint64_t sum, carries;
};

static inline void
checksum_word(struct checksum_part *part, uint64_t word)
{
	part->sum += word;
	part->carries += part->sum < word;
}

/* A run of less than 8 octets, as a word that 0 fills. */
static inline uint64_t
checksum_short(struct bytes run)
{
	uint64_t word = 0;

	for (size_t i = 0; i < run.n; i++)
		word |= (uint64_t)run.p[i] << 8 * i;
	return htole64(word);
}

/*
 * `sum` and a run. One loop, because how often a loop goes round cannot be predicted; then the last
 * 16 octets, without those that were among the others.
 */
static inline uint64_t
checksum_add(uint64_t sum, struct bytes run)
{
	struct checksum_part even = { sum, 0 }, odd = { 0, 0 };
	const uint8_t *p = run.p, *last;
	uint64_t low, high;
	unsigned shift;

	if (run.n < 16) {
		/* The addresses of IPv4 are 8, and the compiler knows that. */
		if (run.n >= 8) {
			sum = checksum_both(sum, bytes_word64(p));
			run = bytes_skip(run, 8);
		}
		return checksum_both(sum, checksum_short(run));
	}
	last = p + run.n - 16;
	for (; p < last; p += 16) {
		checksum_word(&even, bytes_word64(p));
		checksum_word(&odd, bytes_word64(p + 8));
	}
	low = le64toh(bytes_word64(last));
	high = le64toh(bytes_word64(last + 8));
	if (p - last >= 8) {
		low = high;
		high = 0;
	}
	shift = (unsigned)(p - last) % 8 * 8;
	checksum_word(&even, htole64(low >> shift | high << 1 << (63 - shift)));
	checksum_word(&odd, htole64(high >> shift));
	return checksum_both(checksum_both(even.sum, odd.sum), even.carries + odd.carries);
}

static inline bool
checksum_ok(uint64_t sum)
{
	uint32_t half;

	/* Each half plus the other, in the upper one, with the carry from below. */
	sum += sum << 32 | sum >> 32;
	half = (uint32_t)(sum >> 32);
	half += half << 16 | half >> 16;
	return half >> 16 == UINT16_MAX;
}

#endif
