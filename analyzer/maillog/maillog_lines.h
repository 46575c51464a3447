/*
 * maillog_lines: what a maillog is, and how the lines of a block become its events.
 *                                                            Inside analyzer/maillog/ only.
 * maillog.c is the object and its logs; maillog_lines.c has maillog_feed and maillog_end, and finds
 * out for each line where it comes from, by which clock, and what it says.
 */
#ifndef HATCHECK_MAILLOG_LINES_H
#define HATCHECK_MAILLOG_LINES_H

#include "analyzer/maillog/log_join.h"
#include "analyzer/maillog/log_origin.h"
#include "analyzer/maillog/log_prefix.h"
#include "analyzer/maillog/maillog.h"

/* Where in a log we are. */
struct maillog_reading {
	struct log_prefix_memo memo;
	struct log_join join;
	size_t file; /* index into files */

	struct log_where where; /* of the line being read */
	bool from_host;         /* syslog names its sender */

	uint16_t origin;       /* of lines that name no host */
	int32_t utc_offset_s;  /* of theirs, by a header; LOG_OFFSET_NONE */
	int32_t season_s;      /* by so much the clock was set forward since */
	int64_t last_ns;       /* the last stamp, or a time near the first one */
	struct log_stamp lone; /* of a line that was nothing but a stamp */

	uint8_t *partial; /* the beginning of a line whose end is in the next block */
	size_t partial_n;
	bool partial_cut;
	bool unended; /* the line being read is the last one, and has no end */
	struct maillog_reading *next;
};

struct maillog {
	struct maillog_config config;
	struct limits limits;
	struct log_table table;
	struct log_origins origins;

	struct maillog_file *files;
	size_t file_count, file_room;
	struct maillog_file *file;        /* the one being read */
	struct maillog_reading *r;        /* and where; one of: */
	struct maillog_reading *readings; /* the last of them is that of logs one after the other */
};

/* The line that is held is whole as it is. */
void maillog_lines_release(struct maillog *m);
/* The line begun is whole, and the one held. */
void maillog_lines_end(struct maillog *m);
/* What is known of a file's clock first counts for the file as a whole. */
void maillog_lines_offset(struct maillog_file *f, enum log_offset_from from, int32_t utc_offset_s);
/* The next line has no stamp to borrow, and its prefix is read anew. */
void maillog_lines_restart(struct maillog *m);

#endif
