/*
 * story: connections and log sessions of which only what pairs them is said.
 */
#ifndef HATCHECK_TEST_STORY_H
#define HATCHECK_TEST_STORY_H

#include "analyzer/maillog/log_session.h"
#include "tests/unit/sample.h"

#define STORY_MS INT64_C(1000000)
#define STORY_LATE_MS 300 /* the connection begins so long after its second does */

struct wire {
	uint8_t peer; /* the last octet of its address; 0 ends a list */
	int32_t at_ms, for_ms;
	uint8_t verdict;
	uint8_t session; /* expected: its number from 1, 0 for none */
	bool ambiguous;
	uint8_t clash;
};

struct log {
	uint8_t peer; /* 0 with an action: not known */
	int32_t at_s;
	uint8_t action;
	bool cut; /* its close is missing */
};

/* Into an initialised builder. */
static inline void
story_record(struct record_builder *b, uint64_t id, const struct wire *w)
{
	sample_plain(b, id);
	b->rec->client = sample_endpoint(192, 0, 2, w->peer, (uint16_t)(40000 + id));
	b->rec->verdict = w->verdict;
	b->rec->closed_by = DIR_SERVER;
	b->rec->start_ns = (w->at_ms + STORY_LATE_MS) * STORY_MS;
	b->rec->end_ns = b->rec->start_ns + w->for_ms * STORY_MS;
}

static inline struct log_session
story_session(uint64_t id, const struct log *l)
{
	struct log_session s = { .size = sizeof s,
		.id = id,
		.first_ns = l->at_s * LOG_NS_PER_S,
		.last_ns = l->at_s * LOG_NS_PER_S,
		.closed_ns = l->cut ? LOG_TIME_NONE : l->at_s * LOG_NS_PER_S,
		.hat_line = { .line = 1 },
		.action = l->action,
		.end = l->cut ? LOG_END_NONE : LOG_END_CLOSE,
		.started = true,
		.ended = !l->cut };

	if (l->peer != 0)
		s.peer = sample_endpoint(192, 0, 2, l->peer, 0).addr;
	for (size_t i = 0; i < LOG_TEXT_COUNT; i++)
		s.text[i].len = LOG_ABSENT;
	return s;
}

#endif
