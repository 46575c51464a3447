#include "analyzer/maillog/log_inputs.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "analyzer/maillog/log_line.h"
#include "analyzer/maillog/log_prefix.h"
#include "capture/source/stream.h"

#define HALF_YEAR_NS (INT64_C(182) * 86400 * LOG_NS_PER_S)

static enum status
add(struct log_inputs *in, char *path, bool listed)
{
	struct log_input *all = in->all;

	if (path != NULL && in->count == in->room) {
		size_t room = in->room == 0 ? 16 : in->room * 2;

		all = reallocarray(in->all, room, sizeof *all);
		if (all != NULL) {
			in->all = all;
			in->room = room;
		}
	}
	if (path == NULL || all == NULL) {
		free(path);
		return STATUS_NOMEM;
	}
	all[in->count] = (struct log_input){ .path = path,
		.order = in->count,
		.listed = listed,
		.first_ns = INT64_MAX,
		.first_offset_s = LOG_OFFSET_NONE,
		.utc_offset_s = LOG_OFFSET_NONE };
	in->count++;
	return STATUS_OK;
}

/* The entries of a directory, by name. */
static enum status
add_directory(struct log_inputs *in, const char *path)
{
	struct dirent **entries;
	int n = scandir(path, &entries, NULL, alphasort);
	enum status status = n < 0 ? add(in, strdup(path), false) : STATUS_OK;

	for (int i = 0; i < n; i++) {
		char *file;

		if (asprintf(&file, "%s%s%s", path, path[strlen(path) - 1] == '/' ? "" : "/",
			entries[i]->d_name) < 0)
			file = NULL;
		if (status == STATUS_OK)
			status = add(in, file, true);
		else
			free(file);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return status;
}

static enum status
add_path(struct log_inputs *in, const char *path)
{
	struct stat st;

	if (strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return add_directory(in, path);
	return add(in, strdup(path), false);
}

/* "mail.@20061107T182155.s": when the gateway began the file, or ended it. */
static bool
named_time(const char *path, int64_t *ns)
{
	const char *at = strrchr(path, '@');
	struct log_stamp stamp;
	char iso[] = "0000-00-00T00:00:00";
	static const char form[] = "########T######";

	if (at == NULL || strlen(at + 1) < sizeof form - 1)
		return false;
	for (size_t i = 0, to = 0; i < sizeof form - 1; i++, to++) {
		to += iso[to] == '-' || iso[to] == ':';
		iso[to] = at[1 + i];
	}
	if (log_stamp_parse(&stamp, bytes_str(iso), 0) != sizeof iso - 1)
		return false;
	*ns = stamp.local_ns;
	return true;
}

/* A log is written before it was changed last: the year before that is the one around half of it.
 */
static void
set_facts(struct log_input *i, int64_t near_ns)
{
	struct stat st;
	bool known = strcmp(i->path, "-") == 0 ? fstat(0, &st) == 0 : stat(i->path, &st) == 0;

	if (known) {
		i->device = st.st_dev;
		i->inode = st.st_ino;
		i->regular = S_ISREG(st.st_mode);
		i->size = i->regular ? (uint64_t)st.st_size : 0;
	}
	if (near_ns != LOG_TIME_NONE)
		i->near_ns = near_ns;
	else if (!named_time(i->path, &i->near_ns))
		i->near_ns = known ? st.st_mtim.tv_sec * LOG_NS_PER_S - HALF_YEAR_NS : 0;
}

/* What a line tells of the log as a whole; `e` is its event, if it is one of the gateway itself. */
static void
look(struct log_input *i, const struct log_prefix *p, const struct log_event *e)
{
	if (!i->is_log)
		i->events = p->kind == LOG_PREFIX_CEF;
	i->is_log = true;
	if (i->first_ns == INT64_MAX && p->stamp.local_ns != LOG_TIME_NONE) {
		i->first_ns = p->stamp.local_ns;
		i->first_offset_s = p->stamp.utc_offset_s;
	}
	if (e->kind == LOG_OFFSET && i->utc_offset_s == LOG_OFFSET_NONE)
		i->utc_offset_s = e->utc_offset_s;
}

/* Any line that knows its year tells that of the lines before it, better than a name or a date. */
static void
find_year(struct log_input *i, struct bytes line, bool ended)
{
	struct log_prefix p;

	(void)ended;
	log_prefix_parse(&p, line, i->near_ns);
	if (p.stamp.dated && !i->dated)
		i->near_ns = p.stamp.local_ns;
	i->dated |= p.stamp.dated;
}

static void
find_facts(struct log_input *i, struct bytes line, bool ended)
{
	struct log_prefix p;
	struct log_event e = { .kind = LOG_OTHER };

	log_prefix_parse(&p, line, i->near_ns);
	/* What syslog forwards for a host is said of that host. */
	if (p.kind == LOG_PREFIX_TEXT && p.host.n == 0)
		log_line_parse(&e, p.text);
	if (!ended)
		log_line_cut(&e, p.text);
	if (p.kind == LOG_PREFIX_TEXT || p.kind == LOG_PREFIX_CEF)
		look(i, &p, &e);
}

static void
for_each_line(struct log_input *i, struct bytes text,
    void (*visit)(struct log_input *i, struct bytes line, bool ended))
{
	while (text.n > 0) {
		const uint8_t *end = memchr(text.p, '\n', text.n);
		size_t n = end == NULL ? text.n : (size_t)(end - text.p);

		visit(i, bytes_head(text, n), end != NULL);
		text = bytes_skip(text, n + 1);
	}
}

static void
look_into(struct log_input *i, bool keep)
{
	struct bytes there;

	if (!log_inputs_start(i))
		return;
	there = stream_peek(i->stream, STREAM_BUFFER);
	for_each_line(i, there, find_year);
	for_each_line(i, there, find_facts);
	if (i->first_offset_s == LOG_OFFSET_NONE)
		i->first_offset_s = i->utc_offset_s;
	if (i->first_ns != INT64_MAX && i->first_offset_s != LOG_OFFSET_NONE)
		i->first_ns -= i->first_offset_s * LOG_NS_PER_S;
	if (!keep && !i->stream->once)
		log_inputs_stop(i);
}

bool
log_inputs_start(struct log_input *i)
{
	struct fault fault;

	if (i->stream != NULL)
		return true;
	if (stream_open(&i->stream, i->path, &fault) == STATUS_OK)
		return true;
	snprintf(i->problem, sizeof i->problem, "%.*s", (int)sizeof i->problem - 1, fault.text);
	return false;
}

void
log_inputs_stop(struct log_input *i)
{
	stream_close(i->stream);
	i->stream = NULL;
}

static void
drop(struct log_input *i)
{
	log_inputs_stop(i);
	free(i->path);
	i->path = NULL;
}

/* What lies in a directory and is no log, and what was there before under another name. */
static void
drop_needless(struct log_inputs *in)
{
	size_t kept = 0;

	for (size_t n = 0; n < in->count; n++) {
		struct log_input *i = &in->all[n];
		bool needless = i->listed && (!i->regular || !i->is_log);

		for (size_t k = 0; k < kept && i->regular && !needless; k++)
			needless = in->all[k].regular && in->all[k].device == i->device &&
			           in->all[k].inode == i->inode;
		if (needless)
			drop(i);
		else
			in->all[kept++] = *i;
	}
	in->count = kept;
}

static int
by_turn(const void *left, const void *right)
{
	const struct log_input *a = left, *b = right;

	if (a->events != b->events)
		return a->events ? 1 : -1;
	if (a->first_ns != b->first_ns)
		return a->first_ns < b->first_ns ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

/* Where the beginning of a rotated set has lost its header, the next one speaks for it. */
static void
lend_offset(struct log_inputs *in)
{
	size_t n = 0;

	while (n < in->count && in->all[n].utc_offset_s == LOG_OFFSET_NONE)
		n++;
	if (n < in->count)
		in->all[0].utc_offset_s = in->all[n].utc_offset_s;
}

enum status
log_inputs_find(struct log_inputs *in, const char *const *paths, size_t count, int64_t near_ns,
    struct fault *fault)
{
	enum status status = STATUS_OK;

	*in = (struct log_inputs){ .all = NULL };
	for (size_t n = 0; n < count && status == STATUS_OK; n++)
		status = add_path(in, paths[n]);
	if (status != STATUS_OK)
		return fault_set(fault, status, "no memory left for the list of logs");
	for (size_t n = 0; n < in->count; n++) {
		struct log_input *i = &in->all[n];

		set_facts(i, near_ns);
		if (!i->listed || i->regular)
			look_into(i, in->count == 1);
	}
	drop_needless(in);
	if (in->count == 0)
		return fault_set(fault, STATUS_FORMAT, "%s: no mail log in it", paths[0]);
	qsort(in->all, in->count, sizeof *in->all, by_turn);
	lend_offset(in);
	return STATUS_OK;
}

void
log_inputs_clear(struct log_inputs *in)
{
	for (size_t n = 0; n < in->count; n++)
		drop(&in->all[n]);
	free(in->all);
	*in = (struct log_inputs){ .all = NULL };
}
