/*
 * hat_setting: the parameters of a policy that change what a client is told or let do.
 *
 * A setting is looked for in the group's own rule, then in its policy, then in the listener's
 * defaults (the table's own block, hat_default_* of the XML). Where none of them has it,
 * nothing is made up: the gateway's factory values differ by model and release.
 */
#ifndef HATCHECK_HAT_SETTING_H
#define HATCHECK_HAT_SETTING_H

#include "analyzer/hat/hat.h"

/* id, key in a policy and after hat_default_, another key, label in the printed defaults */
#define HAT_SETTINGS(X)                                                                            \
	X(MAX_MESSAGE_SIZE, "max_message_size", NULL, "Maximum Message Size")                      \
	X(MAX_CONCURRENCY, "max_concurrency", NULL,                                                \
	    "Maximum Number Of Concurrent Connections From A Single IP")                           \
	X(MAX_MESSAGES, "max_msgs_per_session", NULL, "Maximum Number Of Messages Per Connection") \
	X(MAX_RECIPIENTS, "max_rcpts_per_msg", NULL, "Maximum Number Of Recipients Per Message")   \
	X(RECIPIENTS_PER_HOUR, "max_rcpts_per_hour", NULL,                                         \
	    "Maximum Number Of Recipients Per Hour")                                               \
	X(PER_HOUR_CODE, "max_rcpts_per_hour_code", NULL, "Max. Recipients Per Hour Code")         \
	X(PER_HOUR_TEXT, "max_rcpts_per_hour_text", NULL, "Max. Recipients Per Hour Text")         \
	X(DHAP_LIMIT, "dhap_limit", NULL, "Maximum Number Of Invalid Recipients Per Hour")         \
	X(BANNER_CODE, "smtp_banner_code", NULL, "Custom SMTP Banner Code")                        \
	X(BANNER_TEXT, "smtp_banner_text", NULL, "Custom SMTP Banner Text")                        \
	X(REJECT_CODE, "reject_banner_code", "smtp_reject_banner_code",                            \
	    "Custom SMTP Reject Banner Code")                                                      \
	X(REJECT_TEXT, "reject_banner_text", "smtp_reject_banner_text",                            \
	    "Custom SMTP Reject Banner Text")                                                      \
	X(USE_HOSTNAME, "use_override_hostname", NULL, "Override SMTP Banner Hostname")            \
	X(HOSTNAME, "override_hostname", NULL, "Override SMTP Banner Host Name")                   \
	X(TLS, "tls", NULL, "Allow TLS Connections")

enum hat_setting {
#define X(id, key, other, label) HAT_SETTING_##id,
	HAT_SETTINGS(X)
#undef X
	    HAT_SETTING_COUNT
};

#define HAT_UNLIMITED (-1)

/* Borrowed; NULL: nowhere set. Group HAT_NO_INDEX: only the defaults. */
const struct hat_param *hat_setting_find(
    const struct hat *h, uint32_t group, enum hat_setting which);
/* "10", "-1" and "unlimited" (HAT_UNLIMITED), "10M", "20k". False: not set, or no number. */
bool hat_setting_number(const struct hat *h, uint32_t group, enum hat_setting which, int64_t *out);

struct hat_banner {
	uint16_t code;     /* 0: not set, or no code of three digits */
	struct bytes text; /* p NULL: not set. May hold line ends and $Variables */
};

/* What an accepted client is greeted with. */
struct hat_banner hat_setting_greeting(const struct hat *h, uint32_t group);
/*
 * What a rejected client is told. In a REJECT rule that has no reject banner of its own, its
 * smtp_banner_* with a 4xx or 5xx code (or none) is taken: nobody else could be told it.
 */
struct hat_banner hat_setting_refusal(const struct hat *h, uint32_t group);

#endif
