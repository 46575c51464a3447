/*
 * The run: a heap of the captures that are open, by the time of their next frame. The
 * captures still to come wait in order of their first frame, and one is opened as soon as
 * it is due; so captures that follow each other are open one at a time.
 */
#include "capture/source/source.h"

#include <stdio.h>
#include <stdlib.h>

#include <pcap/pcap.h>

#include "capture/source/filter.h"
#include "capture/source/inputs.h"

/* What is not done for each frame shall not cost it registers. */
#define OUT_OF_LINE __attribute__((noinline))

#define PROGRESS_FRAMES 4096 /* a power of two: so many from one report to the next */

struct source {
	struct inputs in;
	struct input **heap;       /* room for all of them */
	size_t open;               /* of them in the heap */
	size_t turn;               /* the next to be opened, in in.all */
	bool used;                 /* the run of heap[0] has been taken */
	struct frame *at, *end;    /* what is left of the run, */
	struct source_input *info; /* and whose it is */
	uint64_t frame_no;
	struct filter *filter; /* NULL: every frame passes */
	struct stream_wait wait;
	void (*progress)(void *ctx, uint64_t done, uint64_t total);
	void *progress_ctx;
	uint64_t closed_octets, total; /* of the files on the disk */
};

static bool
comes_before(const struct input *a, const struct input *b)
{
	if (a->head->ts_ns != b->head->ts_ns)
		return a->head->ts_ns < b->head->ts_ns;
	return a < b;
}

static void
sift_down(struct source *s)
{
	struct input *moving = s->heap[0];
	size_t at = 0, child;

	while ((child = at * 2 + 1) < s->open) {
		if (child + 1 < s->open && comes_before(s->heap[child + 1], s->heap[child]))
			child++;
		if (!comes_before(s->heap[child], moving))
			break;
		s->heap[at] = s->heap[child];
		at = child;
	}
	s->heap[at] = moving;
}

