#include "reports/text_hat.h"

#include <stdio.h>

#include "analyzer/hat/hat_setting.h"
#include "reports/address.h"
#include "capture/base/decimal.h"
#include "reports/text_summary.h"
#include "reports/text_table.h"

#define HOSTS_SHOWN 3   /* of a group, unless all are asked for */
#define PARAM_SHOWN 120 /* octets of a parameter */
#define ACTION_WIDTH (-(int)sizeof "TCPREFUSE" + 1)

/* What one text is made of, and the widest text of each column. */
struct making {
	struct text_table table;
	const struct hat_report *report;
	const struct hat_policy *policies;
	const struct hat_group *groups;
	const struct hat_entry *entries;
	size_t policy_count, group_count, entry_count;
	int line, name, policy, host;
};

static void
learn(int *width, size_t n)
{
	if ((int)n > *width)
		*width = (int)n;
}

static struct bytes
action_word(enum hat_action a)
{
	const char *word = hat_action_name(a);

	return word != NULL ? bytes_str(word) : BYTES_LIT("?");
}

static enum text_color
action_color(enum hat_action a)
{
	static const uint8_t colors[HAT_ACTION_COUNT] = {
		[HAT_ACTION_ACCEPT] = TEXT_GREEN,
		[HAT_ACTION_RELAY] = TEXT_CYAN,
		[HAT_ACTION_REJECT] = TEXT_RED,
		[HAT_ACTION_TCPREFUSE] = TEXT_MAGENTA,
		[HAT_ACTION_CONTINUE] = TEXT_YELLOW,
	};

	return (enum text_color)colors[a];
}

static void
put_action(struct making *m, enum hat_action a)
{
	text_cell(&m->table, ACTION_WIDTH, action_color(a), action_word(a));
}

static void
head(struct making *m, const char *const *titles, const int *widths, size_t count)
{
	text_begin(&m->table, 2);
	for (size_t i = 0; i < count; i++)
		text_cell(&m->table, widths[i], TEXT_BOLD, bytes_str(titles[i]));
	text_end(&m->table);
}

/* Each "max_msgs_per_session=10"; a long value is cut. */
static void
put_params(struct making *m, const struct hat_param *params, size_t count)
{
	char cell[PARAM_SHOWN + 8];

	for (size_t i = 0; i < count; i++) {
		struct bytes key = params[i].key, value = params[i].value;
		size_t n = key.n < PARAM_SHOWN / 2 ? key.n : PARAM_SHOWN / 2;
		bool cut = n + 1 + value.n > PARAM_SHOWN;

		memcpy(cell, key.p, n);
		cell[n++] = '=';
		if (cut)
			value.n = PARAM_SHOWN - n;
		if (value.n > 0)
			memcpy(cell + n, value.p, value.n);
		n += value.n;
		if (cut)
			memcpy(cell + n, "...", 3);
		text_cell(&m->table, 0, TEXT_PLAIN, bytes_of(cell, n + (cut ? 3 : 0)));
	}
}

static void
put_policies(struct making *m)
{
	static const char *const titles[] = { "line", "policy", "action", "parameters" };
	const int widths[] = { m->line, -m->policy, ACTION_WIDTH, 0 };

	size_t default_count;
	const struct hat_param *defaults = hat_defaults(m->report->hat, &default_count);

	if (m->policy_count + default_count == 0)
		return;
	output_bytes(m->table.out, BYTES_LIT("\n"));
	head(m, titles, widths, 4);
	for (size_t i = 0; i < m->policy_count; i++) {
		const struct hat_policy *p = &m->policies[i];

		text_begin(&m->table, 2);
		text_number(&m->table, m->line, p->line);
		text_cell(&m->table, -m->policy, TEXT_PLAIN, p->name);
		put_action(m, p->action);
		put_params(m, hat_params(m->report->hat, p->params), p->params.count);
		text_end(&m->table);
	}
	if (default_count == 0)
		return;
	text_begin(&m->table, 2);
	text_number(&m->table, m->line, defaults[0].line);
	text_cell(&m->table, -m->policy, TEXT_PLAIN, BYTES_LIT("default"));
	text_cell(&m->table, ACTION_WIDTH, TEXT_PLAIN, BYTES_LIT(""));
	put_params(m, defaults, default_count);
	text_end(&m->table);
}

