#include <arpa/inet.h>
#include <criterion/criterion.h>

#include "tests/unit/desk.h"
#include "tests/unit/rows.h"

static const char table[] = "$BLOCKED\n"
			    "    REJECT\n"
			    "RELAYLIST:\n"
			    "    10.0.0.1\n"
			    "    RELAY\n"
			    "NAMED:\n"
			    "    .example.com\n"
			    "    nx.domain\n"
			    "    dnslist[bl.test]\n"
			    "    $BLOCKED\n"
			    "BAD:\n"
			    "    sbrs[-10.0:-5.0]\n"
			    "    127.0.0.4-6\n"
			    "    2001:db8::/32\n"
			    "    $BLOCKED\n"
			    "NONE:\n"
			    "    10.0.1.\n"
			    "    TCPREFUSE\n"
			    "127.0.0.8\n"
			    "    REJECT\n"
			    "ALL\n"
			    "    ACCEPT\n";
static const char scores[] = "# of the test\n"
			     "127.0.0.20 -9.1\n"
			     "127.0.0.0/24\tNone # the rest\n"
			     "\n"
			     "10.0.2.0/24, 3\r\n"
			     "2001:db8:1::5 = -10\n";

static const struct {
	const char *client, *action, *group, *match, *score;
} rows[] = {
	{ "10.0.0.1", "RELAY", "RELAYLIST", "10.0.0.1", "None" },
	{ "127.0.0.5", "REJECT", "BAD", "127.0.0.4-6", "None" },
	{ "127.0.0.20", "REJECT", "BAD", "sbrs[-10.0:-5.0]", "-9.1" },
	{ "127.0.0.21", "ACCEPT", "None", "ALL", "None" },
	{ "127.0.0.8", "REJECT", "None", "127.0.0.8", "None" },
	{ "10.0.1.200", "TCPREFUSE", "NONE", "10.0.1.", "None" },
	{ "10.0.2.9", "ACCEPT", "None", "ALL", "3.0" },
	{ "2001:db8::7", "REJECT", "BAD", "2001:db8::/32", "None" },
	{ "2001:db8:1::5", "REJECT", "BAD", "sbrs[-10.0:-5.0]", "-10.0" },
	{ "2001:db9::", "ACCEPT", "None", "ALL", "None" },
};

static void
write_file(char *path, const char *text)
{
	int fd = mkstemp(path);

	cr_assert_neq(fd, -1);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static size_t said;

static void
count_said(void *ctx, const char *text)
{
	(void)ctx;
	(void)text;
	said++;
}

static struct addr
parse(const char *text)
{
	struct addr a = { .family = 6 };

	if (inet_pton(AF_INET6, text, a.octet) == 1)
		return a;
	a = (struct addr){ .family = 4 };
	cr_assert_eq(inet_pton(AF_INET, text, a.octet), 1);
	return a;
}

ROWS(responder_policy, decision, rows)

ParameterizedTest(size_t *i, responder_policy, decision)
{
	char hat[] = "/tmp/hatcheck-hat-XXXXXX", sbrs[] = "/tmp/hatcheck-sbrs-XXXXXX";
	char group[POLICY_ROOM], match[POLICY_ROOM], score[HAT_SCORE_ROOM];
	const struct policy_config config = {
		.hat = hat, .scores = sbrs, .strict = true, .say = count_said
	};
	struct fault fault = { "" };
	struct policy *p;
	struct decision d;

	write_file(hat, table);
	write_file(sbrs, scores);
	cr_assert_eq(policy_load(&p, &config, &fault), STATUS_OK, "%s", fault.text);
	unlink(hat);
	unlink(sbrs);
	cr_assert_eq(said, 0);
	policy_decide(p, parse(rows[*i].client), &d);
	cr_assert_str_eq(hat_action_name(d.action), rows[*i].action, "%s", rows[*i].client);
	cr_assert_str_eq(policy_group(&d, group), rows[*i].group, "%s", rows[*i].client);
	cr_assert_str_eq(policy_match(&d, match), rows[*i].match, "%s", rows[*i].client);
	cr_assert_str_eq(policy_score(&d, score), rows[*i].score, "%s", rows[*i].client);
	policy_release(p);
}

/* What cannot be understood: said and left out, or an error. */
static const struct {
	const char *why, *hat, *scores;
	bool strict;
	enum status status;
	size_t said;
} broken[] = {
	{ "nothing at all", NULL, NULL, true, STATUS_OK, 0 },
	{ "a policy that is not there", "ALL\n $NOPE\n", NULL, false, STATUS_OK, 1 },
	{ "the same when it has to be right", "ALL\n $NOPE\n", NULL, true, STATUS_FORMAT, 0 },
	{ "no table", "these are words, no table\n", NULL, false, STATUS_FORMAT, 0 },
	{ "scores that are none", NULL, "127.0.0.1 11\n127.0.0.1\nx 1\n1.2.3.4 1 2\n", true,
	    STATUS_OK, 4 },
};

ROWS(responder_policy, broken, broken)

ParameterizedTest(size_t *i, responder_policy, broken)
{
	char hat[] = "/tmp/hatcheck-hat-XXXXXX", sbrs[] = "/tmp/hatcheck-sbrs-XXXXXX";
	struct policy_config config = { .strict = broken[*i].strict, .say = count_said };
	struct fault fault = { "" };
	struct policy *p;
	enum status status;

	if (broken[*i].hat != NULL)
		write_file(hat, broken[*i].hat);
	if (broken[*i].scores != NULL)
		write_file(sbrs, broken[*i].scores);
	config.hat = broken[*i].hat != NULL ? hat : NULL;
	config.scores = broken[*i].scores != NULL ? sbrs : NULL;
	status = policy_load(&p, &config, &fault);
	unlink(hat);
	unlink(sbrs);
	cr_assert_eq(status, broken[*i].status, "%s: %s", broken[*i].why, fault.text);
	cr_assert_eq(p != NULL, status == STATUS_OK);
	cr_assert_eq(said, broken[*i].said, "%s: %zu said", broken[*i].why, said);
	policy_release(p);
}

Test(responder_policy, a_file_that_is_not_there)
{
	const struct policy_config config = { .hat = "/nonexistent/hat", .say = count_said };
	struct fault fault;
	struct policy *p;

	cr_assert_eq(policy_load(&p, &config, &fault), STATUS_IO);
	cr_assert_null(p);
}
