#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "reports/output.h"
#include "tests/unit/sample_report.h"

/* The struct is too large for a stack frame to be kind to. */
static struct output *
open_temporary(char *path)
{
	struct output *o = malloc(sizeof *o);
	struct fault fault;
	int fd = mkstemp(path);

	cr_assert(o != NULL && fd >= 0);
	close(fd);
	cr_assert_eq(output_open(o, path, &fault), STATUS_OK);
	return o;
}

static void
check(struct output *o, const char *path, const char *expected)
{
	struct fault fault;
	char *text;

	cr_assert_eq(output_close(o, &fault), STATUS_OK);
	cr_assert_eq(output_close(o, &fault), STATUS_OK, "closing again does nothing");
	text = sample_take(path);
	cr_assert_str_eq(text, expected);
	free(text);
	free(o);
}

/* Whatever is in the buffer when a piece comes, nothing is lost, doubled or cut. */
Test(output, pieces_meet_the_end_of_the_buffer_anywhere)
{
	for (size_t before = OUTPUT_ROOM - 12; before <= OUTPUT_ROOM + 1; before++) {
		char path[] = "/tmp/hatcheck-test-XXXXXX";
		struct output *o = open_temporary(path);
		char *expected = malloc(2 * OUTPUT_ROOM);

		memset(expected, 'x', before);
		strcpy(expected + before, "1234567890 ab\\x1bcd      end");
		output_bytes(o, bytes_of(expected, before));
		output_format(o, "%d ", 1234567890);
		output_escaped(o, BYTES_LIT("ab\x1b"
					    "cd"));
		output_bytes(o, BYTES_LIT("      end"));
		check(o, path, expected);
		free(expected);
	}
}

Test(output, the_first_failure_is_kept)
{
	struct output *o = malloc(sizeof *o);
	struct fault fault = { "" };

	cr_assert_not_null(o);
	cr_assert_eq(output_open(o, "/dev/full", &fault), STATUS_OK);
	output_bytes(o, BYTES_LIT("a"));
	cr_assert_eq(o->error, 0);
	output_flush(o);
	cr_assert_eq(o->error, ENOSPC);
	output_bytes(o, BYTES_LIT("b"));
	cr_assert_eq(output_close(o, &fault), STATUS_IO);
	cr_assert_str_eq(fault.text, "/dev/full: No space left on device");
	free(o);
}
