#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "analyzer/hat/hat.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* One table, and the one message above info it gives: `words` are in it. NULL: none. */
static const struct row {
	const char *why, *text;
	enum severity severity;
	uint32_t line, other;
	const char *words;
} rows[] = {
	{ "nothing is odd", "A: 10.0.0.1, .a.example, sbrs[-5:-3]\n REJECT\nALL ACCEPT", 0, 0, 0,
	    NULL },
	{ "an address in an earlier block", "A: 10.0.0.0/8 REJECT\nB: 10.1.2.3 ACCEPT\nALL ACCEPT",
	    SEVERITY_WARNING, 2, 1, "\"10.1.2.3\" of B can never match: \"10.0.0.0/8\" of A" },
	{ "a block in an earlier one", "A: 10.0.0.0/8 REJECT\nB: 10.1/16 ACCEPT\nALL ACCEPT",
	    SEVERITY_WARNING, 2, 1, "never match" },
	{ "a block in two halves", "A: 10.0.0.0/9, 10.128/9 REJECT\nB: 10/8 ACCEPT\nALL ACCEPT",
	    SEVERITY_WARNING, 2, 1, "never match" },
	{ "a block that holds an earlier one is not covered",
	    "A: 10.1.0.0/16 REJECT\nB: 10/8 ACCEPT\nALL ACCEPT", 0, 0, 0, NULL },
	{ "IPv6 in an earlier block",
	    "A: 2001:db8::/32 REJECT\nB: 2001:db8:1::/48 ACCEPT\nALL ACCEPT", SEVERITY_WARNING, 2,
	    1, "never match" },
	{ "the whole of IPv4 covers no IPv6", "A: 0/0 REJECT\nB: ::/0 ACCEPT\nALL ACCEPT", 0, 0, 0,
	    NULL },
	{ "the same name", "A: mx.example REJECT\nB: MX.example ACCEPT\nALL ACCEPT",
	    SEVERITY_WARNING, 2, 1, "never match" },
	{ "a name in an earlier domain", "A: .example REJECT\nB: mx.a.example ACCEPT\nALL ACCEPT",
	    SEVERITY_WARNING, 2, 1, "never match" },
	{ "a domain in an earlier one", "A: .example REJECT\nB: .a.example ACCEPT\nALL ACCEPT",
	    SEVERITY_WARNING, 2, 1, "never match" },
	{ "a domain does not cover its own name",
	    "A: .a.example REJECT\nB: a.example ACCEPT\nALL ACCEPT", 0, 0, 0, NULL },
	{ "scores inside earlier ones", "A: sbrs[-10:0] REJECT\nB: sbrs[-3:-1] ACCEPT\nALL ACCEPT",
	    SEVERITY_WARNING, 2, 1, "never match" },
	{ "scores that touch are not covered",
	    "A: sbrs[-10:-3] REJECT\nB: sbrs[-3:-1] ACCEPT\nALL ACCEPT", 0, 0, 0, NULL },
	{ "the same DNS list", "A: dnslist[x] REJECT\nB: dnslist[X] ACCEPT\nALL ACCEPT",
	    SEVERITY_WARNING, 2, 1, "never match" },
	{ "after ALL", "ALL ACCEPT\nB: 10.0.0.1 REJECT", SEVERITY_WARNING, 2, 1, "never match" },
	{ "CONTINUE covers nothing", "A: 10/8 CONTINUE\nB: 10.0.0.1 REJECT\nALL ACCEPT", 0, 0, 0,
	    NULL },
	{ "twice in one group", "A: 10.0.0.1\n 10.0.0.1\n REJECT\nALL ACCEPT", SEVERITY_WARNING, 2,
	    1, "the same outcome" },
	{ "a policy that is not defined", "A: 10.0.0.1\n $NONE\nALL ACCEPT", SEVERITY_ERROR, 2, 0,
	    "$NONE of A is not defined" },
	{ "a policy defined twice", "$P ACCEPT\n$P REJECT\nALL $P", SEVERITY_WARNING, 2, 1,
	    "$P is defined again; which one counts is not known" },
	{ "the same policy twice", "$P ACCEPT\n$P ACCEPT\nALL $P", SEVERITY_WARNING, 2, 1,
	    "$P is defined again; the first counts" },
	{ "a group that is there twice", "A: 10.0.0.1 REJECT\nA: 10.0.0.2 REJECT\nALL ACCEPT",
	    SEVERITY_WARNING, 2, 1, "sender group A is there again" },
	{ "anonymous entries are not the same group",
	    "10.0.0.1 REJECT\n10.0.0.2 REJECT\nALL ACCEPT", 0, 0, 0, NULL },
	{ "no ALL", "A: 10.0.0.1 REJECT", SEVERITY_WARNING, 1, 0, "no entry ALL" },
	{ "an ALL that only continues", "ALL CONTINUE", SEVERITY_WARNING, 1, 0, "no entry ALL" },
	{ "a reversed range", "A: 10.0.0.9-3 REJECT\nALL ACCEPT", SEVERITY_WARNING, 1, 0,
	    "reversed" },
	{ "a form that is not known", "A: future[x] REJECT\nALL ACCEPT", SEVERITY_WARNING, 1, 0,
	    "form is not known" },
};

ParameterizedTestParameters(hat_check, table)
{
	static size_t index[COUNT(rows)];

	for (size_t i = 0; i < COUNT(rows); i++)
		index[i] = i;
	return cr_make_param_array(size_t, index, COUNT(rows));
}

ParameterizedTest(size_t *i, hat_check, table)
{
	const struct row *row = &rows[*i];
	const struct hat_message *found = NULL, *m;
	size_t count, total;
	struct fault fault;
	struct hat *h;

	cr_assert_eq(
	    hat_parse(&h, bytes_str(row->text), "t", NULL, &fault), STATUS_OK, "%s", row->why);
	m = hat_messages(h, &count, &total);
	for (size_t k = 0; k < count; k++) {
		if (m[k].severity == SEVERITY_INFO)
			continue;
		cr_assert_null(found, "%s: also %s", row->why, m[k].text);
		found = &m[k];
	}
	cr_assert_eq(found == NULL, row->words == NULL, "%s: %s", row->why,
	    found == NULL ? "nothing is said" : found->text);
	if (found != NULL) {
		cr_assert(strstr(found->text, row->words) != NULL, "%s: %s", row->why, found->text);
		cr_assert_eq(found->severity, row->severity, "%s", row->why);
		cr_assert_eq(found->line, row->line, "%s: line %u", row->why, found->line);
		cr_assert_eq(
		    found->other_line, row->other, "%s: (%u)", row->why, found->other_line);
		cr_assert_not(found->syntax, "%s", row->why);
	}
	hat_free(h);
}
