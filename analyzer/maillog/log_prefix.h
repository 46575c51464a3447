/*
 * log_prefix: what stands before the text of a log line.
 *
 *   Fri Jul 17 23:39:36 2009 Info: TEXT                          a file of the gateway
 *   Tue Aug 13 15:15:49 2019: CEF:0|...                          its consolidated event log
 *   <22>Mar 17 18:24:37 mail_logs: Info: TEXT                    syslog, RFC 3164 4.1
 *   <22>Mar 17 18:24:37 2021 esa1 anything: Info: TEXT           by way of a relay
 *   <22>1 2021-03-17T18:24:37Z esa1 mail_logs - - - Info: TEXT   syslog, RFC 5424 6
 *   <22>Mar 17 18:24:37 relay ESA: Wed Mar 17 18:24:37 2021 Info: TEXT     one in the other
 *   Info: TEXT                                                   a first line without its stamp
 *
 * The name of the log subscription is arbitrary; the level tells where the text
 * begins. Of nested stamps the innermost counts: it is the gateway's own. Quoting
 * ("> ") and indentation before all this are passed over.
 *
 * In:    a line without its end.
 * Out:   what is in it, all borrowed from the line.
 * Fails: never; a line of no such form is LOG_PREFIX_NONE.
 * Cost:  O(prefix); many lines have the prefix of the line before, which log_prefix_same tells.
 */
#ifndef HATCHECK_LOG_PREFIX_H
#define HATCHECK_LOG_PREFIX_H

#include "analyzer/maillog/log_stamp.h"

enum log_prefix_kind {
	LOG_PREFIX_NONE,  /* neither stamp nor level: prose, or the rest of a wrapped line */
	LOG_PREFIX_STAMP, /* a stamp, but no text of a gateway's log after it */
	LOG_PREFIX_TEXT,
	LOG_PREFIX_CEF /* text begins with "CEF:" */
};

struct log_prefix {
	enum log_prefix_kind kind;
	struct log_stamp stamp; /* local_ns is LOG_TIME_NONE when there is none */
	struct bytes host;      /* whom syslog names as the sender; empty if nobody */
	struct bytes text;      /* with LOG_PREFIX_STAMP, all that follows the stamp */
};

/* near_ns tells the year of a stamp without one (log_stamp.h). */
void log_prefix_parse(struct log_prefix *out, struct bytes line, int64_t near_ns);

#define LOG_PREFIX_MEMO 160

/* The prefix of a line before, as octets. Start with zeroes. */
struct log_prefix_memo {
	uint8_t octets[LOG_PREFIX_MEMO];
	size_t n;
};

/* From now on, lines that begin as this one did; none when it had no stamp or no text. */
void log_prefix_remember(
    struct log_prefix_memo *memo, const struct log_prefix *p, struct bytes line);

/* Is all before the text as it was in the remembered line? The text is behind memo->n octets. */
static inline bool
log_prefix_same(const struct log_prefix_memo *memo, struct bytes line)
{
	return memo->n > 0 && line.n >= memo->n && memcmp(line.p, memo->octets, memo->n) == 0;
}

#endif
