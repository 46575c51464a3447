#include "analyzer/maillog/maillog.h"

#include <stdio.h>
#include <stdlib.h>

#include "analyzer/maillog/log_cef.h"
#include "analyzer/maillog/log_join.h"
#include "analyzer/maillog/log_origin.h"
#include "analyzer/maillog/log_prefix.h"

/* Where in a log we are. */
struct reading {
	struct log_prefix_memo memo;
	struct log_join join;
	size_t file; /* index into files */

	struct log_where where; /* of the line being read */
	bool from_host;         /* syslog names its sender */

	uint16_t origin;       /* of lines that name no host */
	int32_t utc_offset_s;  /* of theirs, by a header; LOG_OFFSET_NONE */
	int64_t last_ns;       /* the last stamp, or a time near the first one */
	struct log_stamp lone; /* of a line that was nothing but a stamp */

	uint8_t *partial; /* the beginning of a line whose end is in the next block */
	size_t partial_n;
	bool partial_cut;
	struct reading *next;
};

struct maillog {
	struct maillog_config config;
	struct limits limits;
	struct log_table table;
	struct log_origins origins;

	struct maillog_file *files;
	size_t file_count, file_room;
	struct maillog_file *file; /* the one being read */
	struct reading *r;         /* and where; one of: */
	struct reading *readings;  /* the last of them is that of logs one after the other */
};

static const struct log_stamp no_stamp = { LOG_TIME_NONE, LOG_OFFSET_NONE, false };

/* ---- a line's event goes to its session */

static void
count_session(void *ctx, const struct log_session *s)
{
	struct maillog *m = ctx;

	m->files[s->first_line.file].sessions++;
	m->config.sink(m->config.ctx, s);
}

static void
count_unparsed(struct maillog *m, const struct log_where *w, struct bytes text)
{
	m->file->unparsed++;
	if (m->config.unparsed != NULL)
		m->config.unparsed(m->config.ctx, m->file->path, w->place.line, text);
}

static void
deliver(struct maillog *m, const struct log_where *w, struct bytes text)
{
	if (m->r->join.event.kind == LOG_UNPARSED)
		count_unparsed(m, w, text);
	log_follow_event(&m->table, &m->r->join.event, w);
}

/* The held line is whole as it is. */
static void
release(struct maillog *m)
{
	if (!m->r->join.holds)
		return;
	m->r->join.holds = false;
	deliver(m, &m->r->join.where, m->r->join.text);
}

/* ---- where a line comes from, and by which clock it was written */

/* What is known first counts for the log as a whole. */
static void
set_file_offset(struct maillog_file *f, enum log_offset_from from, int32_t utc_offset_s)
{
	if (f->offset_from != LOG_OFFSET_FROM_NONE)
		return;
	f->offset_from = from;
	f->utc_offset_s = utc_offset_s;
}

static void
set_offset(struct maillog *m, const struct log_stamp *stamp)
{
	struct log_where *w = &m->r->where;
	int32_t header =
	    m->r->from_host ? m->origins.at[w->appliance].utc_offset_s : LOG_OFFSET_NONE;

	if (header == LOG_OFFSET_NONE)
		header = m->r->utc_offset_s;
	w->utc_offset_s = 0;
	w->offset_from = LOG_OFFSET_FROM_NONE;
	if (m->config.utc_offset_s != LOG_OFFSET_NONE) {
		w->utc_offset_s = m->config.utc_offset_s;
		w->offset_from = LOG_OFFSET_FROM_OPTION;
	} else if (stamp->utc_offset_s != LOG_OFFSET_NONE) {
		w->utc_offset_s = stamp->utc_offset_s;
		w->offset_from = LOG_OFFSET_FROM_STAMP;
		set_file_offset(m->file, w->offset_from, w->utc_offset_s);
	} else if (header != LOG_OFFSET_NONE) {
		w->utc_offset_s = header;
		w->offset_from = LOG_OFFSET_FROM_HEADER;
	}
}

static void
note_stamp(struct maillog *m, int64_t local_ns)
{
	struct maillog_file *f = m->file;

	if (local_ns == LOG_TIME_NONE)
		return;
	m->r->last_ns = local_ns;
	if (f->first_ns == LOG_TIME_NONE || local_ns < f->first_ns)
		f->first_ns = local_ns;
	if (f->last_ns == LOG_TIME_NONE || local_ns > f->last_ns)
		f->last_ns = local_ns;
}

static void
set_where(struct maillog *m, const struct log_prefix *p)
{
	m->r->where.local_ns = p->stamp.local_ns;
	m->r->from_host = p->host.n > 0;
	m->r->where.appliance =
	    m->r->from_host ? log_origins_of_host(&m->origins, p->host) : m->r->origin;
	set_offset(m, &p->stamp);
	note_stamp(m, p->stamp.local_ns);
}

/* A header speaks for the host that syslog names, or for the lines of this log that name none. */
static void
follow_header(struct maillog *m)
{
	const struct log_event *e = &m->r->join.event;
	uint16_t appliance = m->r->where.appliance;

	if (e->kind == LOG_OFFSET) {
		if (m->r->from_host && appliance != 0)
			m->origins.at[appliance].utc_offset_s = e->utc_offset_s;
		else
			m->r->utc_offset_s = e->utc_offset_s;
		set_file_offset(m->file, LOG_OFFSET_FROM_HEADER, e->utc_offset_s);
	} else if (!m->r->from_host) {
		m->r->origin = log_origins_of_serial(&m->origins, e->serial, m->r->origin);
	} else if (appliance != 0) {
		(void)log_origins_of_serial(&m->origins, e->serial, appliance);
	}
	/* What was worked out from the prefix holds no longer. */
	m->r->memo.n = 0;
}

/* ---- lines */

