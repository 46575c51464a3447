/*
 * Sessions made at random, by a client and a server that know the truth, seen through a capture
 * that loses, doubles, cuts and reorders. What is said may be less than the truth, never other.
 */
#include "scene.h"

#include "rows.h"

#define MAX_SEGMENTS 3000
#define MAX_STREAM 40000
#define SESSIONS 400 /* of each row */

static uint64_t rng;

static uint32_t
rnd(uint32_t n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (uint32_t)((rng >> 11) % n);
}

static bool
chance(uint32_t percent)
{
	return rnd(100) < percent;
}

/* --- what is said, and what is true of it ---------------------------------------------- */

struct truth {
	enum verdict verdict;
	enum outcome outcome;
	unsigned messages, senders, recipients;
	bool tls, auth;
	unsigned mail_ok, mail_refused, rcpt_class[RCPT_COUNT], bodies, content_refused;
	bool body_open;
};

enum step_kind { STEP_LINE, STEP_BODY, STEP_CHUNK, STEP_SECRET, STEP_TLS };

struct step {
	char text[2000];
	enum step_kind kind;
	bool sync; /* waits for all replies first */
};

struct wire {
	uint8_t octet[MAX_STREAM];
	uint32_t n, sent, acked; /* said; of these sent; acknowledged by the other side */
	uint32_t got;            /* octets of the other side that have come */
	bool fin, fin_sent, fin_got, rst;
	uint32_t head, tail; /* in flight: segments of this side, by index */
	uint32_t flight[MAX_SEGMENTS];
};

struct session {
	struct truth truth;
	struct step step[40];
	unsigned steps, at;
	struct wire wire[DIR_COUNT];
	struct segment seg[MAX_SEGMENTS];
	uint32_t seg_off[MAX_SEGMENTS];
	uint32_t segs;
	uint32_t order[MAX_SEGMENTS], captured; /* in the order of the file */
	uint32_t weight[8];
	bool at_server; /* where the capture is made */
	uint32_t mss;

	unsigned greeting;
	unsigned reply_style;
	bool early, waits_for_quit, closed;
	bool left_early; /* the client closed before it had an octet */

	/* the server */
	uint32_t read;
	enum { SERVE_COMMANDS, SERVE_BODY, SERVE_CHUNK, SERVE_AUTH, SERVE_TLS } serving;
	uint32_t chunk_left, auth_left;
	bool chunk_last, in_mail;
	unsigned tx_ok, served;
	unsigned mail_code, data_code, dot_code;

	/* the client */
	unsigned asked, answered, last_code, last_chunk;
	uint32_t parsed;
};

static const struct {
	unsigned code;
	const char *text;
	enum rcpt_class class;
} rcpt_replies[] = {
	{ 250, "2.1.5 recipient ok", RCPT_ACCEPTED },
	{ 550, "5.7.1 Access denied by policy", RCPT_ACCESS },
	{ 554, "#5.7.1 Your access has been rejected", RCPT_ACCESS },
	{ 550, "5.1.1 User unknown", RCPT_RECIPIENT },
	{ 451, "4.7.1 Greylisted, try later", RCPT_TEMPORARY },
	{ 550, "5.5.9 no", RCPT_OTHER },
};

static void
say(struct session *s, enum dir dir, const char *text, size_t n)
{
	struct wire *w = &s->wire[dir];

	cr_assert_lt(w->n + n, MAX_STREAM);
	memcpy(w->octet + w->n, text, n);
	w->n += (uint32_t)n;
}

static void
reply(struct session *s, unsigned code, const char *text)
{
	char line[600];
	int n;

	s->served++;
	switch (rnd(s->reply_style)) {
	case 0:
		n = snprintf(line, sizeof line, "%u %s\r\n", code, text);
		break;
	case 1:
		n = snprintf(line, sizeof line, "%u-more\r\n%u %s\r\n", code, code, text);
		break;
	default:
		n = snprintf(line, sizeof line, "%u-%s\r\n%u-550 5.7.1 no\r\n%u %s\r\n", code, text,
		    code, code, text);
	}
	say(s, DIR_SERVER, line, (size_t)n);
}

