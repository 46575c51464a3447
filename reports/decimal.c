#include "reports/decimal.h"

unsigned
decimal_width(uint64_t number)
{
	unsigned n = 1;

	for (; number >= 10; number /= 10)
		n++;
	return n;
}

char *
decimal_put_padded(char *at, unsigned width, uint64_t number)
{
	for (unsigned i = width; i-- > 0; number /= 10)
		at[i] = (char)('0' + number % 10);
	return at + width;
}

char *
decimal_put(char *at, uint64_t number)
{
	return decimal_put_padded(at, decimal_width(number), number);
}
