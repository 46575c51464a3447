#include <stdlib.h>

#include "analyzer/flow/conn_parts.h"

#define LOOK_SET (UINT32_C(1) << 31) /* in each: 0 is none */

void
conn_mark(struct segment *s)
{
	uint64_t place = (uint64_t)s->seq << 32 | s->ack;
	uint64_t size = (uint64_t)s->len << 8 | s->flags;
	uint64_t rest = (uint64_t)s->options_hash << 32 | (uint64_t)s->window << 16 | s->ip_id;
	uint32_t marks = LOOK_SET | (s->ts_digits & 15u) << 24 | (uint32_t)s->bad_checksum << 28 |
	                 (uint32_t)(s->payload.n != s->len) << 29 |
	                 (uint32_t)((s->flags & CONN_FLAGS_THAT_COUNT) != TCP_ACK) << 30;

	s->print = place * UINT64_C(0x9e3779b97f4a7c15) ^ size * UINT64_C(0x94d049bb133111eb) ^
	           rest * UINT64_C(0xbf58476d1ce4e5b9);
	s->look = marks | (uint32_t)s->ttl << 16 | s->window;
}

bool
conn_is_copy(struct conn_half *h, const struct segment *s)
{
	const struct conn_copies *known = &h->copies;

	for (int i = 0; i < CONN_COPIES; i++) {
		if (known->print[i] == s->print &&
		    (s->ip_id != 0 || llabs(s->ts_ns - known->ts_ns[i]) < CONN_COPY_AGE_NS))
			return true;
	}
	conn_remember(h, s);
	return false;
}

static void
add_letter(struct conn *c, enum dir dir, char letter)
{
	c->half[dir].letters |= UINT64_C(1) << (letter - 'a');
	if (c->history_n < CONN_HISTORY)
		c->history[c->history_n++] =
		    (char)(dir == DIR_CLIENT ? letter - 'a' + 'A' : letter);
}

/* A letter that stands once for each direction. */
static void
once(struct conn *c, enum dir dir, char letter)
{
	if (!conn_in_history(&c->half[dir], letter))
		add_letter(c, dir, letter);
}

void
conn_history_again(struct conn *c, enum dir dir, enum conn_again what)
{
	static const char letters[CONN_AGAIN_COUNT] = { 'c', 't', 'w', 'g' };
	uint32_t n = ++c->half[dir].repeats[what];

	while (n >= 10 && n % 10 == 0)
		n /= 10;
	if (n == 1)
		add_letter(c, dir, letters[what]);
}

void
conn_look_closely(struct conn *c, enum dir dir, const struct segment *s)
{
	uint8_t odd = s->flags & (TCP_SYN | TCP_FIN | TCP_RST);

	if (s->bad_checksum)
		conn_history_again(c, dir, CONN_AGAIN_CHECKSUM);
	if ((odd & (odd - 1)) != 0)
		once(c, dir, odd & TCP_SYN ? 'q' : 'i');
	if (s->flags & TCP_SYN)
		once(c, dir, s->flags & TCP_ACK ? 'h' : 's');
	if (s->flags & TCP_RST)
		once(c, dir, 'r');
	else if (s->len > 0)
		once(c, dir, 'd');
	else if ((s->flags & (TCP_ACK | TCP_SYN | TCP_FIN)) == TCP_ACK)
		once(c, dir, 'a');
	if (s->flags & TCP_FIN)
		once(c, dir, 'f');
	if (s->window == 0 && (s->flags & (TCP_RST | TCP_SYN)) == 0)
		conn_history_again(c, dir, CONN_AGAIN_WINDOW);
}
