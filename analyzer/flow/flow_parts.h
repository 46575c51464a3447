/*
 * flow_parts: what the files of flow tell each other; nobody else includes it.
 *
 *   flow_table   the connections: by key, and in lists, oldest first
 *   flow_ends    when they end: by the clock, or for memory
 *   flow_tuple   which connection a segment belongs to, and where one begins
 *   flow         the way of a segment through these
 */
#ifndef HATCHECK_FLOW_PARTS_H
#define HATCHECK_FLOW_PARTS_H

#include "analyzer/flow/brief.h"
#include "analyzer/flow/flow.h"
#include "analyzer/flow/pool.h"

enum flow_list { LIST_OPEN, LIST_CLOSED, LIST_COUNT };

struct flow_entry {
	struct flow_entry *older, *newer;
	int64_t touched_ns; /* when it came to the end of its list: FLOW_SLACK_NS late at most */
	uint8_t list;       /* enum flow_list */
	bool challenged;    /* a SYN with another sequence number waits in half-open */
	bool folded;        /* only the first FLOW_FOLDED octets are there */
	uint32_t number;    /* of a folded one, in their pool */
	struct conn conn;   /* at the start of a line of the cache */
};

#define FLOW_FOLDED offsetof(struct flow_entry, conn.dialog)

_Static_assert(FLOW_FOLDED % CACHE_LINE == 0, "each begins with a line of the cache");

struct flow_slot {
	uint64_t hash;
	struct flow_entry *entry;
};

#define FLOW_RECENT 4096 /* some hundreds seldom meet, and no others take room in a cache */

struct flow {
	struct flow_config config;
	flow_sink *sink;
	void *ctx;
	struct brief *brief;
	struct flow_slot *slot;               /* linear probing, at most half full */
	struct flow_slot recent[FLOW_RECENT]; /* what was found last, by hash */
	size_t slots, listed[LIST_COUNT];
	size_t full; /* octets of the budget: beyond it room is made */
	struct flow_entry *oldest[LIST_COUNT], *newest[LIST_COUNT];
	int64_t idle_ns[LIST_COUNT]; /* after so long an entry ends */
	struct pool folded;
	struct flow_entry *spare; /* memory of whole ones that ended, by `newer` */
	uint64_t last_id;
	int64_t now_ns, doubted_ns;
	struct flow_entry *doubted; /* whose last segment has the stamp that is in doubt */
	int64_t gap_ns;             /* the last time at which packets were dropped */
	int64_t due_ns;             /* until then nothing has to end */
	int64_t calm_ns;            /* until then a stamp only sets the clock */
	bool clock_set;
};

/* Something ends idle_ns after `since`, if nothing comes between. */
static inline void
flow_set_due(struct flow *f, int64_t since_ns, int64_t idle_ns)
{
	if (since_ns < INT64_MAX - idle_ns && since_ns + idle_ns < f->due_ns)
		f->due_ns = since_ns + idle_ns;
	if (f->due_ns < f->calm_ns)
		f->calm_ns = f->due_ns;
}

/* --- flow_table --- */

/* Whether a place, of the index or of what was found last, has the segment's connection. */
static inline bool
flow_holds(const struct flow_slot *slot, enum dir dir, const struct segment *s)
{
	const struct flow_entry *e = slot->entry;

	/* No branch: who speaks next cannot be predicted. */
	return slot->hash == s->hash && e != NULL &&
	       endpoint_eq(&e->conn.key.client, &s->end[dir]) &&
	       endpoint_eq(&e->conn.key.server, &s->end[dir ^ 1]);
}

/* In the index, where those that are closed stand too and make it large. */
struct flow_entry *flow_search(struct flow *f, enum dir dir, const struct segment *s);

/* The entry of a segment's connection; NULL when there is none. */
static inline struct flow_entry *
flow_find(struct flow *f, enum dir dir, const struct segment *s)
{
	const struct flow_slot *recent = &f->recent[s->hash % FLOW_RECENT];

	return flow_holds(recent, dir, s) ? recent->entry : flow_search(f, dir, s);
}
/* A fresh connection, of which nothing is known yet; NULL when no memory can be made free. */
struct flow_entry *flow_new_entry(struct flow *f, const struct conn_key *key, uint64_t id);
/* In its place comes one that can be kept for long, if there is memory for it. */
void flow_fold(struct flow *f, struct flow_entry *e);
/* In its place the whole one; NULL when no memory can be made free. */
struct flow_entry *flow_unfold(struct flow *f, struct flow_entry *e);
/* Out of its list and the index; the memory of a whole one is there until the next one needs it. */
void flow_remove(struct flow *f, struct flow_entry *e);
/* To the end of a list: it was touched now. */
void flow_touch(struct flow *f, struct flow_entry *e, enum flow_list list);
/* Gives back the memory of one that ended; false when there is none. */
bool flow_trim(struct flow *f);
/* All that the table holds; nobody is told of it. */
void flow_table_clear(struct flow *f);

/* --- flow_ends --- */

/* It is gone from the table, told of, and cleared. */
void flow_end(struct flow *f, struct flow_entry *e);
void flow_end_brief(struct flow *f, struct brief_entry *h, bool evicted);
/* Frees the state of least worth; false when there is none, or only the one to be kept. */
bool flow_evict(struct flow *f, const struct flow_entry *keep);
void flow_turn_clock(struct flow *f, int64_t ts_ns);

static inline void
flow_set_clock(struct flow *f, int64_t ts_ns)
{
	if (ts_ns > f->calm_ns)
		flow_turn_clock(f, ts_ns);
	else if (ts_ns > f->now_ns)
		f->now_ns = ts_ns;
}

/* --- flow_tuple --- */

/*
 * Of nearly every segment its ports tell who sent it, and its connection is there, whole and with
 * no other that could take its place. NULL: flow_orient and flow_entry_of have to find out.
 */
static inline struct flow_entry *
flow_plain_entry(struct flow *f, const struct segment *s, enum dir *dir)
{
	struct flow_entry *e;

	if (s->side == DIR_COUNT)
		return NULL;
	*dir = (enum dir)s->side;
	e = flow_find(f, *dir, s);
	return e != NULL && !(e->challenged | e->folded) ? e : NULL;
}
/*
 * Which side is the client. Between two server ports the SYN tells, then what is known of the
 * tuple. A server that opens a connection from its own port 25 is no listener: false.
 */
bool flow_orient(struct flow *f, const struct segment *s, enum dir *dir);
/* The entry that a segment belongs to; NULL when it was dealt with, or there is no memory. */
struct flow_entry *flow_entry_of(struct flow *f, enum dir dir, const struct segment *s);

#endif
