#include "capture/base/decimal.h"

#include <string.h>

unsigned
decimal_width(uint64_t number)
{
	unsigned n = 1;

	/* 10^19 is the last that fits. */
	for (uint64_t limit = 10; number >= limit; limit *= 10)
		if (++n == DECIMAL_ROOM)
			break;
	return n;
}

/* "00" to "99": a division for two digits. */
static const char pairs[] = "00010203040506070809"
			    "10111213141516171819"
			    "20212223242526272829"
			    "30313233343536373839"
			    "40414243444546474849"
			    "50515253545556575859"
			    "60616263646566676869"
			    "70717273747576777879"
			    "80818283848586878889"
			    "90919293949596979899";

char *
decimal_put_padded(char *at, unsigned width, uint64_t number)
{
	unsigned i = width;

	for (; i >= 2; number /= 100) {
		i -= 2;
		memcpy(at + i, pairs + number % 100 * 2, 2);
	}
	if (i == 1)
		*at = (char)('0' + number % 10);
	return at + width;
}

char *
decimal_put(char *at, uint64_t number)
{
	return decimal_put_padded(at, decimal_width(number), number);
}
