/*
 * brief: connections of which little has to be known, as small as they can be: SYNs that
 * nothing has answered yet, and connections already reported whose stragglers may come.
 *
 * A flood of SYNs costs its entry and its slot each (56 and about 16 octets for IPv4), not
 * a connection. The oldest comes first out: there is one timeout for all of them.
 *
 * Owns:  its entries and index, taken from the budget.
 * Fails: brief_add returns NULL without budget or memory.
 * Cost:  O(1) each.
 */
#ifndef HATCHECK_BRIEF_H
#define HATCHECK_BRIEF_H

#include "analyzer/flow/conn.h"

struct brief_entry {
	int64_t ts_ns;
	union {
		uint64_t frame_no; /* of a SYN */
		uint32_t
		    end[DIR_COUNT]; /* of a reported one: the sequence numbers behind all it sent */
	};
	uint32_t id;
	uint32_t seq;
	uint32_t older, newer; /* list of all */
	uint32_t last_ms;      /* of the last SYN, after the first */
	uint16_t client_port, server_port;
	uint16_t window;
	uint16_t seen_s;   /* when it came: seconds of the flow's clock, modulo 2^16 */
	uint8_t syn_count; /* 0: it is a reported one */
	int8_t window_shift;
	uint8_t ts_digits, family;

	uint8_t octet[]; /* both addresses, client first: 8 or 32 octets */
};

static inline bool
brief_reported(const struct brief_entry *e)
{
	return e->syn_count == 0;
}

struct brief;

struct brief *brief_new(struct budget *budget, uint64_t secret);
void brief_free(struct brief *h);

/* What is known of a key, NULL where nothing is: the old connection, and the SYN of a new one. */
struct brief_found {
	struct brief_entry *reported, *syn;
};

/* Asks for the memory where the index has a key of that hash, or will have it. */
void brief_prefetch(const struct brief *h, uint64_t hash);
struct brief_found brief_find(struct brief *h, const struct conn_key *key);
/*
 * What is left of a connection that is closed, of both sides of which something was seen. None of
 * the key must be there yet.
 */
struct brief_entry *brief_add_reported(struct brief *h, const struct conn *conn, int64_t now_ns);
/* True when the segment is a straggler of a reported connection. */
bool brief_straggler(const struct brief_entry *e, enum dir dir, const struct segment *s);
/* A new entry from its SYN. None of the key must be there yet. */
struct brief_entry *brief_add(struct brief *h, const struct conn_key *key,
    const struct segment *syn, uint32_t id, int64_t now_ns);
/* How long it has been there, in whole seconds, whatever the stamp of its SYN says. */
int64_t brief_age_ns(const struct brief_entry *e, int64_t now_ns);
struct brief_entry *brief_oldest(struct brief *h);
/* How many of them are SYNs. */
uint32_t brief_syns(const struct brief *h);
/* The one that came after it, or NULL. */
struct brief_entry *brief_newer(struct brief *h, const struct brief_entry *e);
/* The newest, if there is one, has come just now. */
void brief_touch_newest(struct brief *h, int64_t now_ns);
void brief_remove(struct brief *h, struct brief_entry *e);
void brief_key(const struct brief *h, const struct brief_entry *e, struct conn_key *key);
/* Into a fresh connection what the entry stands for, as if it had been one from its SYN on. */
void brief_tell(const struct brief_entry *e, struct conn *out);

#endif
