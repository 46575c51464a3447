/*
 * scene: packets in a few words, through flow and judge, to what is said of each connection.
 *
 * A scene is packets, `;` behind each but the last; a packet is words and perhaps a text:
 *
 *   [-]SIDE FLAGS WORD... 'TEXT
 *
 *   -      sent, but not in the capture
 *   SIDE   C or S, and the number of the connection's client port if it is not 0: C, S7
 *   FLAGS  of S A F R, `.` for none; left out before a text: A
 *   WORD   +N      N ms after the packet before (1)            k+N k-N k=N   ACK number, likewise
 *          q+N q-N sequence number off the one that is due      xN  so many octets captured
 *          q=N     exactly N; with S: the initial one           lN  N octets of payload, `x` each
 *          tN  TTL     wN  window     iN  IP id                 &   a mirrored copy of the packet
 *          b   a wrong TCP checksum
 * before TEXT   up to the `;`; `~` is CR LF, `^` is NUL
 *
 * The due sequence number is what the side has sent so far; the due ACK number is all that
 * the other side has. A packet whose number is not the due one does not move it.
 *
 * What comes out is words, ` | ` between connections; scene_says tells whether others are
 * among them.
 */
#ifndef HATCHECK_SCENE_H
#define HATCHECK_SCENE_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "analyzer/flow/flow.h"
#include "analyzer/verdict/judge.h"

#define SCENE_CLIENTS 16
#define SCENE_PORT 25
#define SCENE_MS INT64_C(1000000)
#define SCENE_ISN_CLIENT 1000
#define SCENE_ISN_SERVER 4294967290u /* wraps in the greeting */

struct scene {
	struct budget budget;
	struct limits limits;
	struct flow *flow;
	struct record_builder builder;
	uint32_t next[SCENE_CLIENTS][DIR_COUNT]; /* due sequence numbers */
	struct segment last;                     /* for a mirrored copy */
	uint64_t frame_no;
	int64_t ts_ns;
	uint8_t payload[65536];
	char *said;
	size_t said_n, said_room;
};

