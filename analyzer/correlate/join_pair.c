#include "analyzer/correlate/join_pair.h"

#include <stdarg.h>
#include <stdio.h>

#include "capture/base/escape.h"

static const struct {
	const char *rule;
	enum severity severity;
} rules[] = {
#define X(id, rule, severity, means, source) [JOIN_##id] = { rule, severity },
	JOIN_RULES(X)
#undef X
};

const char *
pair_quote(char room[static QUOTE_ROOM], struct bytes text)
{
	escape_text(room, QUOTE_ROOM, text);
	return room;
}

static const char *
session_word(const struct log_session *s, enum log_text_id id, char room[static QUOTE_ROOM])
{
	return pair_quote(room, log_session_text(s, s->text[id]));
}

void
pair_describe(const struct join *j, const struct log_session *s, char *out, size_t room)
{
	const struct log_place *at = s->hat_line.line != 0 ? &s->hat_line : &s->first_line;
	const char *action = log_action_name(s->action);
	bool grouped = log_text_present(s->text[LOG_TEXT_GROUP]);
	char group[QUOTE_ROOM];

	snprintf(out, room, "%s%s%s%s%s (%s line %u, ICID %llu)",
	    action != NULL ? action : "no action", s->delayed ? " delayed to RCPT TO" : "",
	    s->auth == LOG_AUTH_SUCCEEDED ? " with SMTP AUTH" : "",
	    grouped ? ", sender group " : "", session_word(s, LOG_TEXT_GROUP, group),
	    j->log_path(j->ctx, at->file), at->line, (unsigned long long)s->icid);
}

/* The frames that show what the gateway did, or the first and the last. */
static size_t
proof(const struct record *rec, uint64_t frames[static RECORD_MAX_FRAMES])
{
	const struct record_step *steps = record_array(rec, rec->steps);
	size_t n = 0;

	for (uint32_t i = 0; i < rec->steps.count && n < RECORD_MAX_FRAMES; i++) {
		if (steps[i].from == DIR_SERVER && steps[i].frame_no != 0 && i > 1)
			frames[n++] = steps[i].frame_no;
	}
	if (n == 0) {
		frames[n++] = rec->first_frame;
		if (rec->last_frame != rec->first_frame)
			frames[n++] = rec->last_frame;
	}
	return n;
}

static void
add(struct pair *p, enum join_rule rule, enum severity severity, const char *fmt, va_list ap)
{
	uint64_t frames[RECORD_MAX_FRAMES];
	size_t n = proof(p->rec, frames);
	char message[480];

	vsnprintf(message, sizeof message, fmt, ap);
	findings_add(&p->found, p->out, severity, rules[rule].rule, frames, n, "%s", message);
}

void
pair_find(struct pair *p, enum join_rule rule, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(p, rule, rules[rule].severity, fmt, ap);
	va_end(ap);
}

void
pair_find_as(struct pair *p, enum join_rule rule, enum severity severity, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(p, rule, severity, fmt, ap);
	va_end(ap);
}

const char *
pair_wire_says(const struct pair *p, char room[static QUOTE_ROOM])
{
	return pair_quote(room, record_text(p->rec, p->rec->reason));
}
