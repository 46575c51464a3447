/*
 * signals: the wishes that reach a running command, seen only where it waits.
 *
 * All are blocked but during signals_wait, so that nothing is interrupted half-way and none is
 * lost. After the first wish to end, the next one kills as it would have without us:
 * whoever waits for a report that does not come can still leave.
 */
#ifndef HATCHECK_SIGNALS_H
#define HATCHECK_SIGNALS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

/* Once, before the first wait. */
void signals_open(void);
/* As poll(2), and back at once when a signal comes. */
int signals_wait(struct pollfd *fds, size_t count, int timeout_ms);
/* SIGINT, SIGTERM. */
bool signals_end(void);
/* SIGUSR1: true once for each. */
bool signals_report(void);
/*
 * SIGHUP likewise: to go on in new files. For a run on a terminal it is a wish to end, as it was
 * for every program before daemons gave it another meaning.
 */
bool signals_renew(void);

#endif
