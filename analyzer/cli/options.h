/*
 * options: the command line as rows of a table.
 *
 * A row is one option: how it is written, what --help says of it, and the function that
 * takes it into a field. GNU conventions: long options with `=` or the next argument and in
 * unambiguous abbreviation, short ones bundled, options and operands mixed, `--` ends the options,
 * `-` is an operand.
 */
#ifndef HATCHECK_OPTIONS_H
#define HATCHECK_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "capture/base/status.h"
#include "capture/packet/packet.h"

/*
 * Takes a value (borrowed from argv; NULL when the option has none) into the field that
 * the row names. STATUS_USAGE with a fault that says what is wrong with the value.
 */
typedef enum status option_take(void *field, const char *value, struct fault *fault);

struct option_row {
	const char *name; /* without -- */
	char letter;      /* 0: none */
	const char *arg;  /* what --help calls the value; NULL: the option has none */
	const char *help; /* lines parted by '\n' */
	option_take *take;
	size_t offset; /* of the field in the group's struct */
};

struct option_group {
	const char *title;
	const struct option_row *rows;
	size_t count;
	void *fields; /* the struct that the rows' offsets count in */
};

/*
 * Takes argv[1...]; the operands are then argv[*operand ... argc - 1]: moved to
 * the end, or, with `in_order`, all from the first one on.
 */
enum status options_parse(const struct option_group *groups, size_t count, bool in_order, int argc,
    char **argv, int *operand, struct fault *fault);
void options_print(const struct option_group *groups, size_t count, FILE *out);

/* The option_take of the usual fields. */
option_take options_flag;    /* bool: true */
option_take options_text;    /* const char *: the value, which is not empty; once only */
option_take options_size;    /* size_t: "512", "64K", "256M", "2G", powers of 1024, from 1 */
option_take options_ports;   /* struct port_set: "25", "25,587", "2500-2599,25" are added */
option_take options_count;   /* uint64_t, from 1 */
option_take options_seconds; /* int64_t, nanoseconds: "90", "0.5", more than 0 and up to 10^9 s */
option_take options_utc_offset; /* int32_t, seconds: "+09:00", "-7", "0530", local minus UTC */

/* A decimal number from `least` to `most`. */
enum status options_number(
    uint64_t *out, uint64_t least, uint64_t most, const char *value, struct fault *fault);
/* The index of `value` in the `count` words. */
enum status options_word(
    int *index, const char *const *words, size_t count, const char *value, struct fault *fault);

#endif
