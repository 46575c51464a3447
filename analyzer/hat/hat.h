/*
 * hat: the Host Access Table of a listener, and what it decides for a peer.
 *
 * In:    the text that the gateway prints or exports ($POLICY, GROUP:, hosts, comments), or a
 *        saved XML configuration, told by its content; of the latter the <hat> of one listener
 *        and its hat_default_* elements.
 * Order: entries stand in the order of the file, which is the order of evaluation: the first
 *        that matches decides, except that CONTINUE goes on. Policies may stand anywhere.
 * Unknown: what hangs on what is not known of the peer is undecided: every candidate is given,
 *        to the first entry that is certain to match. An entry of an unknown form may match
 *        anybody, and so may one that could not be read, which is an error too. A rule that is
 *        missing or not known may be any, CONTINUE among them.
 * Errors are data: hat_messages, with line and what was expected; the rest is used.
 * Fails: STATUS_IO, STATUS_NOMEM; STATUS_FORMAT when nothing at all was understood;
 *        STATUS_USAGE when the listener is not there, or not named and there are several.
 *        *fault then says it in one sentence, *out is NULL.
 * Owns:  its own copy of the text; all texts handed out live as long as the hat. Unchanged
 *        after loading, so that any number of threads may ask it.
 * Cost:  loading O(n log n) for n entries; a decision O(log n) with a small constant, whatever
 *        the mix of forms but countries, which are tried one by one.
 */
#ifndef HATCHECK_HAT_H
#define HATCHECK_HAT_H

#include "analyzer/hat/hat_host.h"
#include "analyzer/verdict/record.h"
#include "capture/base/status.h"

#define HAT_MAX_OCTETS (32 << 20) /* of the file */
#define HAT_MAX_ENTRIES (1 << 20)
#define HAT_MAX_MESSAGES 1000 /* kept; all are counted */
#define HAT_NO_INDEX UINT32_MAX

/* id, word */
#define HAT_ACTIONS(X)            \
	X(UNKNOWN, NULL)          \
	X(ACCEPT, "ACCEPT")       \
	X(RELAY, "RELAY")         \
	X(REJECT, "REJECT")       \
	X(TCPREFUSE, "TCPREFUSE") \
	X(CONTINUE, "CONTINUE")

enum hat_action {
#define X(id, word) HAT_ACTION_##id,
	HAT_ACTIONS(X)
#undef X
	    HAT_ACTION_COUNT
};

const char *hat_action_name(enum hat_action a);

struct hat_param {
	struct bytes key, value; /* value: without its quotes */
	uint32_t line;
};

/* Parameters in braces: the index of the first, and how many. */
struct hat_block {
	uint32_t first, count;
};

struct hat_policy {
	struct bytes name; /* with its $ */
	struct bytes comment;
	struct hat_block params;
	uint32_t line;
	uint8_t action; /* enum hat_action */
	bool disputed;  /* the first of several that differ in it: which one counts is not known */
};

/* A sender group; an anonymous entry is one of its own, and so is ALL. */
struct hat_group {
	struct bytes name;   /* "None" for anonymous entries, as a log has it; "ALL" */
	struct bytes policy; /* with its $; absent (p NULL) for an access rule of its own */
	struct bytes comment;
	struct hat_block params; /* of its own access rule */
	uint32_t policy_index;   /* HAT_NO_INDEX: there is none, or it is not defined */
	uint32_t first_entry, entry_count;
	uint32_t line, rule_line; /* rule_line 0: the rule is missing */
	uint32_t outcome;         /* equal for groups of one name, policy and action */
	uint8_t action;           /* enum hat_action, the policy's where there is one */
	bool anonymous;
};

struct hat_entry {
	struct hat_host host;
	struct bytes comment;
	uint32_t group, line;
};

struct hat_message {
	enum severity severity;
	bool syntax;               /* part of the text was not understood */
	uint32_t line, other_line; /* other_line 0: there is none */
	char text[232];            /* one sentence; may quote the file, not escaped */
};

struct hat;

/* `listener` NULL: the only one. */
enum status hat_load(struct hat **out, const char *path, const char *listener, struct fault *fault);
/* The same from memory; `name` stands for the path in *fault. */
enum status hat_parse(struct hat **out, struct bytes text, const char *name, const char *listener,
    struct fault *fault);
void hat_free(struct hat *h);

/* In the order of the file; borrowed. hat_groups holds anonymous entries and ALL too. */
const struct hat_policy *hat_policies(const struct hat *h, size_t *count);
const struct hat_group *hat_groups(const struct hat *h, size_t *count);
const struct hat_entry *hat_entries(const struct hat *h, size_t *count);
const struct hat_param *hat_params(const struct hat *h, struct hat_block block);
/* The listener's defaults, from the table's own block or from the XML. */
const struct hat_param *hat_defaults(const struct hat *h, size_t *count);
/* In the order of their lines; *total counts those that were not kept too, and may be NULL. */
const struct hat_message *hat_messages(const struct hat *h, size_t *count, size_t *total);
/* The name in the XML; the empty run for a text. */
struct bytes hat_listener(const struct hat *h);

#define HAT_MAX_CANDIDATES 64

struct hat_decision {
	/*
	 * True: these hold. False: each is absent (p NULL, HAT_ACTION_UNKNOWN) unless all
	 * candidates agree on it, and unless nothing but undecided entries can match.
	 * A rule of its own has no policy, decided or not.
	 */
	struct bytes sender_group, policy;
	enum hat_action action;
	bool certain;
	uint32_t entry; /* the first that is known to match; HAT_NO_INDEX: none is */
	/*
	 * Undecided: entries in order, one for each different outcome, the last being `entry`
	 * if there is one. Empty when certain, or when no entry can match.
	 */
	uint32_t candidates[HAT_MAX_CANDIDATES];
	uint32_t candidate_count;
	bool more; /* there are more candidates than are kept */
};

void hat_decide(const struct hat *h, const struct hat_peer *peer, struct hat_decision *out);
/* The group of `entry`, whose settings hold; HAT_NO_INDEX: no entry is certain to match. */
uint32_t hat_decision_group(const struct hat *h, const struct hat_decision *d);
/* Why candidate i is not certain; NULL: it is, if none of those before it matches. */
const char *hat_decision_why(const struct hat *h, const struct hat_decision *d, uint32_t i);

#endif
