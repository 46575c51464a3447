/*
 * hat_check: what a table says that its author can hardly mean.
 *
 * In:    a table that is resolved and indexed (hat_table_finish).
 * Out:   messages. Errors: a policy that is not defined. Warnings: entries that an earlier one
 *        leaves nothing to match, names given twice, no ALL. Info: what is never used, and
 *        groups without hosts.
 * Fails: false without memory.
 */
#ifndef HATCHECK_HAT_CHECK_H
#define HATCHECK_HAT_CHECK_H

#include "analyzer/hat/hat_table.h"

bool hat_check(struct hat *h);

#endif
