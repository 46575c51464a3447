/*
 * halfopen: SYNs that nothing has answered yet, as small as they can be.
 *
 * A flood of SYNs costs its entry and its slot each (56 and about 6 octets for IPv4), not
 * a connection. The oldest comes first out: there is one timeout for all of them.
 *
 * Owns:  its entries and index, taken from the budget.
 * Fails: halfopen_add returns NULL without budget or memory.
 * Cost:  O(1) each.
 */
#ifndef HATCHECK_HALFOPEN_H
#define HATCHECK_HALFOPEN_H

#include "analyzer/flow/conn.h"

struct halfopen_entry {
	int64_t ts_ns;
	uint64_t frame_no;
	uint32_t id;
	uint32_t seq;
	uint32_t older, newer; /* list of all; `older` also links the free ones */
	uint32_t last_ms;      /* of the last SYN, after the first */
	uint16_t client_port, server_port;
	uint16_t window;
	uint16_t syn_count;
	int8_t window_shift;
	uint8_t ttl, ts_digits, family;
	uint8_t octet[]; /* both addresses, client first: 8 or 32 octets */
};

struct halfopen;

struct halfopen *halfopen_new(struct budget *budget, uint64_t secret);
void halfopen_free(struct halfopen *h);
struct halfopen_entry *halfopen_find(struct halfopen *h, const struct conn_key *key);
/* A new entry from its SYN. The key must not be there yet. */
struct halfopen_entry *halfopen_add(
    struct halfopen *h, const struct conn_key *key, const struct segment *syn, uint32_t id);
struct halfopen_entry *halfopen_oldest(struct halfopen *h);
void halfopen_remove(struct halfopen *h, struct halfopen_entry *e);
/* The connection that the entry stands for, as if it had been one from its SYN on. */
void halfopen_conn(
    const struct halfopen_entry *e, struct budget *budget, struct limits *limits, struct conn *out);

/* Keyed hash of a full tuple. */
uint64_t halfopen_hash(uint64_t secret, const struct conn_key *key);

#endif
