/*
 * hat_print: a table as text, in the one form that the gateway's own export has.
 *
 * Reading it again gives a table of the same decisions: hosts are canonical, one in a line,
 * policies first; comments and the listener's defaults are left out. The text is on the heap, with
 * a NUL: free it. NULL: no memory.
 */
#ifndef HATCHECK_HAT_PRINT_H
#define HATCHECK_HAT_PRINT_H

#include "analyzer/hat/hat.h"

char *hat_print(const struct hat *h, size_t *len);

#endif
