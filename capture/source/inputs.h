/*
 * inputs: the captures of a run, found, looked into and put in order.
 *                                                              Inside capture/source/ only.
 * Each is opened once to see what it is and when it starts, and closed again when it can
 * be opened a second time, so that thousands of rotated captures hold neither
 * descriptors nor buffers until it is their turn.
 */
#ifndef HATCHECK_INPUTS_H
#define HATCHECK_INPUTS_H

#include "capture/source/savefile.h"

enum input_state {
	INPUT_READABLE,
	INPUT_UNREADABLE, /* info->damaged says why */
	INPUT_PASSED_OVER /* a directory, or what else lies in it */
};

struct input {
	char *path; /* owned; what info->path points to */
	struct source_input *info;
	struct savefile *file; /* NULL while it is closed */
	struct frame *head;    /* its next frame, while it is open */
	int64_t first_ns;      /* of its first frame; INT64_MAX without one */
	size_t order;          /* as given */
	size_t directory;      /* the input that is the directory it lies in, or its own number */
	uint64_t size;         /* octets on the disk, 0 if that cannot be known */
	uint64_t consumed;     /* of them, when it was closed */
	enum input_state state;
	enum status opened; /* how its first opening went */
};

struct inputs {
	struct input *all;         /* in the order of the run: those that have frames come first */
	struct source_input *info; /* of each, in the same order */
	size_t count, room;
};

/*
 * STATUS_OK when at least one could be understood; else the fault is that of the first.
 * Of several, those that could not be say so in their info. `wait` is borrowed, or NULL.
 */
enum status inputs_open(struct inputs *in, const char *const *paths, size_t count,
    const struct stream_wait *wait, struct fault *fault);
void inputs_clear(struct inputs *in);

void input_close(struct input *i);
/*
 * Opens it, if it is not open, and reads its first frame to head. STATUS_END: it has none,
 * or can be opened no longer, and is closed. STATUS_NOMEM: the process has no
 * descriptor or memory left for it, which may change when another is closed.
 */
enum status input_start(struct input *i);
/* Its next frame to head; STATUS_END: there is none, and it is closed. */
static inline enum status
input_next(struct input *i)
{
	i->head = savefile_next(i->file);
	if (i->head != NULL)
		return STATUS_OK;
	input_close(i);
	return STATUS_END;
}

void input_fail(struct input *i, const char *why);
/* Octets of it, as they lie on the disk, that have been read. */
uint64_t input_consumed(const struct input *i);

#endif
