#include <assert.h>
#include <stdlib.h>

#include "analyzer/smtp/dialog_parts.h"

/*
 * Doubles *p until `need` elements fit; false without budget or memory. What is in the struct
 * itself, `few`, was never taken from the budget.
 */
static bool
grow(struct dialog *d, void **p, uint32_t *room, uint32_t need, size_t size, const void *few)
{
	size_t had = *p == few ? 0 : *room * size;
	uint32_t want = *room * 2;
	void *q;

	assert(need > *room);
	while (want < need)
		want *= 2;
	if (!budget_take(d->budget, want * size - had))
		return false;
	q = realloc(had == 0 ? NULL : *p, want * size);
	if (q == NULL) {
		budget_give(d->budget, want * size - had);
		return false;
	}
	if (had == 0)
		memcpy(q, few, *room * size);
	*p = q;
	*room = want;
	return true;
}

static void
drop(struct dialog *d, void *p, uint32_t room, size_t size, const void *few)
{
	if (p == few)
		return;
	budget_give(d->budget, room * size);
	free(p);
}

void
dialog_keep_init(struct dialog *d)
{
	d->pending = d->few_pending;
	d->pending_room = DIALOG_FEW_PENDING;
	d->senders.v = d->few_senders;
	d->recipients.v = d->few_recipients;
	d->senders.room = d->recipients.room = DIALOG_FEW_PATHS;
	d->text = d->few_text;
	d->text_room = DIALOG_FEW_TEXT;
}

void
dialog_keep_clear(struct dialog *d)
{
	drop(d, d->pending, d->pending_room, sizeof *d->pending, d->few_pending);
	drop(d, d->senders.v, d->senders.room, sizeof *d->senders.v, d->few_senders);
	drop(d, d->recipients.v, d->recipients.room, sizeof *d->recipients.v, d->few_recipients);
	drop(d, d->text, d->text_room, 1, d->few_text);
	drop(d, d->reply_text, DIALOG_MAX_REPLY, 1, NULL);
}

/* --- what does not fit in the room there is ---------------------------------------------------
 * The bounds are the first room, doubled some times: what fits in the room is within them.
 */

static bool
room_for_text(struct dialog *d, size_t n)
{
	return n <= DIALOG_MAX_TEXT - d->text_n &&
	       grow(d, (void **)&d->text, &d->text_room, d->text_n + (uint32_t)n, 1, d->few_text);
}

static bool
room_for_path(struct dialog *d, struct dialog_paths *paths)
{
	const void *few = paths == &d->senders ? d->few_senders : d->few_recipients;

	return paths->count < DIALOG_MAX_PATHS &&
	       grow(d, (void **)&paths->v, &paths->room, paths->count + 1, sizeof *paths->v, few);
}

bool
dialog_room_for_pending(struct dialog *d)
{
	if (d->pending_head > 0) {
		memmove(d->pending, d->pending + d->pending_head,
		    d->pending_count * sizeof *d->pending);
		d->pending_head = 0;
		return true;
	}
	if (d->pending_count < DIALOG_MAX_PENDING &&
	    grow(d, (void **)&d->pending, &d->pending_room, d->pending_count + 1,
		sizeof *d->pending, d->few_pending))
		return true;
	/* Behind the last but one the order of the replies proves nothing, as behind a gap. */
	limits_hit(d->limits, LIMIT_COMMANDS_NOT_TIED, 1);
	dialog_back(d)->id = PENDING_GAP;
	return false;
}

/* --- what is kept ----------------------------------------------------------------------------- */

struct piece
dialog_keep_text(struct dialog *d, struct bytes b)
{
	struct piece piece = { d->text_n, (uint32_t)b.n };

	if (b.n > d->text_room - d->text_n && !room_for_text(d, b.n)) {
		limits_hit(d->limits, LIMIT_TEXT_NOT_KEPT, b.n);
		return (struct piece){ 0, DIALOG_ABSENT };
	}
	if (b.n > 0 && b.p != NULL)
		memcpy(d->text + d->text_n, b.p, b.n);
	d->text_n += (uint32_t)b.n;
	return piece;
}

struct bytes
dialog_text(const struct dialog *d, struct piece p)
{
	if (p.len == DIALOG_ABSENT)
		return bytes_of(NULL, 0);
	if (p.len == 0)
		return bytes_of(d->text, 0);
	return bytes_of(d->text + p.off, p.len);
}

uint32_t
dialog_keep_path(
    struct dialog *d, struct dialog_paths *paths, const struct line *line, struct bytes arg)
{
	struct dialog_path *path;

	if (paths->count == paths->room && !room_for_path(d, paths)) {
		limits_hit(d->limits, LIMIT_RECIPIENTS_NOT_KEPT, 1);
		return UINT32_MAX;
	}
	path = &paths->v[paths->count];
	*path = (struct dialog_path){
		.address = dialog_keep_text(d, command_path(arg)),
		.reply = { 0, DIALOG_ABSENT },
		.frame_no = line->frame_no,
		.sender = d->tx_sender,
	};
	return paths->count++;
}
