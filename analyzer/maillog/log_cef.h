/*
 * log_cef: a line of the consolidated event log.               ArcSight CEF 0, key=value
 *
 * One line tells of one message and names the connection that it came in on (ESAICID):
 * what the HAT decided, the peer, the sender and the recipients. Values run to the next " key=".
 * Connections without a message have no such line.
 * In:    the text from "CEF:" on.
 * Out:   LOG_SUMMARY, borrowed from the text; LOG_OTHER when it is another event or names no ICID.
 */
#ifndef HATCHECK_LOG_CEF_H
#define HATCHECK_LOG_CEF_H

#include "analyzer/maillog/log_line.h"

void log_cef_parse(struct log_event *out, struct bytes text);

#endif
