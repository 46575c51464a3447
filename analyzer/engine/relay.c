#include "analyzer/engine/relay.h"

#include <pthread.h>
#include <stdlib.h>

struct batch {
	struct segment segment[RELAY_SEGMENTS];
	size_t count;
	uint8_t *octets; /* the payloads, one behind the other */
	size_t used, room;
};

struct relay {
	relay_sink *sink;
	void *ctx;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t filled, emptied;
	uint64_t given, taken; /* batches, under the mutex */
	bool ended;            /* under the mutex */
	bool joined;
	struct batch *open; /* the one being filled */
	struct batch batch[RELAY_BATCHES];
};

static void
judge_batch(struct relay *r, struct batch *b)
{
	const uint8_t *octets = b->octets;

	for (size_t i = 0; i < b->count; i++) {
		b->segment[i].payload.p = octets;
		octets += b->segment[i].payload.n;
	}
	r->sink(r->ctx, b->segment, b->count);
	b->count = b->used = 0;
}

static void *
run(void *arg)
{
	struct relay *r = arg;

	pthread_mutex_lock(&r->mutex);
	for (;;) {
		while (r->given == r->taken && !r->ended)
			pthread_cond_wait(&r->filled, &r->mutex);
		if (r->given == r->taken)
			break;
		pthread_mutex_unlock(&r->mutex);
		judge_batch(r, &r->batch[r->taken % RELAY_BATCHES]);
		pthread_mutex_lock(&r->mutex);
		r->taken++;
		/* Who waits for room waits for much of it: waking costs more than a batch. */
		if (r->given - r->taken == RELAY_BATCHES / 2)
			pthread_cond_signal(&r->emptied);
	}
	pthread_mutex_unlock(&r->mutex);
	return NULL;
}

static bool
make_room(struct batch *b, size_t need)
{
	uint8_t *q;

	if (need <= b->room)
		return true;
	q = realloc(b->octets, need);
	if (q == NULL)
		return false;
	b->octets = q;
	b->room = need;
	return true;
}

struct relay *
relay_new(relay_sink *sink, void *ctx)
{
	struct relay *r = calloc(1, sizeof *r);

	if (r == NULL)
		return NULL;
	r->sink = sink;
	r->ctx = ctx;
	r->open = &r->batch[0];
	r->joined = true;
	pthread_mutex_init(&r->mutex, NULL);
	pthread_cond_init(&r->filled, NULL);
	pthread_cond_init(&r->emptied, NULL);
	for (int i = 0; i < RELAY_BATCHES; i++) {
		if (!make_room(&r->batch[i], RELAY_OCTETS)) {
			relay_free(r);
			return NULL;
		}
	}
	r->joined = pthread_create(&r->thread, NULL, run, r) != 0;
	if (r->joined) {
		relay_free(r);
		return NULL;
	}
	return r;
}

/* The open batch goes over; the next one is waited for, where all are full. */
static void
give(struct relay *r)
{
	pthread_mutex_lock(&r->mutex);
	r->given++;
	pthread_cond_signal(&r->filled);
	if (r->given - r->taken == RELAY_BATCHES) {
		while (r->given - r->taken > RELAY_BATCHES / 2)
			pthread_cond_wait(&r->emptied, &r->mutex);
	}
	r->open = &r->batch[r->given % RELAY_BATCHES];
	pthread_mutex_unlock(&r->mutex);
}

struct segment *
relay_place(struct relay *r)
{
	return &r->open->segment[r->open->count];
}

void
relay_segment(struct relay *r)
{
	struct batch *b = r->open;
	struct segment *seg = &b->segment[b->count++];
	size_t n = seg->payload.n;

	if (n > 0 && make_room(b, b->used + n)) {
		memcpy(b->octets + b->used, seg->payload.p, n);
		b->used += n;
	} else {
		seg->payload.n = 0;
	}
	if (b->count == RELAY_SEGMENTS || b->used >= RELAY_OCTETS)
		give(r);
}

void
relay_finish(struct relay *r)
{
	if (r->joined)
		return;
	pthread_mutex_lock(&r->mutex);
	r->given += r->open->count > 0;
	r->ended = true;
	pthread_cond_signal(&r->filled);
	pthread_mutex_unlock(&r->mutex);
	pthread_join(r->thread, NULL);
	r->joined = true;
}

void
relay_free(struct relay *r)
{
	if (r == NULL)
		return;
	relay_finish(r);
	for (int i = 0; i < RELAY_BATCHES; i++)
		free(r->batch[i].octets);
	pthread_cond_destroy(&r->emptied);
	pthread_cond_destroy(&r->filled);
	pthread_mutex_destroy(&r->mutex);
	free(r);
}
