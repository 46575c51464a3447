#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "analyzer/maillog/log_prefix.h"

#define NEAR (INT64_C(1616005477) * LOG_NS_PER_S) /* 2021-03-17 18:24:37 */
#define AT NEAR

struct row {
	const char *why, *line;
	enum log_prefix_kind kind;
	const char *host, *text;
	int64_t local_ns;
};

static const struct row rows[] = {
	{ "a file of the gateway", "Wed Mar 17 18:24:37 2021 Info: ICID 5 close", LOG_PREFIX_TEXT,
	    "", "ICID 5 close", AT },
	{ "another level", "Wed Mar 17 18:24:37 2021 Warning: x", LOG_PREFIX_TEXT, "", "x", AT },
	{ "a second space is of the text", "Wed Mar 17 18:24:37 2021 Info:  File", LOG_PREFIX_TEXT,
	    "", " File", AT },
	{ "a level and nothing else", "Wed Mar 17 18:24:37 2021 Info:", LOG_PREFIX_TEXT, "", "",
	    AT },
	{ "the consolidated event log", "Wed Mar 17 18:24:37 2021: CEF:0|Cisco|", LOG_PREFIX_CEF,
	    "", "CEF:0|Cisco|", AT },
	{ "the same by syslog", "<166>Mar 17 18:24:37 consolidated_event: CEF:0|C", LOG_PREFIX_CEF,
	    "", "CEF:0|C", AT },
	{ "the same, with a host and no tag", "<111>Mar 17 18:24:37 cisco-esa CEF:0|C",
	    LOG_PREFIX_CEF, "cisco-esa", "CEF:0|C", AT },
	{ "syslog without a host", "<166>Mar 17 18:24:37 mail_logs: Info: x", LOG_PREFIX_TEXT, "",
	    "x", AT },
	{ "syslog with a host", "<94>Mar 17 18:24:37 esa1.example.net mail_logs: Info: x",
	    LOG_PREFIX_TEXT, "esa1.example.net", "x", AT },
	{ "without a priority", "Mar 17 18:24:37 esa1 SplunkMailSyslog: Info: x", LOG_PREFIX_TEXT,
	    "esa1", "x", AT },
	{ "two spaces before the host", "Mar 17 18:24:37  10.0.1.1 audit: Info: x", LOG_PREFIX_TEXT,
	    "10.0.1.1", "x", AT },
	{ "a relay adds the year", "Mar 17 18:24:37 2021 esa1 syslog_mail: Info: x",
	    LOG_PREFIX_TEXT, "esa1", "x", AT },
	{ "with the day of the week", "Wed Mar 17 18:24:37 c60 smail: Info: x", LOG_PREFIX_TEXT,
	    "c60", "x", AT },
	{ "the gateway's stamp inside a relay's",
	    "<111>Mar 18 01:00:00 relay ESA: Wed Mar 17 18:24:37 2021 Info: x", LOG_PREFIX_TEXT,
	    "relay", "x", AT },
	{ "the same with the gateway's own host and tag",
	    "<111>Mar 18 01:00:00 relay ESA: Wed Mar 17 18:24:37 2021 esa1 testmaillog: Info: x",
	    LOG_PREFIX_TEXT, "esa1", "x", AT },
	{ "syslog inside syslog",
	    "<111>Mar 18 01:00:00 relay ESA: Mar 17 18:24:37 10.0.1.1 MAIL_Audit: Info: x",
	    LOG_PREFIX_TEXT, "10.0.1.1", "x", AT },
	{ "RFC 5424", "<22>1 2021-03-17T18:24:37.000Z esa1 mail_logs - - - Info: x",
	    LOG_PREFIX_TEXT, "esa1", "x", AT },
	{ "a first line without its stamp", "Info: New SMTP ICID 5", LOG_PREFIX_TEXT, "",
	    "New SMTP ICID 5", LOG_TIME_NONE },
	{ "quoted by a mail", "> > Wed Mar 17 18:24:37 2021 Info: x", LOG_PREFIX_TEXT, "", "x",
	    AT },
	{ "a byte order mark", "\xef\xbb\xbfWed Mar 17 18:24:37 2021 Info: x", LOG_PREFIX_TEXT, "",
	    "x", AT },
	{ "a stamp alone", "Wed Mar 17 18:24:37 2021", LOG_PREFIX_STAMP, "", "", AT },
	{ "a stamp and no level", "Wed Mar 17 18:24:37 2021 up again", LOG_PREFIX_STAMP, "up",
	    "up again", AT },
	{ "the level beyond the words that are looked at",
	    "Mar 17 18:24:37 a b c d e f g h i j Info: x", LOG_PREFIX_STAMP, "a",
	    "a b c d e f g h i j Info: x", AT },
	{ "prose", "The following lines show it:", LOG_PREFIX_NONE, "", "", LOG_TIME_NONE },
	{ "a level that is none", "Note: New SMTP ICID 5", LOG_PREFIX_NONE, "", "", LOG_TIME_NONE },
	{ "a priority that is none", "<1666>Mar 17 18:24:37 h t: Info: x", LOG_PREFIX_NONE, "", "",
	    LOG_TIME_NONE },
	{ "nothing", "", LOG_PREFIX_NONE, "", "", LOG_TIME_NONE },
};

static bool
is(struct bytes b, const char *text)
{
	return bytes_eq(b, bytes_str(text));
}

ParameterizedTestParameters(log_prefix, table)
{
	static size_t index[sizeof rows / sizeof rows[0]];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		index[i] = i;
	return cr_make_param_array(size_t, index, sizeof rows / sizeof rows[0]);
}

ParameterizedTest(size_t *i, log_prefix, table)
{
	const struct row *r = &rows[*i];
	struct log_prefix p;

	log_prefix_parse(&p, bytes_str(r->line), NEAR);
	cr_assert_eq(p.kind, r->kind, "%s: kind %d", r->why, p.kind);
	cr_assert(is(p.host, r->host), "%s: host %.*s", r->why, (int)p.host.n, p.host.p);
	cr_assert(is(p.text, r->text), "%s: text %.*s", r->why, (int)p.text.n, p.text.p);
	cr_assert_eq(
	    p.stamp.local_ns, r->local_ns, "%s: %lld", r->why, (long long)p.stamp.local_ns);
}

/* What the memo takes for the same prefix, the parser reads as the same. */
Test(log_prefix, memo)
{
	const size_t count = sizeof rows / sizeof rows[0];

	for (size_t i = 0; i < count * count; i++) {
		const struct row *one = &rows[i / count], *other = &rows[i % count];
		struct bytes line = bytes_str(other->line);
		struct log_prefix_memo memo = { .n = 0 };
		struct log_prefix first, p;

		log_prefix_parse(&first, bytes_str(one->line), NEAR);
		log_prefix_remember(&memo, &first, bytes_str(one->line));
		if (!log_prefix_same(&memo, line))
			continue;
		log_prefix_parse(&p, line, NEAR);
		cr_assert_eq(p.kind, LOG_PREFIX_TEXT, "%s", other->why);
		cr_assert(bytes_eq(p.text, bytes_skip(line, memo.n)), "%s", other->why);
		cr_assert(bytes_eq(p.host, first.host), "%s", other->why);
		cr_assert_eq(p.stamp.local_ns, first.stamp.local_ns, "%s", other->why);
	}
}
