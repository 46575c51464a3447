#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "analyzer/hat/hat.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define LISTENER(name, hat) \
	"<listener><listener_name>" name "</listener_name>\n<hat>" hat "</hat></listener>\n"
#define CONFIG(listeners) \
	"<?xml version=\"1.0\"?>\n<config><listeners>\n" listeners "</listeners></config>\n"

/* The listener that is asked for; what is then read of the first entry, or what is said. */
static const struct row {
	const char *why, *xml, *listener;
	enum status status;
	const char *words; /* of the fault; or the name of the listener that was read */
	const char *host;  /* the text of the first entry */
} rows[] = {
	{ "one listener needs no name", CONFIG(LISTENER("In", "10.0.0.1 REJECT")), NULL, STATUS_OK,
	    "In", "10.0.0.1" },
	{ "named", CONFIG(LISTENER("In", "10.0.0.1 REJECT") LISTENER("Out", "10.0.0.2 REJECT")),
	    "Out", STATUS_OK, "Out", "10.0.0.2" },
	{ "letter case and space do not matter",
	    CONFIG(LISTENER("\n In ", "10.0.0.1 REJECT") LISTENER("Out", "10.0.0.2 REJECT")), "IN",
	    STATUS_OK, "In", "10.0.0.1" },
	{ "several, and none named",
	    CONFIG(LISTENER("In", "10.0.0.1 REJECT") LISTENER("Out", "10.0.0.2 REJECT")), NULL,
	    STATUS_USAGE, "2 listeners have a HAT; choose one with --listener: \"In\", \"Out\"",
	    NULL },
	{ "a name that is not there", CONFIG(LISTENER("In", "10.0.0.1 REJECT")), "Out",
	    STATUS_USAGE, "no listener \"Out\" with a HAT; there is: \"In\"", NULL },
	{ "a listener without a HAT does not count",
	    CONFIG(LISTENER("In", "10.0.0.1 REJECT") "<listener><listener_name>Q</listener_name>"
						     "</listener>"),
	    NULL, STATUS_OK, "In", "10.0.0.1" },
	{ "listeners deeper down, as in a cluster",
	    "<config><cluster><machine>" LISTENER("In", "10.0.0.1 REJECT") "</machine></cluster>"
									   "</config>",
	    "In", STATUS_OK, "In", "10.0.0.1" },
	{ "entities of XML", CONFIG(LISTENER("A &amp; B", "10.0.0.1&#10;REJECT (&lt;x&gt;)")), NULL,
	    STATUS_OK, "A & B", "10.0.0.1" },
	{ "CDATA", CONFIG(LISTENER("In", "<![CDATA[10.0.0.1 REJECT (<x>)]]>")), NULL, STATUS_OK,
	    "In", "10.0.0.1" },
	{ "a <hat> alone", "<hat>10.0.0.1 REJECT</hat>", NULL, STATUS_OK, "", "10.0.0.1" },
	{ "space and a byte order mark before it", "\xef\xbb\xbf\n<hat>10.0.0.1 REJECT</hat>", NULL,
	    STATUS_OK, "", "10.0.0.1" },
	{ "an external DTD that is nowhere",
	    "<!DOCTYPE config SYSTEM \"http://192.0.2.1/config.dtd\">\n"
	    "<config>" LISTENER("In", "10.0.0.1 REJECT") "</config>",
	    NULL, STATUS_OK, "In", "10.0.0.1" },
	{ "an external entity is not read",
	    "<!DOCTYPE c [<!ENTITY e SYSTEM \"file:///etc/hostname\">]>\n"
	    "<c>" LISTENER("In", "&e;10.0.0.1 REJECT") "</c>",
	    NULL, STATUS_OK, "In", "10.0.0.1" },
	{ "an entity of its own is not put in",
	    "<!DOCTYPE c [<!ENTITY e \"10.0.0.9 ACCEPT\">]>\n<c>" LISTENER(
		"In", "&e;10.0.0.1 REJECT") "</c>",
	    NULL, STATUS_OK, "In", "10.0.0.1" },
	{ "XML without a HAT", "<config><listeners/></config>", NULL, STATUS_FORMAT,
	    "expected <hat> in this XML, found none", NULL },
	{ "no XML after all", "<", NULL, STATUS_FORMAT, "expected <hat>", NULL },
	{ "a HAT that is empty", CONFIG(LISTENER("In", "")), NULL, STATUS_FORMAT, "no HAT", NULL },
};