/* --- the server ------------------------------------------------------------------------- */

static void
serve_rcpt(struct session *s, const char *line)
{
	unsigned kind = (unsigned)atoi(line + 9);

	if (!s->in_mail) {
		reply(s, 503, "5.5.1 MAIL first");
		s->truth.rcpt_class[RCPT_UNJUDGED]++;
		return;
	}
	s->truth.rcpt_class[rcpt_replies[kind].class]++;
	s->tx_ok += rcpt_replies[kind].code == 250;
	reply(s, rcpt_replies[kind].code, rcpt_replies[kind].text);
}

static void
serve_end_of_message(struct session *s)
{
	s->truth.body_open = false;
	if (s->dot_code < 300)
		s->truth.messages++;
	else
		s->truth.content_refused++;
	reply(s, s->dot_code, "that was it");
	s->tx_ok = 0;
	s->in_mail = false;
	s->serving = SERVE_COMMANDS;
}

static void
serve_chunk(struct session *s, uint32_t n)
{
	s->chunk_left -= n;
	if (s->chunk_left > 0)
		return;
	s->serving = SERVE_COMMANDS;
	s->truth.body_open = !s->chunk_last && s->tx_ok > 0;
	if (s->tx_ok == 0) {
		reply(s, 503, "5.5.1 no recipients");
		return;
	}
	if (!s->chunk_last) {
		s->truth.bodies++;
		reply(s, 250, "chunk ok");
		return;
	}
	s->truth.bodies += s->dot_code < 300;
	serve_end_of_message(s);
}

static void
serve_command(struct session *s, const char *line)
{
	if (s->greeting != 220 && memcmp(line, "BDAT", 4) != 0) {
		reply(s, memcmp(line, "QUIT", 4) == 0 ? 221 : 503, "no");
	} else if (memcmp(line, "MAIL", 4) == 0) {
		s->mail_code = (unsigned)atoi(line + 11);
		s->in_mail = s->mail_code == 250;
		s->truth.mail_ok += s->in_mail;
		s->truth.mail_refused += !s->in_mail;
		s->tx_ok = 0;
		reply(s, s->mail_code, "sender");
	} else if (memcmp(line, "RCPT", 4) == 0) {
		serve_rcpt(s, line);
	} else if (memcmp(line, "DATA", 4) == 0) {
		unsigned code = s->tx_ok == 0 ? 503 : s->data_code;

		s->truth.bodies += code == 354;
		s->truth.body_open = code == 354;
		s->truth.content_refused += code != 354 && s->tx_ok > 0;
		s->serving = code == 354 ? SERVE_BODY : SERVE_COMMANDS;
		reply(s, code, "as for data");
	} else if (memcmp(line, "BDAT", 4) == 0) {
		s->chunk_left = (uint32_t)atoi(line + 5);
		s->chunk_last = strstr(line, "LAST") != NULL;
		s->serving = SERVE_CHUNK;
		if (s->chunk_left == 0)
			serve_chunk(s, 0);
	} else if (memcmp(line, "AUTH", 4) == 0) {
		s->auth_left = 2;
		s->serving = SERVE_AUTH;
		reply(s, 334, "VXNlcm5hbWU6");
	} else if (memcmp(line, "STARTTLS", 8) == 0) {
		s->truth.tls = true;
		s->serving = SERVE_TLS;
		reply(s, 220, "go on");
	} else if (memcmp(line, "RSET", 4) == 0) {
		s->in_mail = false;
		s->tx_ok = 0;
		reply(s, 250, "flushed");
	} else if (memcmp(line, "QUIT", 4) == 0) {
		reply(s, 221, "bye");
		s->wire[DIR_SERVER].fin = s->closed = true;
	} else {
		reply(s, memcmp(line, "VRFY", 4) == 0 ? 550 : 250, "5.1.1 fine");
	}
}

