#include <criterion/criterion.h>

#include "fixtures/lab/lab_plan.h"
#include "tests/unit/rows.h"

static void
make(struct lab_plan *plan, const struct lab_land *land, size_t count, uint64_t seed)
{
	struct fault fault;

	cr_assert_eq(lab_plan_make(plan, land, count, seed, &fault), STATUS_OK);
	cr_assert_eq(plan->count, count);
}

static bool
same(const struct lab_plan *a, const struct lab_plan *b)
{
	for (size_t i = 0; i < a->count; i++)
		if (a->visit[i].script != b->visit[i].script ||
		    memcmp(&a->visit[i].client, &b->visit[i].client, sizeof a->visit->client) != 0)
			return false;
	return true;
}

Test(lab_plan, the_seed_decides)
{
	struct lab_plan one, two, other;

	make(&one, &lab_land_loopback, 200, 1);
	make(&two, &lab_land_loopback, 200, 1);
	make(&other, &lab_land_loopback, 200, 2);
	cr_expect(same(&one, &two));
	cr_expect_not(same(&one, &other));
	lab_plan_clear(&one);
	lab_plan_clear(&two);
	lab_plan_clear(&other);
}

static const struct row {
	const char *why;
	const struct lab_land *land;
	unsigned only6; /* groups that have clients of IPv6: all, or LAB_GOOD alone */
} rows[] = {
	{ "on loopback IPv6 has one address, and so one group", &lab_land_loopback,
	    1U << LAB_GOOD },
	{ "between namespaces each group has both families", &lab_land_routed,
	    (1U << LAB_GROUPS) - 1 },
};

ROWS(lab_plan, every_script_comes_in_each_family, rows)

ParameterizedTest(size_t *i, lab_plan, every_script_comes_in_each_family)
{
	const struct row *r = &rows[*i];
	size_t count;
	const struct lab_script *s = lab_scripts(&count);
	struct lab_plan plan;

	make(&plan, r->land, 200, 3);
	for (size_t k = 0; k < count; k++) {
		bool seen[2] = { false };

		for (size_t n = 0; n < plan.count; n++)
			if (plan.visit[n].script == &s[k])
				seen[plan.visit[n].client.family == 6] = true;
		cr_expect(seen[0], "%s: %s", r->why, s[k].name);
		cr_expect_eq(
		    seen[1], (r->only6 >> s[k].group & 1) != 0, "%s: %s", r->why, s[k].name);
	}
	for (size_t n = 0; n < plan.count; n++)
		cr_expect_eq(plan.visit[n].number, n + 1);
	lab_plan_clear(&plan);
}

Test(lab_plan, every_verdict_has_a_script)
{
	size_t count;
	const struct lab_script *s = lab_scripts(&count);
	unsigned seen = 0;

	for (size_t i = 0; i < count; i++) {
		seen |= 1U << s[i].verdict;
		cr_expect_null(s[i].step[LAB_SCRIPT_STEPS - 1], "%s ends", s[i].name);
		cr_expect_gt(s[i].weight, 0, "%s comes", s[i].name);
	}
	cr_expect_eq(seen, (1U << VERDICT_COUNT) - 1);
}

Test(lab_plan, clients_of_a_group_are_apart)
{
	for (enum lab_group g = 0; g < LAB_GROUPS; g++) {
		struct addr a = lab_land_client(&lab_land_routed, 6, g, 1);
		struct addr b = lab_land_client(&lab_land_routed, 6, g, 2);
		struct addr c = lab_land_client(&lab_land_routed, 4, g, 1);
		struct addr d = lab_land_client(&lab_land_routed, 4, (g + 1) % LAB_GROUPS, 1);

		cr_expect_neq(memcmp(&a, &b, sizeof a), 0);
		cr_expect_neq(memcmp(&c, &d, sizeof c), 0);
	}
}
