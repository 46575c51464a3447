/*
 * json_hat: hat_report.h as one JSON document.    schema/hat-1.json
 *
 * STATUS_NOMEM with a fault when it could not be built; what could not be written is
 * the output's to say.
 */
#ifndef HATCHECK_JSON_HAT_H
#define HATCHECK_JSON_HAT_H

#include "reports/hat_report.h"
#include "reports/output.h"

enum status json_hat_write(
    const struct hat_report *report, struct output *out, struct fault *fault);

#endif