static void
serve_line(struct session *s, const char *line)
{
	if (s->serving == SERVE_BODY) {
		if (strcmp(line, ".") == 0)
			serve_end_of_message(s);
	} else if (s->serving == SERVE_AUTH) {
		if (--s->auth_left > 0) {
			reply(s, 334, "UGFzc3dvcmQ6");
			return;
		}
		s->serving = SERVE_COMMANDS;
		s->truth.auth = true;
		reply(s, 235, "2.7.0 ok");
	} else {
		serve_command(s, line);
	}
}

/* One line or chunk of what has come; false when there is none. */
static bool
serve(struct session *s)
{
	const struct wire *client = &s->wire[DIR_CLIENT];
	uint32_t left = s->wire[DIR_SERVER].got - s->read;
	const uint8_t *p = client->octet + s->read, *lf = memchr(p, '\n', left);
	char line[600];

	if (left == 0 || s->closed)
		return false;
	if (s->serving == SERVE_TLS) {
		static const uint8_t record[] = { 0x16, 3, 3, 0, 4, 2, '\r', '\n', 5, '5', '5',
			'4' };

		s->read += left;
		say(s, DIR_SERVER, (const char *)record, sizeof record);
		return true;
	}
	if (s->serving == SERVE_CHUNK) {
		uint32_t n = left < s->chunk_left ? left : s->chunk_left;

		s->read += n;
		serve_chunk(s, n);
		return true;
	}
	if (lf == NULL)
		return false;
	snprintf(line, sizeof line, "%.*s", (int)(lf - p - 1), (const char *)p);
	s->read += (uint32_t)(lf - p) + 1;
	serve_line(s, line);
	return true;
}

/* --- the client --------------------------------------------------------------------------- */

static struct step *
plan(struct session *s, enum step_kind kind, bool sync, const char *text)
{
	struct step *step = &s->step[s->steps++];

	cr_assert_lt(s->steps, 40);
	step->kind = kind;
	step->sync = sync;
	snprintf(step->text, sizeof step->text, "%s", text);
	return step;
}

static void
plan_message(struct session *s, bool pipelining)
{
	static const char body[] = "Subject: x\r\n\r\n550 5.7.1 no\r\nRCPT TO:<5@in.body>\r\n..\r\n"
				   "MAIL FROM:<250@in.body>\r\nQUIT\r\n.x\r\n";
	char text[1200];

	if (chance(50)) {
		plan(s, STEP_LINE, true, "DATA\r\n");
		snprintf(text, sizeof text, "%s%s.\r\n", body, chance(50) ? body : "");
		plan(s, STEP_BODY, true, text);
	} else if (chance(50)) {
		snprintf(text, sizeof text, "BDAT %zu\r\n%s", sizeof body - 1, body);
		plan(s, STEP_CHUNK, !pipelining, text);
		plan(s, STEP_CHUNK, !pipelining, "BDAT 0 LAST\r\n");
	} else {
		snprintf(text, sizeof text, "BDAT %zu LAST\r\n%s", sizeof body - 1, body);
		plan(s, STEP_CHUNK, !pipelining, text);
	}
}

static void
plan_transaction(struct session *s, unsigned kinds)
{
	unsigned rcpts = 1 + rnd(4), count = sizeof rcpt_replies / sizeof *rcpt_replies;
	bool pipelining = chance(60);
	char text[200];

	snprintf(
	    text, sizeof text, "MAIL FROM:<%u@%u.sender>\r\n", chance(80) ? 250u : 550u, s->steps);
	plan(s, STEP_LINE, !pipelining, text);
	for (unsigned i = 0; i < rcpts; i++) {
		unsigned kind = rnd(count);

		while ((kinds >> kind & 1) == 0)
			kind = rnd(count);
		snprintf(text, sizeof text, "RCPT TO:<%u@%u.rcpt>\r\n", kind, s->steps);
		plan(s, STEP_LINE, !pipelining || chance(10), text);
	}
	if (chance(60))
		plan_message(s, pipelining);
	if (chance(40))
		plan(s, STEP_LINE, !pipelining, "RSET\r\n");
}

