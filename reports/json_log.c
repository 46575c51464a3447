#include "reports/json_log.h"

#include <stdlib.h>

#include "reports/address.h"

/* "key": of an object, with the comma that parts it from the one before. */
static void
put_key(struct line *l, const char *key)
{
	if (l->n > 0 && l->text[l->n - 1] != '{')
		LINE_LITERAL(l, ",");
	LINE_LITERAL(l, "\"");
	line_bytes(l, bytes_str(key));
	LINE_LITERAL(l, "\":");
}

/* NULL is null; a word of our own needs no escape. */
static void
put_word(struct line *l, const char *key, const char *word)
{
	put_key(l, key);
	if (word == NULL) {
		LINE_LITERAL(l, "null");
		return;
	}
	LINE_LITERAL(l, "\"");
	line_bytes(l, bytes_str(word));
	LINE_LITERAL(l, "\"");
}

static void
put_number(struct line *l, const char *key, uint64_t number)
{
	put_key(l, key);
	line_number(l, number);
}

static void
put_flag(struct line *l, const char *key, bool flag)
{
	put_key(l, key);
	line_bytes(l, flag ? BYTES_LIT("true") : BYTES_LIT("false"));
}

static void
put_text(struct line *l, const char *key, const struct log_session *s, enum log_text_id which)
{
	put_key(l, key);
	if (log_text_present(s->text[which]))
		line_quoted(l, log_session_text(s, s->text[which]));
	else
		LINE_LITERAL(l, "null");
}

/* A reading of the log's clock, in UTC. */
static void
put_time(struct line *l, const char *key, int64_t local_ns, int32_t utc_offset_s)
{
	put_key(l, key);
	if (local_ns == LOG_TIME_NONE) {
		LINE_LITERAL(l, "null");
		return;
	}
	LINE_LITERAL(l, "\"");
	line_time(l, local_ns - utc_offset_s * LOG_NS_PER_S);
	LINE_LITERAL(l, "\"");
}

static void
put_address(struct line *l, const char *key, const struct addr *a)
{
	char room[ADDRESS_ROOM];

	put_word(l, key, a->family == 0 ? NULL : address_format(room, a));
}

static void
put_peer(struct line *l, const struct log_session *s)
{
	if (s->peer.family == 0)
		put_text(l, "address", s, LOG_TEXT_ADDRESS);
	else
		put_address(l, "address", &s->peer);
}

static void
put_parties(struct line *l, const char *key, const struct log_session *s, struct log_list list)
{
	const struct log_party *p = log_session_list(s, list);

	put_key(l, key);
	LINE_LITERAL(l, "[");
	for (uint16_t i = 0; i < list.count; i++) {
		if (i > 0)
			LINE_LITERAL(l, ",");
		line_quoted(l, log_session_text(s, p[i].address));
	}
	LINE_LITERAL(l, "]");
}

/* Those of the recipients that were refused, and by what. */
static void
put_refused(struct line *l, const struct log_session *s)
{
	const struct log_party *p = log_session_list(s, s->recipients);
	bool any = false;

	put_key(l, "refused");
	LINE_LITERAL(l, "[");
	for (uint16_t i = 0; i < s->recipients.count; i++) {
		if (p[i].refusal == LOG_REFUSAL_NONE)
			continue;
		line_bytes(l, any ? BYTES_LIT(",{\"address\":") : BYTES_LIT("{\"address\":"));
		line_quoted(l, log_session_text(s, p[i].address));
		put_word(l, "by", log_refusal_name(p[i].refusal));
		LINE_LITERAL(l, "}");
		any = true;
	}
	LINE_LITERAL(l, "]");
}

static void
put_messages(struct line *l, const struct log_session *s)
{
	const struct log_message *m = log_session_list(s, s->messages);
	uint64_t received = 0;

	put_key(l, "mids");
	LINE_LITERAL(l, "[");
	for (uint16_t i = 0; i < s->messages.count; i++) {
		if (i > 0)
			LINE_LITERAL(l, ",");
		line_number(l, m[i].mid);
		received += m[i].receipt == LOG_RECEIPT_READY;
	}
	LINE_LITERAL(l, "]");
	put_number(l, "received", received);
}

