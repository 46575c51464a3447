#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include <stdio.h>
#include <stdlib.h>

#include "analyzer/hat/hat.h"
#include "analyzer/hat/hat_print.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define INDICES(rows)                            \
	static size_t index[COUNT(rows)];        \
	for (size_t i = 0; i < COUNT(rows); i++) \
		index[i] = i;                    \
	return cr_make_param_array(size_t, index, COUNT(rows))

/* A text, and the same table in the canonical form; the lines of what was not understood. */
static const struct row {
	const char *why, *text, *canonical;
	uint32_t bad[4];
} rows[] = {
	{ "a policy on two lines", "$A\n    ACCEPT\n", "$A\n    ACCEPT\n", { 0 } },
	{ "a policy on one", "$A ACCEPT", "$A\n    ACCEPT\n", { 0 } },
	{ "a rule in lower case, where nothing else can stand", "$A reject", "$A\n    REJECT\n",
	    { 0 } },
	{ "a policy with a colon", "$A:\n  RELAY", "$A\n    RELAY\n", { 0 } },
	{ "several colons, there and where it is used",
	    "$A:: REJECT\nG: 10.0.0.1 $A:", "$A\n    REJECT\nG:\n    10.0.0.1\n    $A\n", { 0 } },
	{ "keys that look like a policy or a group", "$A ACCEPT {\n key: = 1\n $b = 2\n}",
	    "$A\n    ACCEPT {\n        key: = \"1\"\n        $b = \"2\"\n    }\n", { 0 } },
	{ "a byte order mark in the midst",
	    "$A ACCEPT\n\xef\xbb\xbf"
	    "G: 10.0.0.1 $A",
	    "$A\n    ACCEPT\nG:\n    10.0.0.1\n    $A\n", { 0 } },
	{ "a group that begins like XML", "# x\n<G: 10.0.0.1 REJECT\n",
	    "<G:\n    10.0.0.1\n    REJECT\n", { 0 } },
	{ "ALL with a dot", "ALL. ACCEPT", "ALL\n    ACCEPT\n", { 0 } },
	{ "comments of policies, before and after", "$A (x)\n  ACCEPT (y)", "$A\n    ACCEPT\n",
	    { 0 } },
	{ "no parameters", "$A ACCEPT {}", "$A\n    ACCEPT\n", { 0 } },
	{ "parameters on lines, with commas, in one line, in single quotes",
	    "$A ACCEPT {\n a = \"x\"\n b = 1, c=-1 d = on; e = 'y' (why)\n}",
	    "$A\n    ACCEPT {\n        a = \"x\"\n        b = \"1\"\n        c = \"-1\"\n"
	    "        d = \"on\"\n        e = \"y\"\n    }\n",
	    { 0 } },
	{ "escapes and a line end in a text", "$A ACCEPT { t = \"a\\\"b\\\\c\\nd\ne\" }",
	    "$A\n    ACCEPT {\n        t = \"a\\\"b\\\\c\\nd\\ne\"\n    }\n", { 0 } },
	{ "words without quotes", "$A ACCEPT { t = go away now\n u = 5 }",
	    "$A\n    ACCEPT {\n        t = \"go away now\"\n        u = \"5\"\n    }\n", { 0 } },
	{ "braces as a value", "$A ACCEPT { t = { a = { b } } u = 5 }",
	    "$A\n    ACCEPT {\n        t = \"{ a = { b } }\"\n        u = \"5\"\n    }\n", { 0 } },
	{ "a group, its hosts each on a line", "G:\n    10.0.0.1\n    10.0.0.2\n    REJECT",
	    "G:\n    10.0.0.1\n    10.0.0.2\n    REJECT\n", { 0 } },
	{ "a group in one line", "G: 10.0.0.1, 10.0.0.2 10.0.0.3, REJECT",
	    "G:\n    10.0.0.1\n    10.0.0.2\n    10.0.0.3\n    REJECT\n", { 0 } },
	{ "a group without hosts", "G:\n   $A (x)\n$A ACCEPT", "$A\n    ACCEPT\nG:\n    $A\n",
	    { 0 } },
	{ "a rule of its own with parameters",
	    "G: 10.0.0.1 REJECT { reject_banner_code = 521 } (x)",
	    "G:\n    10.0.0.1\n    REJECT {\n        reject_banner_code = \"521\"\n    }\n",
	    { 0 } },
	{ "a group named as a verb", "REJECT:\n 10.0.0.1\n ACCEPT",
	    "REJECT:\n    10.0.0.1\n    ACCEPT\n", { 0 } },
	{ "a host called as a rule in lower case", "G: relay, mail\n ACCEPT",
	    "G:\n    relay\n    mail\n    ACCEPT\n", { 0 } },
	{ "an anonymous entry", "spam.example\n    REJECT (x)", "spam.example\n    REJECT\n",
	    { 0 } },
	{ "anonymous entries with one rule", "10.0.0.1, 10.0.0.2 TCPREFUSE",
	    "10.0.0.1\n10.0.0.2\n    TCPREFUSE\n", { 0 } },
	{ "ALL", "ALL\n    $A\n$A ACCEPT", "$A\n    ACCEPT\nALL\n    $A\n", { 0 } },
	{ "ALL written as a group", "ALL:\n    ACCEPT", "ALL\n    ACCEPT\n", { 0 } },
	{ "an IPv6 host that ends in :: is no group", "G: 2001:db8::\n ACCEPT",
	    "G:\n    2001:db8::\n    ACCEPT\n", { 0 } },
	{ "a country after its colon is no group", "G:\n country: United States, 10.0.0.1\n ACCEPT",
	    "G:\n    country[united states]\n    10.0.0.1\n    ACCEPT\n", { 0 } },
	{ "a country of several words", "G: country:United States of X (a), 10.0.0.1\n ACCEPT",
	    "G:\n    country[united states of x]\n    10.0.0.1\n    ACCEPT\n", { 0 } },
	{ "outside of a group it is one", "country: 10.0.0.1\n ACCEPT",
	    "country:\n    10.0.0.1\n    ACCEPT\n", { 0 } },
	{ "but a group may be called so", "country:\n 10.0.0.1\n ACCEPT",
	    "country:\n    10.0.0.1\n    ACCEPT\n", { 0 } },
	{ "a threat feed", "G:\n etf-source: shared\n REJECT",
	    "G:\n    etf-source[shared]\n    REJECT\n", { 0 } },
	{ "the dialogue around a printed table",
	    "There are currently 1 policies defined.\n- PRINT - Display the table.\n[]> print\n"
	    "$A\n ACCEPT\n",
	    "$A\n    ACCEPT\n", { 0 } },
	{ "defaults, and statements behind them",
	    "Default Policy Parameters\n====\nMaximum Message Size: 10M\nG:\n 10.0.0.1\n ACCEPT",
	    "G:\n    10.0.0.1\n    ACCEPT\n", { 0 } },
	{ "a byte order mark", "\xef\xbb\xbf$A ACCEPT", "$A\n    ACCEPT\n", { 0 } },
	{ "a host that is none keeps its place", "G: 10.0.0.300, 10.0.0.1\n ACCEPT",
	    "G:\n    ?\n    10.0.0.1\n    ACCEPT\n", { 1 } },
	{ "among anonymous hosts too", "10.0.0.1, 10.0.0.300 REJECT\nwhat? RELAY",
	    "10.0.0.1\n?\n    REJECT\n?\n    RELAY\n", { 1, 2 } },
	{ "what is left of a bracket is no group", "G:\n sbrs[-10.0:\n REJECT\nALL ACCEPT",
	    "G:\n    ?\n    REJECT\nALL\n    ACCEPT\n", { 2 } },
	{ "hosts in braces", "G:\n { 10.0.0.1 }\n ACCEPT", "G:\n    ?\n    ACCEPT\n", { 2 } },
	{ "parameters of a rule that nobody knows", "G: 10.0.0.1 REJEC { a = 1 }\nH: ACCEPT",
	    "G:\n    10.0.0.1\n    rejec\n    $UNDEFINED\nH:\n    ACCEPT\n", { 2 } },
	{ "ALL after a group without its rule", "G:\n    10.0.0.1\n    REJEC\nALL\n    ACCEPT",
	    "G:\n    10.0.0.1\n    rejec\n    $UNDEFINED\nALL\n    ACCEPT\n", { 4 } },
	{ "ALL after a group in one line without its rule", "G: 10.0.0.1\nALL ACCEPT",
	    "G:\n    10.0.0.1\n    $UNDEFINED\nALL\n    ACCEPT\n", { 2 } },
	{ "ALL among hosts that begin their lines", "G:\n10.0.0.1\nALL\nACCEPT",
	    "G:\n    10.0.0.1\n    ALL\n    ACCEPT\n", { 0 } },
	{ "the group ALL with a host that is none", "ALL: what? ACCEPT",
	    "ALL:\n    ?\n    ALL\n    ACCEPT\n", { 1 } },
	{ "a policy without its rule", "$A\n$B ACCEPT", "$A\n    UNKNOWN\n$B\n    ACCEPT\n",
	    { 2 } },
	{ "a rule that nobody knows", "$A MAYBE { x = 1 }\n$B ACCEPT",
	    "$A\n    UNKNOWN {\n        x = \"1\"\n    }\n$B\n    ACCEPT\n", { 1 } },
	{ "a group without its rule", "G:\n 10.0.0.1\nH:\n 10.0.0.2\n ACCEPT",
	    "G:\n    10.0.0.1\n    $UNDEFINED\nH:\n    10.0.0.2\n    ACCEPT\n", { 3 } },
	{ "a group without its rule before a policy", "G:\n 10.0.0.1\n$A\n ACCEPT",
	    "$A\n    ACCEPT\nG:\n    10.0.0.1\n    $UNDEFINED\n", { 3 } },
	{ "a group without its rule, and a policy of the name that it would get",
	    "$UNDEFINED ACCEPT\n$UNDEFINED2 REJECT\nG: 10.0.0.1\nH: 10.0.0.2 RELAY",
	    "$UNDEFINED\n    ACCEPT\n$UNDEFINED2\n    REJECT\n"
	    "G:\n    10.0.0.1\n    $UNDEFINED3\nH:\n    10.0.0.2\n    RELAY\n",
	    { 4 } },
	{ "a group without its rule, and one that names what it would get",
	    "G: 10.0.0.1\nH: 10.0.0.2 $UNDEFINED",
	    "G:\n    10.0.0.1\n    $UNDEFINED2\nH:\n    10.0.0.2\n    $UNDEFINED\n", { 2 } },
	{ "an anonymous entry without its rule", "G: 10.0.0.1 ACCEPT\n10.0.0.2\n",
	    "G:\n    10.0.0.1\n    ACCEPT\n10.0.0.2\n    $UNDEFINED\n", { 3 } },
	{ "and with one that nobody knows", ".example.com\n    REJEC\nALL ACCEPT",
	    ".example.com\nrejec\n    $UNDEFINED\nALL\n    ACCEPT\n", { 3 } },
	{ "a mere word without a rule is left out", "File.\nALL ACCEPT", "ALL\n    ACCEPT\n",
	    { 2 } },
	{ "a policy that lost its rule does not swallow a host",
	    "$A\n10.0.0.1\n    REJECT\nALL ACCEPT",
	    "$A\n    UNKNOWN\n10.0.0.1\n    REJECT\nALL\n    ACCEPT\n", { 2 } },
	{ "a quote between groups hides none", "G: 10.0.0.1 RELAY\n\"\nH: 10.0.0.2 REJECT\n\"",
	    "G:\n    10.0.0.1\n    RELAY\nH:\n    10.0.0.2\n    REJECT\n", { 2, 4 } },
	{ "nor does a text that the next block would close",
	    "$A ACCEPT {\n a = \"x\n}\nG: 10.0.0.1 REJECT\n$B ACCEPT {\n a = \"y\"\n}",
	    "$A\n    ACCEPT {\n        a = \"x\"\n    }\n"
	    "$B\n    ACCEPT {\n        a = \"y\"\n    }\nG:\n    10.0.0.1\n    REJECT\n",
	    { 2 } },
	{ "a host that is none does not swallow ALL", "what?\nALL ACCEPT", "ALL\n    ACCEPT\n",
	    { 1, 2 } },
	{ "a rule of nothing", "REJECT { a = 1 }\n$A ACCEPT", "$A\n    ACCEPT\n", { 1 } },
	{ "a block that is not closed", "$A ACCEPT {\n a = 1\n$B\n REJECT\n",
	    "$A\n    ACCEPT {\n        a = \"1\"\n    }\n$B\n    REJECT\n", { 3 } },
	{ "a block that is not closed to the end", "$A ACCEPT {\n a = 1\n",
	    "$A\n    ACCEPT {\n        a = \"1\"\n    }\n", { 3 } },
	{ "a parameter without `=`", "$A ACCEPT {\n a 1\n b = 2\n}",
	    "$A\n    ACCEPT {\n        b = \"2\"\n    }\n", { 2 } },
	{ "a parameter without its value", "$A ACCEPT {\n a =\n}\n$B REJECT",
	    "$A\n    ACCEPT\n$B\n    REJECT\n", { 3 } },
	{ "a parameter whose name has a bracket", "$A ACCEPT { x[a\001=] }",
	    "$A\n    ACCEPT {\n        x[a = \"]\"\n    }\n", { 0 } },
	{ "a text that nothing closes", "$A ACCEPT {\n a = \"x\n b = 2\n}",
	    "$A\n    ACCEPT {\n        a = \"x\"\n        b = \"2\"\n    }\n", { 2 } },
	{ "a comment that nothing closes", "G: 10.0.0.1 (x\n ACCEPT",
	    "G:\n    10.0.0.1\n    ACCEPT\n", { 1 } },
	{ "braces of nothing", "{ a = 1 }\n$A ACCEPT", "$A\n    ACCEPT\n", { 1 } },
	{ "a text instead of a host", "G: \"10.0.0.1\" 10.0.0.2 ACCEPT",
	    "G:\n    ?\n    10.0.0.2\n    ACCEPT\n", { 1 } },
};