static void
plan_session(struct session *s)
{
	static const unsigned kinds[] = { 0x3f, 0x06, 0x06, 0x0e, 0x01, 0x10, 0x18, 0x3e };
	unsigned mine = kinds[rnd(8)];

	if (chance(90))
		plan(s, STEP_LINE, !s->early, chance(50) ? "EHLO x\r\n" : "HELO x\r\n");
	if (chance(15)) {
		plan(s, STEP_LINE, true, "AUTH LOGIN\r\n");
		plan(s, STEP_SECRET, true, "c2VjcmV0\r\n");
		plan(s, STEP_SECRET, true, "c2VjcmV0\r\n");
	}
	if (chance(15)) {
		plan(s, STEP_LINE, true, "STARTTLS\r\n");
		plan(s, STEP_TLS, true, "\x16\x03\x01\x01\x02\r\nRCPT TO:<0@in.tls>\r\n");
		plan(s, STEP_TLS, true, "\x17\x03\x01\x01\x02\r\nMAIL");
		return;
	}
	if (chance(20))
		plan(s, STEP_LINE, !s->early, "VRFY x\r\n");
	for (unsigned n = rnd(4); n > 0; n--)
		plan_transaction(s, mine);
	if (chance(80))
		plan(s, STEP_LINE, chance(70), "QUIT\r\n");
}

/* Counts the replies that have come. */
static void
listen(struct session *s)
{
	const uint8_t *octet = s->wire[DIR_SERVER].octet;
	const uint8_t *lf;

	while (!s->truth.tls && (lf = memchr(octet + s->parsed, '\n',
				     s->wire[DIR_CLIENT].got - s->parsed)) != NULL) {
		const char *line = (const char *)octet + s->parsed;

		if (line[3] == ' ') {
			s->answered++;
			s->last_code = (unsigned)atoi(line);
		}
		s->parsed = (uint32_t)(lf - octet) + 1;
	}
}

/* What the client says next, if it may. */
static bool
speak_step(struct session *s)
{
	const struct step *step = &s->step[s->at];

	listen(s);
	if (s->at == s->steps || s->wire[DIR_CLIENT].fin)
		return false;
	if ((step->sync || !s->early) && s->answered == 0)
		return false;
	if (s->answered > 0 && s->last_code >= 500 && s->greeting != 220 && !s->waits_for_quit)
		return false;
	if (step->sync && s->answered < s->asked + 1 && step->kind != STEP_TLS)
		return false;
	if (step->kind == STEP_TLS && (s->answered < s->asked + 1 || s->last_code != 220))
		return false;
	s->at++;
	if ((step->kind == STEP_BODY && s->last_code != 354) ||
	    (step->kind == STEP_SECRET && s->last_code != 334))
		return true;
	say(s, DIR_CLIENT, step->text, strlen(step->text));
	s->truth.senders += memcmp(step->text, "MAIL", 4) == 0;
	s->truth.recipients += memcmp(step->text, "RCPT", 4) == 0;
	s->asked += step->kind != STEP_TLS;
	if (step->kind == STEP_CHUNK)
		s->last_chunk = s->asked;
	return true;
}

/* A group of commands goes out at once (RFC 2920 3.1); how TCP cuts it is another matter. */
static bool
speak(struct session *s)
{
	bool said = speak_step(s);

	while (said && s->at < s->steps && !s->step[s->at].sync && speak_step(s))
		;
	return said;
}

/* --- segments ---------------------------------------------------------------------------- */

static const uint32_t isn[DIR_COUNT] = { 4294967200u, 77 };

static void
capture(struct session *s, uint32_t index)
{
	s->order[s->captured++] = index;
}

