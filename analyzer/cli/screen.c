#include "analyzer/cli/screen.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "analyzer/correlate/join.h"
#include "reports/address.h"
#include "reports/rfc3339.h"
#include "reports/text_summary.h"

#define ROWS 24 /* of a terminal that does not tell */
#define SAMPLES 10
#define QUEUE_OCTETS ((size_t)64 << 10)
#define NS_PER_S INT64_C(1000000000)

/* A line that is too long is cut at the edge while it is drawn, and never afterwards. */
#define BEGIN_FRAME "\033[?25l\033[?7l"
#define END_FRAME "\033[J\033[?7h\033[?25h\n" /* a line of its own: only whole ones are written */

struct finding {
	int64_t ts_ns;
	enum severity severity;
	char rule[48], peer[ADDRESS_ENDPOINT_ROOM], message[256];
};

struct screen {
	struct text_table table;
	int rows, lines; /* of the terminal; drawn */
	struct finding findings[SCREEN_FINDINGS];
	uint64_t finding_count;                  /* ever; the last is before that, modulo */
	uint64_t samples[SAMPLES], sample_count; /* connections, one a frame */
	struct output out;
};

enum status
screen_open(struct screen **out, bool color, struct fault *fault)
{
	struct screen *s = calloc(1, sizeof *s);
	enum status status;

	*out = s;
	if (s == NULL)
		return fault_set(fault, STATUS_NOMEM, "out of memory");
	s->table = (struct text_table){ .out = &s->out, .color = color };
	status = output_open(&s->out, "-", fault);
	if (status == STATUS_OK)
		status = output_queue(&s->out, QUEUE_OCTETS, fault);
	return status;
}

void
screen_close(struct screen *s)
{
	if (s == NULL)
		return;
	screen_erase(s);
	output_close(&s->out, NULL);
	text_clear(&s->table);
	free(s);
}

/* --- findings ------------------------------------------------------------------------------ */

static void
copy(char *room, size_t n, struct bytes text)
{
	snprintf(room, n, "%.*s", (int)text.n, (const char *)text.p);
}

static struct finding *
next_finding(struct screen *s)
{
	return &s->findings[s->finding_count++ % SCREEN_FINDINGS];
}

void
screen_record(struct screen *s, const struct record *rec)
{
	const struct record_finding *f = record_array(rec, rec->findings);

	for (uint32_t i = 0; i < rec->findings.count && s != NULL; i++) {
		struct finding *to = next_finding(s);

		to->ts_ns = rec->end_ns;
		to->severity = f[i].severity;
		address_endpoint(to->peer, &rec->client);
		copy(to->rule, sizeof to->rule, record_text(rec, f[i].rule));
		copy(to->message, sizeof to->message, record_text(rec, f[i].message));
	}
}

void
screen_session(struct screen *s, const struct log_session *session, const char *missing)
{
	struct finding *to;

	if (s == NULL || missing == NULL || session->last_ns == LOG_TIME_NONE)
		return;
	to = next_finding(s);
	to->ts_ns = log_session_utc(session, session->last_ns);
	to->severity = SEVERITY_WARNING;
	to->peer[0] = '\0';
	copy(to->rule, sizeof to->rule, bytes_str(JOIN_MISSING_CONNECTION));
	copy(to->message, sizeof to->message, bytes_str(missing));
}

/* --- lines --------------------------------------------------------------------------------- */

/* A line begins, if there is room for it. */
static bool
begin(struct screen *s, size_t indent)
{
	if (s->lines + 2 >= s->rows)
		return false;
	s->lines++;
	text_begin(&s->table, indent);
	return true;
}

static void
end(struct screen *s)
{
	text_more(&s->table, BYTES_LIT("\033[K"));
	text_end(&s->table);
}

static void
words(struct screen *s, enum text_color color, const char *text)
{
	text_cell(&s->table, 0, color, bytes_str(text));
}

static void
empty_line(struct screen *s)
{
	if (begin(s, 0))
		end(s);
}

static void
draw_count(struct screen *s, enum text_color color, uint64_t n, const char *name, int width,
    const char *meaning)
{
	if (n == 0 || !begin(s, 2))
		return;
	text_number(&s->table, 9, n);
	text_cell(&s->table, -width, color, bytes_str(name));
	words(s, TEXT_PLAIN, meaning);
	end(s);
}

/* Connections a second over the last frames, in tenths. */
static uint64_t
rate(struct screen *s, uint64_t connections)
{
	uint64_t n = s->sample_count < SAMPLES ? s->sample_count : SAMPLES,
		 oldest = n == 0 ? connections : s->samples[(s->sample_count - n) % SAMPLES];

	s->samples[s->sample_count++ % SAMPLES] = connections;
	return n == 0 ? 0 : (connections - oldest) * 10 / n;
}

