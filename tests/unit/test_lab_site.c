#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fixtures/lab/lab_site.h"
#include "tests/unit/rows.h"

static void
quiet(void *ctx, const char *text)
{
	(void)ctx;
	cr_expect_fail("the table is not understood: %s", text);
}

static void
temporary(char path[static 32])
{
	int fd;

	snprintf(path, 32, "/tmp/hatcheck-lab-XXXXXX");
	fd = mkstemp(path);
	cr_assert_neq(fd, -1);
	close(fd);
}

static const struct row {
	const char *why;
	enum lab_group group;
	enum hat_action action;
	uint16_t refusal; /* 0: the usual code */
} rows[] = {
	{ "who is known is accepted", LAB_GOOD, HAT_ACTION_ACCEPT, 0 },
	{ "the limited too", LAB_LIMITED, HAT_ACTION_ACCEPT, 0 },
	{ "partners are relayed", LAB_PARTNER, HAT_ACTION_RELAY, 0 },
	{ "the blocked are rejected", LAB_BAD, HAT_ACTION_REJECT, 0 },
	{ "the suspect for their reputation", LAB_SUSPECT, HAT_ACTION_REJECT, 0 },
	{ "some with a code of their own", LAB_LATER, HAT_ACTION_REJECT, 421 },
	{ "and some refused", LAB_REFUSED, HAT_ACTION_TCPREFUSE, 0 },
};

ROWS(lab_site, what_the_table_decides, rows)

/* In both lands and both families. */
ParameterizedTest(size_t *i, lab_site, what_the_table_decides)
{
	const struct lab_land *const lands[] = { &lab_land_loopback, &lab_land_routed };
	const struct row *r = &rows[*i];

	for (size_t n = 0; n < 2; n++) {
		char hat[32], scores[32];
		const struct policy_config config = {
			.hat = hat, .scores = scores, .strict = true, .say = quiet
		};
		struct policy *policy;
		struct decision d;
		struct fault fault;

		temporary(hat);
		temporary(scores);
		cr_assert_eq(lab_site_write_hat(lands[n], hat, &fault), STATUS_OK);
		cr_assert_eq(lab_site_write_scores(lands[n], scores, &fault), STATUS_OK);
		cr_assert_eq(policy_load(&policy, &config, &fault), STATUS_OK, "%s", fault.text);
		for (uint8_t family = 4; family <= 6; family += 2) {
			if (family == 6 && lands[n]->one_client6 && r->group != LAB_GOOD)
				continue;
			policy_decide(policy, lab_land_client(lands[n], family, r->group, 5), &d);
			cr_expect_eq(d.action, r->action, "%s: %d", r->why, family);
			cr_expect_eq(policy_refusal(&d).code, r->refusal, "%s", r->why);
		}
		policy_release(policy);
		unlink(hat);
		unlink(scores);
	}
}

Test(lab_site, places_that_cannot_be_had)
{
	struct lab_site site;
	struct responder_config config = { .max_connections = 1, .idle_timeout_s = 1 };
	const struct lab_land nowhere = { .server4 = { .octet = { 192, 0, 2, 1 }, .family = 4 },
		.server6 = { .octet = { [15] = 1 }, .family = 6 } };
	struct fault fault = { "" };

	cr_expect_eq(lab_site_open(&site, &nowhere, 20000, &config, &fault), STATUS_IO);
	cr_expect_not_null(strstr(fault.text, "192.0.2.1:20006"), "%s", fault.text);
	lab_site_close(&site);
}
