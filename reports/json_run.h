/*
 * json_run: what a report says of the run as a whole, as JSON.    schema/report-1.json
 */
#ifndef HATCHECK_JSON_RUN_H
#define HATCHECK_JSON_RUN_H

#include "reports/json_put.h"
#include "reports/report.h"
#include "reports/tally.h"

/* Puts one value under each of the keys schema, generator, inputs, summary, limits, clock. */
void json_run_put(struct json_put *p, struct json_object *to, const struct report_run *run,
    const struct maillog *logs, const struct tally *tally);

#endif
