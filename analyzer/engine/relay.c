#include "analyzer/engine/relay.h"

#include <pthread.h>
#include <stdlib.h>

#include "capture/packet/packet.h"

struct batch {
	struct segment segment[RELAY_SEGMENTS];
	size_t count, used;
	uint8_t octets[RELAY_OCTETS + FRAME_MAX]; /* the payloads, one behind the other */
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

static void *
run(void *arg)
{
	struct relay *r = arg;
	const struct batch *b;

	pthread_mutex_lock(&r->mutex);
	for (;;) {
		while (r->given == r->taken && !r->ended)
			pthread_cond_wait(&r->filled, &r->mutex);
		if (r->given == r->taken)
			break;
		pthread_mutex_unlock(&r->mutex);
		b = &r->batch[r->taken % RELAY_BATCHES];
		r->sink(r->ctx, b->segment, b->count);
		pthread_mutex_lock(&r->mutex);
		r->taken++;
		/* Who waits for room waits for much of it: waking costs more than a batch. */
		if (r->given - r->taken == RELAY_BATCHES / 2)
			pthread_cond_signal(&r->emptied);
	}
	pthread_mutex_unlock(&r->mutex);
	return NULL;
}

static void
open_batch(struct relay *r)
{
	r->open = &r->batch[r->given % RELAY_BATCHES];
	r->open->count = r->open->used = 0;
}

struct relay *
relay_new(relay_sink *sink, void *ctx)
{
	struct relay *r = malloc(sizeof *r);

	if (r == NULL)
		return NULL;
	/* The batches are large, and cleared in turn. */
	memset(r, 0, offsetof(struct relay, batch));
	r->sink = sink;
	r->ctx = ctx;
	open_batch(r);
	r->joined = true;
	pthread_mutex_init(&r->mutex, NULL);
	pthread_cond_init(&r->filled, NULL);
	pthread_cond_init(&r->emptied, NULL);
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
	open_batch(r);
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
	struct bytes payload = bytes_head(seg->payload, FRAME_MAX);

	seg->payload = bytes_of(b->octets + b->used, payload.n);
	if (payload.n > 0)
		memcpy(b->octets + b->used, payload.p, payload.n);
	b->used += payload.n;
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
	pthread_cond_destroy(&r->emptied);
	pthread_cond_destroy(&r->filled);
	pthread_mutex_destroy(&r->mutex);
	free(r);
}
