#include "analyzer/maillog/maillog.h"

#include <stdio.h>
#include <stdlib.h>

#include "analyzer/maillog/maillog_lines.h"

static void
count_session(void *ctx, const struct log_session *s)
{
	struct maillog *m = ctx;

	m->files[s->first_line.file].sessions++;
	m->config.sink(m->config.ctx, s);
}

/* One more place in a log, which we are at then. */
static bool
add_reading(struct maillog *m)
{
	struct maillog_reading *r = calloc(1, sizeof *r);

	if (r != NULL)
		r->partial = malloc(MAILLOG_MAX_LINE);
	if (r == NULL || r->partial == NULL) {
		free(r);
		return false;
	}
	r->utc_offset_s = LOG_OFFSET_NONE;
	r->next = m->readings;
	m->r = m->readings = r;
	return true;
}

struct maillog *
maillog_new(const struct maillog_config *config)
{
	struct maillog *m = calloc(1, sizeof *m);

	if (m == NULL)
		return NULL;
	m->config = *config;
	if (m->config.max_open == 0)
		m->config.max_open = MAILLOG_MAX_OPEN;
	if (m->config.max_memory == 0)
		m->config.max_memory = MAILLOG_MAX_MEMORY;
	if (!add_reading(m)) {
		free(m);
		return NULL;
	}
	log_origins_init(&m->origins, &m->limits);
	log_table_init(
	    &m->table, m->config.max_open, m->config.max_memory, &m->limits, count_session, m);
	return m;
}

void
maillog_free(struct maillog *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->file_count; i++)
		free(m->files[i].path);
	free(m->files);
	while (m->readings != NULL) {
		struct maillog_reading *r = m->readings;

		m->readings = r->next;
		free(r->partial);
		free(r);
	}
	log_table_clear(&m->table);
	free(m);
}

static bool
make_room(struct maillog *m)
{
	size_t room = m->file_room == 0 ? 16 : m->file_room * 2;
	struct maillog_file *files;

	if (m->file_count < m->file_room)
		return true;
	files =
	    m->file_count < MAILLOG_MAX_FILES ? reallocarray(m->files, room, sizeof *files) : NULL;
	if (files == NULL)
		return false;
	m->files = files;
	m->file_room = room;
	return true;
}

enum status
maillog_begin(struct maillog *m, const struct maillog_start *start)
{
	struct maillog_file f = { .path = strdup(start->path),
		.compression = start->compression,
		.first_ns = LOG_TIME_NONE,
		.last_ns = LOG_TIME_NONE };

	if (f.path == NULL || !make_room(m)) {
		free(f.path);
		return STATUS_NOMEM;
	}
	if (start->utc_offset_s != LOG_OFFSET_NONE)
		m->r->utc_offset_s = start->utc_offset_s;
	if (m->config.utc_offset_s != LOG_OFFSET_NONE)
		maillog_lines_offset(&f, LOG_OFFSET_FROM_OPTION, m->config.utc_offset_s);
	else if (m->r->utc_offset_s != LOG_OFFSET_NONE)
		maillog_lines_offset(&f, LOG_OFFSET_FROM_HEADER, m->r->utc_offset_s);
	m->files[m->file_count] = f;
	m->file = &m->files[m->file_count++];
	m->r->last_ns = start->near_ns;
	m->r->season_s = 0;
	m->r->file = m->file_count - 1;
	m->r->where = (struct log_where){ .place.file = (uint16_t)m->r->file };
	/* The same octets may mean another year here. */
	maillog_lines_restart(m);
	return STATUS_OK;
}

enum status
maillog_follow(struct maillog *m, const struct maillog_start *start)
{
	return add_reading(m) ? maillog_begin(m, start) : STATUS_NOMEM;
}

void
maillog_resume(struct maillog *m, size_t file)
{
	if (m->r->file == file)
		return;
	for (m->r = m->readings; m->r->file != file;)
		m->r = m->r->next;
	m->file = &m->files[file];
}

void
maillog_rotate(struct maillog *m)
{
	maillog_lines_end(m);
	maillog_lines_restart(m);
	m->r->where.place.line = 0;
}

void
maillog_skip(struct maillog *m, uint64_t lines)
{
	uint64_t left = UINT32_MAX - m->r->where.place.line;

	m->file->lines += lines;
	m->r->where.place.line += (uint32_t)(lines < left ? lines : left);
}

void
maillog_quiet(struct maillog *m)
{
	maillog_lines_release(m);
	log_table_quiet(&m->table);
}

void
maillog_peek(struct maillog *m, log_session_sink *sink, void *ctx)
{
	log_table_peek(&m->table, sink, ctx);
}

void
maillog_damaged(struct maillog *m, const char *why)
{
	snprintf(m->file->damaged, sizeof m->file->damaged, "%s", why);
}

void
maillog_finish(struct maillog *m)
{
	log_table_finish(&m->table);
}

const struct maillog_file *
maillog_files(const struct maillog *m, size_t *count)
{
	*count = m->file_count;
	return m->files;
}

const char *
maillog_serial(const struct maillog *m, uint16_t appliance)
{
	const struct log_name *serial = &m->origins.at[appliance].serial;

	return serial->n == 0 ? NULL : serial->text;
}

const char *
maillog_offset_from(const struct maillog *m)
{
	const char *from = NULL;

	for (size_t i = 0; i < m->file_count; i++) {
		if (m->files[i].offset_from != LOG_OFFSET_FROM_NONE)
			from = log_offset_from_name(m->files[i].offset_from);
		else if (m->files[i].understood > 0)
			return NULL;
	}
	return from;
}

const struct limits *
maillog_limits(const struct maillog *m)
{
	return &m->limits;
}
