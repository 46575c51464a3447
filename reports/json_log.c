#include "reports/json_log.h"

#include <stdlib.h>

#include "reports/address.h"

/* A key behind another value, as octets: there are thirty in each session. */
#define KEY(name) BYTES_LIT(",\"" name "\":")

static void
put_null(struct line *l)
{
	LINE_LITERAL(l, "null");
}

/* NULL is null; a word of our own needs no escape. */
static void
put_word(struct line *l, struct bytes key, const char *word)
{
	line_bytes(l, key);
	if (word == NULL) {
		put_null(l);
		return;
	}
	LINE_LITERAL(l, "\"");
	line_bytes(l, bytes_str(word));
	LINE_LITERAL(l, "\"");
}

static void
put_number(struct line *l, struct bytes key, uint64_t number)
{
	line_bytes(l, key);
	line_number(l, number);
}

static void
put_flag(struct line *l, struct bytes key, bool flag)
{
	line_bytes(l, key);
	line_bytes(l, flag ? BYTES_LIT("true") : BYTES_LIT("false"));
}

static void
put_text(struct line *l, struct bytes key, const struct log_session *s, enum log_text_id which)
{
	line_bytes(l, key);
	if (log_text_present(s->text[which]))
		line_quoted(l, log_session_text(s, s->text[which]));
	else
		put_null(l);
}

/* Of a log's header, or NULL. */
static void
put_serial(struct line *l, struct bytes key, const char *serial)
{
	line_bytes(l, key);
	if (serial != NULL)
		line_quoted(l, bytes_str(serial));
	else
		put_null(l);
}

/* A reading of the log's clock, in UTC. */
static void
put_time(struct line *l, struct bytes key, int64_t local_ns, int32_t utc_offset_s)
{
	line_bytes(l, key);
	if (local_ns == LOG_TIME_NONE) {
		put_null(l);
		return;
	}
	LINE_LITERAL(l, "\"");
	line_time(l, local_ns - utc_offset_s * LOG_NS_PER_S);
	LINE_LITERAL(l, "\"");
}

static void
put_address(struct line *l, struct bytes key, const struct addr *a)
{
	char room[ADDRESS_ROOM];

	put_word(l, key, a->family == 0 ? NULL : address_format(room, a));
}

static void
put_peer(struct line *l, struct bytes key, const struct log_session *s)
{
	if (s->peer.family == 0)
		put_text(l, key, s, LOG_TEXT_ADDRESS);
	else
		put_address(l, key, &s->peer);
}

