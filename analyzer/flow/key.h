/*
 * key: which connection, by its full tuple.
 *
 * `hash` is keyed with the secret of the run, so that nobody who sends packets can choose where
 * they meet, and the same for both directions, so that it can be taken of a segment before it
 * is known which side the client is.
 */
#ifndef HATCHECK_KEY_H
#define HATCHECK_KEY_H

#include "capture/packet/segment.h"

struct conn_key {
	struct endpoint client, server;
	uint64_t hash; /* key_hash of the two */
};

static inline bool
conn_key_eq(const struct conn_key *a, const struct conn_key *b)
{
	return endpoint_eq(&a->client, &b->client) && endpoint_eq(&a->server, &b->server);
}

/* Both of one family. */
uint64_t key_hash(uint64_t secret, const struct endpoint *a, const struct endpoint *b);

#endif
