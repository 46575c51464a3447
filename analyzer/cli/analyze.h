/*
 * analyze: captures that lie there, as `hatcheck analyze` takes them.
 */
#ifndef HATCHECK_CLI_ANALYZE_H
#define HATCHECK_CLI_ANALYZE_H

#include "analyzer/cli/judging.h"

/* One run over all of them; `j` is settled. Says what went wrong. Returns the exit status. */
int analyze_captures(const struct judging *j, const char *const *paths, size_t count);

#endif
