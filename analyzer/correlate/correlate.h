/*
 * correlate: which log session is which connection.
 *
 * In:    every record and every log session, in any order; then correlate_run.
 * Out:   for each connection its session, what the match rests on, how sure it is, and which
 *        contradictions hold whatever near-equal match is taken instead; the clock.
 * How:   the clock first (clock.h). Then, for each client, the order-preserving one-to-one
 *        assignment of greatest weight (align.h): time of opening and closing, senders,
 *        recipients, action, TLS. The session's opening may be late by the gateway's DNS
 *        queries, so the window is wider on that side. Sessions whose client is not known
 *        (TCPREFUSE as ICID 0, masked addresses) are then put to connections that
 *        are left over, by time, by what they say, and by what the HAT may decide for the client.
 *        Such a match accuses only where what the log names as matched is an address or
 *        network of that client, and the HAT, if there is one, decides for it by the same group.
 * Never a wrong accusation: a match with a rival of nearly its weight is `ambiguous`, and a
 *        contradiction is `sure` only if every rival contradicts too. In a log that is known
 *        to lack lines, nothing is concluded from a line that is not there.
 * Owns:  a trace of 96 octets for each connection and session.
 * Cost:  O(n log n) and the bands of align.h.
 * Fails: STATUS_NOMEM.
 */
#ifndef HATCHECK_CORRELATE_H
#define HATCHECK_CORRELATE_H

#include "analyzer/correlate/clock.h"
#include "analyzer/correlate/pairing.h"
#include "analyzer/correlate/spans.h"
#include "capture/base/status.h"

#define CORRELATE_WINDOW_NS (5 * CLOCK_NS_PER_S)
#define CORRELATE_DNS_NS (180 * CLOCK_NS_PER_S) /* 139 s were seen */

struct match {
	uint64_t connection, session; /* ids, from 1 */
	uint16_t by;                  /* bit per enum match_ground */
	uint8_t confidence;           /* enum confidence */
	uint8_t clash;                /* enum clash bits that hold for every rival too */
	bool ambiguous;               /* a rival fits nearly as well */
};

struct correlate_config {
	int64_t window_ns; /* how far apart the openings may lie, after the clock is aligned */

	const struct hat *hat; /* borrowed, or NULL */
};

struct correlate;

struct correlate *correlate_new(const struct correlate_config *config);
void correlate_free(struct correlate *c);
enum status correlate_connection(struct correlate *c, const struct record *rec);
enum status correlate_session(struct correlate *c, const struct log_session *s);

/*
 * A time in which lines were written to a log, of sessions or of anything else (its header). A log
 * without one session covers it, if the zone of its stamps is known; one with sessions covers the
 * time of these, and in neither case that between two files. May be said of each file.
 * STATUS_NOMEM.
 */
enum status correlate_lines(struct correlate *c, const struct correlate_span *log);
/* A time in which packets were captured, likewise: of each capture. Where none is told, that of the
 * connections. */
enum status correlate_packets(struct correlate *c, const struct correlate_span *wire);

/*
 * Of a window that moves over a longer run (settle.h): connections of which only the trace was
 * kept; then, last before correlate_run, what capture and log cover, whatever is in the
 * window, and the clock that was found before (NULL: none was), which is refined and not estimated
 * anew.
 */
enum status correlate_trace(struct correlate *c, const struct trace *wire);
void correlate_window(struct correlate *c, const struct correlate_span *wire,
    const struct correlate_span *log, const struct clock *clock);

/* `offset_from`: how the zone of the log's stamps is known, "header" or "option"; NULL: it is not.
 */
enum status correlate_run(struct correlate *c, const char *offset_from);

/* After correlate_run. NULL: there is none. Borrowed. */
const struct match *correlate_of_connection(const struct correlate *c, uint64_t id);
const struct match *correlate_of_session(const struct correlate *c, uint64_t id);
uint64_t correlate_matches(const struct correlate *c);
const struct clock *correlate_clock(const struct correlate *c);
/* The log lacks lines: sessions that began and ended inside it are not whole. */
bool correlate_log_lossy(const struct correlate *c);
/*
 * True when the other side covers this one, and the clock is sure: a connection that began and
 * ended while the log was written, a session that was opened while the capture ran, with all of the
 * second that its stamp tells. Not a connection whose session another one may have, or that the
 * consolidated log leaves out; nor a session of which nothing tells the client.
 */
bool correlate_log_covers(const struct correlate *c, const struct record *rec);
bool correlate_capture_covers(const struct correlate *c, const struct log_session *s);

#endif
