#include "capture/source/inputs.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

void
input_close(struct input *i)
{
	if (i->file == NULL)
		return;
	i->consumed = i->file->stream->consumed;
	savefile_close(i->file);
	i->file = NULL;
	i->head = NULL;
}

void
input_fail(struct input *i, const char *why)
{
	struct source_input *info = i->info;

	snprintf(info->damaged, sizeof info->damaged, "%.*s", (int)sizeof info->damaged - 1, why);
}

uint64_t
input_consumed(const struct input *i)
{
	return i->file != NULL ? i->file->stream->consumed : i->consumed;
}

enum status
input_start(struct input *i)
{
	struct fault fault;
	enum status status;

	if (i->file != NULL) /* and its head is read */
		return STATUS_OK;
	/* What has to be waited for cannot be opened twice, and never was closed. */
	status = savefile_open(&i->file, i->info, NULL, &fault);
	if (status == STATUS_OK)
		return input_next(i);
	if (status == STATUS_NOMEM)
		return STATUS_NOMEM;
	input_fail(i, fault.text);
	return STATUS_END;
}

/* One more path, which it takes over (NULL: it could not even be made). */
static enum status
add(struct inputs *in, char *path, size_t directory)
{
	if (path != NULL && in->count == in->room) {
		size_t room = in->room == 0 ? 16 : in->room * 2;
		struct input *all = realloc(in->all, room * sizeof *all);

		if (all == NULL) {
			free(path);
			return STATUS_NOMEM;
		}
		in->all = all;
		in->room = room;
	}
	if (path == NULL)
		return STATUS_NOMEM;
	in->all[in->count] = (struct input){
		.path = path, .first_ns = INT64_MAX, .order = in->count, .directory = directory
	};
	in->count++;
	return STATUS_OK;
}

static bool
is_kind(const char *path, mode_t kind)
{
	struct stat st;

	return stat(path, &st) == 0 && (st.st_mode & S_IFMT) == kind;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct input *)a)->path, ((const struct input *)b)->path);
}

/* The regular files in a directory, by name; which are captures shows when they are opened. */
static enum status
add_files(struct inputs *in, const char *path, DIR *d)
{
	const char *slash = path[strlen(path) - 1] == '/' ? "" : "/";
	size_t self = in->count - 1, first = in->count;
	enum status status = STATUS_OK;
	struct dirent *entry;

	while (status == STATUS_OK && (entry = readdir(d)) != NULL) {
		char *file;

		if (asprintf(&file, "%s%s%s", path, slash, entry->d_name) < 0)
			return STATUS_NOMEM;
		if (is_kind(file, S_IFREG))
			status = add(in, file, self);
		else
			free(file);
	}
	qsort(in->all + first, in->count - first, sizeof *in->all, by_name);
	for (size_t i = first; i < in->count; i++)
		in->all[i].order = i;
	return status;
}

static enum status
add_path(struct inputs *in, const char *path)
{
	enum status status = add(in, strdup(path), in->count);
	DIR *d;

	if (status != STATUS_OK || strcmp(path, "-") == 0 || !is_kind(path, S_IFDIR))
		return status;
	in->all[in->count - 1].state = INPUT_UNREADABLE; /* until a capture is found in it */
	d = opendir(path);
	if (d == NULL)
		return STATUS_OK; /* opening it as a file says why */
	status = add_files(in, path, d);
	closedir(d);
	return status;
}

/* What it is and when it starts. `keep` it open, since nothing else is. */
static void
probe(struct input *i, bool keep, const struct stream_wait *wait)
{
	struct fault fault;

	*i->info = (struct source_input){
		.path = i->path, .format = "unknown", .compression = "none", .ts_digits = 6
	};
	if (i->state == INPUT_UNREADABLE) {
		input_fail(i, "no capture in it");
		i->opened = STATUS_FORMAT;
		return;
	}
	i->opened = savefile_open(&i->file, i->info, wait, &fault);
	if (i->opened != STATUS_OK) {
		input_fail(i, fault.text);
		i->state = INPUT_UNREADABLE;
		return;
	}
	i->size = i->file->stream->size;
	if (input_next(i) != STATUS_OK)
		return;
	i->first_ns = i->head->ts_ns;
	if (!keep && !i->file->stream->once)
		input_close(i);
}

