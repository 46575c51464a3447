/*
 * flow: segments to connections.
 *
 * In:    segments in the order of the run, a wanted port on either side.
 * Out:   one sink call per connection when it has ended; after the call it is gone.
 * Keys:  the full tuple, hashed with the run's secret. The client is who sent the SYN; where none
 *        was seen, who is not at a server port. The same addresses and ports with another initial
 *        sequence number are another connection, from the moment that anything but its
 *        SYN is seen or the old one is closed.
 * Time:  packet time. A connection seen whole ends with its last ACK, another linger_ns after it
 * closed, FLOW_IDLE_NS after its last segment, FLOW_BRIEF_NS after an unanswered SYN; both of the
 * former may come FLOW_SLACK_NS too soon. What comes of it in FLOW_STRAGGLER_NS after its end and
 * holds nothing new is passed over. A single stamp far in the future moves no clock. Bound:
 * the budget. Under pressure closed connections end at once, then the oldest half-open, then the
 * open one that was silent longest; the last two are counted in limits.
 */
#ifndef HATCHECK_FLOW_H
#define HATCHECK_FLOW_H

#include "analyzer/flow/conn.h"

#define FLOW_BRIEF_NS (INT64_C(180) * 1000000000)    /* 6 SYNs in 127 s, and the last answer */
#define FLOW_STRAGGLER_NS (INT64_C(45) * 1000000000) /* what was reported is known so long */
#define FLOW_IDLE_NS (INT64_C(3600) * 1000000000)
#define FLOW_SLACK_NS (INT64_C(1) * 1000000000)
#define FLOW_JUMP_NS (INT64_C(120) * 1000000000) /* less than what ends an open one */

struct flow_config {
	struct budget *budget;
	struct limits *limits;
	uint64_t secret;
	int64_t linger_ns;
};

/* The connection is finished (conn_finish) and borrowed until the sink returns. */
typedef void flow_sink(void *ctx, const struct conn *conn);

struct flow;

struct flow *flow_new(const struct flow_config *config, flow_sink *sink, void *ctx);
/*
 * Sets the hash of its ports and addresses, which side sent it, what it looks like, and the print
 * by which it is known again: all that can be worked out without the table, and so on another
 * thread.
 */
void flow_mark(uint64_t secret, struct segment *seg);
/* n marked segments, one after the other. */
void flow_segments(struct flow *f, const struct segment *seg, size_t n);
void flow_time(struct flow *f, int64_t now_ns);
/* Up to now, packets that nobody saw may have been dropped: connections there may lack some. */
void flow_gap(struct flow *f, int64_t now_ns);
/* Whether a connection of that client is open (family 0: of any client), its SYN answered. O(open).
 */
bool flow_has_client(const struct flow *f, const struct addr *client);
void flow_finish(struct flow *f);
void flow_free(struct flow *f);

#endif