ParameterizedTestParameters(hat_xml, table)
{
	static size_t index[COUNT(rows)];

	for (size_t i = 0; i < COUNT(rows); i++)
		index[i] = i;
	return cr_make_param_array(size_t, index, COUNT(rows));
}

ParameterizedTest(size_t *i, hat_xml, table)
{
	const struct row *row = &rows[*i];
	struct fault fault = { "" };
	struct hat *h;
	size_t count;

	cr_assert_eq(hat_parse(&h, bytes_str(row->xml), "c.xml", row->listener, &fault),
	    row->status, "%s: %s", row->why, fault.text);
	if (row->status != STATUS_OK) {
		cr_assert(strncmp(fault.text, "c.xml: ", 7) == 0, "%s: %s", row->why, fault.text);
		cr_assert(strstr(fault.text, row->words) != NULL, "%s: %s", row->why, fault.text);
		return;
	}
	cr_assert(bytes_eq(hat_listener(h), bytes_str(row->words)), "%s", row->why);
	cr_assert(
	    bytes_eq(hat_entries(h, &count)[0].host.text, bytes_str(row->host)), "%s", row->why);
	cr_assert_eq(count, 1, "%s", row->why);
	hat_free(h);
}

Test(hat_xml, of_listeners_of_one_name_the_first_is_used_and_that_is_said)
{
	struct fault fault;
	const struct hat_message *m;
	struct hat *h;
	size_t count, said = 0;

	cr_assert_eq(hat_parse(&h,
			 BYTES_LIT(CONFIG(LISTENER("In", "10.0.0.1 REJECT\nALL ACCEPT")
				 LISTENER("IN", "10.0.0.2 REJECT"))),
			 "c", "In", &fault),
	    STATUS_OK);
	cr_assert(bytes_eq(hat_entries(h, &count)[0].host.text, BYTES_LIT("10.0.0.1")));
	m = hat_messages(h, &count, NULL);
	for (size_t i = 0; i < count; i++)
		said += m[i].severity == SEVERITY_WARNING && m[i].other_line == 7;
	cr_assert_eq(said, 1);
	hat_free(h);
}

Test(hat_xml, lines_are_those_of_the_file)
{
	struct fault fault;
	struct hat *h;
	size_t count;

	cr_assert_eq(hat_parse(&h,
			 BYTES_LIT("<config>\n\n<listener>\n<hat>\nG:\n 10.0.0.1\n ACCEPT\n</hat>"
				   "</listener></config>"),
			 "c", NULL, &fault),
	    STATUS_OK);
	cr_assert_eq(hat_groups(h, &count)[0].line, 5);
	cr_assert_eq(hat_entries(h, &count)[0].line, 6);
	hat_free(h);
}

Test(hat_xml, what_comes_before_the_damage_is_used_and_the_damage_is_said)
{
	struct fault fault;
	const struct hat_message *m;
	struct hat *h;
	size_t count, total, damaged = 0;

	cr_assert_eq(hat_parse(&h,
			 BYTES_LIT("<config>\n<listener><hat>10.0.0.1 REJECT\nALL ACCEPT\n</hat>\n"
				   "<rat><entry>exam"),
			 "c", NULL, &fault),
	    STATUS_OK);
	m = hat_messages(h, &count, &total);
	for (size_t i = 0; i < count; i++)
		damaged += m[i].syntax && m[i].severity == SEVERITY_ERROR && m[i].line == 5;
	cr_assert_eq(damaged, 1);
	hat_free(h);
}

/* Ten times ten times ten ... entities: nothing of it may be expanded. */
Test(hat_xml, a_bomb_does_not_go_off, .timeout = 5)
{
	static const char bomb[] =
	    "<!DOCTYPE c [<!ENTITY a \"xxxxxxxxxx\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">"
	    "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;\">"
	    "<!ENTITY e \"&d;&d;&d;&d;&d;&d;&d;&d;\"><!ENTITY f \"&e;&e;&e;&e;&e;&e;&e;&e;\">"
	    "<!ENTITY g \"&f;&f;&f;&f;&f;&f;&f;&f;\"><!ENTITY h \"&g;&g;&g;&g;&g;&g;&g;&g;\">]>\n"
	    "<c><hat>&h;&h;&h;10.0.0.1 REJECT</hat></c>";
	struct fault fault;
	struct hat *h;
	size_t count;

	if (hat_parse(&h, bytes_str(bomb), "c", NULL, &fault) == STATUS_OK) {
		hat_entries(h, &count);
		cr_assert_leq(count, 1);
	}
	hat_free(h);
}
