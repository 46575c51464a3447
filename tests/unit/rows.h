/*
 * rows: tables as parameters of a Criterion test. The parameter is the number of a row, since
 * a row that holds pointers does not survive the way into the test's process.
 */
#ifndef HATCHECK_ROWS_H
#define HATCHECK_ROWS_H

#include <criterion/parameterized.h>

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

#define ROWS(suite, test, rows)                                          \
	ParameterizedTestParameters(suite, test)                         \
	{                                                                \
		static size_t number[COUNT(rows)];                       \
                                                                         \
		for (size_t i = 0; i < COUNT(rows); i++)                 \
			number[i] = i;                                   \
		return cr_make_param_array(size_t, number, COUNT(rows)); \
	}

#endif
