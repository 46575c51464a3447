/*
 * decimal: unsigned numbers as digits, where millions of them are written.
 *
 * Each writes at `at`, without a NUL, and returns the place behind what it wrote.
 */
#ifndef HATCHECK_DECIMAL_H
#define HATCHECK_DECIMAL_H

#include <stdint.h>

#define DECIMAL_ROOM 20 /* digits of UINT64_MAX */

char *decimal_put(char *at, uint64_t number);
/* The last `width` digits, zeroes in front. */
char *decimal_put_padded(char *at, unsigned width, uint64_t number);
/* How many digits decimal_put writes. */
unsigned decimal_width(uint64_t number);

#endif