ParameterizedTestParameters(hat_reader, canonical)
{
	INDICES(rows);
}

static struct hat *
read_text(const char *text)
{
	struct fault fault;
	struct hat *h;

	cr_assert_eq(hat_parse(&h, bytes_str(text), "t", NULL, &fault), STATUS_OK, "%s: %s", text,
	    fault.text);
	return h;
}

ParameterizedTest(size_t *i, hat_reader, canonical)
{
	const struct row *row = &rows[*i];
	struct hat *h = read_text(row->text);
	size_t len, count, total, bad = 0;
	const struct hat_message *m = hat_messages(h, &count, &total);
	char *text = hat_print(h, &len), *again;
	struct hat *second;

	cr_assert_str_eq(strchr(text, '\n') + 1, row->canonical, "%s:\n%s", row->why, text);
	for (size_t k = 0; k < count; k++)
		if (m[k].syntax) {
			cr_assert_lt(bad, COUNT(row->bad), "%s", row->why);
			cr_assert_eq(m[k].line, row->bad[bad], "%s: line %u: %s", row->why,
			    m[k].line, m[k].text);
			bad++;
		}
	cr_assert(bad == COUNT(row->bad) || row->bad[bad] == 0, "%s: line %u is understood",
	    row->why, row->bad[bad]);
	second = read_text(text);
	again = hat_print(second, &len);
	cr_assert_str_eq(again, text, "%s: read again", row->why);
	free(text);
	free(again);
	hat_free(h);
	hat_free(second);
}