static void
transmit(struct session *s, enum dir dir, uint8_t flags, uint32_t off, uint32_t n)
{
	struct wire *w = &s->wire[dir];
	struct segment *seg = &s->seg[s->segs];
	bool handshake = s->segs < 2;

	cr_assert_lt(s->segs, MAX_SEGMENTS - 1);
	*seg = (struct segment){ .src = scene_client(0),
		.dst = { { .family = 4, .octet = { 198, 51, 100, 25 } }, 25 },
		.seq = isn[dir] + 1 + off - (handshake ? 1 : 0),
		.ack = isn[!dir] + 1 + w->got + w->fin_got,
		.len = n,
		.payload = { w->octet + off, n },
		.window = 60000,
		.ttl = 64,
		.flags = flags,
		.ts_digits = 6,
		.window_shift = -1,
		.from_server = dir == DIR_SERVER,
		.to_server = dir == DIR_CLIENT };
	if (dir == DIR_SERVER) {
		seg->dst = seg->src;
		seg->src = (struct endpoint){ { .family = 4, .octet = { 198, 51, 100, 25 } }, 25 };
	}
	if ((flags & TCP_ACK) == 0)
		seg->ack = 0;
	s->left_early |= (flags & TCP_FIN) && dir == DIR_CLIENT && w->got == 0;
	w->acked = w->got + w->fin_got;
	w->flight[w->tail++] = s->segs;
	if ((dir == DIR_SERVER) == s->at_server)
		capture(s, s->segs);
	s->segs++;
}

static bool
deliver(struct session *s, enum dir dir)
{
	struct wire *w = &s->wire[dir], *peer = &s->wire[!dir];
	const struct segment *seg;
	uint32_t end;

	if (w->head == w->tail)
		return false;
	seg = &s->seg[w->flight[w->head]];
	if ((dir == DIR_SERVER) != s->at_server)
		capture(s, w->flight[w->head]);
	w->head++;
	end = seg->seq + seg->len - isn[dir] - 1;
	if ((seg->flags & TCP_SYN) == 0 && (int32_t)(end - peer->got) > 0)
		peer->got = end;
	if (seg->flags & TCP_FIN)
		peer->fin_got = true;
	return true;
}

static bool
send_some(struct session *s, enum dir dir)
{
	struct wire *w = &s->wire[dir];
	uint32_t left = w->n - w->sent, n;

	if (w->fin_sent)
		return false;
	if (left > 0) {
		n = chance(80) ? (left < s->mss ? left : s->mss)
		               : 1 + rnd(left < s->mss ? left : s->mss);
		w->sent += n;
		if (w->fin && w->sent == w->n && chance(50))
			w->fin_sent = true;
		transmit(s, dir, TCP_ACK | (w->fin_sent ? TCP_FIN : 0), w->sent - n, n);
		return true;
	}
	if (w->fin) {
		w->fin_sent = true;
		transmit(s, dir, w->rst ? TCP_ACK | TCP_RST : TCP_ACK | TCP_FIN, w->sent, 0);
		return true;
	}
	if (w->acked != w->got + w->fin_got && chance(50)) {
		transmit(s, dir, TCP_ACK, w->sent, 0);
		return true;
	}
	if (w->sent > 0 && chance(5)) { /* again, what was lost on the way or not */
		n = rnd(w->sent);
		transmit(s, dir, TCP_ACK, n, w->sent - n < s->mss ? w->sent - n : s->mss);
		return true;
	}
	return false;
}

static bool
act(struct session *s, uint32_t which)
{
	switch (which) {
	case 0:
		return speak(s);
	case 1:
		return serve(s);
	case 2:
		return send_some(s, DIR_CLIENT);
	case 3:
		return send_some(s, DIR_SERVER);
	case 4:
		return deliver(s, DIR_CLIENT);
	default:
		return deliver(s, DIR_SERVER);
	}
}

static bool
is_over(const struct session *s)
{
	bool over = true;

	for (int dir = 0; dir < DIR_COUNT; dir++)
		over = over && s->wire[dir].fin_sent && s->wire[dir].head == s->wire[dir].tail;
	return over;
}

static void
converse(struct session *s)
{
	unsigned idle = 0;

	while (idle < 60) {
		uint32_t which = rnd(6);

		if (rnd(10) >= s->weight[which] || act(s, which) == false)
			idle++;
		else
			idle = 0;
		if (s->segs > MAX_SEGMENTS / 3)
			break;
	}
	/* Whoever has nothing more to say closes. */
	listen(s);
	for (int dir = 0; dir < DIR_COUNT; dir++)
		s->wire[dir].fin = true;
	if (!s->closed && chance(30))
		s->wire[DIR_SERVER].rst = true;
	while (!is_over(s))
		act(s, 2 + rnd(4));
}

