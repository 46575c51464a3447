/*
 * writer: one form of report, as a row of functions.
 *
 * report.c opens the writers that were asked for and hands each the same calls: `connection`
 * as each ends, `session` likewise (NULL: not interested), then `end` once. A writer that lists by
 * id keeps in its spool, by `keep` as each ends, what its `end` will list.
 */
#ifndef HATCHECK_WRITER_H
#define HATCHECK_WRITER_H

#include "reports/output.h"
#include "reports/report.h"
#include "reports/spool.h"
#include "reports/tally.h"
#include "reports/text_table.h"

struct writer_end {
	const struct report_run *run;
	const struct tally *tally;
	bool sessions_told; /* those of the run were given to `session` already */
};

/* What the text report learns of its lines before it writes them, and the one at hand. */
struct text_columns {
	uint64_t lines;
	int id, frame, client, server, verdict; /* the widest, in characters */
	struct text_table table;
};

struct writer {
	const struct writer_kind *kind;
	const struct report_config *config;
	struct output out;
	struct spool *spool; /* NULL if it lists nothing */
	enum status status;  /* other than the output's: no memory, the spool's */
	struct fault fault;
	struct text_columns columns;
};

struct writer_kind {
	const char *(*path)(const struct report_config *config); /* NULL: not asked for */
	void (*keep)(struct writer *w, const struct record *rec);
	void (*connection)(struct writer *w, const struct record *rec);
	report_session_sink *session; /* ctx is the writer; only if they come one by one */
	void (*end)(struct writer *w, const struct writer_end *end);
};

extern const struct writer_kind writer_json, writer_ndjson, writer_text;

#endif
