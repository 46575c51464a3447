/*
 * json_log: log sessions as JSON.                             schema/log-1.json
 *
 * The one place that knows the form of a log session: of connections[].log and
 * log_sessions[] in a report, and of sessions[] in the document of `hatcheck log`. A
 * log has millions, so that the text is made directly, without objects in between.
 */
#ifndef HATCHECK_JSON_LOG_H
#define HATCHECK_JSON_LOG_H

#include "analyzer/maillog/maillog.h"
#include "reports/json_put.h"
#include "reports/line.h"

/* On what the match of a session with a connection rests. */
struct json_log_match {
	const char *const *matched_by; /* words of our own */
	size_t count;
	const char *confidence; /* NULL: null */
};

/*
 * Appends the session as an object. `m` names its files; `type`, a literal, is its first key if
 * not NULL; `match` NULL is that of a session by itself.
 */
void json_log_session(struct line *l, const struct maillog *m, const struct log_session *s,
    const char *type, const struct json_log_match *match);
/* Puts the same under `key` of an object, or at the end of an array, as json_put.h does. */
void json_log_put(struct json_put *p, struct json_object *to, const char *key,
    const struct maillog *m, const struct log_session *s, const struct json_log_match *match);
/* Appends a log of the run as an object, likewise. */
void json_log_file(struct line *l, const struct maillog_file *f, const char *type);
void json_log_put_file(struct json_put *p, struct json_object *to, const struct maillog_file *f);

/*
 * The document {schema, generator, sessions, files, limits}: _begin, each session with _next,
 * _end. It is written as it comes, sessions in the order in which they ended.
 */
struct json_log {
	struct line line; /* the caller clears it */
	struct output *out;
	bool any; /* a comma is due before the next session */
};

void json_log_begin(struct json_log *j, struct output *out);
/* What waits goes out now. */
void json_log_flush(struct json_log *j);
void json_log_next(struct json_log *j, const struct maillog *m, const struct log_session *s);
void json_log_end(struct json_log *j, const struct maillog *m);

/* The same as lines: "type" log_session as they end, then a log_file each, then a summary. */
void json_log_begin_lines(struct json_log *j, struct output *out);
void json_log_next_line(struct json_log *j, const struct maillog *m, const struct log_session *s);
void json_log_end_lines(struct json_log *j, const struct maillog *m);

#endif
