#include "analyzer/cli/watch.h"

#include <time.h>

#include "analyzer/cli/signals.h"
#include "analyzer/cli/watch_run.h"

#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
#define EXTRA (1 + REPORT_MAX_QUEUES) /* what is waited for beside the wire */
#define FRAMES_AT_ONCE 4096           /* between two looks at the clock */

int64_t
watch_clock_ns(clockid_t which)
{
	struct timespec now;

	clock_gettime(which, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* --- connections ------------------------------------------------------------------------ */

static bool
counted_out(const struct watch *w)
{
	return w->options->count > 0 && w->connections >= w->options->count;
}

/* A connection as it is reported. */
void
watch_deliver(void *ctx, const struct record *rec)
{
	struct watch *w = ctx;

	if (counted_out(w))
		return;
	w->connections++;
	report_connection(w->report, rec);
	screen_record(w->screen, rec);
	w->ended |= counted_out(w) || report_unheard(w->report);
}

void
watch_deliver_session(void *ctx, const struct log_session *s, const char *missing)
{
	struct watch *w = ctx;

	if (counted_out(w))
		return;
	report_session(w->report, s, missing);
	screen_session(w->screen, s, missing);
}

/* A connection as the wire alone tells of it. */
void
watch_on_record(void *ctx, const struct record *rec)
{
	struct watch *w = ctx;

	if (w->follow != NULL)
		follow_record(w->follow, rec);
	else
		watch_deliver(w, rec);
}

bool
watch_is_open(void *ctx, const struct addr *client)
{
	const struct watch *w = ctx;

	return engine_has_client(w->engine, client);
}

/* --- once a second ------------------------------------------------------------------------ */

static void
gather(const struct watch *w, struct report_run *run, struct limits *limits)
{
	*run = (struct report_run){ .limits = limits, .packets = engine_packet_stats(w->engine) };
	*limits = w->limits;
	if (w->follow != NULL) {
		follow_run(w->follow, run);
		follow_limits(w->follow, limits);
	}
	engine_limits(w->engine, limits);
	limits_hit(limits, LIMIT_OUTPUT_LINES_DROPPED, report_dropped(w->report));
	limits_hit(limits, LIMIT_CONNECTIONS_NOT_LISTED, report_unlisted(w->report));
	limits_hit(limits, LIMIT_PACKETS_NOT_WRITTEN, keep_lost(w->keep));
	if (w->live != NULL)
		run->captures = live_inputs(w->live, &run->capture_count);
	else if (w->source != NULL)
		run->captures = source_inputs(w->source, &run->capture_count);
}

static void
take_vitals(const struct watch *w, struct vitals *v)
{
	struct report_run run;
	struct metrics *m = &v->metrics;

	gather(w, &run, &v->limits);
	*m = (struct metrics){ .version = HATCHECK_VERSION,
		.tally = report_tally(w->report),
		.limits = &v->limits,
		.interfaces = v->interfaces,
		.interface_count = run.capture_count,
		.log_sessions = run.log_sessions,
		.matched = run.matched,
		.logs = follow_logs(w->follow) != NULL,
		.start_ns = w->began_ns,
		.now_ns = watch_clock_ns(CLOCK_REALTIME) };
	for (size_t i = 0; i < run.capture_count; i++) {
		const struct source_input *in = &run.captures[i];
		struct live_drops drops = { 0 };

		if (w->live != NULL)
			drops = live_drops(w->live, i);
		v->interfaces[i] =
		    (struct metrics_interface){ in->path, in->packets, in->bytes, drops.kernel,
			    drops.interface, w->live == NULL || live_state(w->live, i) == LIVE_UP };
		if (in->last_ns > m->packet_ns)
			m->packet_ns = in->last_ns;
	}
}

static void
check_interfaces(struct watch *w, bool last)
{
	int64_t now_ns = watch_clock_ns(CLOCK_REALTIME);

	if (w->live == NULL || !health_check(&w->health, w->now_ns, last, &w->limits))
		return;
	engine_gap(w->engine, now_ns);
	if (w->follow != NULL)
		follow_gap(w->follow, now_ns);
}

static void
show(struct watch *w, bool last)
{
	bool drawn = w->screen != NULL && !last && !interim_running(&w->interim);
	bool metrics = metrics_file_due(&w->metrics, w->now_ns) || (last && w->metrics.path);
	struct vitals v;

	if (!drawn && !metrics)
		return;
	take_vitals(w, &v);
	if (metrics)
		(void)metrics_file_write(&w->metrics, &v.metrics, w->now_ns);
	if (drawn)
		screen_draw(w->screen, &v);
}

/* Files that were moved away, or shall be: new ones take their names. */
static void
renew_files(struct watch *w)
{
	const char *ndjson = w->options->judging.ndjson;
	int fd, error;

	if (w->keep != NULL)
		keep_rotate(w->keep, w->now_ns);
	if (!w->renewable)
		return;
	error = broker_append(&w->broker, w->ndjson_path, &fd);
	if (error == 0)
		report_go_on(w->report, fd);
	else
		cli_message("%s: %s; the file before is written on", ndjson, strerror(error));
}

static void
heed_signals(struct watch *w)
{
	w->ended |= signals_end();
	if (signals_renew())
		renew_files(w);
	if (signals_report()) {
		struct report_run run;
		struct limits limits;

		gather(w, &run, &limits);
		if (w->screen != NULL)
			screen_erase(w->screen);
		interim_start(&w->interim, w->report, &run);
	}
}

/* --- time --------------------------------------------------------------------------------- */

/* What the clock that stamps the frames reads. Of a pipe it is another machine's. */
static int64_t
packet_now(const struct watch *w)
{
	if (w->live != NULL)
		return live_horizon(w->live, watch_clock_ns(CLOCK_REALTIME)) - LIVE_LATENCY_NS;
	return w->packet_ns + (w->now_ns - w->packet_at_ns);
}

/* `dry`: every frame that was there has been seen, so that packet time may move on by the clock. */
static void
tick(struct watch *w, bool dry)
{
	bool second;

	w->now_ns = watch_clock_ns(CLOCK_MONOTONIC);
	if (w->now_ns < w->tick_ns)
		return;
	second = w->now_ns >= w->second_ns;
	if (second) { /* first: nobody is missed whose packets were dropped */
		w->second_ns = w->now_ns + NS_PER_S;
		check_interfaces(w, false);
	}
	w->tick_ns = w->now_ns + WATCH_TICK_MS * NS_PER_MS;
	if (dry && (w->live != NULL || w->packet_ns != 0))
		engine_time(w->engine, packet_now(w));
	if (w->follow != NULL && !follow_tick(w->follow, w->now_ns, packet_now(w)))
		w->tick_ns = w->now_ns;
	if (w->keep != NULL)
		keep_tick(w->keep, w->now_ns);
	heed_signals(w);
	w->ended |=
	    w->options->duration_ns > 0 && w->now_ns - w->start_ns >= w->options->duration_ns;
	if (second)
		show(w, false);
}

static int
wait_ms(const struct watch *w)
{
	int64_t left = w->tick_ns - watch_clock_ns(CLOCK_MONOTONIC);

	return left <= 0 ? 0 : (int)(left / NS_PER_MS) + 1;
}

/* Waits for `fds`, of which there are n, and for what comes beside; room for EXTRA more. */
static void
wait_for(struct watch *w, struct pollfd *fds, size_t n, int timeout_ms)
{
	struct pollfd *log = NULL;

	if (w->follow != NULL && follow_descriptor(w->follow) >= 0) {
		log = &fds[n++];
		*log = (struct pollfd){ .fd = follow_descriptor(w->follow), .events = POLLIN };
	}
	n += report_poll(w->report, fds + n);
	signals_wait(fds, n, timeout_ms);
	report_pump(w->report);
	if (log != NULL && log->revents != 0)
		follow_news(w->follow, watch_clock_ns(CLOCK_MONOTONIC));
}

static void
take_frame(struct watch *w, const struct frame *frame)
{
	engine_frame(w->engine, frame);
	if (w->keep != NULL)
		keep_frame(w->keep, frame, w->now_ns);
}

/* --- interfaces --------------------------------------------------------------------------- */

/* Waits, and reads what is there. True when nothing is left. */
static bool
read_interfaces(struct watch *w)
{
	struct pollfd fds[LIVE_MAX_INTERFACES + EXTRA];
	int timeout = wait_ms(w);
	size_t n = live_poll(w->live, watch_clock_ns(CLOCK_REALTIME), fds, &timeout);
	struct frame frame;
	int64_t now;

	wait_for(w, fds, n, timeout);
	now = watch_clock_ns(CLOCK_REALTIME);
	for (int i = 0; i < FRAMES_AT_ONCE && !counted_out(w); i++) {
		if (!live_next(w->live, now, &frame))
			return true;
		take_frame(w, &frame);
	}
	return false;
}

/* What came before the end is still in the rings, and is theirs to hand up. */
static void
drain_interfaces(struct watch *w)
{
	int64_t until = watch_clock_ns(CLOCK_MONOTONIC) + 2 * LIVE_LATENCY_NS;
	struct frame frame;

	while (watch_clock_ns(CLOCK_MONOTONIC) < until && !counted_out(w)) {
		w->tick_ns = until;
		read_interfaces(w);
	}
	while (!counted_out(w) && live_next(w->live, INT64_MAX, &frame))
		take_frame(w, &frame);
	check_interfaces(w, true);
}

static void
watch_interfaces(struct watch *w)
{
	while (!w->ended)
		tick(w, read_interfaces(w));
	drain_interfaces(w);
}

/* --- standard input ----------------------------------------------------------------------- */

bool
watch_pipe_ready(void *ctx, int fd)
{
	struct watch *w = ctx;

	for (;;) {
		struct pollfd fds[1 + EXTRA] = { { .fd = fd, .events = POLLIN } };

		wait_for(w, fds, 1, wait_ms(w));
		tick(w, fds[0].revents == 0);
		if (w->ended)
			return false;
		if (fds[0].revents != 0)
			return true;
	}
}

static void
watch_pipe(struct watch *w)
{
	const struct frame *frame;

	while (!w->ended && source_next(w->source, &frame) == STATUS_OK) {
		if (w->packet_ns == 0 && w->follow != NULL)
			follow_gap(w->follow, frame->ts_ns);
		if (frame->ts_ns > w->packet_ns)
			w->packet_ns = frame->ts_ns;
		take_frame(w, frame);
		if (frame->frame_no % FRAMES_AT_ONCE == 0)
			tick(w, false);
		w->packet_at_ns = w->now_ns;
	}
}

/* --- the run ------------------------------------------------------------------------------ */

static int
end(struct watch *w)
{
	struct report_run run;
	struct limits limits;
	struct fault fault;
	int status = CLI_CLEAN;

	if (!counted_out(w))
		engine_finish(w->engine);
	if (w->follow != NULL)
		follow_finish(w->follow, watch_clock_ns(CLOCK_MONOTONIC), packet_now(w));
	show(w, true);
	interim_finish(&w->interim);
	if (w->screen != NULL)
		screen_erase(w->screen);
	gather(w, &run, &limits);
	if (report_end(w->report, &run, &fault) != STATUS_OK) {
		cli_message("%s", fault.text);
		return CLI_UNUSABLE;
	}
	/* What was cut short because we ended is not damaged. */
	if (!w->ended && run.captures[0].damaged[0] != '\0') {
		cli_message("standard input: %s", run.captures[0].damaged);
		status = CLI_DAMAGED;
	}
	return judging_status(&w->options->judging, w->report, status);
}

int
watch(const struct live_options *options)
{
	struct watch w = { .options = options };
	struct fault fault;
	int status = CLI_UNUSABLE;

	broker_init(&w.broker);
	signals_open();
	if (watch_open(&w, &fault) == STATUS_OK) {
		if (w.live != NULL)
			watch_interfaces(&w);
		else
			watch_pipe(&w);
		status = end(&w);
	} else {
		cli_message("%s", fault.text);
	}
	watch_close(&w);
	return status;
}