/*
 * A directory gives way to the captures in it, also to broken ones, and what else is in it says
 * nothing; but of a file that cannot be read nobody knows what it is.
 */
static void
settle_directories(struct inputs *in)
{
	for (size_t n = 0; n < in->count; n++) {
		struct input *i = &in->all[n];

		if (i->directory == n)
			continue;
		if (i->opened == STATUS_FORMAT && strcmp(i->info->format, "unknown") == 0)
			i->state = INPUT_PASSED_OVER;
		else
			in->all[i->directory].state = INPUT_PASSED_OVER;
	}
}

static int
by_turn(const void *left, const void *right)
{
	const struct input *a = left, *b = right;
	bool a_last = a->state == INPUT_PASSED_OVER, b_last = b->state == INPUT_PASSED_OVER;

	if (a_last != b_last)
		return a_last ? 1 : -1;
	if (a->first_ns != b->first_ns)
		return a->first_ns < b->first_ns ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

/* Drops those passed over and brings the info of the others into their order. */
static enum status
put_in_order(struct inputs *in)
{
	struct source_input *info = calloc(in->count, sizeof *info);

	if (info == NULL)
		return STATUS_NOMEM;
	qsort(in->all, in->count, sizeof *in->all, by_turn);
	while (in->count > 0 && in->all[in->count - 1].state == INPUT_PASSED_OVER)
		free(in->all[--in->count].path);
	for (size_t n = 0; n < in->count; n++) {
		struct input *i = &in->all[n];

		info[n] = *i->info;
		i->info = &info[n];
		if (i->file != NULL)
			i->file->input = i->info;
	}
	free(in->info);
	in->info = info;
	return STATUS_OK;
}

/* STATUS_OK when one was understood; else why the first of them was not. */
static enum status
judge(const struct inputs *in, struct fault *fault)
{
	const char *name;

	for (size_t n = 0; n < in->count; n++)
		if (in->all[n].state == INPUT_READABLE)
			return STATUS_OK;
	name = strcmp(in->all[0].path, "-") == 0 ? "standard input" : in->all[0].path;
	return fault_set(fault, in->all[0].opened, "%s: %s", name, in->info[0].damaged);
}

enum status
inputs_open(struct inputs *in, const char *const *paths, size_t count,
    const struct stream_wait *wait, struct fault *fault)
{
	enum status status = STATUS_OK;

	*in = (struct inputs){ 0 };
	if (count == 0)
		return fault_set(fault, STATUS_USAGE, "no capture was named");
	for (size_t n = 0; n < count && status == STATUS_OK; n++)
		status = add_path(in, paths[n]);
	if (status == STATUS_OK) {
		in->info = calloc(in->count, sizeof *in->info);
		status = in->info == NULL ? STATUS_NOMEM : STATUS_OK;
	}
	if (status == STATUS_OK) {
		for (size_t n = 0; n < in->count; n++) {
			in->all[n].info = &in->info[n];
			probe(&in->all[n], in->count == 1, wait);
		}
		settle_directories(in);
		status = put_in_order(in);
	}
	if (status != STATUS_OK)
		return fault_set(fault, status, "no memory left for the list of captures");
	return judge(in, fault);
}

void
inputs_clear(struct inputs *in)
{
	for (size_t n = 0; n < in->count; n++) {
		input_close(&in->all[n]);
		free(in->all[n].path);
	}
	free(in->all);
	free(in->info);
	*in = (struct inputs){ 0 };
}
