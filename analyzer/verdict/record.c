#include "analyzer/verdict/record.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

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

/* n octets at the end of the block, aligned; NULL after marking the failure. */
static uint8_t *
grow(struct record_builder *b, size_t n, size_t align)
{
	size_t start = (b->rec->size + align - 1) / align * align;

	if (n > UINT32_MAX / 2 - start) {
		b->failed = true;
		return NULL;
	}
	if (start + n > b->room) {
		size_t room = (start + n) * 2;
		struct record *rec = realloc(b->rec, room);

		if (rec == NULL) {
			b->failed = true;
			return NULL;
		}
		b->rec = rec;
		b->room = room;
	}
	/* The padding too: a record is compared and written as octets. */
	memset((uint8_t *)b->rec + b->rec->size, 0, start + n - b->rec->size);
	b->rec->size = (uint32_t)(start + n);
	return (uint8_t *)b->rec + start;
}

struct text
record_add_text(struct record_builder *b, struct bytes text)
{
	uint8_t *at = grow(b, text.n, 1);

	if (at == NULL)
		return (struct text){ 0, RECORD_NONE };
	if (text.n > 0)
		memcpy(at, text.p, text.n);
	return (struct text){ (uint32_t)(at - (uint8_t *)b->rec), (uint32_t)text.n };
}

struct text
record_add_format(struct record_builder *b, const char *fmt, ...)
{
	char line[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	if (n < 0)
		n = 0;
	if ((size_t)n >= sizeof line)
		n = sizeof line - 1;
	return record_add_text(b, bytes_of(line, (size_t)n));
}

struct span
record_add_array(struct record_builder *b, const void *from, size_t size, size_t count)
{
	uint8_t *at = grow(b, size * count, _Alignof(max_align_t));

	if (at == NULL)
		return (struct span){ 0, 0 };
	if (from != NULL && count > 0)
		memcpy(at, from, size * count);
	return (struct span){ (uint32_t)(at - (uint8_t *)b->rec), (uint32_t)count };
}
