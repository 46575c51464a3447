#include <stdlib.h>

#include "analyzer/smtp/dialog_parts.h"

/* Doubles *p until `need` elements fit; false without budget or memory. */
static bool
make_room(struct dialog *d, void **p, uint32_t *room, uint32_t need, size_t size, uint32_t first)
{
	uint32_t want = *room == 0 ? first : *room;
	void *q;

	if (need <= *room)
		return true;
	while (want < need)
		want *= 2;
	if (!budget_take(d->budget, (want - *room) * size))
		return false;
	q = realloc(*p, want * size);
	if (q == NULL) {
		budget_give(d->budget, (want - *room) * size);
		return false;
	}
	*p = q;
	*room = want;
	return true;
}

struct piece
dialog_keep_text(struct dialog *d, struct bytes b)
{
	struct piece piece = { d->text_n, (uint32_t)b.n };

	if (b.n > DIALOG_MAX_TEXT - d->text_n ||
	    !make_room(d, (void **)&d->text, &d->text_room, d->text_n + (uint32_t)b.n, 1, 256)) {
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

/* The index of a new path, or UINT32_MAX when it is only counted. */
uint32_t
dialog_keep_path(
    struct dialog *d, struct dialog_paths *paths, const struct line *line, struct bytes arg)
{
	if (paths->count >= DIALOG_MAX_PATHS || !make_room(d, (void **)&paths->v, &paths->room,
						    paths->count + 1, sizeof *paths->v, 2)) {
		limits_hit(d->limits, LIMIT_RECIPIENTS_NOT_KEPT, 1);
		return UINT32_MAX;
	}
	paths->v[paths->count] = (struct dialog_path){
		.address = dialog_keep_text(d, command_path(arg)),
		.reply = { 0, DIALOG_ABSENT },
		.frame_no = line->frame_no,
		.sender = d->tx_sender,
	};
	return paths->count++;
}

bool
dialog_push(struct dialog *d, uint8_t id, uint32_t index, const struct line *line)
{
	if (d->pending_head > 0 && d->pending_head + d->pending_count == d->pending_room) {
		memmove(d->pending, d->pending + d->pending_head,
		    d->pending_count * sizeof *d->pending);
		d->pending_head = 0;
	}

	if (d->pending_count >= DIALOG_MAX_PENDING ||
	    !make_room(d, (void **)&d->pending, &d->pending_room,
		d->pending_head + d->pending_count + 1, sizeof *d->pending, 4)) {
		/* From here on the order of the replies proves nothing. */
		limits_hit(d->limits, LIMIT_COMMANDS_NOT_TIED, 1);
		d->unsure = true;
		return false;
	}
	d->pending[d->pending_head + d->pending_count++] =
	    (struct dialog_pending){ line->off, line->end_off, line->peer_off, index, id, false };
	return true;
}

/* What is no line. */
void
dialog_push_span(struct dialog *d, uint8_t id, uint64_t off, uint64_t end_off, uint64_t peer_off)
{
	struct line none = { .off = off, .end_off = end_off, .peer_off = peer_off };

	dialog_push(d, id, UINT32_MAX, &none);
}

void
dialog_pop(struct dialog *d, uint32_t n)
{
	d->pending_head += n;
	d->pending_count -= n;
	if (d->pending_count == 0)
		d->pending_head = 0;
}

struct dialog_pending *
dialog_front(const struct dialog *d)
{
	return d->pending_count == 0 ? NULL : &d->pending[d->pending_head];
}
