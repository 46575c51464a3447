#include "reports/json_run.h"

#include "reports/json_log.h"

static void
put_capture(struct json_put *p, struct json_object *to, const struct source_input *in)
{
	struct json_object *o = json_put_object(p, to, NULL), *links;

	json_put_text(p, o, "path", bytes_str(in->path));
	json_put_word(p, o, "format", in->format);
	json_put_word(p, o, "compression", in->compression);
	links = json_put_array(p, o, "link_types");
	for (size_t i = 0; i < in->link_type_count; i++) {
		char room[16];

		json_put_word(p, links, NULL, source_link_name(in->link_types[i], room));
	}
	json_put_number(p, o, "packets", in->packets);
	json_put_number(p, o, "bytes", in->bytes);
	if (in->packets > 0) {
		json_put_time(p, o, "first_packet", in->first_ns, in->ts_digits);
		json_put_time(p, o, "last_packet", in->last_ns, in->ts_digits);
	} else {
		json_put_null(p, o, "first_packet");
		json_put_null(p, o, "last_packet");
	}
	json_put_number(p, o, "snaplen_cut", in->snaplen_cut);
	if (in->damaged[0] != '\0')
		json_put_text(p, o, "damaged", bytes_str(in->damaged));
	else
		json_put_null(p, o, "damaged");
}

static void
put_logs(struct json_put *p, struct json_object *to, const struct maillog *logs)
{
	struct json_object *list = json_put_array(p, to, "logs");
	size_t count = 0;
	const struct maillog_file *files = logs == NULL ? NULL : maillog_files(logs, &count);

	for (size_t i = 0; i < count; i++)
		json_log_put_file(p, list, &files[i]);
}

static void
put_hat(struct json_put *p, struct json_object *to, const struct report_run *run)
{
	struct json_object *o;
	size_t n;

	if (run->hat == NULL) {
		json_put_null(p, to, "hat");
		return;
	}
	o = json_put_object(p, to, "hat");
	json_put_text(p, o, "path", bytes_str(run->hat_path));
	hat_policies(run->hat, &n);
	json_put_number(p, o, "policies", n);
	hat_groups(run->hat, &n);
	json_put_number(p, o, "sender_groups", n);
}

static void
put_clock(struct json_put *p, struct json_object *to, const struct clock *clock)
{
	struct json_object *o;

	if (clock == NULL) {
		json_put_null(p, to, "clock");
		return;
	}
	o = json_put_object(p, to, "clock");
	json_put_signed(p, o, "offset_ms", clock->offset_ns / 1000000);
	json_put_word(p, o, "method", clock->method);
	json_put_number(p, o, "matches", clock->pairs);
	json_put_number(p, o, "spread_ms", (uint64_t)clock->spread_ns / 1000000);
	json_put_signed(p, o, "drift_ppb", clock->drift_ppb);
	json_put_bool(p, o, "sure", clock->sure);
}

static void
put_inputs(struct json_put *p, struct json_object *to, const struct report_run *run,
    const struct maillog *logs)
{
	struct json_object *o = json_put_object(p, to, "inputs");
	struct json_object *captures = json_put_array(p, o, "captures");

	for (size_t i = 0; i < run->capture_count; i++)
		put_capture(p, captures, &run->captures[i]);
	put_logs(p, o, logs);
	put_hat(p, o, run);
}

static void
put_packets(struct json_put *p, struct json_object *to, const struct packet_stats *stats)
{
	struct json_object *o = json_put_object(p, to, "packets");

	json_put_number(p, o, "frames", stats->frames);
	json_put_number(p, o, "segments", stats->segments);
	json_put_number(p, o, "bad_checksums", stats->bad_checksums);
	json_put_number(p, o, "undecoded", stats->undecoded);
}

static void
put_summary(struct json_put *p, struct json_object *to, const struct report_run *run,
    const struct tally *tally)
{
	struct json_object *o = json_put_object(p, to, "summary"), *counts;

	json_put_number(p, o, "connections", tally->connections);
	counts = json_put_object(p, o, "verdicts");
	for (enum verdict v = 0; v < VERDICT_COUNT; v++)
		json_put_number(p, counts, verdict_name(v), tally->verdicts[v]);
	json_put_number(p, o, "log_sessions", run->log_sessions);
	json_put_number(p, o, "matched", run->matched);
	counts = json_put_object(p, o, "findings");
	for (enum severity s = SEVERITY_COUNT; s-- > 0;)
		json_put_number(p, counts, severity_name(s), tally->findings[s]);
	put_packets(p, o, run->packets);
}

static void
put_limits(struct json_put *p, struct json_object *to, const struct limits *limits)
{
	struct json_object *o = json_put_object(p, to, "limits");

	for (enum limit l = 0; l < LIMIT_COUNT; l++)
		json_put_number(p, o, limit_name(l), limits->reached[l]);
}

void
json_run_put(struct json_put *p, struct json_object *to, const struct report_run *run,
    const struct maillog *logs, const struct tally *tally)
{
	struct json_object *generator;

	json_put_word(p, to, "schema", "hatcheck.report/1");
	generator = json_put_object(p, to, "generator");
	json_put_word(p, generator, "name", "hatcheck");
	json_put_word(p, generator, "version", HATCHECK_VERSION);
	put_inputs(p, to, run, logs);
	put_summary(p, to, run, tally);
	put_limits(p, to, run->limits);
	put_clock(p, to, run->clock);
}
