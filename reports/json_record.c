#include "reports/json_record.h"

#include "analyzer/correlate/correlate.h"
#include "analyzer/correlate/join.h"
#include "reports/address.h"
#include "reports/community_id.h"
#include "reports/json_log.h"

/* The record's text, escaped; null when it is absent. */
static void
put_text(struct json_put *p, struct json_object *to, const char *key, const struct record *rec,
    struct text text)
{
	if (text_present(text))
		json_put_text(p, to, key, record_text(rec, text));
	else
		json_put_null(p, to, key);
}

static void
put_code(struct json_put *p, struct json_object *to, const char *key, uint16_t code)
{
	if (code != 0)
		json_put_number(p, to, key, code);
	else
		json_put_null(p, to, key);
}

static struct json_object *
begin(struct json_put *p, const char *type)
{
	struct json_object *o = json_object_new_object();

	if (o == NULL)
		p->failed = true;
	if (type != NULL)
		json_put_word(p, o, "type", type);
	return o;
}

static void
put_endpoint(struct json_put *p, struct json_object *to, const char *key, const struct endpoint *e)
{
	struct json_object *o = json_put_object(p, to, key);
	char address[ADDRESS_ROOM];

	json_put_word(p, o, "ip", address_format(address, &e->addr));
	json_put_number(p, o, "port", e->port);
}

static void
put_pair(struct json_put *p, struct json_object *to, const char *key,
    const uint64_t number[static DIR_COUNT])
{
	struct json_object *o = json_put_object(p, to, key);

	json_put_number(p, o, "client", number[DIR_CLIENT]);
	json_put_number(p, o, "server", number[DIR_SERVER]);
}

static void
put_tcp(struct json_put *p, struct json_object *to, const struct record *rec)
{
	struct json_object *o = json_put_object(p, to, "tcp");

	json_put_word(p, o, "handshake", handshake_name(rec->handshake));
	json_put_word(p, o, "closed_by", dir_name(rec->closed_by));
	json_put_word(p, o, "close", close_name(rec->close));
	put_text(p, o, "history", rec, rec->history);
	json_put_number(p, o, "retransmitted", rec->retransmitted);
	json_put_number(p, o, "reordered", rec->reordered);
	json_put_number(p, o, "gaps", rec->gaps);
}

static void
put_greeting(struct json_put *p, struct json_object *to, const struct record *rec)
{
	struct json_object *o;

	if (rec->greeting_code == 0) {
		json_put_null(p, to, "greeting");
		return;
	}
	o = json_put_object(p, to, "greeting");
	json_put_number(p, o, "code", rec->greeting_code);
	put_text(p, o, "text", rec, rec->greeting);
}

static void
put_recipient(struct json_put *p, struct json_object *to, const struct record *rec,
    const struct record_recipient *rcpt)
{
	struct json_object *o = json_put_object(p, to, NULL);

	put_text(p, o, "address", rec, rcpt->address);
	put_code(p, o, "code", rcpt->code);
	put_text(p, o, "enhanced", rec, rcpt->enhanced);
	put_text(p, o, "text", rec, rcpt->reply);
	json_put_word(p, o, "class", rcpt_class_name(rcpt->class));
}

static void
put_smtp(struct json_put *p, struct json_object *to, const struct record *rec)
{
	const struct record_sender *senders = record_array(rec, rec->senders);
	const struct record_recipient *recipients = record_array(rec, rec->recipients);
	struct json_object *o, *list;

	if (!rec->smtp) {
		json_put_null(p, to, "smtp");
		return;
	}
	o = json_put_object(p, to, "smtp");
	put_greeting(p, o, rec);
	put_text(p, o, "helo", rec, rec->helo);
	put_text(p, o, "tls", rec, rec->tls);
	put_text(p, o, "auth", rec, rec->auth);
	list = json_put_array(p, o, "mail_from");
	for (uint32_t i = 0; i < rec->senders.count; i++)
		put_text(p, list, NULL, rec, senders[i].address);
	list = json_put_array(p, o, "recipients");
	for (uint32_t i = 0; i < rec->recipients.count; i++)
		put_recipient(p, list, rec, &recipients[i]);
	json_put_number(p, o, "messages", rec->messages);
}

static void
put_profile(struct json_put *p, struct json_object *to, const struct record *rec)
{
	const struct record_step *steps = record_array(rec, rec->steps);
	struct json_object *o, *list;

	if (!rec->profile) {
		json_put_null(p, to, "profile");
		return;
	}
	o = json_put_object(p, to, "profile");
	put_text(p, o, "name", rec, rec->profile_name);
	json_put_word(p, o, "result", step_result_name(rec->profile_result));
	list = json_put_array(p, o, "steps");
	for (uint32_t i = 0; i < rec->steps.count; i++) {
		struct json_object *step = json_put_object(p, list, NULL);

		put_text(p, step, "step", rec, steps[i].step);
		json_put_word(p, step, "from", dir_name(steps[i].from));
		if (steps[i].frame_no != 0)
			json_put_number(p, step, "frame", steps[i].frame_no);
		else
			json_put_null(p, step, "frame");
		json_put_word(p, step, "result", step_result_name(steps[i].result));
	}
}

