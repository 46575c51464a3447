#include "analyzer/maillog/log_icid.h"

#include "analyzer/maillog/log_hat.h"

static void
parse_new_peer(struct log_event *out, struct log_cursor *c)
{
	out->peer.address = log_cursor_word(c);
	if (!log_cursor_is_address(out->peer.address)) {
		out->peer.address.n = 0;
		return;
	}
	log_cursor_mark(c);
	out->kind = LOG_NEW;
	log_cursor_spaces(c);
	if (c->p == c->end)
		out->ending = LOG_ENDING_OPEN; /* the old, short form */
	if (!log_cursor_phrase(c, "reverse dns host"))
		return;
	out->peer.host = log_cursor_until(c, BYTES_LIT("verified"));
	if (!log_cursor_phrase(c, "verified"))
		return;
	out->peer.verified = log_cursor_word(c);
	if (bytes_eq(out->peer.verified, BYTES_LIT("yes")) ||
	    bytes_eq(out->peer.verified, BYTES_LIT("no")))
		log_cursor_whole(out, c, LOG_NEW);
}

/*
 * New SMTP ICID N interface NAME (ADDRESS) address ADDRESS reverse dns host HOST verified yes
 * New SMTP ICID N interface NAME address ADDRESS
 */
void
log_icid_parse_new(struct log_event *out, struct log_cursor *c, int arg)
{
	(void)arg;
	out->kind = LOG_UNPARSED;
	out->ending = LOG_ENDING_CUT;
	memset(&out->peer, 0, sizeof out->peer);
	if (!log_cursor_number(c, &out->icid))
		return;
	/* Once in a while it is capitalised. */
	if (!log_cursor_phrase(c, "interface") && !log_cursor_phrase(c, "Interface"))
		return;
	out->peer.interface = log_cursor_until(c, BYTES_LIT("address"));
	out->peer.interface_address = log_cursor_bracketed(&out->peer.interface);
	if (log_cursor_phrase(c, "address"))
		parse_new_peer(out, c);
}

/* ICID N lost */
static void
parse_lost(struct log_event *out, struct log_cursor *c, int arg)
{
	memset(&out->peer, 0, sizeof out->peer);
	log_cursor_whole(out, c, arg);
}

/* ... Connection from ADDRESS on interface NAME (ADDRESS) lost after N seconds (...), before ... */
static void
parse_lost_early(struct log_event *out, struct log_cursor *c, int arg)
{
	struct bytes address = log_cursor_word(c);

	memset(&out->peer, 0, sizeof out->peer);
	if (!log_cursor_phrase(c, "on interface"))
		return;
	out->peer.interface = log_cursor_until(c, BYTES_LIT("lost"));
	out->peer.interface_address = log_cursor_bracketed(&out->peer.interface);
	if (!log_cursor_phrase(c, "lost"))
		return;
	out->peer.address = address;
	log_cursor_whole(out, c, arg);
}

/* ... disconnected address ADDRESS, no messages injected within timeout period */
static void
parse_disconnected(struct log_event *out, struct log_cursor *c, int arg)
{
	struct bytes address = log_cursor_word(c);

	if (address.n < 2 || address.p[address.n - 1] != ',')
		return;
	memset(&out->peer, 0, sizeof out->peer);
	out->peer.address = bytes_head(address, address.n - 1);
	log_cursor_whole(out, c, arg);
}

/* ... TLS success protocol P cipher C, or TLS failed, or TLS was required but ... */
static void
parse_tls(struct log_event *out, struct log_cursor *c, int arg)
{
	struct bytes word = log_cursor_word(c);

	if (bytes_eq(word, BYTES_LIT("success")))
		out->tls = LOG_TLS_SUCCESS;
	else if (bytes_eq(word, BYTES_LIT("failed")))
		out->tls = LOG_TLS_FAILED;
	else if (bytes_eq(word, BYTES_LIT("was")))
		out->tls = LOG_TLS_REQUIRED;
	else
		return;
	log_cursor_whole(out, c, arg);
}

/* ... Message from: ADDRESS (PEER), or Message recipient: <ADDRESS> (PEER) */
static void
parse_delayed_party(struct log_event *out, struct log_cursor *c, enum log_event_kind kind)
{
	struct bytes address = log_cursor_rest(c);

	memset(&out->party, 0, sizeof out->party);
	out->party.refusal = LOG_REFUSAL_DELAYED;
	out->party.peer = log_cursor_bracketed(&address);
	if (address.n >= 2 && *address.p == '<' && address.p[address.n - 1] == '>')
		address = bytes_of(address.p + 1, address.n - 2);
	out->party.address = address;
	if (out->party.peer.n > 0) {
		log_cursor_whole(out, c, (int)kind);
	} else if (address.n > 0) {
		out->kind = kind;
		out->ending = LOG_ENDING_OPEN;
	}
}

/* ICID N Delayed HAT REJECT, in its three forms */
static void
parse_delayed(struct log_event *out, struct log_cursor *c, int arg)
{
	struct bytes rest;

	if (!log_cursor_phrase(c, "HAT REJECT"))
		return;
	if (log_cursor_phrase(c, "Message")) {
		if (log_cursor_phrase(c, "from:"))
			parse_delayed_party(out, c, LOG_SENDER);
		else if (log_cursor_phrase(c, "recipient:"))
			parse_delayed_party(out, c, LOG_RECIPIENT);
		return;
	}
	if (!log_cursor_phrase(c, "continuing session for recipient logging"))
		return;
	memset(&out->peer, 0, sizeof out->peer);
	rest = log_cursor_rest(c);
	out->peer.address = log_cursor_bracketed(&rest);
	if (out->peer.address.n > 0) {
		log_cursor_whole(out, c, arg);
	} else {
		out->kind = LOG_DELAYED;
		out->ending = LOG_ENDING_OPEN;
	}
}

