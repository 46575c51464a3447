#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "analyzer/cli/options.h"

struct fields {
	bool flag;
	const char *text;
	size_t size;
	struct port_set ports;
	uint64_t count;
	int64_t ns;
};

static const struct option_row options[] = {
	{ "flag", 'f', NULL, "a flag", options_flag, offsetof(struct fields, flag) },
	{ "text", 't', "TEXT", "a text,\non two lines", options_text,
	    offsetof(struct fields, text) },
	{ "size", 0, "SIZE", "a size", options_size, offsetof(struct fields, size) },
	{ "ports", 'p', "LIST", "ports", options_ports, offsetof(struct fields, ports) },
	{ "count", 0, "N", "a number", options_count, offsetof(struct fields, count) },
	{ "wait", 0, "SECONDS", "a time", options_seconds, offsetof(struct fields, ns) },
};

#define ARGS 6

/* fault: what its text must hold; NULL where the arguments are right. */
static const struct {
	const char *why;
	const char *argv[ARGS];
	const char *fault;
	bool flag;
	const char *text;
	size_t size;
	const char *operand; /* the first, NULL for none */
} rows[] = {
	{ "nothing", { NULL }, NULL, false, NULL, 0, NULL },
	{ "a long option, its value behind =", { "--text=a=b" }, NULL, false, "a=b", 0, NULL },
	{ "a long option, its value the next argument", { "--text", "a" }, NULL, false, "a", 0,
	    NULL },
	{ "short ones in a bundle, the value at its end", { "-fta" }, NULL, true, "a", 0, NULL },
	{ "an abbreviation", { "--fl" }, NULL, true, NULL, 0, NULL },
	{ "operands and options mixed", { "x", "-f", "y" }, NULL, true, NULL, 0, "x" },
	{ "- is an operand", { "-", "-f" }, NULL, true, NULL, 0, "-" },
	{ "- is a value", { "--text", "-" }, NULL, false, "-", 0, NULL },
	{ "-- ends the options", { "--", "-f" }, NULL, false, NULL, 0, "-f" },
	{ "plain octets", { "--size=512" }, NULL, false, NULL, 512, NULL },
	{ "K is 1024", { "--size=64K" }, NULL, false, NULL, 65536, NULL },
	{ "small letters too", { "--size=64m" }, NULL, false, NULL, 64 << 20, NULL },
	{ "G", { "--size=2G" }, NULL, false, NULL, (size_t)2 << 30, NULL },
	{ "no size", { "--size=0" }, "0 is no size", false, NULL, 0, NULL },
	{ "a negative size", { "--size=-1" }, "-1 is no size", false, NULL, 0, NULL },
	{ "a size with another unit", { "--size=1T" }, "1T is no size", false, NULL, 0, NULL },
	{ "a size with too much behind it", { "--size=1Kb" }, "1Kb is no size", false, NULL, 0,
	    NULL },
	{ "a size beyond all memory", { "--size=99999999999G" }, "is no size", false, NULL, 0,
	    NULL },
	{ "a size beyond all numbers", { "--size=99999999999999999999999" }, "is no size", false,
	    NULL, 0, NULL },
	{ "a text given twice", { "-ta", "-tb" }, "--text: given twice", false, NULL, 0, NULL },
	{ "an empty text", { "--text=" }, "--text: the value is empty", false, NULL, 0, NULL },
	{ "an unknown long option", { "--nope" }, "unknown or ambiguous option --nope", false, NULL,
	    0, NULL },
	{ "an unknown short option", { "-x" }, "unknown option -x", false, NULL, 0, NULL },
	{ "an unknown short option in a bundle", { "-fx" }, "unknown option -x", false, NULL, 0,
	    NULL },
	{ "a missing value, long", { "--text" }, "--text needs a value: TEXT", false, NULL, 0,
	    NULL },
	{ "a missing value, short", { "-t" }, "--text needs a value: TEXT", false, NULL, 0, NULL },
	{ "a value too many", { "--flag=1" }, "--flag takes no value", false, NULL, 0, NULL },
};

