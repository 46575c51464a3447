/*
 * pairing: the connections and sessions that may belong together, and how much speaks for each
 * pair.
 *
 * Whoever is of the same client and inside the window may be a pair; what else agrees adds weight,
 * what differs takes it. Of sessions without an address (`left_over`) the client is told by what
 * the log names as matched, and by what the HAT decides.
 */
#ifndef HATCHECK_PAIRING_H
#define HATCHECK_PAIRING_H

#include "analyzer/correlate/trace.h"
#include "analyzer/hat/hat.h"

/* What a match rests on: id, word of the report's matched_by */
#define MATCH_GROUNDS(X)            \
	X(ADDRESS, "address")       \
	X(OPEN, "open")             \
	X(CLOSE, "close")           \
	X(SENDER, "sender")         \
	X(RECIPIENTS, "recipients") \
	X(ACTION, "action")         \
	X(TLS, "tls")               \
	X(HAT, "hat")               \
	X(MATCH, "match")

enum match_ground {
#define X(id, word) MATCH_BY_##id,
	MATCH_GROUNDS(X)
#undef X
	    MATCH_GROUND_COUNT
};

const char *match_ground_name(enum match_ground g);

#define HINT_MATCH 128 /* two IPv6 addresses in full, and what stands around them */

/* What a session without a client says of it. */
struct hint {
	char group[64], match[HINT_MATCH], sbrs[16];
	bool masked; /* the log has it, but not to be read: x.x.x.x */
};

struct span_ns {
	int64_t open, close; /* or TRACE_NEVER */
};

/* Everything is borrowed; times are those of the capture's clock. */
struct pairing {
	const struct trace *wire, *log; /* of one client, or those left over; by time */
	const struct span_ns *times;    /* of the sessions */
	const struct hint *hints;       /* by trace.hint */
	const struct hat *hat;          /* or NULL */
	int64_t capture_first_ns, capture_last_ns;
	int64_t window_ns; /* how far apart the openings may lie */
	int64_t reach_ns;  /* and how far they are looked for */
	int64_t late_ns;   /* allowance for the gateway's DNS */
	bool left_over;
	bool lossy; /* the log lacks lines */
};

/*
 * As align wants it; 0: cannot be a pair. `by` gets the grounds, a bit per enum match_ground;
 * *sure: it is known whose session it is.
 */
int32_t pairing_weigh(const struct pairing *p, uint32_t i, uint32_t j, uint16_t *by, bool *sure);
/*
 * The sessions [from[i], to[i]) that may be of each of n connections, as bands; what lies outside
 * is too far in time. Where they would cost too much, first the allowance for DNS is given up, then
 * the reach is halved.
 */
void pairing_bands(struct pairing *p, uint32_t n, uint32_t m, uint32_t *from, uint32_t *to);

#endif
