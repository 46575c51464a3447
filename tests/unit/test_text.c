#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "reports/text_table.h"
#include "tests/unit/sample_report.h"

#define SUMMARY                                                                               \
	"Captures\n"                                                                          \
	"  two\\x0alines.pcap\n"                                                              \
	"    pcapng in zstd, EN10MB, LINUX_SLL, 1234 packets, 2009-07-17T23:39:36.123456789Z" \
	" to 2009-07-17T23:39:37.123456789Z\n"                                                \
	"    5 packets were captured only in part\n"                                          \
	"    damaged:  offset 4096: the file ends inside a packet\n"                          \
	"  empty.pcap\n"                                                                      \
	"    pcap, 0 packets\n"                                                               \
	"\n"                                                                                  \
	"Packets\n"                                                                           \
	"  1234  frames\n"                                                                    \
	"  1200  TCP segments of the server ports\n"                                          \
	"     3  bad checksums                     judged as usual\n"                         \
	"\n"                                                                                  \
	"Connections: 4\n"                                                                    \
	"  1  delayed_reject  every recipient refused for a reason of access\n"               \
	"  3  accepted        the dialogue was let in\n"                                      \
	"\n"                                                                                  \
	"Findings: 1\n"                                                                       \
	"  1  warning\n"                                                                      \
	"\n"                                                                                  \
	"Bounds reached\n"                                                                    \
	"  12  lines_cut  SMTP lines longer than is kept\n"

static const struct {
	const char *why;
	int verbose;
	const char *out;
} rows[] = {
	{ "quiet: the summary only", -1, SUMMARY },
	{ "by default what is worth a look, aligned, with its findings", 0,
	    SUMMARY "\n"
		    "Worth a look: 2\n"
		    "  id  frame  start                 client               server            "
		    "verdict             why\n"
		    "   1     10  2009-07-17T23:39:36Z  192.0.2.10:40001     198.51.100.25:25  "
		    "delayed_reject      every recipient was refused: \\xe2\\x80\\xae550"
		    " [medium confidence]\n"
		    "    warning  profile.delayed_reject.greeting_220  the greeting came late"
		    " (frames 7, 9)\n"
		    "   4     40  2009-07-17T23:39:36Z  [2001:db8::1]:40002  [2001:db8::2]:25  "
		    "accepted (cut_off)  greeting 220, and a recipient was accepted"
		    " [low confidence]\n" },
	{ "verbose: every connection and the steps of its profile", 1,
	    SUMMARY "\n"
		    "One by one: 4\n"
		    "  id  frame  start                 client               server            "
		    "verdict                   why\n"
		    "   1     10  2009-07-17T23:39:36Z  192.0.2.10:40001     198.51.100.25:25  "
		    "delayed_reject            every recipient was refused: "
		    "\\xe2\\x80\\xae550 [medium confidence]\n"
		    "    warning  profile.delayed_reject.greeting_220  the greeting came late"
		    " (frames 7, 9)\n"
		    "    profile  delayed_reject  fail\n"
		    "      syn           client  7  pass\n"
		    "      greeting_220  server  -  fail\n"
		    "   2     20  2009-07-17T23:39:36Z  192.0.2.10:40001     198.51.100.25:25  "
		    "accepted (mail_accepted)  greeting 220, and a recipient was accepted\n"
		    "   3     30  2009-07-17T23:39:36Z  192.0.2.10:40001     198.51.100.25:25  "
		    "accepted (mail_accepted)  greeting 220, and a recipient was accepted\n"
		    "   4     40  2009-07-17T23:39:36Z  [2001:db8::1]:40002  [2001:db8::2]:25  "
		    "accepted (cut_off)        greeting 220, and a recipient was accepted"
		    " [low confidence]\n" },
};

static char *
write_text(int verbose, bool color)
{
	char folder[] = "/tmp/hatcheck-test-XXXXXX", path[64];
	struct report_config config = {
		.text = path, .folder = "/tmp", .verbose = verbose, .color = color
	};
	struct fault fault;
	char *text;

	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/report", folder);
	cr_assert_eq(sample_report(&config, &fault), STATUS_OK);
	text = sample_take(path);
	rmdir(folder);
	return text;
}

ParameterizedTestParameters(text, whole)
{
	static size_t index[sizeof rows / sizeof rows[0]];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		index[i] = i;
	return cr_make_param_array(size_t, index, sizeof rows / sizeof rows[0]);
}

ParameterizedTest(size_t *i, text, whole)
{
	char *text = write_text(rows[*i].verbose, false);

	cr_assert_str_eq(text, rows[*i].out, "%s:\n%s", rows[*i].why, text);
	free(text);
}

/* Colour adds sequences of its own around cells, and changes nothing else. */
Test(text, colour_moves_no_column)
{
	char *plain = write_text(1, false), *color = write_text(1, true);
	char *to = color;
	size_t sequences = 0;

	for (const char *from = color; *from != '\0';) {
		if (*from == '\033') {
			from += strcspn(from, "m") + 1;
			sequences++;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
	cr_assert_gt(sequences, 10);
	cr_assert_str_eq(color, plain);
	free(plain);
	free(color);
}

Test(text, widths_count_characters)
{
	cr_assert_eq(text_width(BYTES_LIT("abc")), 3);
	cr_assert_eq(text_width(BYTES_LIT("\xe6\x97\xa5")), 1);
	cr_assert_eq(text_width(BYTES_LIT("\x1b")), 4);
}

Test(report, an_output_that_cannot_be_opened)
{
	struct report_config config = { .text = "/nonexistent/folder/report", .folder = "/tmp" };
	struct fault fault;

	cr_assert_eq(sample_report(&config, &fault), STATUS_IO);
	cr_assert_str_eq(fault.text, "/nonexistent/folder/report: No such file or directory");
}

Test(report, an_output_that_cannot_be_written)
{
	struct report_config config = { .json = "/dev/full", .folder = "/tmp" };
	struct fault fault;

	cr_assert_eq(sample_report(&config, &fault), STATUS_IO);
	cr_assert_str_eq(fault.text, "/dev/full: No space left on device");
}

Test(report, nobody_hears_once_every_output_has_failed)
{
	struct report_config config = { .ndjson = "/dev/full", .folder = "/tmp", .prompt = true };
	struct record_builder b;
	struct report *r;
	struct fault fault;

	cr_assert_eq(report_open(&r, &config, &fault), STATUS_OK);
	cr_assert(record_builder_init(&b));
	sample_plain(&b, 1);
	cr_assert_not(report_unheard(r));
	report_connection(r, b.rec);
	cr_assert(report_unheard(r));
	report_close(r);
	record_builder_clear(&b);
}
