#include <criterion/criterion.h>
#include <string.h>

#include "fixtures/responder/misbehave.h"
#include "tests/unit/rows.h"

static const struct {
	const char *why, *text, *fault; /* fault NULL: it is taken */
	enum misbehaviour which;
	uint8_t percent;
} options[] = {
	{ "always", "late-refusal", NULL, MISBEHAVE_LATE_REFUSAL, 100 },
	{ "now and then", "log-nothing:7", NULL, MISBEHAVE_LOG_NOTHING, 7 },
	{ "never", "log-nothing:0", NULL, MISBEHAVE_LOG_NOTHING, 0 },
	{ "more than always", "log-nothing:101", "expected a percentage", 0, 0 },
	{ "no number", "log-nothing:x", "expected a percentage", 0, 0 },
	{ "too much behind it", "log-nothing:1%", "expected a percentage", 0, 0 },
	{ "no such fault", "log-noth", "is none of: reject-by-rst", 0, 0 },
	{ "nothing", "", "is none of", 0, 0 },
};

ROWS(responder_misbehave, option, options)

ParameterizedTest(size_t *i, responder_misbehave, option)
{
	struct misbehave m = { 0 };
	struct fault fault = { "" };
	enum status status = misbehave_add(&m, options[*i].text, &fault);

	if (options[*i].fault == NULL) {
		cr_assert_eq(status, STATUS_OK, "%s: %s", options[*i].why, fault.text);
		cr_assert_eq(m.percent[options[*i].which], options[*i].percent);
		return;
	}
	cr_assert_eq(status, STATUS_USAGE, "%s", options[*i].why);
	cr_assert_not_null(
	    strstr(fault.text, options[*i].fault), "%s: %s", options[*i].why, fault.text);
}

Test(responder_misbehave, given_twice)
{
	struct misbehave m = { 0 };
	struct fault fault;

	cr_assert_eq(misbehave_add(&m, "log-phantom", &fault), STATUS_OK);
	cr_assert_eq(misbehave_add(&m, "log-phantom:5", &fault), STATUS_USAGE);
}

/* Which fault takes the place of which manner. */
static const struct {
	const char *fault;
	enum manner acts[MANNER_REFUSE + 1]; /* by the honest one */
} manners[] = {
	{ "reject-by-rst", { MANNER_ACCEPT, MANNER_REJECT_BY_RST, MANNER_DELAY, MANNER_REFUSE } },
	{ "refuse-by-fin", { MANNER_ACCEPT, MANNER_REJECT, MANNER_DELAY, MANNER_REFUSE_BY_FIN } },
	{ "reject-on-refuse", { MANNER_ACCEPT, MANNER_REJECT, MANNER_DELAY, MANNER_REJECT } },
	{ "refuse-on-reject", { MANNER_ACCEPT, MANNER_REFUSE, MANNER_REFUSE, MANNER_REFUSE } },
	{ "accept-on-reject", { MANNER_ACCEPT, MANNER_ACCEPT, MANNER_ACCEPT, MANNER_REFUSE } },
	{ "delay-on-plain", { MANNER_ACCEPT, MANNER_DELAY, MANNER_DELAY, MANNER_REFUSE } },
	{ "plain-on-delay", { MANNER_ACCEPT, MANNER_REJECT, MANNER_REJECT, MANNER_REFUSE } },
	{ "late-refusal", { MANNER_ACCEPT, MANNER_REJECT, MANNER_DELAY, MANNER_REFUSE_LATE } },
	{ "log-other-recipient", { MANNER_ACCEPT, MANNER_REJECT, MANNER_DELAY, MANNER_REFUSE } },
	{ "log-nothing", { MANNER_ACCEPT, MANNER_REJECT, MANNER_DELAY, MANNER_REFUSE } },
	{ "log-phantom", { MANNER_ACCEPT, MANNER_REJECT, MANNER_DELAY, MANNER_REFUSE } },
};

ROWS(responder_misbehave, manner, manners)

ParameterizedTest(size_t *i, responder_misbehave, manner)
{
	static const struct addr client = { .family = 4, .octet = { 127, 0, 0, 9 } };
	struct misbehave m = { 0 };

	cr_assert_eq(COUNT(manners), MISBEHAVE_COUNT);
	cr_assert_str_eq(misbehave_name((enum misbehaviour) * i), manners[*i].fault);
	cr_assert_eq(misbehave_add(&m, manners[*i].fault, NULL), STATUS_OK);
	for (int honest = 0; honest <= MANNER_REFUSE; honest++) {
		struct conduct c = misbehave_decide(&m, &client, 0, (enum manner)honest);

		cr_assert_eq(c.honest, (enum manner)honest);
		cr_assert_eq(
		    c.acts, manners[*i].acts[honest], "%s on %d", manners[*i].fault, honest);
		cr_assert_eq(c.log_nothing, *i == MISBEHAVE_LOG_NOTHING);
		cr_assert_eq(c.log_phantom, *i == MISBEHAVE_LOG_PHANTOM);
		cr_assert_eq(c.log_other_recipient, *i == MISBEHAVE_LOG_OTHER_RECIPIENT);
	}
}

#define MANY 10000

static unsigned
count(const struct misbehave *m, bool chosen[static MANY])
{
	struct addr client = { .family = 4, .octet = { 127, 0, 0, 0 } };
	unsigned n = 0;

	for (unsigned i = 0; i < MANY; i++) {
		client.octet[3] = (uint8_t)(i % 100);
		chosen[i] = misbehave_decide(m, &client, i / 100, MANNER_ACCEPT).log_nothing;
		n += chosen[i];
	}
	return n;
}

Test(responder_misbehave, so_many_and_the_same_ones_by_the_seed)
{
	static bool first[MANY], again[MANY], other[MANY];
	struct misbehave m = { .seed = 42 };
	unsigned n;

	cr_assert_eq(misbehave_add(&m, "log-nothing:30", NULL), STATUS_OK);
	n = count(&m, first);
	/* Six standard deviations. */
	cr_assert(n > 3000 - 280 && n < 3000 + 280, "%u of %d", n, MANY);
	count(&m, again);
	cr_assert_eq(memcmp(first, again, sizeof first), 0);
	m.seed = 43;
	count(&m, other);
	cr_assert_neq(memcmp(first, other, sizeof first), 0);
}

/* The choice of one fault says nothing about another's. */
Test(responder_misbehave, faults_are_independent)
{
	struct misbehave m = { .seed = 1 };
	struct addr client = { .family = 6, .octet = { 0x20, 1 } };
	unsigned both = 0;

	cr_assert_eq(misbehave_add(&m, "log-nothing:50", NULL), STATUS_OK);
	cr_assert_eq(misbehave_add(&m, "log-phantom:50", NULL), STATUS_OK);
	for (unsigned i = 0; i < MANY; i++) {
		struct conduct c = misbehave_decide(&m, &client, i, MANNER_ACCEPT);

		both += c.log_nothing && c.log_phantom;
	}
	cr_assert(both > 2500 - 260 && both < 2500 + 260, "%u", both);
}
