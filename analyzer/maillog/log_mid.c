#include "analyzer/maillog/log_mid.h"

/* MID M ICID N From: <ADDRESS> */
static void
parse_from(struct log_event *out, struct log_cursor *c, int arg)
{
	memset(&out->party, 0, sizeof out->party);
	if (log_cursor_angle(c, &out->party.address))
		log_cursor_whole(out, c, arg);
}

static enum log_refusal
refusal_of(const struct log_cursor *by)
{
	static const struct {
		const char *head;
		enum log_refusal refusal;
	} rows[] = {
		{ "RAT", LOG_REFUSAL_RAT },
		{ "LDAP", LOG_REFUSAL_LDAP },
		{ "Injection Control", LOG_REFUSAL_RATE },
		{ "Receiving Control", LOG_REFUSAL_RATE },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (log_cursor_starts(by, bytes_str(rows[i].head)))
			return rows[i].refusal;
	return LOG_REFUSAL_OTHER;
}

/* ... To: <ADDRESS>, and perhaps Rejected by WHOM */
static void
parse_to(struct log_event *out, struct log_cursor *c, int arg)
{
	memset(&out->party, 0, sizeof out->party);
	if (!log_cursor_angle(c, &out->party.address))
		return;
	out->kind = (enum log_event_kind)arg;
	log_cursor_spaces(c);
	if (c->p == c->end)
		out->ending = LOG_ENDING_OPEN;
	if (!log_cursor_phrase(c, "Rejected by"))
		return;
	log_cursor_spaces(c);
	out->party.refusal = refusal_of(c);
	if (c->p < c->end)
		log_cursor_whole(out, c, arg);
}

/* MID M ICID N RID K To: <ADDRESS> */
static void
parse_rid(struct log_event *out, struct log_cursor *c, int arg)
{
	uint64_t rid;

	if (log_cursor_number(c, &rid) && log_cursor_phrase(c, "To:"))
		parse_to(out, c, arg);
}

/* MID M ICID N invalid bounce, rcpt address <ADDRESS> rejected by bounce verification. */
static void
parse_bounce(struct log_event *out, struct log_cursor *c, int arg)
{
	memset(&out->party, 0, sizeof out->party);
	if (!log_cursor_angle(c, &out->party.address) || !log_cursor_phrase(c, "rejected"))
		return;
	out->party.refusal = LOG_REFUSAL_BOUNCE;
	log_cursor_whole(out, c, arg);
}

static void
parse_icid(struct log_event *out, struct log_cursor *c, int arg)
{
	static const struct log_row rows[] = {
		LOG_ROW("RID ", parse_rid, LOG_RECIPIENT),
		LOG_ROW("From: ", parse_from, LOG_SENDER),
		LOG_ROW("To: ", parse_to, LOG_RECIPIENT),
		LOG_ROW("invalid bounce, rcpt address ", parse_bounce, LOG_RECIPIENT),
		LOG_ROW("invalid bounce, ", log_cursor_whole, LOG_NOTE),
		LOG_ROW("Invalid recipient address: ", log_cursor_whole, LOG_NOTE),
	};

	(void)arg;
	out->kind = LOG_UNPARSED;
	out->ending = LOG_ENDING_CUT;
	if (!log_cursor_number(c, &out->icid))
		return;
	log_cursor_spaces(c);
	(void)log_cursor_dispatch(rows, sizeof rows / sizeof rows[0], out, c);
}

/* Most lines of a MID are of scanning and delivery. */
void
log_mid_parse(struct log_event *out, struct log_cursor *c, int arg)
{
	static const struct log_row rows[] = {
		LOG_ROW(" ICID ", parse_icid, 0),
		LOG_ROW(" ready ", log_cursor_whole, LOG_MID_READY),
	};

	(void)arg;
	if (log_cursor_number(c, &out->mid))
		(void)log_cursor_dispatch(rows, sizeof rows / sizeof rows[0], out, c);
}

/* Start MID M ICID N, and perhaps what the gateway made it for */
void
log_mid_parse_start(struct log_event *out, struct log_cursor *c, int arg)
{
	out->kind = LOG_UNPARSED;
	out->ending = LOG_ENDING_CUT;
	if (!log_cursor_number(c, &out->mid) || !log_cursor_phrase(c, "ICID"))
		return;
	log_cursor_spaces(c);
	if (log_cursor_number(c, &out->icid))
		log_cursor_whole(out, c, arg);
}

/* A message that a filter drops was received all the same. */
void
log_mid_parse_aborted(struct log_event *out, struct log_cursor *c, int arg)
{
	if (log_cursor_number(c, &out->mid) && (log_cursor_phrase(c, "Receiving aborted") ||
						   log_cursor_phrase(c, "Injection aborted")))
		log_cursor_whole(out, c, arg);
}

void
log_mid_parse_finished(struct log_event *out, struct log_cursor *c, int arg)
{
	if (!log_cursor_number(c, &out->mid))
		return;
	if (log_cursor_phrase(c, "done"))
		log_cursor_whole(out, c, arg);
	else if (log_cursor_phrase(c, "aborted"))
		log_cursor_whole(out, c, LOG_MID_ABORTED);
}
