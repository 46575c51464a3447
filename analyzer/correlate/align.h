/*
 * align: connections and log sessions of one client, put together one to one.
 *
 * Both come in the order in which they opened; a gateway numbers its sessions in that order, so the
 * assignment keeps it: of all order-preserving one-to-one assignments the one of greatest
 * weight (dynamic programming over a band). Neighbours that fit better the other way round
 * are then exchanged, because two clients' SYNs may be accepted in another order.
 *
 * In:    n left and m right items by index; weight(i, j) > 0 for a pair that may be, 0 for one
 *        that may not, < 0 for a left that takes only what all others leave. Only pairs with j in
 *        [from[i], to[i]) are asked; from and to never decrease with i.
 * Out:   right[i]: the index assigned to i, or ALIGN_NONE.
 * Cost:  O(sum of to[i] - from[i]) calls of weight, as many octets, 12 for each n, 9 for each m.
 * Fails: false without memory; nothing is assigned then.
 */
#ifndef HATCHECK_ALIGN_H
#define HATCHECK_ALIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ALIGN_NONE UINT32_MAX

typedef int32_t align_weight(void *ctx, uint32_t i, uint32_t j);

struct align {
	uint32_t n, m;
	const uint32_t *from, *to; /* n each */
	align_weight *weight;
	void *ctx;
};

bool align_run(const struct align *a, uint32_t *right);

#endif
