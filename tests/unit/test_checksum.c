#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdlib.h>

#include "capture/packet/checksum.h"

/* RFC 1071 to the letter, two octets at a time. */
static uint16_t
plainly(const uint8_t *p, size_t n)
{
	uint32_t sum = 0;

	for (; n > 1; n -= 2, p += 2)
		sum += (uint32_t)(p[0] << 8 | p[1]);
	if (n == 1)
		sum += (uint32_t)p[0] << 8;
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

Test(checksum, the_example_of_rfc_1071)
{
	static const uint8_t octets[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7, 0x22,
		0x0d };

	cr_assert(checksum_ok(checksum_add(0, bytes_of(octets, sizeof octets))),
	    "with its own checksum, 220d, behind it");
	cr_assert_not(checksum_ok(checksum_add(0, bytes_of(octets, sizeof octets - 2))));
}

/* Every length and alignment, with octets that carry often. */
Test(checksum, any_length_and_alignment)
{
	uint8_t room[128];

	srand(1);
	for (size_t start = 0; start < 8; start++)
		for (size_t n = 0; n <= 100; n++) {
			struct bytes run = bytes_of(room + start, n);
			uint16_t right;

			for (size_t i = 0; i < sizeof room; i++)
				room[i] = rand() % 4 == 0 ? (uint8_t)rand() : 0xff;
			right = plainly(run.p, run.n);
			cr_assert(checksum_ok(checksum_add(htons(right), run)), "%zu octets", n);
			cr_assert_not(
			    checksum_ok(checksum_add(htons(right ^ 0x0100), run)), "%zu octets", n);
		}
}

Test(checksum, runs_add_up)
{
	uint8_t room[1500];
	uint64_t sum = 0;

	for (size_t i = 0; i < sizeof room; i++)
		room[i] = (uint8_t)(i * 7);
	for (size_t at = 0; at < sizeof room; at += 100)
		sum = checksum_add(sum, bytes_of(room + at, 100));
	cr_assert(checksum_ok(sum + htons(plainly(room, sizeof room))));
}

/* The most that one sum is asked for: no carry may be lost. */
Test(checksum, a_large_segment_of_ones)
{
	static uint8_t room[262144];

	memset(room, 0xff, sizeof room);
	cr_assert(checksum_ok(checksum_add(0, bytes_of(room, sizeof room))));
	room[sizeof room - 1] = 0;
	cr_assert_not(checksum_ok(checksum_add(0, bytes_of(room, sizeof room))));
}
