#include "analyzer/hat/hat_check.h"

#include <stdlib.h>

/* The length and start of a text for %.*s, cut to what a message holds. */
#define SHORT(b) (int)((b).n < 48 ? (b).n : 48), (const char *)(b).p

static void
check_covered(struct hat *h)
{
	const struct hat_entry *entries = hat_table_entries(h);

	for (size_t i = 0; i < h->entries.count; i++) {
		const struct hat_entry *e = &entries[i], *by;
		const struct hat_group *g = &hat_table_groups(h)[e->group], *by_group;

		if (h->index.covered[i] == HAT_NO_INDEX || e->host.kind == HAT_KIND_UNREAD)
			continue;
		by = &entries[h->index.covered[i]];
		by_group = &hat_table_groups(h)[by->group];
		hat_table_say(h, SEVERITY_WARNING, false, e->line, by->line,
		    "\"%.*s\" of %.*s can never match: \"%.*s\" of %.*s comes first%s",
		    SHORT(e->host.text), SHORT(g->name), SHORT(by->host.text),
		    SHORT(by_group->name),
		    g->outcome == by_group->outcome ? " (with the same outcome)" : "");
	}
}

static bool
check_policies(struct hat *h)
{
	const struct hat_policy *policies = hat_table_policies(h);
	bool *used = calloc(h->policies.count + 1, sizeof *used);
	struct hat_texts names = { 0 };

	if (used == NULL)
		return false;
	for (size_t i = 0; i < h->groups.count; i++) {
		const struct hat_group *g = &hat_table_groups(h)[i];

		if (g->policy_index != HAT_NO_INDEX)
			used[g->policy_index] = true;
		else if (g->policy.p != NULL)
			hat_table_say(h, SEVERITY_ERROR, false, g->rule_line, 0,
			    "the policy %.*s of %.*s is not defined", SHORT(g->policy),
			    SHORT(g->name));
	}
	for (size_t i = 0; i < h->policies.count; i++) {
		uint32_t first = hat_texts_add(&names, policies[i].name, (uint32_t)i);

		if (first == HAT_TEXTS_NONE)
			h->failed = true;
		else if (first != i)
			hat_table_say(h, SEVERITY_WARNING, false, policies[i].line,
			    policies[first].line, "the policy %.*s is defined again; %s",
			    SHORT(policies[i].name),
			    policies[first].disputed ? "which one counts is not known"
						     : "the first counts");
		else if (!used[i])
			hat_table_say(h, SEVERITY_INFO, false, policies[i].line, 0,
			    "the policy %.*s is not used", SHORT(policies[i].name));
	}
	hat_texts_clear(&names);
	free(used);
	return true;
}

static void
check_groups(struct hat *h)
{
	const struct hat_group *groups = hat_table_groups(h);
	struct hat_texts names = { 0 };

	for (size_t i = 0; i < h->groups.count; i++) {
		const struct hat_group *g = &groups[i];
		uint32_t first;

		if (g->anonymous)
			continue;
		first = hat_texts_add(&names, g->name, (uint32_t)i);
		if (first == HAT_TEXTS_NONE)
			h->failed = true;
		else if (first != i)
			hat_table_say(h, SEVERITY_WARNING, false, g->line, groups[first].line,
			    "the sender group %.*s is there again; both are used", SHORT(g->name));
		if (hat_table_understood(h, g) == 0)
			hat_table_say(h, SEVERITY_INFO, false, g->line, 0,
			    "the sender group %.*s has no hosts", SHORT(g->name));
	}
	hat_texts_clear(&names);
}

bool
hat_check(struct hat *h)
{
	check_covered(h);
	check_groups(h);
	if (!check_policies(h))
		return false;
	if (h->entries.count > 0 && h->index.first[HAT_KIND_ALL] == HAT_NO_INDEX)
		hat_table_say(h, SEVERITY_WARNING, false,
		    hat_table_entries(h)[h->entries.count - 1].line, 0,
		    "there is no entry ALL that decides: a peer that nothing matches has no "
		    "decision");
	return !h->failed;
}
