#include "analyzer/correlate/gateway.h"

#include "analyzer/correlate/logged.h"

static const struct gateway_address *
find(const struct gateway *g, const struct addr *a)
{
	for (size_t i = 0; i < g->count; i++) {
		if (memcmp(&g->address[i].addr, a, sizeof *a) == 0)
			return &g->address[i];
	}
	return NULL;
}

static void
hold_against(struct gateway_address *at, const struct log_session *s, const struct hat *hat)
{
	struct hat_peer peer = logged_peer(s->peer, s);
	const struct hat_group *group;
	struct hat_decision d;
	size_t n;

	if (s->peer.family == 0 || !log_text_present(s->text[LOG_TEXT_GROUP]))
		return;
	hat_decide(hat, &peer, &d);
	if (!d.certain)
		return;
	group = &hat_groups(hat, &n)[hat_decision_group(hat, &d)];
	if (logged_group_is(s, group) && logged_action_of(group) == s->action)
		at->same++;
	else
		at->other++;
}

void
gateway_learn(struct gateway *g, const struct log_session *s, const struct hat *hat)
{
	const struct gateway_address *known = find(g, &s->interface_addr);
	struct gateway_address *at;

	if (s->interface_addr.family == 0 || (known == NULL && g->count == GATEWAY_MAX))
		return;
	at = &g->address[known != NULL ? (size_t)(known - g->address) : g->count++];
	at->addr = s->interface_addr;
	if (hat != NULL)
		hold_against(at, s, hat);
}

bool
gateway_delivers(const struct gateway *g, const struct record *rec)
{
	return find(g, &rec->client.addr) != NULL && find(g, &rec->server.addr) == NULL;
}

bool
gateway_has_other_hat(const struct gateway *g, const struct addr *address)
{
	const struct gateway_address *at = find(g, address);

	if (at == NULL || at->other <= at->same)
		return false;
	for (size_t i = 0; i < g->count; i++) {
		if (g->address[i].same > g->address[i].other)
			return true;
	}
	return false;
}