static void
draw_head(struct screen *s, const struct metrics *m)
{
	uint64_t up = (uint64_t)(m->now_ns - m->start_ns) / NS_PER_S,
		 tenths = rate(s, m->tally->connections);
	char text[128];

	if (!begin(s, 0))
		return;
	words(s, TEXT_BOLD, "hatcheck live");
	for (size_t i = 0; i < m->interface_count; i++)
		words(s, m->interfaces[i].up ? TEXT_PLAIN : TEXT_RED, m->interfaces[i].name);
	snprintf(text, sizeof text, "%" PRIu64 ":%02u:%02u", up / 3600, (unsigned)(up / 60 % 60),
	    (unsigned)(up % 60));
	words(s, TEXT_PLAIN, text);
	snprintf(text, sizeof text, "%" PRIu64 " connections, %" PRIu64 ".%" PRIu64 " a second",
	    m->tally->connections, tenths / 10, tenths % 10);
	words(s, TEXT_PLAIN, text);
	end(s);
}

static void
draw_verdicts(struct screen *s, const struct metrics *m)
{
	char text[96];

	empty_line(s);
	for (enum verdict v = 0; v < VERDICT_COUNT; v++)
		draw_count(s, text_verdict_color(v), m->tally->verdicts[v], verdict_name(v), 14,
		    verdict_meaning(v));
	if (!m->logs || !begin(s, 2))
		return;
	snprintf(text, sizeof text, "%" PRIu64 " of %" PRIu64 " log sessions found", m->matched,
	    m->log_sessions);
	words(s, TEXT_PLAIN, text);
	end(s);
}

static void
draw_limits(struct screen *s, const struct limits *limits)
{
	bool any = false;

	for (enum limit l = 0; l < LIMIT_COUNT; l++)
		any |= limits->reached[l] > 0;
	if (!any)
		return;
	empty_line(s);
	for (enum limit l = 0; l < LIMIT_COUNT; l++)
		draw_count(s, TEXT_RED, limits->reached[l], limit_name(l), 26, limit_meaning(l));
}

static void
draw_findings(struct screen *s, const struct tally *t)
{
	uint64_t n = s->finding_count < SCREEN_FINDINGS ? s->finding_count : SCREEN_FINDINGS;
	char text[RFC3339_ROOM];

	empty_line(s);
	if (!begin(s, 0))
		return;
	words(s, TEXT_BOLD, "Findings");
	for (enum severity v = SEVERITY_COUNT; v-- > 0;) {
		char count[64];

		snprintf(count, sizeof count, "%" PRIu64 " %s", t->findings[v], severity_name(v));
		words(s, t->findings[v] > 0 ? text_severity_color(v) : TEXT_PLAIN, count);
	}
	end(s);
	for (uint64_t i = 0; i < n && begin(s, 2); i++) {
		const struct finding *f =
		    &s->findings[(s->finding_count - 1 - i) % SCREEN_FINDINGS];

		words(s, TEXT_PLAIN, rfc3339_format(text, f->ts_ns, 0));
		text_cell(&s->table, -7, text_severity_color(f->severity),
		    bytes_str(severity_name(f->severity)));
		words(s, TEXT_PLAIN, f->rule);
		words(s, TEXT_PLAIN, f->peer);
		words(s, TEXT_PLAIN, f->message);
		end(s);
	}
}

/* --- frames -------------------------------------------------------------------------------- */

static int
terminal_rows(void)
{
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row : ROWS;
}

/* Moves the cursor to the beginning of what is drawn. */
#define GO_UP "\033[%dA\r"

void
screen_draw(struct screen *s, const struct vitals *v)
{
	output_pump(&s->out);
	if (s->out.queued && queue_waits(&s->out.queue))
		return; /* it has not even taken the last one */
	s->rows = terminal_rows();
	output_bytes(&s->out, BYTES_LIT(BEGIN_FRAME));
	if (s->lines > 0)
		output_format(&s->out, GO_UP, s->lines);
	s->lines = 0;
	draw_head(s, &v->metrics);
	draw_verdicts(s, &v->metrics);
	draw_limits(s, &v->limits);
	draw_findings(s, v->metrics.tally);
	output_bytes(&s->out, BYTES_LIT(END_FRAME));
	output_flush(&s->out);
	s->lines++;
}

/* Past the queue, which takes whole lines. */
void
screen_erase(void *screen)
{
	struct screen *s = screen;
	char text[32];
	int n = snprintf(text, sizeof text, GO_UP "\033[J", s->lines);

	output_pump(&s->out);
	if (s->lines == 0 || (s->out.queued && queue_waits(&s->out.queue)))
		return;
	if (write(s->out.queued ? s->out.queue.fd : s->out.fd, text, (size_t)n) == n)
		s->lines = 0;
}
