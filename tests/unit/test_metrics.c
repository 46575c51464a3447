#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "reports/metrics.h"

static char *
print(const struct metrics *m)
{
	struct line l = { 0 };
	char *text;

	metrics_print(&l, m);
	cr_assert(!l.failed);
	text = strndup(l.text, l.n);
	line_clear(&l);
	return text;
}

static struct metrics
plain(const struct tally *tally, const struct limits *limits)
{
	return (struct metrics){ .version = "1.2.3",
		.tally = tally,
		.limits = limits,
		.start_ns = INT64_C(1700000000123456789),
		.now_ns = INT64_C(1700000005999999999) };
}

/* Lines that stand so, with a line end before and behind. */
Test(metrics, lines)
{
	static const char *const lines[] = {
		"\nhatcheck_build_info{version=\"1.2.3\"} 1\n",
		"\nhatcheck_start_time_seconds 1700000000\n",
		"\nhatcheck_update_time_seconds 1700000005\n",
		"\nhatcheck_last_packet_time_seconds 0\n",
		"\nhatcheck_connections_total{verdict=\"reject\"} 12345678901234567890\n",
		"\nhatcheck_connections_total{verdict=\"incomplete\"} 0\n",
		"\nhatcheck_findings_total{severity=\"error\"} 3\n",
		"\nhatcheck_packets_total{interface=\"a\\\"b\\\\c?\"} 7\n",
		"\nhatcheck_packets_dropped_kernel_total{interface=\"a\\\"b\\\\c?\"} 8\n",
		"\nhatcheck_interface_up{interface=\"eth1\"} 0\n",
		"\nhatcheck_log_sessions_matched_total 4\n",
		"\nhatcheck_limit_reached_total{limit=\"packets_dropped_kernel\"} 8\n",
	};
	static const struct metrics_interface interfaces[] = {
		{ .name = "a\"b\\c\n", .packets = 7, .dropped_kernel = 8, .up = true },
		{ .name = "eth1" },
	};
	struct tally tally = { .verdicts = { [VERDICT_REJECT] = UINT64_C(12345678901234567890) },
		.findings = { [SEVERITY_ERROR] = 3 } };
	struct limits limits = { .reached = { [LIMIT_PACKETS_DROPPED_KERNEL] = 8 } };
	struct metrics m = plain(&tally, &limits);
	char *text;

	m.interfaces = interfaces;
	m.interface_count = 2;
	m.logs = true;
	m.log_sessions = 5;
	m.matched = 4;
	text = print(&m);
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		cr_expect_not_null(strstr(text, lines[i]), "no %s in %s", lines[i], text);
	free(text);
}

/* Every series is described before its first sample, once, and nothing is said of logs that are not
 * there. */
Test(metrics, form)
{
	struct tally tally = { 0 };
	struct limits limits = { 0 };
	struct metrics m = plain(&tally, &limits);
	char *text = print(&m), *save = NULL, name[128] = "", seen[4096] = " ";

	cr_expect_null(strstr(text, "hatcheck_log_sessions"));
	for (char *line = strtok_r(text, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		char key[130];

		if (sscanf(line, "# HELP %127s", name) == 1) {
			snprintf(key, sizeof key, " %.126s ", name);
			cr_expect_null(strstr(seen, key), "%s is described twice", name);
			strcat(strcat(seen, name), " ");
		} else if (line[0] == '#') {
			cr_expect_eq(
			    strncmp(line + strlen("# TYPE "), name, strlen(name)), 0, "%s", line);
		} else {
			cr_expect_eq(
			    strncmp(line, name, strlen(name)), 0, "%s under %s", line, name);
			cr_expect_eq(strcspn(line, "{ "), strlen(name), "%s under %s", line, name);
		}
	}
	free(text);
}