static void
put_rules(struct json_put *p, struct json_object *to, const struct record *rec)
{
	const struct record_finding *findings = record_array(rec, rec->findings);
	struct json_object *list = json_put_array(p, to, "findings");

	for (uint32_t i = 0; i < rec->findings.count; i++)
		put_text(p, list, NULL, rec, findings[i].rule);
}

static void
put_head(struct json_put *p, struct json_object *to, const struct record *rec)
{
	char id[COMMUNITY_ID_ROOM];
	bool known = community_id_format(id, &rec->client, &rec->server);

	json_put_number(p, to, "id", rec->id);
	json_put_word(p, to, "community_id", known ? id : NULL);
	put_endpoint(p, to, "client", &rec->client);
	put_endpoint(p, to, "server", &rec->server);
	json_put_time(p, to, "start", rec->start_ns, rec->ts_digits);
	json_put_time(p, to, "end", rec->end_ns, rec->ts_digits);
	json_put_signed(p, to, "duration_us", (rec->end_ns - rec->start_ns) / 1000);
	put_pair(p, to, "packets", rec->packets);
	put_pair(p, to, "octets", rec->octets);
}

static const struct log_session *
session_of(const struct record *rec)
{
	return rec->log.count == 0 ? NULL : record_array(rec, rec->log);
}

static void
put_log(struct json_put *p, struct json_object *to, const struct record *rec,
    const struct maillog *logs)
{
	const char *by[MATCH_GROUND_COUNT];
	struct json_log_match match = { by, 0, confidence_name(rec->log_confidence) };

	if (session_of(rec) == NULL) {
		json_put_null(p, to, "log");
		return;
	}
	for (enum match_ground g = 0; g < MATCH_GROUND_COUNT; g++) {
		if (rec->matched_by >> g & 1)
			by[match.count++] = match_ground_name(g);
	}
	json_log_put(p, to, "log", logs, session_of(rec), &match);
}

static void
put_hat(struct json_put *p, struct json_object *to, const struct record *rec)
{
	const struct record_candidate *c = record_array(rec, rec->hat.candidates);
	struct json_object *o, *list;

	if (!rec->hat.present) {
		json_put_null(p, to, "hat");
		return;
	}
	o = json_put_object(p, to, "hat");
	put_text(p, o, "sender_group", rec, rec->hat.sender_group);
	put_text(p, o, "policy", rec, rec->hat.policy);
	put_text(p, o, "action", rec, rec->hat.action);
	json_put_bool(p, o, "certain", rec->hat.certain);
	list = json_put_array(p, o, "candidates");
	for (uint32_t i = 0; i < rec->hat.candidates.count; i++)
		put_text(p, list, NULL, rec, c[i].sender_group);
	list = json_put_array(p, o, "undecided");
	for (uint32_t i = 0; i < rec->hat.candidates.count; i++) {
		struct json_object *one = json_put_object(p, list, NULL);

		put_text(p, one, "sender_group", rec, c[i].sender_group);
		put_text(p, one, "policy", rec, c[i].policy);
		put_text(p, one, "action", rec, c[i].action);
		put_text(p, one, "why", rec, c[i].why);
	}
}

struct json_object *
json_record_connection(
    struct json_put *p, const struct record *rec, const struct maillog *logs, const char *type)
{
	struct json_object *o = begin(p, type);

	put_head(p, o, rec);
	json_put_word(p, o, "verdict", verdict_name(rec->verdict));
	json_put_word(p, o, "outcome", outcome_name(rec->outcome));
	json_put_word(p, o, "confidence", confidence_name(rec->confidence));
	put_text(p, o, "reason", rec, rec->reason);
	put_tcp(p, o, rec);
	put_smtp(p, o, rec);
	put_profile(p, o, rec);
	put_log(p, o, rec, logs);
	put_hat(p, o, rec);
	put_rules(p, o, rec);
	return o;
}

struct json_object *
json_record_finding(struct json_put *p, const struct record *rec, uint32_t i, const char *type)
{
	const struct record_finding *f = record_array(rec, rec->findings);
	struct json_object *o = begin(p, type), *frames;

	f += i;
	put_text(p, o, "rule", rec, f->rule);
	json_put_word(p, o, "severity", severity_name(f->severity));
	put_text(p, o, "message", rec, f->message);
	json_put_number(p, o, "connection", rec->id);
	if (session_of(rec) != NULL)
		json_put_number(p, o, "icid", session_of(rec)->icid);
	else
		json_put_null(p, o, "icid");
	frames = json_put_array(p, o, "frames");
	for (uint8_t k = 0; k < f->frame_count; k++)
		json_put_number(p, frames, NULL, f->frames[k]);
	return o;
}

struct json_object *
json_record_missing(
    struct json_put *p, const struct log_session *s, const char *message, const char *type)
{
	struct json_object *o = begin(p, type);

	json_put_word(p, o, "rule", JOIN_MISSING_CONNECTION);
	json_put_word(p, o, "severity", severity_name(SEVERITY_WARNING));
	json_put_text(p, o, "message", bytes_str(message));
	json_put_null(p, o, "connection");
	json_put_number(p, o, "icid", s->icid);
	json_put_array(p, o, "frames");
	return o;
}
