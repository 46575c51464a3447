/*
 * fuzz_hat: any octets as a HAT, text or XML.
 *
 * What is read and printed in the canonical form, and read again, decides the same for every peer;
 * and printing that gives the same text.
 */
#include <assert.h>
#include <stdlib.h>

#include "analyzer/hat/hat.h"
#include "analyzer/hat/hat_print.h"

/* Peers that are near to what tables hold: from the octets of the table itself. */
static struct hat_peer
peer_of(const uint8_t *data, size_t size, size_t round)
{
	struct addr a = { .family = round % 3 == 0 ? 6 : 4 };
	struct hat_peer p;

	for (size_t i = 0; i < (a.family == 4 ? 4u : 16u); i++)
		a.octet[i] = size > 0 ? data[(round * 7 + i) % size] % 64 : 0;
	p = hat_peer_init(a);
	p.name_state = (uint8_t)(round % HAT_NAME_COUNT);
	p.name = bytes_skip(bytes_of(data, size), round * 11 % (size + 1));
	p.sbrs_state = (uint8_t)(round / 2 % 3);
	p.sbrs = (int32_t)(round * 1777 % 20001) - 10000;
	p.country_state = (uint8_t)(round / 3 % 3);
	p.country = bytes_head(p.name, 2);
	p.matched = round % 5 == 0 ? bytes_head(p.name, 12) : bytes_of(NULL, 0);
	return p;
}

static void
same_group(const struct hat *a, uint32_t x, const struct hat *b, uint32_t y)
{
	size_t n;
	const struct hat_group *g = &hat_groups(a, &n)[hat_entries(a, &n)[x].group];
	const struct hat_group *h = &hat_groups(b, &n)[hat_entries(b, &n)[y].group];

	assert(bytes_eq(g->name, h->name) && g->action == h->action);
}

static void
same_decision(const struct hat *a, const struct hat *b, const struct hat_peer *peer)
{
	struct hat_decision x, y;

	hat_decide(a, peer, &x);
	hat_decide(b, peer, &y);
	assert(x.certain == y.certain && x.action == y.action && x.more == y.more);
	assert(bytes_eq(x.sender_group, y.sender_group));
	assert(x.action == HAT_ACTION_UNKNOWN || bytes_eq(x.policy, y.policy));
	assert((x.entry == HAT_NO_INDEX) == (y.entry == HAT_NO_INDEX));
	assert(x.candidate_count == y.candidate_count);
	if (x.entry != HAT_NO_INDEX)
		same_group(a, x.entry, b, y.entry);
	for (uint32_t i = 0; i < x.candidate_count; i++)
		same_group(a, x.candidates[i], b, y.candidates[i]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fault fault;
	struct hat *h, *again;
	char *text, *twice;
	size_t len, len2;

	if (hat_parse(&h, bytes_of(data, size), "input", NULL, &fault) != STATUS_OK)
		return 0;
	text = hat_print(h, &len);
	assert(text != NULL);
	assert(hat_parse(&again, bytes_of(text, len), "canonical", NULL, &fault) == STATUS_OK);
	twice = hat_print(again, &len2);
	assert(twice != NULL && len2 == len && memcmp(text, twice, len) == 0);
	for (size_t round = 0; round < 40; round++) {
		struct hat_peer peer = peer_of(data, size, round);

		same_decision(h, again, &peer);
	}
	hat_free(h);
	hat_free(again);
	free(text);
	free(twice);
	return 0;
}
