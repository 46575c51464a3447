/*
 * judge: a finished connection to its record.
 *
 * In:    a connection after conn_finish.
 * Out:   b->rec, wholly rewritten; borrowed from the builder.
 * Fails: without memory the record says less (record_builder.failed).
 */
#ifndef HATCHECK_JUDGE_H
#define HATCHECK_JUDGE_H

#include "analyzer/flow/conn.h"
#include "analyzer/verdict/record.h"
#include "analyzer/verdict/refusal.h"

void judge(const struct conn *conn, struct refusal_reader *refusals, struct record_builder *b);

#endif
