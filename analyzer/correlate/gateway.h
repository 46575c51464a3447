/*
 * gateway: the addresses of the gateway's own interfaces, as its log names them.
 *
 * A capture made on the gateway also shows the mail that it delivers to others on their port 25:
 * connections that no session of its listeners and no entry of its HAT is about.
 *
 * Each of its listeners has a HAT of its own, and the one that is given is one of these. Which of
 * the interfaces are another listener's, the sessions there tell: nearly all of their sender groups
 * are others.
 * Bound: GATEWAY_MAX addresses; what more there are is not known, and judged as any client's.
 */
#ifndef HATCHECK_GATEWAY_H
#define HATCHECK_GATEWAY_H

#include "analyzer/hat/hat.h"
#include "analyzer/maillog/log_session.h"
#include "analyzer/verdict/record.h"

#define GATEWAY_MAX 64

struct gateway {
	struct gateway_address {
		struct addr addr;
		uint64_t name; /* of its interface, hashed: addresses of one belong together */
		/* Sessions there whose sender group and action the HAT decides, or others. */
		uint64_t same, other;
	} address[GATEWAY_MAX];
	size_t count;
};

/* `hat` may be NULL. */
void gateway_learn(struct gateway *g, const struct log_session *s, const struct hat *hat);
/* What is decided at this address's interface, it is by another HAT than at one of the others. */
bool gateway_has_other_hat(const struct gateway *g, const struct addr *address);
/* True when it was the gateway that opened this connection, to somebody else. */
bool gateway_delivers(const struct gateway *g, const struct record *rec);

#endif