static inline void scene_say(struct scene *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static inline void
scene_say(struct scene *s, const char *fmt, ...)
{
	va_list ap;

	if (s->said_room - s->said_n < 4096) {
		s->said_room = s->said_room * 2 + 8192;
		s->said = realloc(s->said, s->said_room);
		cr_assert_not_null(s->said);
	}
	va_start(ap, fmt);
	s->said_n += (size_t)vsnprintf(s->said + s->said_n, s->said_room - s->said_n, fmt, ap);
	va_end(ap);
}

/* --- what is said -------------------------------------------------------------------- */

static inline void
scene_say_smtp(struct scene *s, const struct record *r)
{
	const struct record_sender *from = record_array(r, r->senders);
	const struct record_recipient *to = record_array(r, r->recipients);
	const struct text words[] = { r->helo, r->tls, r->auth };
	static const char *const names[] = { "helo", "tls", "auth" };

	if (!r->smtp)
		return;
	scene_say(s, " greeting=%u", r->greeting_code);
	for (size_t i = 0; i < 3; i++) {
		struct bytes b = record_text(r, words[i]);

		if (text_present(words[i]))
			scene_say(s, " %s=%.*s", names[i], (int)b.n, (const char *)b.p);
	}
	for (uint32_t i = 0; i < r->senders.count && i < 8; i++)
		scene_say(s, " mail=%.*s:%u", (int)from[i].address.len,
		    (const char *)record_text(r, from[i].address).p, from[i].code);
	for (uint32_t i = 0; i < r->recipients.count && i < 8; i++)
		scene_say(s, " rcpt=%.*s:%u:%s", (int)to[i].address.len,
		    (const char *)record_text(r, to[i].address).p, to[i].code,
		    rcpt_class_name((enum rcpt_class)to[i].class));
	scene_say(s, " messages=%llu", (unsigned long long)r->messages);
}

static inline void
scene_say_judgement(struct scene *s, const struct record *r)
{
	const struct record_step *step = record_array(r, r->steps);
	const struct record_finding *finding = record_array(r, r->findings);

	if (r->profile)
		scene_say(s, " profile=%s:", step_result_name((enum step_result)r->profile_result));
	for (uint32_t i = 0; i < r->steps.count; i++)
		scene_say(s, "%c", "PUF"[step[i].result]);
	for (uint32_t i = 0; i < r->findings.count; i++)
		scene_say(s, " %.*s", (int)finding[i].rule.len,
		    (const char *)record_text(r, finding[i].rule).p);
}

static inline void
scene_on_connection(void *ctx, const struct conn *conn)
{
	struct refusal_reader refusals = { .table = NULL };
	struct scene *s = ctx;
	struct record *r;
	const char *outcome, *how;

	judge(conn, &refusals, &s->builder);
	r = s->builder.rec;
	outcome = outcome_name((enum outcome)r->outcome);
	how = close_name((enum close)r->close);
	scene_say(s, "%s%s%s%s %s %s", s->said_n > 0 ? " | " : "",
	    verdict_name((enum verdict)r->verdict), outcome == NULL ? "" : "/",
	    outcome == NULL ? "" : outcome, confidence_name((enum confidence)r->confidence),
	    handshake_name((enum handshake)r->handshake));
	scene_say(s, " close=%s:%s", r->closed_by < DIR_COUNT ? dir_name(r->closed_by) : "none",
	    how == NULL ? "none" : how);
	scene_say_smtp(s, r);
	scene_say(s, " packets=%llu/%llu octets=%llu/%llu gaps=%llu again=%llu late=%llu",
	    (unsigned long long)r->packets[DIR_CLIENT], (unsigned long long)r->packets[DIR_SERVER],
	    (unsigned long long)r->octets[DIR_CLIENT], (unsigned long long)r->octets[DIR_SERVER],
	    (unsigned long long)r->gaps, (unsigned long long)r->retransmitted,
	    (unsigned long long)r->reordered);
	scene_say(
	    s, " history=%.*s", (int)r->history.len, (const char *)record_text(r, r->history).p);
	scene_say_judgement(s, r);
}

/* --- packets ---------------------------------------------------------------------------- */

static inline void
scene_init(struct scene *s, size_t max_memory)
{
	struct flow_config config;

	memset(s, 0, sizeof *s);
	s->budget.max = max_memory;
	s->ts_ns = INT64_C(1700000000000) * SCENE_MS;
	for (int i = 0; i < SCENE_CLIENTS; i++) {
		s->next[i][DIR_CLIENT] = SCENE_ISN_CLIENT + 1;
		s->next[i][DIR_SERVER] = SCENE_ISN_SERVER + 1;
	}
	config = (struct flow_config){ &s->budget, &s->limits, 7, 60000 * SCENE_MS };
	cr_assert(record_builder_init(&s->builder));
	s->flow = flow_new(&config, scene_on_connection, s);
	cr_assert_not_null(s->flow);
	scene_say(s, "%s", "");
}

/* After it: what was said; every octet taken was given back. */
static inline void
scene_finish(struct scene *s)
{
	flow_finish(s->flow);
	flow_free(s->flow);
	s->flow = NULL;
	cr_assert_eq(s->budget.used, 0, "%zu octets are not given back", s->budget.used);
}

static inline void
scene_clear(struct scene *s)
{
	record_builder_clear(&s->builder);
	free(s->said);
}

static inline struct endpoint
scene_client(uint32_t n)
{
	return (
	    struct endpoint){ { .family = 4, .octet = { 192, 0, 2, 10 } }, (uint16_t)(40000 + n) };
}

static inline void
scene_feed(struct scene *s, const struct segment *seg)
{
	s->last = *seg;
	s->last.from_server = seg->src.port == SCENE_PORT;
	s->last.to_server = seg->dst.port == SCENE_PORT;
	flow_mark(7, &s->last);
	flow_segments(s->flow, &s->last, 1);
}

/* A number of TCP: off the due one, or exact. True when it is the due one. */
static inline bool
scene_number(const char *word, uint32_t *number)
{
	uint32_t value = (uint32_t)strtoull(word + 2, NULL, 10);

	*number = word[1] == '=' ? value : word[1] == '+' ? *number + value : *number - value;
	return false;
}

static inline uint8_t
scene_flags(const char *word)
{
	static const char letters[] = "FSR.A";
	uint8_t flags = 0;

	for (; *word != '\0'; word++) {
		const char *at = strchr(letters, *word);

		cr_assert(at != NULL, "no flag: %s", word);
		flags |= *word == '.' ? 0 : *word == 'A' ? TCP_ACK : (uint8_t)(1 << (at - letters));
	}
	return flags;
}

/* The octets behind the quote. */
static inline uint32_t
scene_text(struct scene *s, const char *text)
{
	uint32_t n = 0;

	for (; *text != '\0'; text++) {
		if (*text == '~')
			s->payload[n++] = '\r';
		s->payload[n++] = *text == '~' ? '\n' : *text == '^' ? 0 : (uint8_t)*text;
	}
	return n;
}

struct scene_packet {
	struct segment seg;
	uint32_t captured;
	bool due, hidden;
};

static inline void
scene_word(struct scene *s, const char *word, struct scene_packet *p)
{
	uint32_t value = (uint32_t)strtoull(word + 1, NULL, 10);

	switch (word[0]) {
	case '+':
		s->ts_ns += (int64_t)(strtoll(word + 1, NULL, 10) - 1) * SCENE_MS;
		break;
	case 'q':
		p->due = scene_number(word, &p->seg.seq);
		break;
	case 'k':
		scene_number(word, &p->seg.ack);
		break;
	case 'x':
		p->captured = value;
		break;
	case 'l':
		p->seg.len = value;
		memset(s->payload, 'x', value);
		break;
	case 't':
		p->seg.ttl = (uint8_t)value;
		break;
	case 'w':
		p->seg.window = (uint16_t)value;
		break;
	case 'i':
		p->seg.ip_id = (uint16_t)value;
		break;
	case 'b':
		p->seg.bad_checksum = true;
		break;
	default:
		p->seg.flags = scene_flags(word);
	}
}

static inline void
scene_send(struct scene *s, struct scene_packet *p, uint32_t *next)
{
	struct segment *seg = &p->seg;

	seg->payload = bytes_of(s->payload, seg->len < p->captured ? seg->len : p->captured);
	seg->seq -= p->due && (seg->flags & TCP_SYN);
	if (p->due || (seg->flags & TCP_SYN))
		*next = seg->seq + segment_seq_len(seg);
	seg->ts_ns = s->ts_ns;
	if (p->hidden)
		return;
	seg->frame_no = ++s->frame_no;
	scene_feed(s, seg);
}

/* One packet, without its `;`. */
static inline void
scene_packet(struct scene *s, char *text)
{
	struct scene_packet p = { .captured = UINT32_MAX, .due = true };
	char *quote = strchr(text, '\''), *save = NULL, *word;
	uint32_t *mine, *peer, n;

	if (quote != NULL)
		*quote = '\0';
	word = strtok_r(text, " ", &save);
	s->ts_ns += SCENE_MS;
	if (word[0] == '&') {
		s->last.frame_no = ++s->frame_no;
		scene_feed(s, &s->last);
		return;
	}
	p.hidden = *word == '-';
	word += p.hidden;
	n = (uint32_t)strtoul(word + 1, NULL, 10);
	mine = &s->next[n][*word == 'C' ? DIR_CLIENT : DIR_SERVER];
	peer = &s->next[n][*word == 'C' ? DIR_SERVER : DIR_CLIENT];
	p.seg = (struct segment){ .src = scene_client(n),
		.dst = { { .family = 4, .octet = { 198, 51, 100, 25 } }, 25 },
		.window = 60000,
		.ttl = *word == 'C' ? 57 : 64,
		.ts_digits = 6,
		.window_shift = -1,
		.flags = TCP_ACK };
	if (*word == 'S') {
		p.seg.dst = p.seg.src;
		p.seg.src = (struct endpoint){ { .family = 4, .octet = { 198, 51, 100, 25 } }, 25 };
	}
	p.seg.seq = *mine;
	p.seg.ack = *peer;
	if (quote != NULL)
		p.seg.len = scene_text(s, quote + 1);
	while ((word = strtok_r(NULL, " ", &save)) != NULL)
		scene_word(s, word, &p);
	if ((p.seg.flags & TCP_ACK) == 0)
		p.seg.ack = 0;
	scene_send(s, &p, mine);
}

static inline void
scene_play(struct scene *s, const char *script)
{
	char *copy = strdup(script), *at = copy;

	cr_assert_not_null(copy);
	while (at != NULL) {
		char *packet = at + strspn(at, " \n");

		at = strchr(packet, ';');
		if (at != NULL)
			*at++ = '\0';
		if (*packet != '\0')
			scene_packet(s, packet);
	}
	free(copy);
}

/* --- what is expected ------------------------------------------------------------------------ */

/* Whether the words of one connection have this one; "!word": have not. */
static inline bool
scene_has(const char *words, size_t n, const char *word)
{
	bool wanted = *word != '!';
	size_t len = strlen(word += !wanted);

	for (const char *at = words; at + len <= words + n; at++) {
		if ((at == words || at[-1] == ' ') && memcmp(at, word, len) == 0 &&
		    (at + len == words + n || at[len] == ' '))
			return wanted;
	}
	return !wanted;
}

/*
 * Whether what was said has every expected word, connection by connection, and as many of them.
 * The words that are missing go to *missed.
 */
static inline bool
scene_says(const char *said, const char *expected, const char **missed)
{
	static char word[256];

	*missed = word;
	for (;;) {
		const char *end = strstr(said, " | ");
		size_t n = end == NULL ? strlen(said) : (size_t)(end - said);

		while (*expected != '\0' && *expected != '|') {
			size_t len = strcspn(expected, " |");

			snprintf(word, sizeof word, "%.*s", (int)len, expected);
			if (!scene_has(said, n, word))
				return false;
			expected += len;
			expected += strspn(expected, " ");
		}
		*missed = "another number of connections";
		if ((end == NULL) != (*expected == '\0'))
			return false;
		if (end == NULL)
			return true;
		said = end + 3;
		expected++;
		expected += strspn(expected, " ");
		*missed = word;
	}
}

/* Plays a script and checks what is said of it. */
static inline void
scene_check(const char *why, const char *script, const char *expected)
{
	struct scene s;
	const char *missed;

	scene_init(&s, 1 << 24);
	scene_play(&s, script);
	scene_finish(&s);
	cr_assert(
	    scene_says(s.said, expected, &missed), "%s: %s; said was: %s", why, missed, s.said);
	scene_clear(&s);
}

#endif
