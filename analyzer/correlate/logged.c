#include "analyzer/correlate/logged.h"

struct hat_peer
logged_peer(struct addr addr, const struct log_session *s)
{
	struct hat_peer peer = hat_peer_init(addr);

	if (s == NULL)
		return peer;
	if (s->verified >= 0)
		hat_peer_host(&peer, log_session_text(s, s->text[LOG_TEXT_HOST]), s->verified > 0);
	hat_peer_sbrs(&peer, log_session_text(s, s->text[LOG_TEXT_SBRS]));
	hat_peer_country(&peer, log_session_text(s, s->text[LOG_TEXT_COUNTRY]));
	peer.matched = log_session_text(s, s->text[LOG_TEXT_MATCH]);
	return peer;
}

enum log_action
logged_action_of(const struct hat_group *g)
{
	const char *word = hat_action_name(g->action);

	return word == NULL ? LOG_ACTION_NONE : log_action_of(bytes_str(word));
}

bool
logged_group_is(const struct log_session *s, const struct hat_group *g)
{
	struct bytes named = log_session_text(s, s->text[LOG_TEXT_GROUP]);
	struct bytes match = log_session_text(s, s->text[LOG_TEXT_MATCH]);

	if (bytes_eq(named, g->name))
		return true;
	return bytes_eq(named, BYTES_LIT("None")) && bytes_eq(g->name, BYTES_LIT("ALL")) &&
	       (match.n == 0 || bytes_eq(match, BYTES_LIT("ALL")));
}
