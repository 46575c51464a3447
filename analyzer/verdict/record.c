#include "analyzer/verdict/record.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include "capture/base/decimal.h"

/* One lookup per enum; its words come from the same rows as its values. */
#define NAME(id, name) name,
#define NAME_OF_3(id, name, meaning) name,
#define MEANING(id, name, meaning) meaning,
#define LOOKUP(fn, type, rows, column, count)                        \
	const char *fn(enum type v)                                  \
	{                                                            \
		static const char *const words[] = { rows(column) }; \
		return v < count ? words[v] : NULL;                  \
	}
LOOKUP(verdict_name, verdict, VERDICTS, NAME_OF_3, VERDICT_COUNT)
LOOKUP(verdict_meaning, verdict, VERDICTS, MEANING, VERDICT_COUNT)
LOOKUP(outcome_name, outcome, OUTCOMES, NAME, OUTCOME_COUNT)
LOOKUP(confidence_name, confidence, CONFIDENCES, NAME, CONFIDENCE_COUNT)
LOOKUP(handshake_name, handshake, HANDSHAKES, NAME, HANDSHAKE_COUNT)
LOOKUP(close_name, close, CLOSES, NAME, CLOSE_COUNT)
LOOKUP(rcpt_class_name, rcpt_class, RCPT_CLASSES, NAME, RCPT_COUNT)
LOOKUP(severity_name, severity, SEVERITIES, NAME, SEVERITY_COUNT)
LOOKUP(step_result_name, step_result, STEP_RESULTS, NAME, STEP_RESULT_COUNT)

const char *
dir_name(enum dir d)
{
	return d == DIR_CLIENT ? "client" : d == DIR_SERVER ? "server" : NULL;
}

bool
record_builder_init(struct record_builder *b)
{
	b->room = 1024;
	b->failed = false;
	b->rec = malloc(b->room);
	if (b->rec == NULL)
		return false;
	record_builder_reset(b);
	return true;
}

void
record_builder_reset(struct record_builder *b)
{
	memset(b->rec, 0, sizeof *b->rec);
	b->rec->size = sizeof *b->rec;
	b->failed = false;
	/* Absent until added. */
	b->rec->reason.len = b->rec->history.len = b->rec->greeting.len = b->rec->helo.len =
	    b->rec->tls.len = b->rec->auth.len = b->rec->profile_name.len = RECORD_NONE;
}

void
record_builder_copy(struct record_builder *b, const struct record *rec)
{
	record_builder_reset(b);
	if (rec->size > b->room) {
		struct record *bigger = realloc(b->rec, rec->size);

		if (bigger == NULL) {
			b->failed = true;
			return;
		}
		b->rec = bigger;
		b->room = rec->size;
	}
	memcpy(b->rec, rec, rec->size);
}

void
record_builder_clear(struct record_builder *b)
{
	free(b->rec);
	b->rec = NULL;
}

bool
record_make_room(struct record_builder *b, size_t n)
{
	const size_t max = UINT32_MAX / 2;
	size_t end = b->rec->size + n, room = end < max / 2 ? end * 2 : max;
	struct record *rec = n > max || end > max ? NULL : realloc(b->rec, room);

	if (rec == NULL) {
		b->failed = true;
		return false;
	}
	b->rec = rec;
	b->room = room;
	return true;
}

#define LINE_MAX_OCTETS 1023

static char *
put_word(char *at, const char *end, const char *word, size_t n)
{
	if (n > (size_t)(end - at))
		n = (size_t)(end - at);
	memcpy(at, word, n);
	return at + n;
}

static char *
put_signed(char *at, long long n)
{
	if (n < 0)
		*at++ = '-';
	return decimal_put(at, n < 0 ? -(uint64_t)n : (uint64_t)n);
}

/* Each connection has its reason, and the C library's formatter took a third of the judging. */
struct text
record_add_format(struct record_builder *b, const char *fmt, ...)
{
	char *line, *at, *end;
	va_list ap;

	/* A number may begin at the end. */
	if (!record_has_room(b, LINE_MAX_OCTETS + 1 + DECIMAL_ROOM))
		return (struct text){ 0, RECORD_NONE };
	line = at = (char *)b->rec + b->rec->size;
	end = line + LINE_MAX_OCTETS;
	va_start(ap, fmt);
	for (const char *mark; at < end; fmt++) {
		mark = strchrnul(fmt, '%');
		at = put_word(at, end, fmt, (size_t)(mark - fmt));
		if (*mark == '\0' || at == end)
			break;
		fmt = mark + 1;
		if (*fmt == 's') {
			const char *word = va_arg(ap, const char *);

			at = put_word(at, end, word, strlen(word));
		} else if (*fmt == 'u') {
			at = decimal_put(at, va_arg(ap, unsigned));
		} else {
			fmt += 2; /* the two l */
			at = *fmt == 'u' ? decimal_put(at, va_arg(ap, unsigned long long))
			                 : put_signed(at, va_arg(ap, long long));
		}
	}
	va_end(ap);
	return record_take(b, (size_t)((at < end ? at : end) - line));
}

struct span
record_add_array(struct record_builder *b, const void *from, size_t size, size_t count)
{
	const size_t align = _Alignof(max_align_t);
	size_t padding = (align - b->rec->size % align) % align, n = size * count;
	uint8_t *at;

	if (!record_has_room(b, padding + n))
		return (struct span){ 0, 0 };
	at = (uint8_t *)b->rec + b->rec->size;
	/* The padding too: a record is compared and written as octets. */
	memset(at, 0, padding + (from == NULL ? n : 0));
	if (from != NULL && n > 0)
		memcpy(at + padding, from, n);
	b->rec->size += (uint32_t)(padding + n);
	return (struct span){ (uint32_t)(b->rec->size - n), (uint32_t)count };
}
