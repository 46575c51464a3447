#include "analyzer/hat/hat_print.h"

#include <stdio.h>
#include <stdlib.h>

/* The text as it grows; after a failed allocation nothing is added any more. */
struct out {
	char *text;
	size_t len, room;
	bool failed;
};

static void
put_bytes(struct out *o, struct bytes b)
{
	if (!o->failed && o->len + b.n > o->room) {
		size_t room = (o->len + b.n) * 2;
		char *text = realloc(o->text, room);

		o->failed = text == NULL;
		if (text != NULL) {
			o->text = text;
			o->room = room;
		}
	}
	if (o->failed || b.n == 0)
		return;
	memcpy(o->text + o->len, b.p, b.n);
	o->len += b.n;
}

static void
put(struct out *o, const char *text)
{
	put_bytes(o, bytes_str(text));
}

static void
put_quoted(struct out *o, struct bytes b)
{
	static const char from[] = "\n\r\"\\", to[] = "nr\"\\";

	put(o, "\"");
	for (size_t i = 0; i < b.n; i++) {
		const char *e = b.p[i] == 0 ? NULL : strchr(from, b.p[i]);

		if (e != NULL)
			put(o, "\\");
		put_bytes(o, e != NULL ? bytes_of(&to[e - from], 1) : bytes_of(b.p + i, 1));
	}
	put(o, "\"");
}

static void
put_rule(struct out *o, const struct hat *h, enum hat_action action, struct hat_block block)
{
	const struct hat_param *params = hat_params(h, block);
	const char *word = hat_action_name(action);

	put(o, "    ");
	put(o, word != NULL ? word : "UNKNOWN");
	if (block.count > 0)
		put(o, " {\n");
	for (uint32_t i = 0; i < block.count; i++) {
		put(o, "        ");
		put_bytes(o, params[i].key);
		put(o, " = ");
		put_quoted(o, params[i].value);
		put(o, "\n");
	}
	put(o, block.count > 0 ? "    }\n" : "\n");
}

/* There is a policy of that name, or a group that has it for its rule. */
static bool
is_policy(const struct hat *h, const char *name)
{
	size_t count;
	const struct hat_policy *policies = hat_policies(h, &count);
	const struct hat_group *groups;

	for (size_t i = 0; i < count; i++)
		if (bytes_eq(policies[i].name, bytes_str(name)))
			return true;
	groups = hat_groups(h, &count);
	for (size_t i = 0; i < count; i++)
		if (bytes_eq(groups[i].policy, bytes_str(name)))
			return true;
	return false;
}

/* The name of a policy that nobody names: $UNDEFINED, or the first of that name and a number. */
static void
put_undefined(struct out *o, const struct hat *h)
{
	char name[32] = "$UNDEFINED";

	for (unsigned i = 2; is_policy(h, name); i++)
		snprintf(name, sizeof name, "$UNDEFINED%u", i);
	put(o, name);
}

static void
put_group(struct out *o, const struct hat *h, const struct hat_group *g)
{
	size_t count;
	const struct hat_entry *entries = hat_entries(h, &count);
	bool bare = g->anonymous || (g->entry_count == 1 && bytes_eq(g->name, BYTES_LIT("ALL")) &&
					entries[g->first_entry].host.kind == HAT_KIND_ALL);
	char room[HAT_HOST_ROOM];

	if (!bare) {
		put_bytes(o, g->name);
		put(o, ":\n");
	}
	for (uint32_t i = 0; i < g->entry_count; i++) {
		hat_host_format(&entries[g->first_entry + i].host, room);
		put(o, bare ? "" : "    ");
		put(o, room);
		put(o, "\n");
	}
	if (g->policy.p == NULL && g->action != HAT_ACTION_UNKNOWN) {
		put_rule(o, h, g->action, g->params);
		return;
	}
	/* Without a rule in the source, it must not take over that of its successor. */
	put(o, "    ");
	if (g->policy.p != NULL)
		put_bytes(o, g->policy);
	else
		put_undefined(o, h);
	put(o, "\n");
}

char *
hat_print(const struct hat *h, size_t *len)
{
	struct out o = { .room = 0 };
	size_t policy_count, group_count;
	const struct hat_policy *policies = hat_policies(h, &policy_count);
	const struct hat_group *groups = hat_groups(h, &group_count);

	/* Whatever comes first, it is not taken for XML. */
	put(&o, "# Host Access Table\n");
	for (size_t i = 0; i < policy_count; i++) {
		put_bytes(&o, policies[i].name);
		put(&o, "\n");
		put_rule(&o, h, policies[i].action, policies[i].params);
	}
	for (size_t i = 0; i < group_count; i++)
		put_group(&o, h, &groups[i]);
	put_bytes(&o, bytes_of("", 1));
	if (o.failed) {
		free(o.text);
		return NULL;
	}
	*len = o.len - 1;
	return o.text;
}
