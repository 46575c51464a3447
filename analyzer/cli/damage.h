/*
 * damage: what was damaged or not understood of the inputs beside the captures, said on standard
 * error in the same words by every command that reads them.
 *
 * True: something was said, and the exit status is CLI_DAMAGED unless there is worse.
 */
#ifndef HATCHECK_DAMAGE_H
#define HATCHECK_DAMAGE_H

#include <stdbool.h>

struct hat;
struct maillog;

/* Logs that were cut short, or are none. */
bool damage_say_logs(const struct maillog *m);
/* The first lines of a table that were not understood; what is merely odd of it is no damage. */
bool damage_say_hat(const struct hat *h, const char *path);

#endif