#define ROWS (sizeof rows / sizeof rows[0])

ParameterizedTestParameters(options, parse)
{
	static size_t index[ROWS];

	for (size_t i = 0; i < ROWS; i++)
		index[i] = i;
	return cr_make_param_array(size_t, index, ROWS);
}

ParameterizedTest(size_t *i, options, parse)
{
	struct fields f = { 0 };
	const struct option_group group = { "Options", options, sizeof options / sizeof options[0],
		&f };
	char *argv[ARGS + 2] = { (char *)"command" };
	struct fault fault = { "" };
	const char *why = rows[*i].why;
	int argc = 1, operand = 0;
	enum status status;

	while (argc <= ARGS && rows[*i].argv[argc - 1] != NULL) {
		argv[argc] = (char *)rows[*i].argv[argc - 1];
		argc++;
	}
	status = options_parse(&group, 1, false, argc, argv, &operand, &fault);
	if (rows[*i].fault != NULL) {
		cr_assert_eq(status, STATUS_USAGE, "%s", why);
		cr_assert_not_null(strstr(fault.text, rows[*i].fault), "%s: %s", why, fault.text);
		return;
	}
	cr_assert_eq(status, STATUS_OK, "%s: %s", why, fault.text);
	cr_assert_eq(f.flag, rows[*i].flag, "%s", why);
	cr_assert_eq(f.size, rows[*i].size, "%s: %zu", why, f.size);
	if (rows[*i].text != NULL)
		cr_assert_str_eq(f.text, rows[*i].text, "%s", why);
	else
		cr_assert_null(f.text, "%s", why);
	if (rows[*i].operand != NULL)
		cr_assert_str_eq(argv[operand], rows[*i].operand, "%s", why);
	else
		cr_assert_eq(operand, argc, "%s", why);
}

Test(options, in_order_ends_at_the_first_operand)
{
	struct fields f = { 0 };
	const struct option_group group = { "Options", options, sizeof options / sizeof options[0],
		&f };
	char *argv[] = { (char *)"program", (char *)"-f", (char *)"command", (char *)"--unknown",
		NULL };
	struct fault fault;
	int operand;

	cr_assert_eq(options_parse(&group, 1, true, 4, argv, &operand, &fault), STATUS_OK);
	cr_assert(f.flag);
	cr_assert_eq(operand, 2);
}

/* ports: which of 1, 24, 25, 26, 587, 65535 must be in the set. NULL fault as above. */
static const struct {
	const char *why, *value;
	bool good;
	bool has[6];
} lists[] = {
	{ "one", "25", true, { 0, 0, 1, 0, 0, 0 } },
	{ "two", "25,587", true, { 0, 0, 1, 0, 1, 0 } },
	{ "a range has both its ends", "24-26", true, { 0, 1, 1, 1, 0, 0 } },
	{ "a range of one, and a list", "1-1,65535", true, { 1, 0, 0, 0, 0, 1 } },
	{ "port 0 is none", "0", false, { 0 } },
	{ "beyond 16 bits", "65536", false, { 0 } },
	{ "beyond any number", "99999999999999999999", false, { 0 } },
	{ "a range backwards", "26-24", false, { 0 } },
	{ "a range without its end", "24-", false, { 0 } },
	{ "an empty list", "", false, { 0 } },
	{ "an empty place", "25,,587", false, { 0 } },
	{ "a comma at the end", "25,", false, { 0 } },
	{ "words", "smtp", false, { 0 } },
	{ "a sign", "+25", false, { 0 } },
	{ "spaces", "25, 587", false, { 0 } },
};

#define LISTS (sizeof lists / sizeof lists[0])

ParameterizedTestParameters(options, ports)
{
	static size_t index[LISTS];

	for (size_t i = 0; i < LISTS; i++)
		index[i] = i;
	return cr_make_param_array(size_t, index, LISTS);
}