/* --- the truth in the words of the contract -------------------------------------------------- */

static enum outcome
outcome_of(const struct truth *t, bool server_rst, bool chunk)
{
	unsigned refused =
	    t->rcpt_class[RCPT_ACCESS] + t->rcpt_class[RCPT_RECIPIENT] + t->rcpt_class[RCPT_OTHER];

	if (t->messages > 0)
		return OUTCOME_MAIL_ACCEPTED;
	if (t->tls)
		return OUTCOME_ENCRYPTED;
	if (t->content_refused > 0)
		return OUTCOME_CONTENT_REFUSED;
	if (t->body_open || (t->rcpt_class[RCPT_ACCEPTED] > 0 && chunk))
		return OUTCOME_CUT_OFF;
	if (server_rst && (t->rcpt_class[RCPT_ACCEPTED] > 0 ||
			      refused + t->rcpt_class[RCPT_TEMPORARY] + t->mail_refused == 0))
		return OUTCOME_CUT_OFF; /* unless the client closed first */
	if (t->rcpt_class[RCPT_ACCEPTED] == 0 && t->rcpt_class[RCPT_TEMPORARY] > 0)
		return OUTCOME_RECIPIENTS_DEFERRED;
	if (t->rcpt_class[RCPT_ACCEPTED] == 0 && refused > 0)
		return OUTCOME_RECIPIENTS_REFUSED;
	if (t->rcpt_class[RCPT_ACCEPTED] == 0 && t->mail_refused > 0)
		return OUTCOME_SENDER_REFUSED;
	return OUTCOME_NO_MAIL;
}

static void
tell_truth(struct session *s)
{
	struct truth *t = &s->truth;
	unsigned judged = t->rcpt_class[RCPT_RECIPIENT] + t->rcpt_class[RCPT_OTHER] +
	                  t->rcpt_class[RCPT_TEMPORARY];

	if (s->greeting / 100 == 5)
		t->verdict = VERDICT_REJECT;
	else if (s->greeting / 100 == 4)
		t->verdict = VERDICT_DEFERRED;
	else if (t->rcpt_class[RCPT_ACCEPTED] == 0 && t->bodies == 0 && !t->tls && t->mail_ok > 0 &&
		 t->rcpt_class[RCPT_ACCESS] > 0 && judged == 0)
		t->verdict = VERDICT_DELAYED_REJECT;
	else
		t->verdict = VERDICT_ACCEPTED;
}

static void
session_make(struct session *s, uint64_t seed)
{
	static const unsigned greetings[] = { 220, 220, 220, 220, 220, 220, 554, 550, 421, 220 };

	memset(s, 0, sizeof *s);
	rng = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	s->greeting = greetings[rnd(10)];
	s->reply_style = 1 + rnd(3);
	s->early = chance(15);
	s->waits_for_quit = chance(50);
	s->at_server = chance(50);
	s->mss = chance(30) ? 5 + rnd(40) : 1460;
	s->data_code = chance(80) ? 354 : 451;
	s->dot_code = chance(70) ? 250 : 554;
	for (int i = 0; i < 6; i++)
		s->weight[i] = 1 + rnd(10);
	plan_session(s);
	transmit(s, DIR_CLIENT, TCP_SYN, 0, 0);
	deliver(s, DIR_CLIENT);
	transmit(s, DIR_SERVER, TCP_SYN | TCP_ACK, 0, 0);
	deliver(s, DIR_SERVER);
	transmit(s, DIR_CLIENT, TCP_ACK, 0, 0);
	reply(s, s->greeting, "5.7.1 greetings, access denied or not");
	if (s->greeting != 220 && !s->waits_for_quit)
		s->wire[DIR_SERVER].fin = s->closed = true;
	converse(s);
	tell_truth(s);
	/* The last chunk that the client sent may not be answered any more. */
	s->truth.outcome =
	    outcome_of(&s->truth, s->wire[DIR_SERVER].rst, s->last_chunk >= s->served);
}

