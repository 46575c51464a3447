/*
 * log_mid: the lines of a log that tell of a message as it comes in on a connection.
 *
 * The parsers that log_line dispatches to; contract of log_line.h. What becomes of the message
 * after it was received (scanning, filters, delivery) is LOG_OTHER.
 */
#ifndef HATCHECK_LOG_MID_H
#define HATCHECK_LOG_MID_H

#include "analyzer/maillog/log_cursor.h"

log_parser log_mid_parse;          /* what follows "MID " */
log_parser log_mid_parse_start;    /* what follows "Start MID " */
log_parser log_mid_parse_aborted;  /* what follows "Message aborted MID " */
log_parser log_mid_parse_finished; /* what follows "Message finished MID " */

#endif
