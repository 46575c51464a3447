/*
 * dialog_parts: what the files of dialog tell each other; nobody else includes it.
 *
 *   dialog_keep     texts, paths and the commands not yet answered
 *   dialog_tie      a reply finds its command, and what that means
 *   dialog_server   octets of the server to replies
 *   dialog_client   octets of the client to commands
 *   dialog          the two together
 */
#ifndef HATCHECK_DIALOG_PARTS_H
#define HATCHECK_DIALOG_PARTS_H

#include "analyzer/smtp/dialog.h"

#define PENDING_GAP 255 /* in place of a command: some may be missing here */

/* --- dialog_keep --- */

/* A copy; absent, and counted, when there is no room. */
struct piece dialog_keep_text(struct dialog *d, struct bytes b);
/* The index of a new path with the address in arg, or UINT32_MAX when it is only counted. */
uint32_t dialog_keep_path(
    struct dialog *d, struct dialog_paths *paths, const struct line *line, struct bytes arg);
/* For one more behind the others. False: from then on no order proves anything. */
bool dialog_room_for_pending(struct dialog *d);
void dialog_keep_init(struct dialog *d);
void dialog_keep_clear(struct dialog *d);

/* A command behind all others, or what is none and stands in its place. False without room. */
static inline bool
dialog_push(
    struct dialog *d, uint8_t id, uint32_t index, uint64_t off, uint64_t end_off, uint64_t peer_off)
{
	if (d->pending_head + d->pending_count == d->pending_room && !dialog_room_for_pending(d))
		return false;
	d->pending[d->pending_head + d->pending_count++] =
	    (struct dialog_pending){ off, end_off, peer_off, index, id, false };
	return true;
}

static inline void
dialog_pop(struct dialog *d, uint32_t n)
{
	d->pending_head += n;
	d->pending_count -= n;
	if (d->pending_count == 0)
		d->pending_head = 0;
}

/* The first that is not answered, or NULL. */
static inline struct dialog_pending *
dialog_front(const struct dialog *d)
{
	return d->pending_count == 0 ? NULL : &d->pending[d->pending_head];
}

/* The one behind all others; there is one. */
static inline struct dialog_pending *
dialog_back(const struct dialog *d)
{
	return &d->pending[d->pending_head + d->pending_count - 1];
}

/* --- dialog_tie --- */

/* d->reply is whole. True when it has found its place; else it waits for octets of the client. */
bool dialog_place_reply(struct dialog *d, struct bytes text);
/* It will find none. */
void dialog_pass_untied(struct dialog *d);
/* It has its place, or was passed: the next reply is seen from here. */
void dialog_set_last(struct dialog *d);

/* --- dialog_server --- */

/* How many octets it took. */
size_t dialog_feed_server(struct dialog *d, const struct run *run);
void dialog_gap_server(struct dialog *d);
/* No further octets; as dialog_end. */
void dialog_end_server(struct dialog *d, bool whole);
/* Of the reply that is put together, or held. */
struct bytes dialog_reply_text(const struct dialog *d);

/* --- dialog_client --- */

size_t dialog_feed_client(struct dialog *d, const struct run *run);
void dialog_gap_client(struct dialog *d, uint64_t n);
/* From here on commands may be missing. */
void dialog_lose_client(struct dialog *d);
/* A message begins here, at the start of a line. */
void dialog_begin_body(struct dialog *d, uint64_t off);

#endif
