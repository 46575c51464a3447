#include "reports/json_hat.h"

#include <stdio.h>

#include "analyzer/hat/hat_setting.h"
#include "reports/address.h"
#include "reports/json_put.h"

#define SCHEMA "hatcheck.hat/1"

/* What one document is made of. */
struct making {
	struct json_put put;
	const struct hat_report *report;
	const struct hat_policy *policies;
	const struct hat_group *groups;
	const struct hat_entry *entries;
	size_t policy_count, group_count, entry_count;
};

/* null where the text is absent. */
static void
put_text(struct making *m, struct json_object *to, const char *key, struct bytes text)
{
	if (text.p == NULL)
		json_put_null(&m->put, to, key);
	else
		json_put_text(&m->put, to, key, text);
}

static void
put_host(struct making *m, struct json_object *to, const struct hat_entry *e)
{
	char room[HAT_HOST_ROOM];

	json_put_text(&m->put, to, "host", bytes_of(room, hat_host_format(&e->host, room)));
	json_put_number(&m->put, to, "line", e->line);
	put_text(m, to, "comment", e->comment);
}

static void
put_rule(struct making *m, struct json_object *to, const struct hat_group *g)
{
	json_put_text(&m->put, to, "sender_group", g->name);
	put_text(m, to, "policy", g->policy);
	json_put_word(&m->put, to, "action", hat_action_name(g->action));
}

/* -3000 as "-3.0". */
static void
put_score(struct making *m, struct json_object *to, int32_t thousandths)
{
	char room[HAT_SCORE_ROOM];

	json_put_word(&m->put, to, "sbrs", hat_peer_score_format(room, thousandths));
}

static void
put_peer(struct making *m, struct json_object *to)
{
	const struct hat_peer *peer = m->report->peer;
	struct json_object *o = json_put_object(&m->put, to, "peer");
	char room[ADDRESS_ROOM];

	json_put_word(&m->put, o, "ip", address_format(room, &peer->addr));
	if (peer->name_state == HAT_NAME_VERIFIED)
		json_put_text(&m->put, o, "host", peer->name);
	else
		json_put_word(&m->put, o, "host", hat_peer_name_state(peer->name_state));
	if (peer->sbrs_state == HAT_KNOWN)
		put_score(m, o, peer->sbrs);
	else
		json_put_word(&m->put, o, "sbrs", peer->sbrs_state == HAT_NONE ? "none" : NULL);
	if (peer->country_state == HAT_KNOWN)
		json_put_text(&m->put, o, "country", peer->country);
	else
		json_put_word(
		    &m->put, o, "country", peer->country_state == HAT_NONE ? "none" : NULL);
}

/* candidates: their names; undecided: all about each of them, in the same order. */
static void
put_candidates(struct making *m, struct json_object *to)
{
	const struct hat_decision *d = m->report->decision;
	struct json_object *names = json_put_array(&m->put, to, "candidates");
	struct json_object *list = json_put_array(&m->put, to, "undecided");

	for (uint32_t i = 0; i < d->candidate_count; i++) {
		const struct hat_entry *e = &m->entries[d->candidates[i]];
		const struct hat_group *g = &m->groups[e->group];
		struct json_object *o = json_put_object(&m->put, list, NULL);

		json_put_text(&m->put, names, NULL, g->name);
		put_rule(m, o, g);
		put_host(m, o, e);
		json_put_word(&m->put, o, "why", hat_decision_why(m->report->hat, d, i));
	}
}

static void
put_entry(struct making *m, struct json_object *to)
{
	const struct hat_decision *d = m->report->decision;
	struct json_object *o;

	if (d->entry == HAT_NO_INDEX) {
		json_put_null(&m->put, to, "entry");
		return;
	}
	o = json_put_object(&m->put, to, "entry");
	put_rule(m, o, &m->groups[m->entries[d->entry].group]);
	put_host(m, o, &m->entries[d->entry]);
}

/* What a rejected client is told, where the table says it. */
static void
put_reply(struct making *m, struct json_object *to)
{
	const struct hat_decision *d = m->report->decision;
	struct hat_banner b = { 0, { NULL, 0 } };
	struct json_object *o;

	if (d->certain && d->action == HAT_ACTION_REJECT)
		b = hat_setting_refusal(m->report->hat, hat_decision_group(m->report->hat, d));
	if (b.code == 0 && b.text.p == NULL) {
		json_put_null(&m->put, to, "reply");
		return;
	}
	o = json_put_object(&m->put, to, "reply");
	if (b.code == 0)
		json_put_null(&m->put, o, "code");
	else
		json_put_number(&m->put, o, "code", b.code);
	put_text(m, o, "text", b.text);
}