ParameterizedTest(size_t *i, options, ports)
{
	static const uint16_t probe[6] = { 1, 24, 25, 26, 587, 65535 };
	struct port_set ports = { 0 };
	struct fault fault = { "" };
	enum status status = options_ports(&ports, lists[*i].value, &fault);

	cr_assert_eq(status == STATUS_OK, lists[*i].good, "%s: %s", lists[*i].why, fault.text);
	if (!lists[*i].good) {
		cr_assert_not_null(strstr(fault.text, "is no list of ports"), "%s", fault.text);
		return;
	}
	for (size_t k = 0; k < 6; k++)
		cr_assert_eq(port_set_has(&ports, probe[k]), lists[*i].has[k], "%s: port %u",
		    lists[*i].why, probe[k]);
}

Test(options, help_is_aligned)
{
	static const char expected[] = "\nOptions:\n"
				       "  -f, --flag        a flag\n"
				       "  -t, --text TEXT   a text,\n"
				       "                    on two lines\n"
				       "      --size SIZE   a size\n"
				       "  -p, --ports LIST  ports\n";
	const struct option_group group = { "Options", options, 4, NULL };
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	options_print(&group, 1, out);
	fclose(out);
	cr_assert_str_eq(text, expected, "%s", text);
	free(text);
}

static const struct {
	const char *why, *arg;
	bool good;
	uint64_t count;
	int64_t ns;
} numbers[] = {
	{ "a number", "--count=12", true, 12, 0 },
	{ "the largest", "--count=18446744073709551615", true, UINT64_MAX, 0 },
	{ "one more", "--count=18446744073709551616", false, 0, 0 },
	{ "nothing is no number from 1", "--count=0", false, 0, 0 },
	{ "a negative number", "--count=-1", false, 0, 0 },
	{ "a number and a word", "--count=5x", false, 0, 0 },
	{ "whole seconds", "--wait=90", true, 0, INT64_C(90000000000) },
	{ "a part of one", "--wait=0.25", true, 0, 250000000 },
	{ "a nanosecond", "--wait=0.000000001", true, 0, 1 },
	{ "less is cut off", "--wait=1.0000000019", true, 0, 1000000001 },
	{ "thirty years", "--wait=1000000000", true, 0, INT64_C(1000000000000000000) },
	{ "longer", "--wait=1000000001", false, 0, 0 },
	{ "far longer", "--wait=99999999999999999999", false, 0, 0 },
	{ "no time at all", "--wait=0.0", false, 0, 0 },
	{ "no digit before the point", "--wait=.5", false, 0, 0 },
	{ "none behind it", "--wait=5.", false, 0, 0 },
	{ "a unit", "--wait=5s", false, 0, 0 },
	{ "a word", "--wait=long", false, 0, 0 },
};

ParameterizedTestParameters(options, numbers)
{
	static size_t index[sizeof numbers / sizeof numbers[0]];

	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		index[i] = i;
	return cr_make_param_array(size_t, index, sizeof numbers / sizeof numbers[0]);
}

ParameterizedTest(size_t *i, options, numbers)
{
	struct fields f = { 0 };
	const struct option_group group = { "Options", options, sizeof options / sizeof options[0],
		&f };
	char *argv[] = { (char *)"command", (char *)numbers[*i].arg, NULL };
	struct fault fault;
	int operand;

	cr_assert_eq(options_parse(&group, 1, false, 2, argv, &operand, &fault),
	    numbers[*i].good ? STATUS_OK : STATUS_USAGE, "%s", numbers[*i].why);
	cr_assert_eq(f.count, numbers[*i].count, "%s: %ju", numbers[*i].why, (uintmax_t)f.count);
	cr_assert_eq(f.ns, numbers[*i].ns, "%s: %jd", numbers[*i].why, (intmax_t)f.ns);
}
