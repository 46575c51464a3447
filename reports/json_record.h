/*
 * json_record: a connection's record as the JSON of the report.    schema/report-1.json
 *
 * The one place that knows the form of connections[] and findings[]; json and ndjson
 * print what it makes. What a log or a HAT adds goes under the keys it leaves null.
 */
#ifndef HATCHECK_JSON_RECORD_H
#define HATCHECK_JSON_RECORD_H

#include "analyzer/maillog/maillog.h"
#include "analyzer/verdict/record.h"
#include "reports/json_put.h"

/*
 * A new object that the caller puts (json_object_put), NULL without memory. With `type`, a literal,
 * its first key is "type", as ndjson has it. `logs` names the files of the record's session, if it
 * has one.
 */
struct json_object *json_record_connection(
    struct json_put *p, const struct record *rec, const struct maillog *logs, const char *type);
/* Finding `i` of the record, likewise. */
struct json_object *json_record_finding(
    struct json_put *p, const struct record *rec, uint32_t i, const char *type);

/* The finding log.missing-connection of a session, likewise. */
struct json_object *json_record_missing(
    struct json_put *p, const struct log_session *s, const char *message, const char *type);

#endif
