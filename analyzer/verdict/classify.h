/*
 * classify: verdict, outcome, confidence and reason from the facts.    contract: Verdicts
 *
 * A table of verdicts in the order in which they are tried; the first that holds is it, and
 * `incomplete` always holds. A verdict that accuses holds only where the facts prove it.
 */
#ifndef HATCHECK_CLASSIFY_H
#define HATCHECK_CLASSIFY_H

#include "analyzer/verdict/facts.h"

/* Sets verdict, outcome, confidence and reason of b->rec. */
void classify(const struct facts *f, struct record_builder *b);

#endif
