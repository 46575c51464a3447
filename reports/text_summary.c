#include "reports/text_summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "capture/base/decimal.h"
#include "reports/rfc3339.h"

#define FEW_CAPTURES 8

struct count {
	uint64_t n;
	const char *name, *meaning; /* meaning: "" for none */
	enum text_color color;
};

enum text_color
text_verdict_color(enum verdict v)
{
	static const enum text_color color[VERDICT_COUNT] = {
		[VERDICT_TCPREFUSE] = TEXT_YELLOW,
		[VERDICT_DROPPED] = TEXT_YELLOW,
		[VERDICT_NOT_SMTP] = TEXT_MAGENTA,
		[VERDICT_REJECT] = TEXT_YELLOW,
		[VERDICT_DEFERRED] = TEXT_YELLOW,
		[VERDICT_DELAYED_REJECT] = TEXT_YELLOW,
		[VERDICT_ACCEPTED] = TEXT_GREEN,
	};
	return color[v];
}

enum text_color
text_severity_color(enum severity s)
{
	static const enum text_color color[SEVERITY_COUNT] = {
		[SEVERITY_INFO] = TEXT_CYAN,
		[SEVERITY_WARNING] = TEXT_YELLOW,
		[SEVERITY_ERROR] = TEXT_RED,
	};
	return color[s];
}

static void
heading(struct text_table *t, const char *words)
{
	text_begin(t, 0);
	text_cell(t, 0, TEXT_BOLD, bytes_str(words));
	text_end(t);
}

/* A line for each count that is not 0; returns how many there were. */
static void
print_counts(struct text_table *t, const struct count *counts, size_t count)
{
	int digits = 0, wide = 0;

	for (size_t i = 0; i < count; i++) {
		if (counts[i].n == 0)
			continue;
		if ((int)decimal_width(counts[i].n) > digits)
			digits = (int)decimal_width(counts[i].n);
		if ((int)text_width(bytes_str(counts[i].name)) > wide)
			wide = (int)text_width(bytes_str(counts[i].name));
	}
	for (size_t i = 0; i < count; i++) {
		if (counts[i].n == 0)
			continue;
		text_begin(t, 2);
		text_number(t, digits, counts[i].n);
		text_cell(t, -wide, counts[i].color, bytes_str(counts[i].name));
		text_cell(t, 0, TEXT_PLAIN, bytes_str(counts[i].meaning));
		text_end(t);
	}
}

/* "Findings: 3", with a line for each kind. */
static void
print_section(struct text_table *t, const char *what, const struct count *counts, size_t count)
{
	uint64_t sum = 0;
	char words[64];

	for (size_t i = 0; i < count; i++)
		sum += counts[i].n;
	snprintf(words, sizeof words, "%s: %" PRIu64, what, sum);
	output_bytes(t->out, BYTES_LIT("\n"));
	heading(t, words);
	print_counts(t, counts, count);
}

static void
print_capture(struct text_table *t, const struct source_input *in)
{
	struct output *out = t->out;
	char link[16];

	text_begin(t, 2);
	text_cell(t, 0, TEXT_PLAIN, bytes_str(in->path));
	text_end(t);
	output_format(out, "    %s", in->format);
	if (strcmp(in->compression, "none") != 0)
		output_format(out, " in %s", in->compression);
	for (size_t i = 0; i < in->link_type_count; i++)
		output_format(out, ", %s", source_link_name(in->link_types[i], link));
	output_format(out, ", %" PRIu64 " packet%s", in->packets, in->packets == 1 ? "" : "s");
	if (in->packets > 0) {
		char first[RFC3339_ROOM], last[RFC3339_ROOM];

		output_format(out, ", %s to %s", rfc3339_format(first, in->first_ns, in->ts_digits),
		    rfc3339_format(last, in->last_ns, in->ts_digits));
	}
	output_bytes(out, BYTES_LIT("\n"));
	if (in->snaplen_cut > 0)
		output_format(
		    out, "    %" PRIu64 " packets were captured only in part\n", in->snaplen_cut);
	if (in->damaged[0] != '\0') {
		text_begin(t, 4);
		text_cell(t, 0, TEXT_RED, BYTES_LIT("damaged:"));
		text_cell(t, 0, TEXT_PLAIN, bytes_str(in->damaged));
		text_end(t);
	}
}