static void
put_match(struct line *l, const struct json_log_match *match)
{
	put_key(l, "matched_by");
	LINE_LITERAL(l, "[");
	for (size_t i = 0; match != NULL && i < match->count; i++) {
		line_bytes(l, i > 0 ? BYTES_LIT(",\"") : BYTES_LIT("\""));
		line_bytes(l, bytes_str(match->matched_by[i]));
		LINE_LITERAL(l, "\"");
	}
	LINE_LITERAL(l, "]");
	put_word(l, "confidence", match == NULL ? NULL : match->confidence);
}

/* What the contract of the report does not ask for. */
static void
put_more(struct line *l, const struct maillog *m, const struct log_session *s)
{
	put_refused(l, s);
	put_peer(l, s);
	put_text(l, "host", s, LOG_TEXT_HOST);
	put_key(l, "verified");
	line_bytes(l, s->verified < 0 ? BYTES_LIT("null")
		      : s->verified   ? BYTES_LIT("true")
				      : BYTES_LIT("false"));
	put_text(l, "interface", s, LOG_TEXT_INTERFACE);
	put_address(l, "interface_address", &s->interface_addr);
	put_word(l, "tls", log_tls_name(s->tls));
	put_word(l, "auth", log_auth_name(s->auth));
	put_flag(l, "harvest", s->harvest);
	put_flag(l, "incomplete", s->incomplete);
	put_word(l, "serial", maillog_serial(m, s->appliance));
}

void
json_log_session(struct line *l, const struct maillog *m, const struct log_session *s,
    const char *type, const struct json_log_match *match)
{
	size_t count;
	const struct maillog_file *files = maillog_files(m, &count);

	LINE_LITERAL(l, "{");
	if (type != NULL)
		put_word(l, "type", type);
	put_number(l, "icid", s->icid);
	put_word(l, "action", log_action_name(s->action));
	put_text(l, "sender_group", s, LOG_TEXT_GROUP);
	put_text(l, "match", s, LOG_TEXT_MATCH);
	put_text(l, "sbrs", s, LOG_TEXT_SBRS);
	put_text(l, "country", s, LOG_TEXT_COUNTRY);
	put_flag(l, "delayed", s->delayed);
	put_time(l, "opened", log_session_opened(s), s->utc_offset_s);
	put_time(l, "closed", s->closed_ns, s->utc_offset_s);
	put_word(l, "how", log_end_name(s->end));
	put_parties(l, "mail_from", s, s->senders);
	put_parties(l, "recipients", s, s->recipients);
	put_messages(l, s);
	put_key(l, "file");
	line_quoted(l, bytes_str(files[s->first_line.file].path));
	put_number(l, "line", s->first_line.line);
	put_match(l, match);
	put_more(l, m, s);
	LINE_LITERAL(l, "}");
}

void
json_log_file(struct line *l, const struct maillog_file *f, const char *type)
{
	bool known = f->offset_from != LOG_OFFSET_FROM_NONE;

	LINE_LITERAL(l, "{");
	if (type != NULL)
		put_word(l, "type", type);
	put_key(l, "path");
	line_quoted(l, bytes_str(f->path));
	put_number(l, "lines", f->lines);
	put_number(l, "sessions", f->sessions);
	put_number(l, "unparsed", f->unparsed);
	put_key(l, "utc_offset_s");
	if (known && f->utc_offset_s < 0)
		LINE_LITERAL(l, "-");
	if (known)
		line_number(l, (uint64_t)llabs(f->utc_offset_s));
	else
		LINE_LITERAL(l, "null");
	put_word(l, "utc_offset_from", log_offset_from_name(f->offset_from));
	put_time(l, "first", f->first_ns, f->utc_offset_s);
	put_time(l, "last", f->last_ns, f->utc_offset_s);
	put_word(l, "compression", f->compression);
	put_key(l, "damaged");
	if (f->damaged[0] != '\0')
		line_quoted(l, bytes_str(f->damaged));
	else
		LINE_LITERAL(l, "null");
	LINE_LITERAL(l, "}");
}

