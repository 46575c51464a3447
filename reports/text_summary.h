/*
 * text_summary: the head of the text report, the run in numbers.
 */
#ifndef HATCHECK_TEXT_SUMMARY_H
#define HATCHECK_TEXT_SUMMARY_H

#include "reports/report.h"
#include "reports/tally.h"
#include "reports/text_table.h"

/* `logs` is NULL when there are none. */
void text_summary(struct text_table *t, const struct report_run *run, const struct maillog *logs,
    const struct tally *tally);
enum text_color text_verdict_color(enum verdict v);
enum text_color text_severity_color(enum severity s);

#endif
