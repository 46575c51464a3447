/*
 * conn_parts: what the files of conn tell each other; nobody else includes it.
 *
 *   conn_look   what a segment looked like: copies of it, and the history
 *   conn_feed   from streams to the dialogue: who waits for whom, for how long, and the end
 *   conn        one segment: where it stands, and what it tells
 */
#ifndef HATCHECK_CONN_PARTS_H
#define HATCHECK_CONN_PARTS_H

#include "analyzer/flow/conn.h"

static inline enum dir
conn_other(enum dir dir)
{
	return dir == DIR_CLIENT ? DIR_SERVER : DIR_CLIENT;
}

/* --- conn_look --- */

/*
 * The same packet seen twice, at a mirrored port or on two interfaces: not sent twice. Without an
 * IPv4 identification, which the print holds, only time tells it from one that was.
 */
bool conn_is_copy(struct conn_copies *known, const struct segment *s);
/*
 * Zeek's history: capital letters are the client's. Each letter once per direction; those that
 * count again whenever their number has grown tenfold.
 */
void conn_history(struct conn *c, enum dir dir, char letter);
/* The letters of a segment. */
void conn_look(struct conn *c, enum dir dir, const struct segment *s);

/* --- conn_feed --- */

/* Octets of a direction, in any order. */
void conn_feed(struct conn *c, enum dir dir, const struct stream_segment *piece);
/* Lets both directions go as far as they can. */
void conn_pump(struct conn *c);
/* Once all octets up to the FIN were handed up: a line without an end ends here. */
void conn_end_direction(struct conn *c, enum dir dir);
/* Where something has waited too long, what is missing becomes a gap. */
void conn_lose_patience(struct conn *c, int64_t now_ns);

static inline bool
conn_waits(const struct conn *c)
{
	return c->half[DIR_CLIENT].stream.kept != NULL || c->half[DIR_SERVER].stream.kept != NULL ||
	       dialog_waits(&c->dialog, DIR_SERVER);
}

#endif
