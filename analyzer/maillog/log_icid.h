/*
 * log_icid: the lines of a log that tell of a connection by its ICID.
 *
 * The parsers that log_line dispatches to; the form of each line is above its parser in the .c.
 * Contract of log_line.h.
 */
#ifndef HATCHECK_LOG_ICID_H
#define HATCHECK_LOG_ICID_H

#include "analyzer/maillog/log_cursor.h"

log_parser log_icid_parse_new;    /* what follows "New SMTP ICID " */
log_parser log_icid_parse;        /* what follows "ICID " */
log_parser log_icid_parse_auth;   /* what follows "SMTP Auth" */
log_parser log_icid_parse_killed; /* what follows "SMTP server connection killed ICID: " */

#endif