/* ICID N Address: <ADDRESS> sender rejected, envelope sender domain does not exist */
static void
parse_verification(struct log_event *out, struct log_cursor *c, int arg)
{
	memset(&out->party, 0, sizeof out->party);
	if (!log_cursor_angle(c, &out->party.address) || !log_cursor_phrase(c, "sender"))
		return;
	out->party.refusal = LOG_REFUSAL_DOMAIN;
	if (log_cursor_phrase(c, "rejected,"))
		log_cursor_whole(out, c, arg);
	else if (log_cursor_phrase(c, "allowed,"))
		log_cursor_whole(out, c, LOG_NOTE);
}

/* ICID N MID M Invalid recipient address: ... */
static void
parse_icid_mid(struct log_event *out, struct log_cursor *c, int arg)
{
	if (log_cursor_number(c, &out->mid) && log_cursor_phrase(c, "Invalid recipient"))
		log_cursor_whole(out, c, arg);
}

void
log_icid_parse(struct log_event *out, struct log_cursor *c, int arg)
{
	/* The most frequent first. The action is the word that stands here: groups have such
	 * names, too. */
	static const struct log_row rows[] = {
		LOG_ROW("REJECT ", log_hat_parse, LOG_ACTION_REJECT),
		LOG_ROW("close", log_cursor_whole, LOG_CLOSE),
		LOG_ROW("ACCEPT ", log_hat_parse, LOG_ACTION_ACCEPT),
		LOG_ROW("TLS ", parse_tls, LOG_TLS),
		LOG_ROW("TCPREFUSE ", log_hat_parse, LOG_ACTION_TCPREFUSE),
		LOG_ROW("Delayed ", parse_delayed, LOG_DELAYED),
		LOG_ROW("lost", parse_lost, LOG_LOST),
		LOG_ROW("RELAY ", log_hat_parse, LOG_ACTION_RELAY),
		LOG_ROW("CONTINUE ", log_hat_parse, LOG_ACTION_CONTINUE),
		LOG_ROW("Close", log_cursor_whole, LOG_CLOSE),
		LOG_ROW("Receiving Failed: ", log_cursor_whole, LOG_FAILED),
		LOG_ROW("Injection Failed: ", log_cursor_whole, LOG_FAILED),
		LOG_ROW("Connection from ", parse_lost_early, LOG_LOST),
		LOG_ROW("disconnected address ", parse_disconnected, LOG_DISCONNECTED),
		LOG_ROW("Address: ", parse_verification, LOG_SENDER),
		LOG_ROW("Invalid sender address: ", log_cursor_whole, LOG_NOTE),
		LOG_ROW("Bad syntax for command: ", log_cursor_whole, LOG_NOTE),
		LOG_ROW("Unknown command: ", log_cursor_whole, LOG_NOTE),
		LOG_ROW("MID ", parse_icid_mid, LOG_NOTE),
		LOG_ROW("SBRS ", log_hat_parse_score, LOG_SCORE),
	};

	(void)arg;
	out->kind = LOG_UNPARSED;
	out->ending = LOG_ENDING_CUT;
	if (!log_cursor_number(c, &out->icid))
		return;
	log_cursor_spaces(c);
	(void)log_cursor_dispatch(rows, sizeof rows / sizeof rows[0], out, c);
}

/* SMTP Auth: (ICID N) succeeded for user: U using AUTH mechanism: M with profile: P */
void
log_icid_parse_auth(struct log_event *out, struct log_cursor *c, int arg)
{
	struct bytes word;

	out->kind = LOG_UNPARSED;
	out->ending = LOG_ENDING_CUT;
	c->p += log_cursor_starts(c, BYTES_LIT(":"));
	if (!log_cursor_phrase(c, "(ICID"))
		return;
	log_cursor_spaces(c);
	if (!log_cursor_number(c, &out->icid) || !log_cursor_starts(c, BYTES_LIT(")")))
		return;
	c->p++;
	word = log_cursor_word(c);
	if (word.n == 0)
		return;
	/* The rest speaks of the forwarding server or the directory. */
	out->auth = bytes_eq(word, BYTES_LIT("succeeded")) ? LOG_AUTH_SUCCEEDED
	            : bytes_eq(word, BYTES_LIT("failed"))  ? LOG_AUTH_FAILED
	            : bytes_eq(word, BYTES_LIT("was"))     ? LOG_AUTH_REQUIRED
	                                                   : LOG_AUTH_NONE;
	log_cursor_whole(out, c, out->auth == LOG_AUTH_NONE ? LOG_NOTE : arg);
}

void
log_icid_parse_killed(struct log_event *out, struct log_cursor *c, int arg)
{
	memset(&out->peer, 0, sizeof out->peer);
	out->kind = LOG_UNPARSED;
	out->ending = LOG_ENDING_CUT;
	if (log_cursor_number(c, &out->icid))
		log_cursor_whole(out, c, arg);
}