/* Its hosts in the line, as many as are shown, or each in a line of its own. */
static void
put_hosts(struct making *m, const struct hat_group *g)
{
	bool all = m->report->verbose > 0;
	char more[32];

	for (uint32_t i = 0; !all && i < g->entry_count && i < HOSTS_SHOWN; i++)
		text_cell(&m->table, 0, TEXT_PLAIN, m->entries[g->first_entry + i].host.text);
	if (!all && g->entry_count > HOSTS_SHOWN) {
		snprintf(more, sizeof more, "and %u more", g->entry_count - HOSTS_SHOWN);
		text_cell(&m->table, 0, TEXT_PLAIN, bytes_str(more));
	}
	if (all)
		text_cell(&m->table, 0, TEXT_PLAIN, g->comment);
	text_end(&m->table);
	for (uint32_t i = 0; all && i < g->entry_count; i++) {
		const struct hat_entry *e = &m->entries[g->first_entry + i];

		text_begin(&m->table, 2);
		text_number(&m->table, m->line, e->line);
		text_cell(&m->table, -m->host - 2, TEXT_PLAIN, bytes_of("", 0));
		text_cell(&m->table, -m->host, TEXT_PLAIN, e->host.text);
		text_cell(&m->table, 0, TEXT_PLAIN, e->comment);
		text_end(&m->table);
	}
}

static void
put_groups(struct making *m)
{
	static const char *const titles[] = { "line", "sender group", "action", "policy", "hosts" };
	const int widths[] = { m->line, -m->name, ACTION_WIDTH, -m->policy, 0 };

	if (m->group_count == 0)
		return;
	output_bytes(m->table.out, BYTES_LIT("\n"));
	head(m, titles, widths, 5);
	for (size_t i = 0; i < m->group_count; i++) {
		const struct hat_group *g = &m->groups[i];

		text_begin(&m->table, 2);
		text_number(&m->table, m->line, g->line);
		text_cell(&m->table, -m->name, TEXT_PLAIN, g->name);
		put_action(m, g->action);
		text_cell(&m->table, -m->policy, TEXT_PLAIN, g->policy);
		put_hosts(m, g);
	}
}

static void
put_messages(struct making *m)
{
	size_t count, total;
	const struct hat_message *messages = hat_messages(m->report->hat, &count, &total);
	enum severity least = m->report->verbose > 0   ? SEVERITY_INFO
	                      : m->report->verbose < 0 ? SEVERITY_ERROR
	                                               : SEVERITY_WARNING;

	for (size_t i = 0, shown = 0; i < count; i++) {
		char line[64];

		if (messages[i].severity < least)
			continue;
		if (shown++ == 0)
			output_bytes(m->table.out, BYTES_LIT("\n"));
		snprintf(line, sizeof line,
		    messages[i].other_line > 0 ? "line %u (%u):" : "line %u:", messages[i].line,
		    messages[i].other_line);
		text_begin(&m->table, 2);
		text_cell(&m->table, -(int)sizeof "warning" + 1,
		    text_severity_color(messages[i].severity),
		    bytes_str(severity_name(messages[i].severity)));
		text_cell(&m->table, 0, TEXT_PLAIN, bytes_str(line));
		text_cell(&m->table, 0, TEXT_PLAIN, bytes_str(messages[i].text));
		text_end(&m->table);
	}
	if (total > count)
		output_format(m->table.out, "  and %zu more\n", total - count);
}

static void
put_table(struct making *m)
{
	struct output *out = m->table.out;

	output_escaped(out, bytes_str(m->report->path));
	if (hat_listener(m->report->hat).n > 0) {
		output_bytes(out, BYTES_LIT(", listener "));
		output_escaped(out, hat_listener(m->report->hat));
	}
	output_format(out, ": %zu polic%s, %zu sender group%s, %zu host%s\n", m->policy_count,
	    m->policy_count == 1 ? "y" : "ies", m->group_count, m->group_count == 1 ? "" : "s",
	    m->entry_count, m->entry_count == 1 ? "" : "s");
	if (m->report->verbose >= 0) {
		put_policies(m);
		put_groups(m);
	}
	put_messages(m);
}

static void
put_candidate(struct making *m, uint32_t entry, const char *why)
{
	const struct hat_entry *e = &m->entries[entry];
	const struct hat_group *g = &m->groups[e->group];

	text_begin(&m->table, 2);
	text_number(&m->table, m->line, e->line);
	put_action(m, g->action);
	text_cell(&m->table, -m->name, TEXT_PLAIN, g->name);
	text_cell(&m->table, -m->policy, TEXT_PLAIN, g->policy);
	text_cell(&m->table, -m->host, TEXT_PLAIN, e->host.text);
	text_cell(&m->table, 0, TEXT_PLAIN, bytes_str(why));
	text_end(&m->table);
}