/* The text as a value of json-c, which prints it as it is. */
static void
put_line(struct json_put *p, struct json_object *to, const char *key, struct line *l)
{
	struct json_object *o;
	char *text = NULL;

	LINE_LITERAL(l, "\0");
	o = l->failed ? NULL : json_put_object(p, to, key);
	if (o != NULL)
		text = strdup(l->text);
	if (text != NULL)
		json_object_set_serializer(
		    o, json_object_userdata_to_json_string, text, json_object_free_userdata);
	else
		p->failed = true;
	line_clear(l);
}

void
json_log_put(struct json_put *p, struct json_object *to, const char *key, const struct maillog *m,
    const struct log_session *s, const struct json_log_match *match)
{
	struct line l = { .text = NULL };

	json_log_session(&l, m, s, NULL, match);
	put_line(p, to, key, &l);
}

void
json_log_put_file(struct json_put *p, struct json_object *to, const struct maillog_file *f)
{
	struct line l = { .text = NULL };

	json_log_file(&l, f, NULL);
	put_line(p, to, NULL, &l);
}

static void
put_head(struct line *l)
{
	put_word(l, "schema", "hatcheck.log/1");
	put_key(l, "generator");
	LINE_LITERAL(l, "{");
	put_word(l, "name", "hatcheck");
	put_word(l, "version", HATCHECK_VERSION);
	LINE_LITERAL(l, "}");
}

static void
put_limits(struct line *l, const struct limits *limits)
{
	put_key(l, "limits");
	LINE_LITERAL(l, "{");
	for (enum limit i = 0; i < LIMIT_COUNT; i++)
		put_number(l, limit_name(i), limits->reached[i]);
	LINE_LITERAL(l, "}");
}

void
json_log_flush(struct json_log *j)
{
	line_flush(&j->line, j->out);
	output_flush(j->out);
}

void
json_log_begin(struct json_log *j, struct output *out)
{
	*j = (struct json_log){ .out = out };
	LINE_LITERAL(&j->line, "{");
	put_head(&j->line);
	LINE_LITERAL(&j->line, ",\n\"sessions\":[");
}

static void
flush_some(struct json_log *j)
{
	if (j->line.n >= LINE_FLUSH)
		line_flush(&j->line, j->out);
}

void
json_log_next(struct json_log *j, const struct maillog *m, const struct log_session *s)
{
	line_bytes(&j->line, j->any ? BYTES_LIT(",\n") : BYTES_LIT("\n"));
	j->any = true;
	json_log_session(&j->line, m, s, NULL, NULL);
	flush_some(j);
}

void
json_log_end(struct json_log *j, const struct maillog *m)
{
	struct line *l = &j->line;
	size_t count;
	const struct maillog_file *files = maillog_files(m, &count);

	line_bytes(l, j->any ? BYTES_LIT("\n],\n\"files\":[") : BYTES_LIT("],\n\"files\":["));
	for (size_t i = 0; i < count; i++) {
		line_bytes(l, i > 0 ? BYTES_LIT(",\n") : BYTES_LIT("\n"));
		json_log_file(l, &files[i], NULL);
	}
	LINE_LITERAL(l, "\n]");
	put_limits(l, maillog_limits(m));
	LINE_LITERAL(l, "}\n");
	line_flush(l, j->out);
}

void
json_log_begin_lines(struct json_log *j, struct output *out)
{
	*j = (struct json_log){ .out = out };
}

void
json_log_next_line(struct json_log *j, const struct maillog *m, const struct log_session *s)
{
	json_log_session(&j->line, m, s, "log_session", NULL);
	LINE_LITERAL(&j->line, "\n");
	flush_some(j);
}

void
json_log_end_lines(struct json_log *j, const struct maillog *m)
{
	struct line *l = &j->line;
	size_t count;
	const struct maillog_file *files = maillog_files(m, &count);

	for (size_t i = 0; i < count; i++) {
		json_log_file(l, &files[i], "log_file");
		LINE_LITERAL(l, "\n");
	}
	LINE_LITERAL(l, "{");
	put_word(l, "type", "summary");
	put_head(l);
	put_limits(l, maillog_limits(m));
	LINE_LITERAL(l, "}\n");
	line_flush(l, j->out);
}