static void
put_decision(struct making *m, struct json_object *to)
{
	const struct hat_decision *d = m->report->decision;

	put_text(m, to, "sender_group", d->sender_group);
	put_text(m, to, "policy", d->policy);
	json_put_word(&m->put, to, "action", hat_action_name(d->action));
	json_put_bool(&m->put, to, "certain", d->certain);
	put_candidates(m, to);
	put_entry(m, to);
	put_reply(m, to);
	put_peer(m, to);
}

static void
put_params(struct making *m, struct json_object *to, const char *key,
    const struct hat_param *params, size_t count)
{
	struct json_object *list = json_put_array(&m->put, to, key);

	for (size_t i = 0; i < count; i++) {
		struct json_object *o = json_put_object(&m->put, list, NULL);

		json_put_text(&m->put, o, "key", params[i].key);
		json_put_text(&m->put, o, "value", params[i].value);
		json_put_number(&m->put, o, "line", params[i].line);
	}
}

static void
put_policies(struct making *m, struct json_object *to)
{
	struct json_object *list = json_put_array(&m->put, to, "policies");

	for (size_t i = 0; i < m->policy_count; i++) {
		const struct hat_policy *p = &m->policies[i];
		struct json_object *o = json_put_object(&m->put, list, NULL);

		json_put_text(&m->put, o, "name", p->name);
		json_put_word(&m->put, o, "action", hat_action_name(p->action));
		json_put_number(&m->put, o, "line", p->line);
		put_text(m, o, "comment", p->comment);
		put_params(
		    m, o, "parameters", hat_params(m->report->hat, p->params), p->params.count);
	}
}

static void
put_groups(struct making *m, struct json_object *to)
{
	struct json_object *list = json_put_array(&m->put, to, "sender_groups");

	for (size_t i = 0; i < m->group_count; i++) {
		const struct hat_group *g = &m->groups[i];
		struct json_object *o = json_put_object(&m->put, list, NULL), *hosts;

		put_rule(m, o, g);
		json_put_number(&m->put, o, "line", g->line);
		json_put_bool(&m->put, o, "anonymous", g->anonymous);
		put_text(m, o, "comment", g->comment);
		put_params(
		    m, o, "parameters", hat_params(m->report->hat, g->params), g->params.count);
		hosts = json_put_array(&m->put, o, "hosts");
		for (uint32_t k = 0; k < g->entry_count; k++)
			put_host(m, json_put_object(&m->put, hosts, NULL),
			    &m->entries[g->first_entry + k]);
	}
}

static void
put_messages(struct making *m, struct json_object *to)
{
	struct json_object *list = json_put_array(&m->put, to, "messages");
	size_t count, total;
	const struct hat_message *messages = hat_messages(m->report->hat, &count, &total);

	for (size_t i = 0; i < count; i++) {
		struct json_object *o = json_put_object(&m->put, list, NULL);

		json_put_word(&m->put, o, "severity", severity_name(messages[i].severity));
		json_put_number(&m->put, o, "line", messages[i].line);
		if (messages[i].other_line == 0)
			json_put_null(&m->put, o, "other_line");
		else
			json_put_number(&m->put, o, "other_line", messages[i].other_line);
		json_put_text(&m->put, o, "message", bytes_str(messages[i].text));
	}
	json_put_number(&m->put, to, "messages_total", total);
}

static void
put_table(struct making *m, struct json_object *to)
{
	size_t count;
	const struct hat_param *defaults = hat_defaults(m->report->hat, &count);

	put_params(m, to, "defaults", defaults, count);
	put_policies(m, to);
	put_groups(m, to);
	put_messages(m, to);
}

enum status
json_hat_write(const struct hat_report *report, struct output *out, struct fault *fault)
{
	struct making m = { .report = report };
	struct json_object *o = json_object_new_object();

	m.policies = hat_policies(report->hat, &m.policy_count);
	m.groups = hat_groups(report->hat, &m.group_count);
	m.entries = hat_entries(report->hat, &m.entry_count);
	json_put_word(&m.put, o, "schema", SCHEMA);
	json_put_text(&m.put, o, "path", bytes_str(report->path));
	put_text(&m, o, "listener", hat_listener(report->hat));
	if (report->peer != NULL)
		put_decision(&m, o);
	else
		put_table(&m, o);
	if (!m.put.failed) {
		json_put_print(&m.put, o, out);
		output_bytes(out, BYTES_LIT("\n"));
	}
	json_object_put(o);
	return m.put.failed ? fault_set(fault, STATUS_NOMEM, "out of memory") : STATUS_OK;
}
