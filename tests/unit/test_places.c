#include <criterion/criterion.h>

#include "analyzer/correlate/places.h"

#include "rows.h"

/* Places of connections and of sessions, 0 ends a list; asked is the place 1. */
static const struct {
	const char *why;
	uint32_t wire[4], log[4];
	bool logged, captured;
	uint16_t placed; /* a bit for each connection, then for each session */
} rows[] = {
	{ "the same on both sides", { 1 }, { 1 }, true, true, 0x3 },
	{ "behind a NAT they differ, and nothing is known", { 7 }, { 1 }, true, true, 0 },
	{ "no session names its interface", { 1 }, { 0 }, true, true, 0 },
	{ "another listener is captured, not this one", { 2 }, { 1, 2 }, true, false, 0x5 },
	{ "another server is logged, not this one", { 1, 2 }, { 2 }, false, true, 0x6 },
	{ "both, and one more on either side", { 1, 2, 3 }, { 1, 2, 4 }, true, true, 0x1b },
};

ROWS(places, rows, rows)

ParameterizedTest(size_t *i, places, rows)
{
	struct trace wire[4] = { 0 }, log[4] = { 0 };
	struct traces w = { .v = wire }, l = { .v = log };
	struct places p = { 0 };
	uint16_t placed = 0;

	for (; rows[*i].wire[w.count] != 0; w.count++)
		wire[w.count].place = rows[*i].wire[w.count];
	for (; rows[*i].log[l.count] != 0; l.count++)
		log[l.count].place = rows[*i].log[l.count];
	places_learn(&p, &w, &l);
	for (size_t k = 0; k < w.count; k++)
		placed |= (uint16_t)((wire[k].flags & TRACE_PLACED) != 0) << k;
	for (size_t k = 0; k < l.count; k++)
		placed |= (uint16_t)((log[k].flags & TRACE_PLACED) != 0) << (w.count + k);
	cr_expect_eq(placed, rows[*i].placed, "%s: %x", rows[*i].why, placed);
	cr_expect_eq(places_logged(&p, 1), rows[*i].logged, "%s", rows[*i].why);
	cr_expect_eq(places_captured(&p, 1), rows[*i].captured, "%s", rows[*i].why);
}

/* More than are remembered: whether the log has others is not known. */
Test(places, more_than_there_is_room_for)
{
	struct trace wire = { .place = 1 }, log[PLACES_MAX + 1] = { 0 };
	struct traces w = { &wire, 1, 0 }, l = { log, PLACES_MAX + 1, 0 };
	struct places p = { 0 };

	for (uint32_t k = 0; k <= PLACES_MAX; k++)
		log[k].place = k + 1;
	places_learn(&p, &w, &l);
	cr_expect(places_logged(&p, 1000));
	cr_expect_not(places_captured(&p, 2));
	cr_expect(places_captured(&p, PLACES_MAX + 1));
}
