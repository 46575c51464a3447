#include "reports/metrics.h"

#include <stdio.h>

#define NS_PER_S INT64_C(1000000000)

static void
words(struct line *out, const char *text)
{
	line_bytes(out, bytes_str(text));
}

static void
describe(struct line *out, const char *name, const char *type, const char *help)
{
	LINE_LITERAL(out, "# HELP ");
	words(out, name);
	LINE_LITERAL(out, " ");
	words(out, help);
	LINE_LITERAL(out, "\n# TYPE ");
	words(out, name);
	LINE_LITERAL(out, " ");
	words(out, type);
	LINE_LITERAL(out, "\n");
}

/* What would end a label's value is put behind a backslash; what is not printable is replaced. */
static void
label_value(struct line *out, const char *raw)
{
	for (; *raw != '\0'; raw++) {
		if (*raw == '"' || *raw == '\\')
			LINE_LITERAL(out, "\\");
		line_bytes(out, *raw < ' ' || *raw > '~' ? BYTES_LIT("?") : bytes_of(raw, 1));
	}
}

/* `label` NULL: there is none. */
static void
sample(struct line *out, const char *name, const char *label, const char *value, uint64_t number)
{
	words(out, name);
	if (label != NULL) {
		LINE_LITERAL(out, "{");
		words(out, label);
		LINE_LITERAL(out, "=\"");
		label_value(out, value);
		LINE_LITERAL(out, "\"}");
	}
	LINE_LITERAL(out, " ");
	line_number(out, number);
	LINE_LITERAL(out, "\n");
}

static void
single(struct line *out, const char *name, const char *type, const char *help, uint64_t number)
{
	describe(out, name, type, help);
	sample(out, name, NULL, NULL, number);
}

static void
print_tally(struct line *out, const struct tally *t)
{
	describe(out, "hatcheck_connections_total", "counter", "Connections reported, by verdict.");
	for (enum verdict v = 0; v < VERDICT_COUNT; v++)
		sample(
		    out, "hatcheck_connections_total", "verdict", verdict_name(v), t->verdicts[v]);
	describe(out, "hatcheck_findings_total", "counter", "Findings, by severity.");
	for (enum severity s = 0; s < SEVERITY_COUNT; s++)
		sample(
		    out, "hatcheck_findings_total", "severity", severity_name(s), t->findings[s]);
}

static void
print_interfaces(struct line *out, const struct metrics *m)
{
	static const struct {
		const char *name, *type, *help;
		size_t offset;
	} rows[] = {
		{ "hatcheck_packets_total", "counter", "Packets read.",
		    offsetof(struct metrics_interface, packets) },
		{ "hatcheck_octets_total", "counter", "Captured octets of these packets.",
		    offsetof(struct metrics_interface, octets) },
		{ "hatcheck_packets_dropped_kernel_total", "counter",
		    "Packets that found the ring full.",
		    offsetof(struct metrics_interface, dropped_kernel) },
		{ "hatcheck_packets_dropped_interface_total", "counter",
		    "Packets that the interface or its driver lost.",
		    offsetof(struct metrics_interface, dropped_interface) },
	};

	for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
		describe(out, rows[r].name, rows[r].type, rows[r].help);
		for (size_t i = 0; i < m->interface_count; i++) {
			uint64_t number;

			memcpy(&number, (const char *)&m->interfaces[i] + rows[r].offset,
			    sizeof number);
			sample(out, rows[r].name, "interface", m->interfaces[i].name, number);
		}
	}
	describe(out, "hatcheck_interface_up", "gauge", "1 while the interface can be watched.");
	for (size_t i = 0; i < m->interface_count; i++)
		sample(out, "hatcheck_interface_up", "interface", m->interfaces[i].name,
		    m->interfaces[i].up);
}

static void
print_limits(struct line *out, const struct limits *limits)
{
	describe(out, "hatcheck_limit_reached_total", "counter",
	    "How often each bound of the program was reached.");
	for (enum limit l = 0; l < LIMIT_COUNT; l++)
		sample(out, "hatcheck_limit_reached_total", "limit", limit_name(l),
		    limits->reached[l]);
}

void
metrics_print(struct line *out, const struct metrics *m)
{
	describe(out, "hatcheck_build_info", "gauge", "Always 1; the version is the label.");
	sample(out, "hatcheck_build_info", "version", m->version, 1);
	single(out, "hatcheck_start_time_seconds", "gauge", "When the run began, by Unix time.",
	    (uint64_t)(m->start_ns / NS_PER_S));
	single(out, "hatcheck_update_time_seconds", "gauge", "When this was written, by Unix time.",
	    (uint64_t)(m->now_ns / NS_PER_S));
	single(out, "hatcheck_last_packet_time_seconds", "gauge",
	    "Stamp of the last packet, by Unix time; 0 before the first.",
	    (uint64_t)(m->packet_ns / NS_PER_S));
	print_tally(out, m->tally);
	if (m->logs) {
		single(out, "hatcheck_log_sessions_total", "counter", "Sessions read in the logs.",
		    m->log_sessions);
		single(out, "hatcheck_log_sessions_matched_total", "counter",
		    "Sessions reported with their connection.", m->matched);
	}
	print_interfaces(out, m);
	print_limits(out, m->limits);
}
