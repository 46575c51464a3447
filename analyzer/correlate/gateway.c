#include "analyzer/correlate/gateway.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "analyzer/correlate/logged.h"

#define OTHERS 4 /* of five that are decided at another listener, or more, are others */

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

/* One without a name is an interface by itself. */
static uint64_t
name_of(const struct log_session *s, size_t number)
{
	struct bytes name = log_session_text(s, s->text[LOG_TEXT_INTERFACE]);

	return name.n == 0 ? number : XXH3_64bits(name.p, name.n);
}

void
gateway_learn(struct gateway *g, const struct log_session *s, const struct hat *hat)
{
	const struct gateway_address *known = find(g, &s->interface_addr);
	struct gateway_address *at;

	if (s->interface_addr.family == 0 || (known == NULL && g->count == GATEWAY_MAX))
		return;
	at = &g->address[known != NULL ? (size_t)(known - g->address) : g->count++];
	if (known == NULL)
		*at = (struct gateway_address){ .addr = s->interface_addr,
			.name = name_of(s, g->count) };
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
	struct gateway_address whole = { .same = 0 };
	bool elsewhere = false;

	for (size_t i = 0; at != NULL && i < g->count; i++) {
		const struct gateway_address *one = &g->address[i];

		if (one->name == at->name) {
			whole.same += one->same;
			whole.other += one->other;
		} else {
			elsewhere |= one->same > one->other;
		}
	}
	return elsewhere && whole.other > 0 && whole.other >= OTHERS * whole.same;
}
