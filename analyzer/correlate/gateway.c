#include "analyzer/correlate/gateway.h"

static bool
is_own(const struct gateway *g, const struct addr *a)
{
	for (size_t i = 0; i < g->count; i++) {
		if (memcmp(&g->address[i], a, sizeof *a) == 0)
			return true;
	}
	return false;
}

void
gateway_learn(struct gateway *g, const struct log_session *s)
{
	if (s->interface_addr.family == 0 || g->count == GATEWAY_MAX ||
	    is_own(g, &s->interface_addr))
		return;
	g->address[g->count++] = s->interface_addr;
}

bool
gateway_delivers(const struct gateway *g, const struct record *rec)
{
	return is_own(g, &rec->client.addr) && !is_own(g, &rec->server.addr);
}
