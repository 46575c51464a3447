/*
 * spans: the times that one side covers: in which packets were captured, or lines written.
 */
#ifndef HATCHECK_SPANS_H
#define HATCHECK_SPANS_H

#include "analyzer/correlate/clock.h"
#include "capture/base/status.h"

/* On that side's own clock; the log's by UTC as far as its offset is known. */
struct correlate_span {
	int64_t first_ns, last_ns;
};

struct spans {
	struct correlate_span *v;
	size_t count, room;
};

/* STATUS_NOMEM. */
enum status spans_add(struct spans *s, const struct correlate_span *span);
/*
 * One of them has all of that time, of the capture's clock; or there are none, and nothing is
 * known. `clock`: theirs. O(spans)
 */
bool spans_cover(
    const struct spans *s, const struct clock *clock, int64_t first_ns, int64_t last_ns);
void spans_clear(struct spans *s);

#endif