/*
 * One by one while they are few. A folder of rotated captures is one line, and only those
 * of which there is something to say have their own.
 */
static void
print_captures(struct text_table *t, const struct source_input *in, size_t count)
{
	size_t shown = 0;

	heading(t, "Captures");
	for (size_t i = 0; i < count; i++) {
		if (count > FEW_CAPTURES && in[i].damaged[0] == '\0')
			continue;
		print_capture(t, &in[i]);
		shown++;
	}
	if (shown < count)
		output_format(t->out, "  %s%zu captures without damage\n", shown > 0 ? "and " : "",
		    count - shown);
}

static void
print_limits(struct text_table *t, const struct limits *limits)
{
	struct count counts[LIMIT_COUNT];
	bool reached = false;

	for (enum limit l = 0; l < LIMIT_COUNT; l++) {
		counts[l] =
		    (struct count){ limits->reached[l], limit_name(l), limit_meaning(l), TEXT_RED };
		reached |= limits->reached[l] > 0;
	}
	if (!reached)
		return;
	output_bytes(t->out, BYTES_LIT("\n"));
	heading(t, "Bounds reached");
	print_counts(t, counts, LIMIT_COUNT);
}

/* How many sessions the logs have, how many were found on the wire, and how the clocks differ. */
static void
print_logs(struct text_table *t, const struct report_run *run, const struct maillog *logs)
{
	const struct count counts[] = {
		{ run->matched, "with their connection", "", TEXT_GREEN },
		{ run->log_sessions - run->matched, "without one in the captures", "", TEXT_PLAIN },
	};
	const struct clock *clock = run->clock;
	size_t files;

	print_section(t, "Log sessions", counts, sizeof counts / sizeof counts[0]);
	maillog_files(logs, &files);
	output_format(t->out, "  %zu log%s; ", files, files == 1 ? "" : "s");
	if (clock == NULL) { /* a run that goes on, or ended before there was one */
		output_bytes(t->out, BYTES_LIT("no pair tells what its clock is\n"));
		return;
	}
	output_format(t->out,
	    "log clock minus capture clock: %" PRId64 ".%03u s (%s, %" PRIu64 " pairs)%s\n",
	    clock->offset_ns / 1000000000, (unsigned)(llabs(clock->offset_ns) / 1000000 % 1000),
	    clock->method, clock->pairs,
	    clock->sure ? "" : ", not sure: nobody is accused by the log");
}

void
text_summary(struct text_table *t, const struct report_run *run, const struct maillog *logs,
    const struct tally *tally)
{
	const struct packet_stats *packets = run->packets;
	const struct count packet_counts[] = {
		{ packets->frames, "frames", "", TEXT_PLAIN },
		{ packets->segments, "TCP segments of the server ports", "", TEXT_PLAIN },
		{ packets->bad_checksums, "bad checksums", "judged as usual", TEXT_PLAIN },
		{ packets->undecoded, "not decoded", "passed over", TEXT_PLAIN },
	};
	struct count verdicts[VERDICT_COUNT], findings[SEVERITY_COUNT];

	for (enum verdict v = 0; v < VERDICT_COUNT; v++)
		verdicts[v] = (struct count){ tally->verdicts[v], verdict_name(v),
			verdict_meaning(v), text_verdict_color(v) };
	for (enum severity s = 0; s < SEVERITY_COUNT; s++) /* the worst first */
		findings[SEVERITY_COUNT - 1 - s] = (struct count){ tally->findings[s],
			severity_name(s), "", text_severity_color(s) };
	print_captures(t, run->captures, run->capture_count);
	output_bytes(t->out, BYTES_LIT("\n"));
	heading(t, "Packets");
	print_counts(t, packet_counts, sizeof packet_counts / sizeof packet_counts[0]);
	print_section(t, "Connections", verdicts, VERDICT_COUNT);
	if (logs != NULL)
		print_logs(t, run, logs);
	print_section(t, "Findings", findings, SEVERITY_COUNT);
	print_limits(t, run->limits);
}
