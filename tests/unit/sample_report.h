/*
 * sample_report: a whole report of records made by hand, written by the real writers.
 */
#ifndef HATCHECK_TEST_SAMPLE_REPORT_H
#define HATCHECK_TEST_SAMPLE_REPORT_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "reports/report.h"
#include "tests/unit/sample.h"

/* The content of a file that is removed with it; the caller frees it. */
static inline char *
sample_take(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 1 << 20);

	cr_assert(f != NULL && text != NULL, "%s", path);
	cr_assert_lt(fread(text, 1, 1 << 20, f), 1 << 20);
	fclose(f);
	unlink(path);
	return text;
}

/*
 * Connection 3 ends before 1 (full) and 2; 4 came by IPv6 and was cut off. One capture is
 * damaged and has a hostile name, one is empty.
 */
static inline enum status
sample_report(const struct report_config *config, struct fault *fault)
{
	static const struct source_input captures[] = {
		{ .path = "two\nlines.pcap",
		    .format = "pcapng",
		    .compression = "zstd",
		    .link_types = { 1, 113 },
		    .link_type_count = 2,
		    .packets = 1234,
		    .bytes = 99999,
		    .first_ns = SAMPLE_START_NS,
		    .last_ns = SAMPLE_START_NS + 1000000000,
		    .snaplen_cut = 5,
		    .ts_digits = 9,
		    .damaged = "offset 4096: the file ends inside a packet" },
		{ .path = "empty.pcap", .format = "pcap", .compression = "none", .ts_digits = 6 },
	};
	static const struct limits limits = { { [LIMIT_LINES_CUT] = 12 } };
	static const struct packet_stats packets = { 1234, 1200, 3, 0 };
	const struct report_run run = {
		.captures = captures, .capture_count = 2, .limits = &limits, .packets = &packets
	};
	struct report *r;
	struct record_builder b;
	enum status status = report_open(&r, config, fault);

	if (status != STATUS_OK)
		return status;
	cr_assert(record_builder_init(&b));
	sample_plain(&b, 3);
	report_connection(r, b.rec);
	sample_full(&b, 1);
	report_connection(r, b.rec);
	sample_plain(&b, 2);
	report_connection(r, b.rec);
	sample_plain(&b, 4);
	b.rec->outcome = OUTCOME_CUT_OFF;
	b.rec->confidence = CONFIDENCE_LOW;
	b.rec->client = (struct endpoint){ { { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 }, 6 }, 40002 };
	b.rec->server = (struct endpoint){ { { 0x20, 0x01, 0x0d, 0xb8, [15] = 2 }, 6 }, 25 };
	report_connection(r, b.rec);
	cr_assert_eq(report_findings(r, SEVERITY_WARNING), 1);
	cr_assert_eq(report_findings(r, SEVERITY_ERROR), 0);
	status = report_end(r, &run, fault);
	report_close(r);
	record_builder_clear(&b);
	return status;
}

#endif