/* --- what the capture does to it, and what is said then -------------------------------------- */

struct view {
	unsigned lost, swapped; /* percent */
	unsigned damaged;       /* percent: on the way, and sent again at once */
	unsigned cut;           /* octets kept of a payload, 0: all */
	const char *why;
};

static const struct view rows[] = {
	{ 0, 0, 0, 0, "all of it" },
	{ 0, 30, 0, 0, "neighbours change places" },
	{ 0, 0, 30, 0, "segments damaged on the way" },
	{ 2, 0, 0, 0, "2 % lost" },
	{ 10, 10, 0, 0, "10 % lost" },
	{ 30, 0, 0, 0, "30 % lost" },
	{ 50, 20, 0, 0, "half of it lost" },
	{ 0, 0, 0, 30, "a snaplen that cuts payloads" },
	{ 10, 10, 0, 60, "all at once" },
};

struct heard {
	const struct session *session;
	const struct view *view;
	uint64_t seed;
	unsigned connections, captured;
	enum verdict verdict;
	const char *wrong; /* NULL: nothing is */
};

static const char *
wrong_paths(const struct heard *h, const struct record *r)
{
	const struct record_sender *from = record_array(r, r->senders);
	const struct record_recipient *to = record_array(r, r->recipients);

	for (uint32_t i = 0; i < r->senders.count; i++) {
		struct bytes a = record_text(r, from[i].address);

		if (from[i].code != 0 && from[i].code != 503 &&
		    from[i].code != strtoul((const char *)a.p, NULL, 10))
			return "a sender's code";
		if (memmem(a.p, a.n, "in.body", 7) != NULL)
			return "a sender out of a body";
	}
	for (uint32_t i = 0; i < r->recipients.count; i++) {
		struct bytes a = record_text(r, to[i].address);
		unsigned kind = (unsigned)atoi((const char *)a.p);

		if (memmem(a.p, a.n, "in.", 3) != NULL)
			return "a recipient out of a body";
		if (to[i].code != 0 && to[i].code != 503 && to[i].code != rcpt_replies[kind].code)
			return "a recipient's code";
	}
	if (r->senders.count > h->session->truth.senders)
		return "senders that were not";
	if (r->recipients.count > h->session->truth.recipients)
		return "recipients that were not";
	return NULL;
}

static const char *
wrong_record(const struct heard *h, const struct record *r)
{
	const struct truth *t = &h->session->truth;
	bool whole = h->view->lost == 0 && h->view->cut == 0;

	if (r->verdict != t->verdict && (whole || r->verdict != VERDICT_INCOMPLETE) &&
	    !(r->verdict == VERDICT_UNANSWERED && h->captured <= 1) &&
	    !(r->verdict == VERDICT_CLIENT_ABORT && h->session->left_early))
		return "the verdict";
	if (r->verdict == VERDICT_ACCEPTED && r->outcome != t->outcome &&
	    (whole || r->outcome != OUTCOME_NONE) &&
	    !(t->outcome == OUTCOME_CUT_OFF && !t->body_open && r->outcome == OUTCOME_NO_MAIL))
		return "the outcome";
	if (r->messages > t->messages || (whole && r->messages != t->messages))
		return "the number of messages";
	if (text_present(r->tls) && !t->tls && h->session->greeting == 220)
		return "TLS";
	if (text_present(r->auth) && !t->auth && h->session->greeting == 220)
		return "AUTH";
	return wrong_paths(h, r);
}

static void
on_connection(void *ctx, const struct conn *conn)
{
	struct heard *h = ctx;
	static struct refusal_reader refusals;
	static struct record_builder b;

	if (b.rec == NULL)
		cr_assert(record_builder_init(&b));
	judge(conn, &refusals, &b);
	h->connections++;
	h->verdict = (enum verdict)b.rec->verdict;
	h->wrong = wrong_record(h, b.rec);
	if (h->wrong != NULL)
		fprintf(stderr, "said: %s/%s; %.*s\n", verdict_name(b.rec->verdict),
		    outcome_name(b.rec->outcome) ? outcome_name(b.rec->outcome) : "-",
		    (int)b.rec->reason.len, (const char *)record_text(b.rec, b.rec->reason).p);
}

