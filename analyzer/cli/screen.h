/*
 * screen: a run that goes on, as a person at a terminal sees it.
 *
 * Drawn over itself once a second: how long, how many connections and how fast, how many of each
 * verdict, the findings that came last, packets dropped and bounds reached. No taller than the
 * terminal, and lines that are too long for it end at its edge.
 * Waits: never. While the terminal takes nothing (stopped by ^S) nothing is drawn.
 */
#ifndef HATCHECK_SCREEN_H
#define HATCHECK_SCREEN_H

#include "analyzer/cli/vitals.h"

#define SCREEN_FINDINGS 10 /* the last ones are shown */

struct screen;

/* On standard output. */
enum status screen_open(struct screen **out, bool color, struct fault *fault);
/* A record as it is reported, or a session with its finding. NULL: there is no screen. */
void screen_record(struct screen *s, const struct record *rec);
void screen_session(struct screen *s, const struct log_session *session, const char *missing);
void screen_draw(struct screen *s, const struct vitals *v);
/* Takes away what is drawn, so that something else can be written there. `s` is a screen. */
void screen_erase(void *s);
void screen_close(struct screen *s);

#endif