Test(hat_reader, comments_lines_and_names)
{
	struct hat *h = read_text("# a table\n$A (first)\n  ACCEPT (of $A)\n\nG: (of G)\n"
				  "  10.0.0.1 (one), 10.0.0.2,\n  10.0.0.3\n  $A\n"
				  "mx.example\n  REJECT (of none)\n");
	size_t count;
	const struct hat_policy *policies = hat_policies(h, &count);
	const struct hat_group *groups;
	const struct hat_entry *entries;

	cr_assert_eq(count, 1);
	cr_assert(bytes_eq(policies[0].name, BYTES_LIT("$A")));
	cr_assert(bytes_eq(policies[0].comment, BYTES_LIT("of $A")));
	cr_assert_eq(policies[0].line, 2);
	groups = hat_groups(h, &count);
	cr_assert_eq(count, 2);
	cr_assert(bytes_eq(groups[0].name, BYTES_LIT("G")));
	cr_assert(bytes_eq(groups[0].comment, BYTES_LIT("of G")));
	cr_assert_eq(groups[0].line, 5);
	cr_assert_eq(groups[0].rule_line, 8);
	cr_assert_eq(groups[0].action, HAT_ACTION_ACCEPT);
	cr_assert(bytes_eq(groups[1].name, BYTES_LIT("None")), "a log calls it so");
	cr_assert(groups[1].anonymous);
	entries = hat_entries(h, &count);
	cr_assert_eq(count, 4);
	cr_assert(bytes_eq(entries[0].comment, BYTES_LIT("one")));
	cr_assert_null(entries[1].comment.p);
	cr_assert_eq(entries[2].line, 7);
	cr_assert_eq(entries[3].group, 1);
	hat_free(h);
}

