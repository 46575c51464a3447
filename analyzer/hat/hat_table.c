#include "analyzer/hat/hat_table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "analyzer/hat/hat_check.h"

static const char *const action_names[HAT_ACTION_COUNT] = {
#define X(id, word) word,
	HAT_ACTIONS(X)
#undef X
};

const char *
hat_action_name(enum hat_action a)
{
	return a < HAT_ACTION_COUNT ? action_names[a] : NULL;
}

void *
hat_table_grow(struct hat *h, struct hat_array *a, size_t size)
{
	if (a->count == a->room) {
		size_t room = a->room == 0 ? 16 : a->room * 2;
		void *at = realloc(a->at, room * size);

		if (at == NULL) {
			h->failed = true;
			return NULL;
		}
		a->at = at;
		a->room = room;
	}
	return memset((char *)a->at + size * a->count++, 0, size);
}

void
hat_table_say(struct hat *h, enum severity severity, bool syntax, uint32_t line,
    uint32_t other_line, const char *fmt, ...)
{
	struct hat_message *m = NULL;
	va_list ap;

	h->message_total++;
	h->syntax_errors += syntax;
	if (h->messages.count < HAT_MAX_MESSAGES)
		m = hat_table_grow(h, &h->messages, sizeof *m);
	if (m == NULL)
		return;
	m->severity = severity;
	m->syntax = syntax;
	m->line = line;
	m->other_line = other_line;
	va_start(ap, fmt);
	vsnprintf(m->text, sizeof m->text, fmt, ap);
	va_end(ap);
}

size_t
hat_table_understood(const struct hat *h, const struct hat_group *g)
{
	const struct hat_entry *entries = hat_table_entries(h);
	size_t n = 0;

	for (uint32_t i = 0; i < g->entry_count; i++)
		n += entries[g->first_entry + i].host.kind != HAT_KIND_UNREAD;
	return n;
}

/* Ties every group to its policy, and takes over the policy's action. */
static bool
resolve_policies(struct hat *h)
{
	struct hat_policy *policies = hat_table_policies(h);
	struct hat_texts names = { 0 };
	bool ok = true;

	for (size_t i = 0; ok && i < h->policies.count; i++) {
		uint32_t first = hat_texts_add(&names, policies[i].name, (uint32_t)i);

		ok = first != HAT_TEXTS_NONE;
		if (ok)
			policies[first].disputed |= policies[first].action != policies[i].action;
	}
	for (size_t i = 0; ok && i < h->groups.count; i++) {
		struct hat_group *g = &hat_table_groups(h)[i];

		g->policy_index = HAT_NO_INDEX;
		if (g->policy.p == NULL)
			continue;
		g->policy_index = hat_texts_find(&names, g->policy);
		if (g->policy_index != HAT_NO_INDEX && !policies[g->policy_index].disputed)
			g->action = policies[g->policy_index].action;
	}
	hat_texts_clear(&names);
	return ok;
}

/* Groups that cannot be told apart by what they decide get one number. */
static bool
number_outcomes(struct hat *h)
{
	struct hat_texts seen = { 0 };
	bool ok = true;

	for (size_t i = 0; ok && i < h->groups.count; i++) {
		struct hat_group *g = &hat_table_groups(h)[i];
		size_t n = g->name.n + g->policy.n + 3;
		char *key = malloc(n);

		if (key == NULL) {
			ok = false;
			break;
		}
		/* A space is in no name. */
		snprintf(
		    key, n, "%c%.*s ", 'a' + g->action, (int)g->name.n, (const char *)g->name.p);
		if (g->policy.n > 0)
			memcpy(key + g->name.n + 2, g->policy.p, g->policy.n);
		g->outcome = hat_texts_add(&seen, bytes_of(key, n - 1), (uint32_t)i);
		ok = g->outcome != HAT_TEXTS_NONE;
		free(key);
	}
	hat_texts_clear(&seen);
	return ok;
}

static int
by_line(const void *a, const void *b)
{
	const struct hat_message *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->severity != y->severity)
		return x->severity > y->severity ? -1 : 1;
	return strcmp(x->text, y->text);
}

bool
hat_table_finish(struct hat *h)
{
	if (h->failed || !resolve_policies(h) || !number_outcomes(h) ||
	    !hat_index_build(
		&h->index, h->entries.at, h->entries.count, h->groups.at, h->groups.count) ||
	    !hat_check(h))
		return false;
	if (h->messages.count > 0)
		qsort(h->messages.at, h->messages.count, sizeof(struct hat_message), by_line);
	return !h->failed;
}

void
hat_free(struct hat *h)
{
	if (h == NULL)
		return;
	hat_index_clear(&h->index);
	free(h->policies.at);
	free(h->groups.at);
	free(h->entries.at);
	free(h->params.at);
	free(h->defaults.at);
	free(h->messages.at);
	free(h->text);
	free(h);
}

const struct hat_policy *
hat_policies(const struct hat *h, size_t *count)
{
	*count = h->policies.count;
	return h->policies.at;
}

const struct hat_group *
hat_groups(const struct hat *h, size_t *count)
{
	*count = h->groups.count;
	return h->groups.at;
}

const struct hat_entry *
hat_entries(const struct hat *h, size_t *count)
{
	*count = h->entries.count;
	return h->entries.at;
}

const struct hat_param *
hat_params(const struct hat *h, struct hat_block block)
{
	const struct hat_param *all = h->params.at;

	return block.count == 0 ? NULL : all + block.first;
}

const struct hat_param *
hat_defaults(const struct hat *h, size_t *count)
{
	*count = h->defaults.count;
	return h->defaults.at;
}

const struct hat_message *
hat_messages(const struct hat *h, size_t *count, size_t *total)
{
	*count = h->messages.count;
	if (total != NULL)
		*total = h->message_total;
	return h->messages.at;
}

struct bytes
hat_listener(const struct hat *h)
{
	return h->listener;
}
