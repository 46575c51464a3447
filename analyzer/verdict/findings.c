#include "analyzer/verdict/findings.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

void
findings_init(struct findings *f, const struct record *rec)
{
	f->count = 0;
	if (rec == NULL)
		return;
	assert(rec->findings.count <= FINDINGS_MAX);
	f->count = rec->findings.count;
	if (f->count > 0)
		memcpy(f->v, record_array(rec, rec->findings), f->count * sizeof *f->v);
}

void
findings_add(struct findings *f, struct record_builder *b, enum severity severity, const char *rule,
    const uint64_t *frames, size_t frame_count, const char *fmt, ...)
{
	struct record_finding *one = &f->v[f->count];
	char message[512];
	va_list ap;

	assert(f->count < FINDINGS_MAX);
	va_start(ap, fmt);
	vsnprintf(message, sizeof message, fmt, ap);
	va_end(ap);
	*one = (struct record_finding){ .severity = (uint8_t)severity };
	one->rule = record_add_text(b, bytes_str(rule));
	one->message = record_add_text(b, bytes_str(message));
	for (size_t i = 0; i < frame_count && one->frame_count < RECORD_MAX_FRAMES; i++) {
		if (frames[i] != 0)
			one->frames[one->frame_count++] = frames[i];
	}
	f->count++;
}

void
findings_store(const struct findings *f, struct record_builder *b)
{
	struct span span;

	if (f->count == 0)
		return; /* as in most records, which have none from the beginning */
	span = record_add_array(b, f->v, sizeof *f->v, f->count);
	b->rec->findings = span;
}
