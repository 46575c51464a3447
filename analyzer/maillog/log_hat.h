/*
 * log_hat: the line of a log that tells what the HAT decided, and why.
 *
 *   ICID N REJECT SG GROUP match RULE SBRS SCORE country COUNTRY
 * with or without each of the last three. Contract of log_line.h.
 */
#ifndef HATCHECK_LOG_HAT_H
#define HATCHECK_LOG_HAT_H

#include "analyzer/maillog/log_cursor.h"

log_parser log_hat_parse;       /* what follows the action, which is `arg` */
log_parser log_hat_parse_score; /* what follows "ICID N SBRS " */

#endif
