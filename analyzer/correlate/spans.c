#include "analyzer/correlate/spans.h"

#include <stdlib.h>

enum status
spans_add(struct spans *s, const struct correlate_span *span)
{
	if (s->count == s->room) {
		size_t room = s->room == 0 ? 8 : s->room * 2;
		struct correlate_span *v = realloc(s->v, room * sizeof *v);

		if (v == NULL)
			return STATUS_NOMEM;
		s->v = v;
		s->room = room;
	}
	s->v[s->count++] = *span;
	return STATUS_OK;
}

bool
spans_cover(const struct spans *s, const struct clock *clock, int64_t first_ns, int64_t last_ns)
{
	for (size_t i = 0; i < s->count; i++) {
		if (first_ns >= clock_to_wire(clock, s->v[i].first_ns) &&
		    last_ns <= clock_to_wire(clock, s->v[i].last_ns))
			return true;
	}
	return s->count == 0;
}

void
spans_clear(struct spans *s)
{
	free(s->v);
	*s = (struct spans){ 0 };
}
