#include "analyzer/maillog/maillog_lines.h"

#include "analyzer/maillog/log_cef.h"
#include "analyzer/maillog/log_season.h"

static const struct log_stamp no_stamp = { LOG_TIME_NONE, LOG_OFFSET_NONE, false };

/* ---- a line's event goes to its session */

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

void
maillog_lines_release(struct maillog *m)
{
	struct log_join *j = &m->r->join;

	if (!j->holds)
		return;
	j->holds = false;
	deliver(m, &j->where, j->text);
}

/* ---- where a line comes from, and by which clock it was written */

void
maillog_lines_offset(struct maillog_file *f, enum log_offset_from from, int32_t utc_offset_s)
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
		maillog_lines_offset(m->file, w->offset_from, w->utc_offset_s);
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
	if (f->first_ns == LOG_TIME_NONE || local_ns < f->first_ns)
		f->first_ns = local_ns;
	if (f->last_ns == LOG_TIME_NONE || local_ns > f->last_ns)
		f->last_ns = local_ns;
}

/* Times count by the clock as it was when the log began; a stamp with an offset needs no other. */
static void
set_time(struct maillog *m, const struct log_stamp *stamp, bool same_clock)
{
	struct maillog_reading *r = m->r;

	r->where.local_ns = stamp->local_ns;
	if (stamp->local_ns == LOG_TIME_NONE)
		return;
	if (stamp->utc_offset_s == LOG_OFFSET_NONE) {
		if (same_clock)
			r->season_s += log_season_change(r->last_ns, stamp->local_ns);
		r->where.local_ns -= r->season_s * LOG_NS_PER_S;
	}
	r->last_ns = stamp->local_ns;
}

static void
set_where(struct maillog *m, const struct log_prefix *p)
{
	uint16_t before = m->r->where.appliance;

	m->r->from_host = p->host.n > 0;
	m->r->where.appliance =
	    m->r->from_host ? log_origins_of_host(&m->origins, p->host) : m->r->origin;
	set_time(m, &p->stamp, m->r->where.appliance == before);
	set_offset(m, &p->stamp);
	note_stamp(m, m->r->where.local_ns);
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
		m->r->season_s = 0;
		maillog_lines_offset(m->file, LOG_OFFSET_FROM_HEADER, e->utc_offset_s);
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

	maillog_lines_release(m);
	m->file->understood++;
	log_line_parse(e, text);
	if (m->r->unended)
		log_line_cut(e, text);
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

	maillog_lines_release(m);
	m->file->understood++;
	log_cef_parse(e, text);
	/* Without its end any field of it may be the last one. */
	if (e->kind != LOG_SUMMARY || m->r->unended)
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
		if (m->r->unended)
			log_line_cut(&m->r->join.event, m->r->join.text);
		if (m->r->join.event.ending == LOG_ENDING_WHOLE)
			maillog_lines_release(m);
		return;
	}
	maillog_lines_release(m);
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
	/* The year or the host may be the front of another. */
	if (m->r->unended && p.kind == LOG_PREFIX_STAMP)
		return;
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
	struct bytes line = bytes_of(m->r->partial, m->r->partial_n);

	if (m->r->partial_cut)
		limits_hit(&m->limits, LIMIT_LOG_LINES_CUT, 1);
	take_line(m, line);
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
maillog_lines_end(struct maillog *m)
{
	if (m->r->partial_n > 0)
		take_partial(m);
	maillog_lines_release(m);
}

void
maillog_end(struct maillog *m)
{
	m->r->unended = true;
	maillog_lines_end(m);
	m->r->unended = false;
}

void
maillog_lines_restart(struct maillog *m)
{
	m->r->lone = no_stamp;
	m->r->memo.n = 0;
}