static void
take_text(struct maillog *m, struct bytes text, size_t width)
{
	struct log_event *e = &m->r->join.event;

	release(m);
	m->file->understood++;
	log_line_parse(e, text);
	if (e->kind == LOG_OTHER && e->ending == LOG_ENDING_WHOLE)
		return;
	if (e->kind == LOG_VERSION || e->kind == LOG_OFFSET)
		follow_header(m);
	else if (!log_join_hold(&m->r->join, &m->r->where, text, width))
		deliver(m, &m->r->where, text);
}

static void
take_summary(struct maillog *m, struct bytes text)
{
	struct log_event *e = &m->r->join.event;
	struct log_where w = m->r->where;

	release(m);
	m->file->understood++;
	log_cef_parse(e, text);
	if (e->kind != LOG_SUMMARY)
		return;
	if (e->summary.serial.n > 0)
		w.appliance = log_origins_of_serial(&m->origins, e->summary.serial, w.appliance);
	log_follow_event(&m->table, e, &w);
}

/* Prose, or the rest of the line before; but an ICID in it is worth a word. */
static void
take_other(struct maillog *m, const struct log_prefix *p, struct bytes line)
{
	static const char word[] = "ICID ";

	if (m->r->join.holds && p->kind == LOG_PREFIX_NONE &&
	    log_join_continue(&m->r->join, line)) {
		if (m->r->join.event.ending == LOG_ENDING_WHOLE)
			release(m);
		return;
	}
	release(m);
	if (line.n > 0 && memmem(line.p, line.n, word, sizeof word - 1) != NULL)
		count_unparsed(m, &m->r->where, line);
}

/* A line whose stamp was broken off has it from the line before. */
static void
mend_stamp(struct maillog *m, struct log_prefix *p)
{
	if (p->kind == LOG_PREFIX_TEXT && p->stamp.local_ns == LOG_TIME_NONE)
		p->stamp = m->r->lone;
	m->r->lone = no_stamp;
	if (p->kind == LOG_PREFIX_STAMP && p->text.n == 0)
		m->r->lone = p->stamp;
}

static void
take_line(struct maillog *m, struct bytes line)
{
	struct log_prefix p;

	m->file->lines++;
	if (m->r->where.place.line < UINT32_MAX)
		m->r->where.place.line++;
	while (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	if (log_prefix_same(&m->r->memo, line)) {
		take_text(m, bytes_skip(line, m->r->memo.n), line.n);
		return;
	}
	log_prefix_parse(&p, line, m->r->last_ns);
	mend_stamp(m, &p);
	set_where(m, &p);
	log_prefix_remember(&m->r->memo, &p, line);
	if (p.kind == LOG_PREFIX_TEXT)
		take_text(m, p.text, line.n);
	else if (p.kind == LOG_PREFIX_CEF)
		take_summary(m, p.text);
	else
		take_other(m, &p, line);
}

/* ---- blocks to lines */

static void
take_capped(struct maillog *m, struct bytes line)
{
	if (line.n > MAILLOG_MAX_LINE) {
		limits_hit(&m->limits, LIMIT_LOG_LINES_CUT, 1);
		line.n = MAILLOG_MAX_LINE;
	}
	take_line(m, line);
}

/* More of a line whose end is not there yet. */
static void
add_partial(struct maillog *m, struct bytes b)
{
	size_t room = MAILLOG_MAX_LINE - m->r->partial_n;

	if (b.n > room) {
		b.n = room;
		m->r->partial_cut = true;
	}
	memcpy(m->r->partial + m->r->partial_n, b.p, b.n);
	m->r->partial_n += b.n;
}

static void
take_partial(struct maillog *m)
{
	if (m->r->partial_cut)
		limits_hit(&m->limits, LIMIT_LOG_LINES_CUT, 1);
	take_line(m, bytes_of(m->r->partial, m->r->partial_n));
	/* The held line may be in there. */
	log_join_keep(&m->r->join);
	m->r->partial_n = 0;
	m->r->partial_cut = false;
}

void
maillog_feed(struct maillog *m, struct bytes block)
{
	const uint8_t *end;

	while (block.n > 0 && (end = memchr(block.p, '\n', block.n)) != NULL) {
		struct bytes line = bytes_head(block, (size_t)(end - block.p));

		block = bytes_skip(block, line.n + 1);
		if (m->r->partial_n == 0 && !m->r->partial_cut) {
			take_capped(m, line);
		} else {
			add_partial(m, line);
			take_partial(m);
		}
	}
	log_join_keep(&m->r->join);
	if (block.n > 0)
		add_partial(m, block);
}

void
maillog_end(struct maillog *m)
{
	if (m->r->partial_n > 0)
		take_partial(m);
	release(m);
}

/* ---- the object */

/* One more place in a log, which we are at then. */
static bool
add_reading(struct maillog *m)
{
	struct reading *r = calloc(1, sizeof *r);

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
		struct reading *r = m->readings;

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
		set_file_offset(&f, LOG_OFFSET_FROM_OPTION, m->config.utc_offset_s);
	else if (m->r->utc_offset_s != LOG_OFFSET_NONE)
		set_file_offset(&f, LOG_OFFSET_FROM_HEADER, m->r->utc_offset_s);
	m->files[m->file_count] = f;
	m->file = &m->files[m->file_count++];
	m->r->last_ns = start->near_ns;
	m->r->lone = no_stamp;
	m->r->file = m->file_count - 1;
	m->r->where = (struct log_where){ .place.file = (uint16_t)m->r->file };
	/* The same octets may mean another year here. */
	m->r->memo.n = 0;
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
	maillog_end(m);
	m->r->lone = no_stamp;
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
	release(m);
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

const struct limits *
maillog_limits(const struct maillog *m)
{
	return &m->limits;
}
