#include "analyzer/correlate/places.h"

/* Its number, or the count. */
static size_t
find(const struct places *p, uint32_t place)
{
	size_t i = 0;

	while (i < p->count && p->place[i] != place)
		i++;
	return i;
}

void
places_learn(struct places *p, struct traces *wire, struct traces *log)
{
	for (size_t i = 0; i < log->count; i++) {
		uint32_t place = log->v[i].place;

		if (place == 0 || find(p, place) < p->count)
			continue;
		if (p->count < PLACES_MAX)
			p->place[p->count++] = place;
		else
			p->more = true;
	}
	for (size_t i = 0; i < wire->count; i++) {
		size_t k = find(p, wire->v[i].place);

		if (k < p->count) {
			wire->v[i].flags |= TRACE_PLACED;
			p->shown[k] = p->any_shown = true;
		}
	}
	for (size_t i = 0; i < log->count; i++) {
		size_t k = find(p, log->v[i].place);

		if (k < p->count && p->shown[k])
			log->v[i].flags |= TRACE_PLACED;
	}
}

bool
places_logged(const struct places *p, uint32_t place)
{
	return !p->any_shown || p->more || find(p, place) < p->count;
}

bool
places_captured(const struct places *p, uint32_t place)
{
	size_t k = find(p, place);

	return !p->any_shown || k == p->count || p->shown[k];
}
