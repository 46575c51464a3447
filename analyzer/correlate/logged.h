/*
 * logged: a log session, as a HAT sees it.
 */
#ifndef HATCHECK_LOGGED_H
#define HATCHECK_LOGGED_H

#include "analyzer/hat/hat.h"
#include "analyzer/maillog/log_session.h"

/* What is known of a peer; the session's texts are borrowed. NULL: nothing but the address. */
struct hat_peer logged_peer(struct addr addr, const struct log_session *s);
/* How a log names the group's action; LOG_ACTION_NONE where its rule is not known. */
enum log_action logged_action_of(const struct hat_group *g);
/*
 * The session's sender group is this one. The entry ALL may be logged as `SG None match ALL`, or
 * with no match at all.
 */
bool logged_group_is(const struct log_session *s, const struct hat_group *g);

#endif
