#include "analyzer/maillog/log_join.h"

static struct bytes
trim_end(struct bytes b)
{
	while (b.n > 0 && (b.p[b.n - 1] == ' ' || b.p[b.n - 1] == '\t'))
		b.n--;
	return b;
}

bool
log_join_hold(struct log_join *j, const struct log_where *w, struct bytes text, size_t width)
{
	if (j->event.ending == LOG_ENDING_WHOLE || text.n > LOG_JOIN_MAX)
		return false;
	j->holds = true;
	j->where = *w;
	j->text = text;
	j->width = width;
	j->turn = -1;
	return true;
}

void
log_join_keep(struct log_join *j)
{
	if (!j->holds || j->turn >= 0)
		return;
	memcpy(j->room[0], j->text.p, j->text.n);
	j->text.p = j->room[0];
	j->turn = 0;
	log_line_parse(&j->event, j->text);
}

/* Is this the rest of a name like United States? */
static bool
is_rest_of_name(struct bytes b)
{
	static const char marks[] = " .,'()-";

	if (b.n > 40)
		return false;
	for (size_t i = 0; i < b.n; i++) {
		uint8_t c = b.p[i] | 0x20;

		if ((c < 'a' || c > 'z') && memchr(marks, b.p[i], sizeof marks - 1) == NULL)
			return false;
	}
	return b.n > 0;
}

/* Does the event lead further than the held one? */
static bool
is_further(const struct log_join *j, const struct log_event *e, struct bytes more)
{
	bool was_read = j->event.kind != LOG_OTHER && j->event.kind != LOG_UNPARSED;
	bool is_read = e->kind != LOG_OTHER && e->kind != LOG_UNPARSED;

	if (e->understood > j->event.understood)
		return is_read || !was_read;
	if (e->understood < j->event.understood)
		return false;
	if (is_read && !was_read)
		return true;
	/* A name: the one that must follow, or more of it if the line was broken there. */
	return e->ending == LOG_ENDING_NAMES && is_rest_of_name(more) &&
	       (j->event.ending == LOG_ENDING_CUT ||
		   (j->event.ending == LOG_ENDING_NAMES && j->width >= LOG_JOIN_WIDTH));
}

/* The held text, `gap` spaces and the line, in the room that is not used; empty if it is too long.
 */
static struct bytes
compose(struct log_join *j, size_t gap, struct bytes line)
{
	uint8_t *room = j->room[j->turn == 0];
	struct bytes held = trim_end(j->text);

	if (held.n + gap + line.n > LOG_JOIN_MAX)
		return bytes_of(NULL, 0);
	memcpy(room, held.p, held.n);
	memset(room + held.n, ' ', gap);
	memcpy(room + held.n + gap, line.p, line.n);
	return bytes_of(room, held.n + gap + line.n);
}

bool
log_join_continue(struct log_join *j, struct bytes line)
{
	struct bytes more = trim_end(line);

	while (
	    more.n > 0 && (*more.p == ' ' || *more.p == '\t' || *more.p == '>' || *more.p == '|'))
		more = bytes_skip(more, 1);
	if (more.n == 0)
		return false;
	for (size_t gap = 2; gap-- > 0;) {
		struct bytes text = compose(j, gap, more);
		struct log_event e;

		if (text.n == 0)
			return false;
		log_line_parse(&e, text);
		if (!is_further(j, &e, more))
			continue;
		j->event = e;
		j->text = text;
		j->turn = j->turn == 0;
		j->width = line.n;
		return true;
	}
	return false;
}