static void
push(struct source *s, struct input *i)
{
	size_t at = s->open++;

	while (at > 0 && comes_before(i, s->heap[(at - 1) / 2])) {
		s->heap[at] = s->heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	s->heap[at] = i;
}

static void
advance_first(struct source *s)
{
	struct input *i = s->heap[0];

	if (input_next(i) != STATUS_OK) {
		s->closed_octets += input_consumed(i);
		s->heap[0] = s->heap[--s->open];
	}
	if (s->open > 1)
		sift_down(s);
}

/* The capture whose turn it is, if one is left that has frames and is due. */
static struct input *
due(struct source *s)
{
	struct input *i = s->turn < s->in.count ? &s->in.all[s->turn] : NULL;

	if (i == NULL || i->first_ns == INT64_MAX)
		return NULL;
	return s->open == 0 || i->first_ns <= s->heap[0]->head->ts_ns ? i : NULL;
}

static void
open_due(struct source *s)
{
	struct input *i;

	while ((i = due(s)) != NULL) {
		enum status status = input_start(i);

		if (status == STATUS_NOMEM && s->open > 0)
			return; /* one that is open has to end first */
		if (status == STATUS_NOMEM)
			input_fail(i, "it cannot be opened again");
		if (status == STATUS_OK)
			push(s, i);
		s->turn++;
	}
}

/* The capture with the next frame of the run, NULL at the end. */
static struct input *
first(struct source *s)
{
	if (s->used) {
		s->used = false;
		advance_first(s);
	}
	if (s->turn < s->in.count)
		open_due(s);
	return s->open == 0 ? NULL : s->heap[0];
}

static void
report_progress(struct source *s)
{
	uint64_t done = s->closed_octets;

	if (s->progress == NULL)
		return;
	for (size_t n = 0; n < s->open; n++)
		done += input_consumed(s->heap[n]);
	s->progress(s->progress_ctx, done, s->total);
}

static void
count(struct source_input *info, const struct frame *frame)
{
	if (info->packets == 0)
		info->first_ns = frame->ts_ns;
	info->last_ns = frame->ts_ns;
	info->packets++;
	info->bytes += frame->data.n;
	info->snaplen_cut += frame->wire_len > frame->data.n;
}

/*
 * A run of frames that come one after the other: those that are there of the only capture that is
 * open or will be, else one.
 */
static OUT_OF_LINE bool
next_run(struct source *s)
{
	struct input *i = first(s);

	if (i == NULL) {
		report_progress(s);
		return false;
	}
	s->used = true;
	s->info = i->info;
	s->at = i->head;
	s->end = s->at + 1;
	if (s->open == 1 && s->turn == s->in.count)
		s->end += savefile_rest(i->file);
	return true;
}

static OUT_OF_LINE bool
passes(const struct source *s, const struct frame *frame)
{
	return filter_passes(s->filter, frame);
}

enum status
source_next(struct source *s, const struct frame **frame)
{
	do {
		if (s->at == s->end && !next_run(s))
			return STATUS_END;
		*frame = s->at;
		s->at->frame_no = ++s->frame_no;
		count(s->info, s->at++);
		if (s->frame_no % PROGRESS_FRAMES == 0)
			report_progress(s);
	} while (s->filter != NULL && !passes(s, *frame));
	return STATUS_OK;
}

/* 0 when one of them cannot tell its own. */
static uint64_t
total_octets(const struct inputs *in)
{
	uint64_t total = 0;

	for (size_t n = 0; n < in->count; n++) {
		if (in->all[n].state != INPUT_READABLE)
			continue;
		if (in->all[n].size == 0)
			return 0;
		total += in->all[n].size;
	}
	return total;
}

/* The expression must mean something for the frames of one capture at least. */
static enum status
open_filter(struct source *s, const char *expression, struct fault *fault)
{
	enum status status = STATUS_USAGE;

	s->filter = filter_new(expression);
	if (s->filter == NULL)
		return fault_set(fault, STATUS_NOMEM, "no memory left");
	for (size_t n = 0; n < s->in.count && status != STATUS_OK; n++) {
		const struct source_input *info = s->in.all[n].info;

		if (s->in.all[n].state == INPUT_READABLE)
			status =
			    filter_check(s->filter, info->link_types, info->link_type_count, fault);
	}
	return status;
}

enum status
source_open(struct source **out, const struct source_config *config, struct fault *fault)
{
	struct source *s = calloc(1, sizeof *s);
	enum status status;

	*out = NULL;
	if (s == NULL)
		return fault_set(fault, STATUS_NOMEM, "no memory left");
	s->wait = config->wait;
	status = inputs_open(&s->in, config->paths, config->path_count,
	    config->wait.ready != NULL ? &s->wait : NULL, fault);
	if (status == STATUS_OK) {
		s->heap = calloc(s->in.count, sizeof(struct input *));
		if (s->heap == NULL)
			status = fault_set(fault, STATUS_NOMEM, "no memory left");
	}
	if (status == STATUS_OK && config->filter != NULL)
		status = open_filter(s, config->filter, fault);
	if (status != STATUS_OK) {
		source_close(s);
		return status;
	}
	s->progress = config->progress;
	s->progress_ctx = config->progress_ctx;
	s->total = total_octets(&s->in);
	*out = s;
	return STATUS_OK;
}

bool
source_starts(const struct source *s, int64_t *first_ns)
{
	/* Those without frames come last; a simple packet at the front has no time. */
	*first_ns = s->in.all[0].first_ns;
	return *first_ns != INT64_MAX && *first_ns != 0;
}

const struct source_input *
source_inputs(const struct source *s, size_t *count)
{
	*count = s->in.count;
	return s->in.info;
}

bool
source_filter_fits(const struct source *s, int link_type)
{
	return s->filter == NULL || filter_fits(s->filter, link_type);
}

const char *
source_link_name(int link_type, char room[static 16])
{
	const char *name = pcap_datalink_val_to_name(link_type);

	if (name != NULL)
		return name;
	snprintf(room, 16, "%d", link_type);
	return room;
}

void
source_close(struct source *s)
{
	if (s == NULL)
		return;
	inputs_clear(&s->in);
	filter_free(s->filter);
	free(s->heap);
	free(s);
}
