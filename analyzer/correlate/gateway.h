/*
 * gateway: the addresses of the gateway's own interfaces, as its log names them.
 *
 * A capture made on the gateway also shows the mail that it delivers to others on their port 25:
 * connections that no session of its listeners and no entry of its HAT is about.
 * Bound: GATEWAY_MAX addresses; what more there are is not known, and judged as any client's.
 */
#ifndef HATCHECK_GATEWAY_H
#define HATCHECK_GATEWAY_H

#include "analyzer/maillog/log_session.h"
#include "analyzer/verdict/record.h"

#define GATEWAY_MAX 64

struct gateway {
	struct addr address[GATEWAY_MAX];
	size_t count;
};

void gateway_learn(struct gateway *g, const struct log_session *s);
/* True when it was the gateway that opened this connection, to somebody else. */
bool gateway_delivers(const struct gateway *g, const struct record *rec);

#endif
