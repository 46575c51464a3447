#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

#include "capture/base/decimal.h"

static const struct {
	uint64_t number;
	const char *out, *padded; /* padded to 4 */
} rows[] = {
	{ 0, "0", "0000" },
	{ 9, "9", "0009" },
	{ 10, "10", "0010" },
	{ 2009, "2009", "2009" },
	{ 65535, "65535", "5535" },
	{ UINT64_MAX, "18446744073709551615", "1615" },
};

ParameterizedTestParameters(decimal, table)
{
	static size_t index[sizeof rows / sizeof rows[0]];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		index[i] = i;
	return cr_make_param_array(size_t, index, sizeof rows / sizeof rows[0]);
}

ParameterizedTest(size_t *i, decimal, table)
{
	char out[DECIMAL_ROOM + 1];

	*decimal_put(out, rows[*i].number) = '\0';
	cr_assert_str_eq(out, rows[*i].out);
	cr_assert_eq(decimal_width(rows[*i].number), strlen(rows[*i].out));
	*decimal_put_padded(out, 4, rows[*i].number) = '\0';
	cr_assert_str_eq(out, rows[*i].padded);
}