static void
put_parties(struct line *l, struct bytes key, const struct log_session *s, struct log_list list)
{
	const struct log_party *p = log_session_list(s, list);

	line_bytes(l, key);
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

	line_bytes(l, KEY("refused"));
	LINE_LITERAL(l, "[");
	for (uint16_t i = 0; i < s->recipients.count; i++) {
		if (p[i].refusal == LOG_REFUSAL_NONE)
			continue;
		line_bytes(l, any ? BYTES_LIT(",{\"address\":") : BYTES_LIT("{\"address\":"));
		line_quoted(l, log_session_text(s, p[i].address));
		put_word(l, KEY("by"), log_refusal_name(p[i].refusal));
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

	line_bytes(l, KEY("mids"));
	LINE_LITERAL(l, "[");
	for (uint16_t i = 0; i < s->messages.count; i++) {
		if (i > 0)
			LINE_LITERAL(l, ",");
		line_number(l, m[i].mid);
		received += m[i].receipt == LOG_RECEIPT_READY;
	}
	LINE_LITERAL(l, "]");
	put_number(l, KEY("received"), received);
}

static void
put_match(struct line *l, const struct json_log_match *match)
{
	line_bytes(l, KEY("matched_by"));
	LINE_LITERAL(l, "[");
	for (size_t i = 0; match != NULL && i < match->count; i++) {
		line_bytes(l, i > 0 ? BYTES_LIT(",\"") : BYTES_LIT("\""));
		line_bytes(l, bytes_str(match->matched_by[i]));
		LINE_LITERAL(l, "\"");
	}
	LINE_LITERAL(l, "]");
	put_word(l, KEY("confidence"), match == NULL ? NULL : match->confidence);
}

static void
put_verified(struct line *l, int8_t verified)
{
	line_bytes(l, KEY("verified"));
	line_bytes(l, verified < 0 ? BYTES_LIT("null")
		      : verified   ? BYTES_LIT("true")
				   : BYTES_LIT("false"));
}

/* What the report's contract does not ask for. */
static void
put_more(struct line *l, const struct maillog *m, const struct log_session *s)
{
	put_refused(l, s);
	put_peer(l, KEY("address"), s);
	put_text(l, KEY("host"), s, LOG_TEXT_HOST);
	put_verified(l, s->verified);
	put_text(l, KEY("interface"), s, LOG_TEXT_INTERFACE);
	put_address(l, KEY("interface_address"), &s->interface_addr);
	put_word(l, KEY("tls"), log_tls_name(s->tls));
	put_word(l, KEY("auth"), log_auth_name(s->auth));
	put_flag(l, KEY("harvest"), s->harvest);
	put_flag(l, KEY("incomplete"), s->incomplete);
	put_serial(l, KEY("serial"), maillog_serial(m, s->appliance));
}

static void
begin(struct line *l, const char *type)
{
	LINE_LITERAL(l, "{");
	if (type == NULL)
		return;
	LINE_LITERAL(l, "\"type\":\"");
	line_bytes(l, bytes_str(type));
	LINE_LITERAL(l, "\",");
}

void
json_log_session(struct line *l, const struct maillog *m, const struct log_session *s,
    const char *type, const struct json_log_match *match)
{
	size_t count;
	const struct maillog_file *files = maillog_files(m, &count);

	begin(l, type);
	put_number(l, BYTES_LIT("\"icid\":"), s->icid);
	put_word(l, KEY("action"), log_action_name(s->action));
	put_text(l, KEY("sender_group"), s, LOG_TEXT_GROUP);
	put_text(l, KEY("match"), s, LOG_TEXT_MATCH);
	put_text(l, KEY("sbrs"), s, LOG_TEXT_SBRS);
	put_text(l, KEY("country"), s, LOG_TEXT_COUNTRY);
	put_flag(l, KEY("delayed"), s->delayed);
	put_time(l, KEY("opened"), log_session_opened(s), s->utc_offset_s);
	put_time(l, KEY("closed"), s->closed_ns, s->utc_offset_s);
	put_word(l, KEY("how"), log_end_name(s->end));
	put_parties(l, KEY("mail_from"), s, s->senders);
	put_parties(l, KEY("recipients"), s, s->recipients);
	put_messages(l, s);
	line_bytes(l, KEY("file"));
	line_quoted(l, bytes_str(files[s->first_line.file].path));
	put_number(l, KEY("line"), s->first_line.line);
	put_match(l, match);
	put_more(l, m, s);
	LINE_LITERAL(l, "}");
}

static void
put_offset(struct line *l, const struct maillog_file *f)
{
	line_bytes(l, KEY("utc_offset_s"));
	if (f->offset_from == LOG_OFFSET_FROM_NONE) {
		put_null(l);
		return;
	}
	if (f->utc_offset_s < 0)
		LINE_LITERAL(l, "-");
	line_number(l, (uint64_t)llabs(f->utc_offset_s));
}

void
json_log_file(struct line *l, const struct maillog_file *f, const char *type)
{
	begin(l, type);
	LINE_LITERAL(l, "\"path\":");
	line_quoted(l, bytes_str(f->path));
	put_number(l, KEY("lines"), f->lines);
	put_number(l, KEY("sessions"), f->sessions);
	put_number(l, KEY("unparsed"), f->unparsed);
	put_offset(l, f);
	put_word(l, KEY("utc_offset_from"), log_offset_from_name(f->offset_from));
	put_time(l, KEY("first"), f->first_ns, f->utc_offset_s);
	put_time(l, KEY("last"), f->last_ns, f->utc_offset_s);
	put_word(l, KEY("compression"), f->compression);
	line_bytes(l, KEY("damaged"));
	if (f->damaged[0] != '\0')
		line_quoted(l, bytes_str(f->damaged));
	else
		put_null(l);
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
	LINE_LITERAL(l, "\"schema\":\"hatcheck.log/1\",\"generator\":{\"name\":\"hatcheck\",");
	LINE_LITERAL(l, "\"version\":\"" HATCHECK_VERSION "\"}");
}

static void
put_limits(struct line *l, const struct limits *limits)
{
	LINE_LITERAL(l, ",\"limits\":{");
	for (enum limit i = 0; i < LIMIT_COUNT; i++) {
		line_bytes(l, i > 0 ? BYTES_LIT(",\"") : BYTES_LIT("\""));
		line_bytes(l, bytes_str(limit_name(i)));
		LINE_LITERAL(l, "\":");
		line_number(l, limits->reached[i]);
	}
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
	begin(l, "summary");
	put_head(l);
	put_limits(l, maillog_limits(m));
	LINE_LITERAL(l, "}\n");
	line_flush(l, j->out);
}
