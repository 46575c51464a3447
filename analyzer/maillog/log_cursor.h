/*
 * log_cursor: walking along the text of a log line, word by word.
 *
 * The tools of log_line's parsers. A cursor is what is left of a text; `understood` says how far
 * the form of the line was followed (log_line.h) and moves on when a parser finds what its
 * form asks for. Everything returned is borrowed from the text.
 *
 * Small and inline where lines are many: a log of a gigabyte has ten million.
 */
#ifndef HATCHECK_LOG_CURSOR_H
#define HATCHECK_LOG_CURSOR_H

#include "analyzer/maillog/log_line.h"

struct log_cursor {
	const uint8_t *start, *p, *end;
	const uint8_t *understood;
};

/* `arg` is the row's. */
typedef void log_parser(struct log_event *out, struct log_cursor *c, int arg);

/* A line, or the next part of one, that begins with `head` goes to `parse`. */
struct log_row {
	struct bytes head;
	log_parser *parse;
	int arg;
};

#define LOG_ROW(literal, parse, arg)                                         \
	{                                                                    \
		{ (const uint8_t *)literal, sizeof literal - 1 }, parse, arg \
	}

/*
 * Gives what follows the head of a row to its parser; true if there was such a row.
 * A text that ends within a head is marked as cut.
 */
bool log_cursor_dispatch(
    const struct log_row *rows, size_t count, struct log_event *out, struct log_cursor *c);
/* A log_parser: the rest belongs to the line, which is whole, and of the kind that `arg` says. */
void log_cursor_whole(struct log_event *out, struct log_cursor *c, int arg);

/* A number of up to 19 digits; false if there is none. */
bool log_cursor_number(struct log_cursor *c, uint64_t *value);
/* The words of a phrase as far as they are there; true for all of them. */
bool log_cursor_words(struct log_cursor *c, const char *phrase);
/* What stands between '<' here and the last '>' of the text; false without both. */
bool log_cursor_angle(struct log_cursor *c, struct bytes *inside);
/* Takes "(ADDRESS)" off the end of *b, and trims it; empty if there is none. */
struct bytes log_cursor_bracketed(struct bytes *b);

static inline size_t
log_cursor_left(const struct log_cursor *c)
{
	return (size_t)(c->end - c->p);
}

static inline struct bytes
log_cursor_rest(const struct log_cursor *c)
{
	return bytes_of(c->p, log_cursor_left(c));
}

/* Everything up to here was as the form asks. */
static inline void
log_cursor_mark(struct log_cursor *c)
{
	c->understood = c->p;
}

static inline void
log_cursor_spaces(struct log_cursor *c)
{
	while (c->p < c->end && *c->p == ' ')
		c->p++;
}

static inline bool
log_cursor_starts(const struct log_cursor *c, struct bytes head)
{
	return log_cursor_left(c) >= head.n && memcmp(c->p, head.p, head.n) == 0;
}

/* Is the keyword here, as a word of its own? */
static inline bool
log_cursor_at(const struct log_cursor *c, struct bytes keyword)
{
	return log_cursor_starts(c, keyword) &&
	       (log_cursor_left(c) == keyword.n || c->p[keyword.n] == ' ');
}

/* As log_cursor_words; quick where the phrase is as it is written, which it nearly always is. */
static inline bool
log_cursor_phrase(struct log_cursor *c, const char *phrase)
{
	log_cursor_spaces(c);
	if (!log_cursor_at(c, bytes_str(phrase)))
		return log_cursor_words(c, phrase);
	c->p += strlen(phrase);
	log_cursor_mark(c);
	return true;
}

/* The next space, or the end. */
static inline const uint8_t *
log_cursor_space(const struct log_cursor *c)
{
	const uint8_t *space = c->p < c->end ? memchr(c->p, ' ', log_cursor_left(c)) : NULL;

	return space != NULL ? space : c->end;
}

/* The next word, empty at the end. */
static inline struct bytes
log_cursor_word(struct log_cursor *c)
{
	const uint8_t *from;

	log_cursor_spaces(c);
	from = c->p;
	c->p = log_cursor_space(c);
	return bytes_of(from, (size_t)(c->p - from));
}

/*
 * The words up to the keyword, which is left standing, or all the rest. Goes from word to
 * word: values may hold spaces, keywords stand alone.
 */
static inline struct bytes
log_cursor_until(struct log_cursor *c, struct bytes keyword)
{
	const uint8_t *from, *to;

	log_cursor_spaces(c);
	from = to = c->p;
	while (c->p < c->end && !(*c->p == *keyword.p && log_cursor_at(c, keyword))) {
		c->p = to = log_cursor_space(c);
		log_cursor_spaces(c);
	}
	if (c->p < c->end)
		log_cursor_mark(c);
	return bytes_of(from, (size_t)(to - from));
}

/* Without spaces at either end. */
static inline struct bytes
log_cursor_trim(struct bytes b)
{
	while (b.n > 0 && *b.p == ' ')
		b = bytes_skip(b, 1);
	while (b.n > 0 && b.p[b.n - 1] == ' ')
		b.n--;
	return b;
}

/* A word is known for an address by what one cannot do without: it may be masked (x.x.x.x). */
static inline bool
log_cursor_is_address(struct bytes word)
{
	if (word.n < 2 || word.p[word.n - 1] == '.' || memchr(word.p, ' ', word.n) != NULL)
		return false;
	for (size_t i = 0; i < word.n; i++)
		if (word.p[i] == '.' || word.p[i] == ':')
			return true;
	return false;
}

#endif
