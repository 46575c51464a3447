#include "analyzer/maillog/log_line.h"

#include "analyzer/maillog/log_icid.h"
#include "analyzer/maillog/log_mid.h"

#define NAME(id, name) name,
#define LOOKUP(fn, type, rows, count)                              \
	const char *fn(enum type v)                                \
	{                                                          \
		static const char *const words[] = { rows(NAME) }; \
		return v < count ? words[v] : NULL;                \
	}
LOOKUP(log_action_name, log_action, LOG_ACTIONS, LOG_ACTION_COUNT)
LOOKUP(log_refusal_name, log_refusal, LOG_REFUSALS, LOG_REFUSAL_COUNT)
LOOKUP(log_tls_name, log_tls, LOG_TLS_STATES, LOG_TLS_COUNT)
LOOKUP(log_auth_name, log_auth, LOG_AUTH_STATES, LOG_AUTH_COUNT)

enum log_action
log_action_of(struct bytes word)
{
	for (enum log_action a = LOG_ACTION_NONE + 1; a < LOG_ACTION_COUNT; a++)
		if (bytes_eq(word, bytes_str(log_action_name(a))))
			return a;
	return LOG_ACTION_NONE;
}

/* ... from host=('ADDRESS', 'HOST'), dhap_limit=... */
static void
parse_harvest(struct log_event *out, struct log_cursor *c, int arg)
{
	const uint8_t *quote = c->p == c->end ? NULL : memchr(c->p, '\'', log_cursor_left(c));

	if (quote == NULL)
		return;
	memset(&out->peer, 0, sizeof out->peer);
	out->peer.address = bytes_of(c->p, (size_t)(quote - c->p));
	log_cursor_whole(out, c, arg);
}

/* Version: 14.0.0-657 SN: 564D4B6FA42E-CE7D12345678 */
static void
parse_version(struct log_event *out, struct log_cursor *c, int arg)
{
	(void)log_cursor_until(c, BYTES_LIT("SN:"));
	if (!log_cursor_phrase(c, "SN:"))
		return;
	out->serial = log_cursor_word(c);
	if (out->serial.n > 0)
		log_cursor_whole(out, c, arg);
}

/* Time offset from UTC: -25200 seconds. It is local minus UTC. */
static void
parse_offset(struct log_event *out, struct log_cursor *c, int arg)
{
	bool west = log_cursor_starts(c, BYTES_LIT("-"));
	uint64_t seconds;

	c->p += west || log_cursor_starts(c, BYTES_LIT("+"));
	/* No clock is a day off. */
	if (!log_cursor_number(c, &seconds) || seconds > 86400)
		return;
	out->utc_offset_s = west ? -(int32_t)seconds : (int32_t)seconds;
	log_cursor_whole(out, c, arg);
}

void
log_line_parse(struct log_event *out, struct bytes text)
{
	/* The most frequent first. */
	static const struct log_row rows[] = {
		LOG_ROW("MID ", log_mid_parse, 0),
		LOG_ROW("ICID ", log_icid_parse, 0),
		LOG_ROW("New SMTP ICID ", log_icid_parse_new, LOG_NEW),
		LOG_ROW("Start MID ", log_mid_parse_start, LOG_MID_START),
		LOG_ROW("Message finished MID ", log_mid_parse_finished, LOG_MID_DONE),
		LOG_ROW("Message aborted MID ", log_mid_parse_aborted, LOG_MID_ABORTED),
		LOG_ROW("SMTP Auth", log_icid_parse_auth, LOG_AUTH),
		LOG_ROW("SMTP server connection killed ICID: ", log_icid_parse_killed,
		    LOG_DISCONNECTED),
		/* Names no connection that could be told from others. */
		LOG_ROW("Incoming SMTP connection undetermined IP ", log_cursor_whole, LOG_NOTE),
		LOG_ROW(
		    "Dropping connection due to potential Directory Harvest Attack from host=('",
		    parse_harvest, LOG_HARVEST),
		LOG_ROW("LDAP: Potential Directory Harvest Attack from host=('", parse_harvest,
		    LOG_HARVEST),
		LOG_ROW("Version: ", parse_version, LOG_VERSION),
		LOG_ROW("Time offset from UTC: ", parse_offset, LOG_OFFSET),
	};
	struct log_cursor c = { text.p, text.p, text.p + text.n, text.p };

	out->kind = LOG_OTHER;
	out->ending = LOG_ENDING_WHOLE;
	out->icid = out->mid = 0;
	(void)log_cursor_dispatch(rows, sizeof rows / sizeof rows[0], out, &c);
	out->understood = (size_t)(c.understood - c.start);
}

/* So does a field whose keyword is there, and nothing behind it. */
static bool
touches(struct bytes field, struct bytes text)
{
	return field.p != NULL && field.p + field.n >= text.p + text.n;
}

static void
drop_touching(struct bytes *field, struct bytes text)
{
	if (touches(*field, text))
		field->n = 0;
}

static bool
ends_in_digit(struct bytes text)
{
	return text.n > 0 && (uint8_t)(text.p[text.n - 1] - '0') < 10;
}

/* Is the address without its end, or might the line go on to say that it was refused, or by what?
 */
static bool
is_party_open(const struct log_event *e, struct bytes text)
{
	if (touches(e->party.address, text) || e->party.refusal == LOG_REFUSAL_OTHER)
		return true;
	return e->kind == LOG_RECIPIENT && e->ending == LOG_ENDING_OPEN &&
	       e->party.refusal == LOG_REFUSAL_NONE;
}

/* Takes the fields back that the rest does without; true if the rest says nothing. */
static bool
is_lost(struct log_event *e, struct bytes text)
{
	switch (e->kind) {
	case LOG_NEW:
		drop_touching(&e->peer.host, text);
		if (e->ending != LOG_ENDING_WHOLE)
			drop_touching(&e->peer.verified, text);
		return touches(e->peer.address, text);
	case LOG_HAT:
		drop_touching(&e->hat.sbrs, text);
		drop_touching(&e->hat.country, text);
		/* "SG None" is the group ALL, or an entry without a group, by what it matched. */
		return touches(e->hat.group, text) || touches(e->hat.match, text);
	case LOG_SCORE:
		return true;
	case LOG_SENDER:
	case LOG_RECIPIENT:
		return is_party_open(e, text);
	case LOG_MID_START:
	case LOG_DISCONNECTED:
	case LOG_OFFSET:
		return ends_in_digit(text);
	case LOG_VERSION:
		return touches(e->serial, text);
	default:
		return false;
	}
}

void
log_line_cut(struct log_event *e, struct bytes text)
{
	/* A space may stand within a value as well as behind it. */
	if (is_lost(e, log_cursor_trim(text)))
		e->kind = e->icid != 0 ? LOG_UNPARSED : LOG_OTHER;
	e->ending = LOG_ENDING_WHOLE;
}