static const struct none {
	const char *why;
	struct bytes text;
} nones[] = {
	{ "nothing", { (const uint8_t *)"", 0 } },
	{ "space", { (const uint8_t *)" \n\t\r\n", 5 } },
	{ "only comments", { (const uint8_t *)"# a\n# b\n", 8 } },
	{ "prose", { (const uint8_t *)"This is a letter to a friend.\nIt holds no table.\n", 49 } },
	{ "octets", { (const uint8_t *)"\x7f"
				       "ELF\2\1\1\0\0\0\0\0",
			12 } },
	{ "a policy without a rule", { (const uint8_t *)"$A\n", 3 } },
	{ "words that are no hosts before a rule", { (const uint8_t *)"what? REJECT\n", 13 } },
};

ParameterizedTestParameters(hat_reader, no_table)
{
	INDICES(nones);
}

ParameterizedTest(size_t *i, hat_reader, no_table)
{
	struct fault fault = { "" };
	struct hat *h;

	cr_assert_eq(hat_parse(&h, nones[*i].text, "the file", NULL, &fault), STATUS_FORMAT, "%s",
	    nones[*i].why);
	cr_assert_null(h, "%s", nones[*i].why);
	cr_assert(strncmp(fault.text, "the file: ", 10) == 0, "%s: %s", nones[*i].why, fault.text);
}

Test(hat_reader, a_file_that_is_not_there)
{
	struct fault fault;
	struct hat *h;

	cr_assert_eq(hat_load(&h, "/nonexistent/hat.txt", NULL, &fault), STATUS_IO);
	cr_assert_null(h);
	cr_assert(strstr(fault.text, "/nonexistent/hat.txt") != NULL, "%s", fault.text);
}

Test(hat_reader, messages_beyond_the_bound_are_counted)
{
	size_t room = 20 * (HAT_MAX_MESSAGES + 500), n, count, total;
	char *text = malloc(room);
	struct hat *h;

	n = (size_t)sprintf(text, "ALL ACCEPT\nG: ");
	for (int i = 0; i < HAT_MAX_MESSAGES + 100; i++)
		n += (size_t)sprintf(text + n, "10.0.0.999\n");
	sprintf(text + n, "REJECT\n");
	h = read_text(text);
	hat_messages(h, &count, &total);
	cr_assert_eq(count, HAT_MAX_MESSAGES);
	cr_assert_geq(total, HAT_MAX_MESSAGES + 100);
	free(text);
	hat_free(h);
}
