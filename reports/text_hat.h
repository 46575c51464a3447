/*
 * text_hat: hat_report.h for a person at a terminal.
 *
 * A table: its policies, then its groups in the order in which they are tried, then what is
 * odd about it. A peer: the entry that decides, or every entry that may.
 */
#ifndef HATCHECK_TEXT_HAT_H
#define HATCHECK_TEXT_HAT_H

#include "reports/hat_report.h"
#include "reports/output.h"

/* Fails without memory. */
enum status text_hat_write(
    const struct hat_report *report, struct output *out, struct fault *fault);

#endif