/* What a rejected client is told, where the table says it. */
static void
put_reply(struct making *m, uint32_t group)
{
	struct hat_banner b = hat_setting_refusal(m->report->hat, group);

	if (b.code == 0 && b.text.p == NULL)
		return;
	text_begin(&m->table, 2);
	text_cell(&m->table, 0, TEXT_PLAIN, BYTES_LIT("reply"));
	if (b.code != 0)
		text_number(&m->table, 0, b.code);
	text_cell(&m->table, 0, TEXT_PLAIN, b.text);
	text_end(&m->table);
}

static void
put_decision(struct making *m)
{
	static const char *const titles[] = { "line", "action", "sender group", "policy", "host",
		"" };
	const int widths[] = { m->line, ACTION_WIDTH, -m->name, -m->policy, 0, 0 };
	const struct hat_decision *d = m->report->decision;
	char room[ADDRESS_ROOM];

	text_begin(&m->table, 0);
	text_cell(&m->table, 0, TEXT_BOLD, bytes_str(address_format(room, &m->report->peer->addr)));
	if (d->certain)
		text_cell(&m->table, 0, action_color(d->action), action_word(d->action));
	else if (d->entry == HAT_NO_INDEX && d->candidate_count == 0)
		text_cell(&m->table, 0, TEXT_YELLOW, BYTES_LIT("no entry matches"));
	else
		text_cell(&m->table, 0, TEXT_YELLOW,
		    BYTES_LIT("undecided: the first of these that matches"));
	text_end(&m->table);
	if (d->certain || d->candidate_count > 0)
		head(m, titles, widths, 6);
	if (d->certain)
		put_candidate(m, d->entry, "matches");
	for (uint32_t i = 0; i < d->candidate_count; i++) {
		const char *why = hat_decision_why(m->report->hat, d, i);

		put_candidate(m, d->candidates[i], why != NULL ? why : "matches, if none before");
	}
	if (d->more)
		output_bytes(m->table.out, BYTES_LIT("  and more\n"));
	if (d->certain && d->action == HAT_ACTION_REJECT)
		put_reply(m, hat_decision_group(m->report->hat, d));
}

static void
measure_entry(struct making *m, uint32_t entry)
{
	learn(&m->line, decimal_width(m->entries[entry].line));
	learn(&m->host, text_width(m->entries[entry].host.text));
}

/* Columns are as wide as their widest cell, of the rows that are shown. */
static void
measure(struct making *m)
{
	const struct hat_decision *d = m->report->decision;

	learn(&m->line, sizeof "line" - 1);
	learn(&m->name, sizeof "sender group" - 1);
	learn(&m->policy, sizeof "default" - 1);
	learn(&m->host, sizeof "host" - 1);
	for (size_t i = 0; i < m->policy_count; i++) {
		learn(&m->line, decimal_width(m->policies[i].line));
		learn(&m->policy, text_width(m->policies[i].name));
	}
	for (size_t i = 0; i < m->group_count; i++) {
		learn(&m->name, text_width(m->groups[i].name));
		learn(&m->policy, text_width(m->groups[i].policy));
	}
	for (size_t i = 0; m->report->peer == NULL && i < m->entry_count; i++)
		measure_entry(m, (uint32_t)i);
	for (uint32_t i = 0; m->report->peer != NULL && i < d->candidate_count; i++)
		measure_entry(m, d->candidates[i]);
	if (m->report->peer != NULL && d->entry != HAT_NO_INDEX)
		measure_entry(m, d->entry);
}

enum status
text_hat_write(const struct hat_report *report, struct output *out, struct fault *fault)
{
	struct making m = { .report = report };
	bool failed;

	m.table = (struct text_table){ .out = out, .color = report->color };
	m.policies = hat_policies(report->hat, &m.policy_count);
	m.groups = hat_groups(report->hat, &m.group_count);
	m.entries = hat_entries(report->hat, &m.entry_count);
	measure(&m);
	if (report->peer == NULL)
		put_table(&m);
	else
		put_decision(&m);
	failed = m.table.line.failed;
	text_clear(&m.table);
	return failed ? fault_set(fault, STATUS_NOMEM, "out of memory") : STATUS_OK;
}
