#include <criterion/criterion.h>
#include <stdlib.h>

#include "analyzer/engine/relay.h"
#include "capture/packet/packet.h"
#include "rows.h"

struct taken {
	uint64_t count, octets;
	bool in_order, intact;
};

/* Every octet of a payload is the low octet of its segment's number. */
static void
take(void *ctx, const struct segment *seg, size_t n)
{
	struct taken *t = ctx;

	for (; n > 0; n--, seg++) {
		t->in_order = t->in_order && seg->frame_no == ++t->count;
		t->octets += seg->payload.n;
		for (size_t i = 0; i < seg->payload.n; i++)
			t->intact = t->intact && seg->payload.p[i] == (uint8_t)seg->frame_no;
	}
}

static const struct row {
	const char *what;
	uint64_t segments;
	size_t octets; /* of every third; the others have none */
} rows[] = {
	{ "nothing", 0, 0 },
	{ "one without octets", 1, 0 },
	{ "not one batch full", 5, 100 },
	{ "one batch exactly", RELAY_SEGMENTS, 0 },
	{ "one more than a batch", RELAY_SEGMENTS + 1, 0 },
	{ "more than all batches hold", RELAY_SEGMENTS *RELAY_BATCHES * 3 + 7, 20 },
	{ "batches full by their octets", 1000, RELAY_OCTETS / 2 },
	{ "each as long as a frame can be", 9, FRAME_MAX },
};

ROWS(relay, rows, rows)

ParameterizedTest(size_t *at, relay, rows)
{
	const struct row *r = &rows[*at];
	struct taken taken = { .in_order = true, .intact = true };
	struct relay *relay = relay_new(take, &taken);
	uint8_t *octets = malloc(r->octets + 1);
	uint64_t sent = 0;

	cr_assert_not_null(relay);
	cr_assert_not_null(octets);
	for (uint64_t i = 1; i <= r->segments; i++) {
		struct segment *seg = relay_place(relay);

		*seg = (struct segment){ .frame_no = i };
		if (i % 3 == 0)
			seg->payload = bytes_of(octets, r->octets);
		memset(octets, (uint8_t)i, r->octets);
		sent += seg->payload.n;
		relay_segment(relay);
	}
	memset(octets, 0xee, r->octets); /* what was handed over is the relay's own copy */
	relay_finish(relay);
	cr_assert_eq(taken.count, r->segments, "%s", r->what);
	cr_assert_eq(taken.octets, sent, "%s", r->what);
	cr_assert(taken.in_order, "%s", r->what);
	cr_assert(taken.intact, "%s", r->what);
	relay_free(relay);
	free(octets);
}

Test(relay, freed_before_its_end_it_ends)
{
	struct taken taken = { .in_order = true, .intact = true };
	struct relay *relay = relay_new(take, &taken);

	cr_assert_not_null(relay);
	*relay_place(relay) = (struct segment){ .frame_no = 1 };
	relay_segment(relay);
	relay_free(relay);
	cr_assert_leq(taken.count, 1);
}