static void
dump(const struct session *s, const uint32_t *order, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct segment *g = &s->seg[order[i]];
		bool server = g->src.port == 25;

		fprintf(stderr, "%s %s%s%s%s seq %u ack %u '", server ? "S" : "C",
		    g->flags & TCP_SYN ? "S" : "", g->flags & TCP_FIN ? "F" : "",
		    g->flags & TCP_RST ? "R" : "", g->flags & TCP_ACK ? "A" : "",
		    g->seq - isn[server] - 1, g->flags & TCP_ACK ? g->ack - isn[!server] - 1 : 0);
		for (uint32_t k = 0; k < g->len; k++) {
			uint8_t c = g->payload.p[k];

			if (c == '\r')
				continue;
			fprintf(stderr, c == '\n' ? "~" : c < 32 ? "\\x%02x" : "%c", c);
		}
		fprintf(stderr, "'\n");
	}
}

static void
feed(struct flow *flow, const struct heard *h, struct segment *seg)
{
	flow_mark(h->seed, seg);
	flow_segments(flow, seg, 1);
}

static void
feed_damaged(struct flow *flow, const struct heard *h, const struct segment *seg)
{
	struct segment bad = *seg;
	uint8_t octets[1460];

	cr_assert_leq(seg->payload.n, sizeof octets);
	memcpy(octets, seg->payload.p, seg->payload.n);
	for (uint32_t i = 0; i < seg->payload.n; i++)
		octets[i] ^= chance(20) ? 1u << rnd(8) : 0;
	bad.payload.p = octets;
	bad.bad_checksum = true;
	feed(flow, h, &bad);
}

static void
look(const struct session *s, struct heard *h)
{
	struct budget budget = { .max = 1 << 24 };
	struct limits limits = { 0 };
	struct flow_config config = { &budget, &limits, h->seed, INT64_C(60000000000) };
	struct flow *flow;
	uint32_t order[MAX_SEGMENTS], n = 0;

	flow = flow_new(&config, on_connection, h);
	cr_assert_not_null(flow);
	for (uint32_t i = 0; i < s->captured; i++) {
		if (!chance(h->view->lost))
			order[n++] = s->order[i];
	}
	for (uint32_t i = 1; i < n; i++) {
		if (chance(h->view->swapped)) {
			uint32_t was = order[i];

			order[i] = order[i - 1];
			order[i - 1] = was;
		}
	}
	h->captured = n;
	for (uint32_t i = 0; i < n; i++) {
		struct segment seg = s->seg[order[i]];

		seg.frame_no = i + 2;
		seg.ts_ns = INT64_C(1700000000000000000) + i * SCENE_MS;
		if (h->view->cut != 0)
			seg.payload = bytes_head(seg.payload, h->view->cut);
		if (seg.len > 0 && chance(h->view->damaged))
			feed_damaged(flow, h, &seg);
		feed(flow, h, &seg);
	}
	flow_finish(flow);
	flow_free(flow);
	cr_assert_eq(budget.used, 0);
	if (h->wrong != NULL) {
		dump(s, s->order, s->captured);
		fprintf(stderr, "--- seen:\n");
		dump(s, order, n);
	}
}

#ifndef SCRATCH
ROWS(loss, rows, rows)

ParameterizedTest(size_t *i, loss, rows)
{
	static struct session s;

	for (uint64_t seed = 1; seed <= SESSIONS; seed++) {
		struct heard h = { .session = &s, .view = &rows[*i], .seed = seed };

		session_make(&s, seed * 100 + *i);
		look(&s, &h);
		cr_assert_null(
		    h.wrong, "%s, seed %llu: %s", rows[*i].why, (unsigned long long)seed, h.wrong);
		cr_assert_eq(h.connections, h.captured > 0, "%s: %u connections", rows[*i].why,
		    h.connections);
	}
}
#endif
