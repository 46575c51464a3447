#include "analyzer/cli/watch.h"

#include <inttypes.h>
#include <time.h>

#include "analyzer/cli/follow.h"
#include "analyzer/cli/signals.h"

#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
#define EXTRA (1 + REPORT_MAX_QUEUES)   /* what is waited for beside the wire */
#define FRAMES_AT_ONCE 4096             /* between two looks at the clock */
#define QUEUE_OCTETS ((size_t)16 << 20) /* of lines, for a reader that has stopped */
#define SETTLE_SHARE 4                  /* of --max-memory: a fourth, where there are logs */
#define SAY_DROPS_NS (10 * NS_PER_S)    /* no more often than this */

struct watch {
	const struct live_options *options;
	struct live *live;     /* or */
	struct source *source; /* standard input */
	struct engine *engine;
	struct follow *follow; /* NULL: nothing beside the wire */
	struct report *report;
	struct rights rights;
	struct broker broker;
	struct limits limits; /* of what is not the engine's */

	int64_t start_ns, now_ns;             /* of the monotonic clock */
	int64_t tick_ns, second_ns, drops_ns; /* when each is due */
	int64_t packet_ns, packet_at_ns;      /* the last stamp that came by a pipe, and when */
	struct live_drops told[LIVE_MAX_INTERFACES];
	enum live_state state[LIVE_MAX_INTERFACES];
	uint64_t connections; /* reported */
	bool ended;
};

static int64_t
clock_ns(clockid_t which)
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
static void
deliver(void *ctx, const struct record *rec)
{
	struct watch *w = ctx;

	if (counted_out(w))
		return;
	w->connections++;
	report_connection(w->report, rec);
	w->ended |= counted_out(w) || report_unheard(w->report);
}

static void
deliver_session(void *ctx, const struct log_session *s, const char *missing)
{
	struct watch *w = ctx;

	if (!counted_out(w))
		report_session(w->report, s, missing);
}

/* A connection as the wire alone tells of it. */
static void
on_record(void *ctx, const struct record *rec)
{
	struct watch *w = ctx;

	if (w->follow != NULL)
		follow_record(w->follow, rec);
	else
		deliver(w, rec);
}

static bool
is_open(void *ctx, const struct addr *client)
{
	const struct watch *w = ctx;

	return engine_has_client(w->engine, client);
}

/* --- once a second ------------------------------------------------------------------------ */

static void
say_state(struct watch *w, size_t n, const char *name)
{
	static const char *const words[] = {
		[LIVE_UP] = "it is up again",
		[LIVE_DOWN] = "the interface went down; it is watched on when it comes back",
		[LIVE_GONE] = "the interface was removed; it is watched on when it comes back",
	};
	enum live_state now = live_state(w->live, n);

	if (now != w->state[n])
		cli_message("%s: %s", name, words[now]);
	w->state[n] = now;
}

static void
say_drops(struct watch *w, size_t n, const char *name)
{
	struct live_drops now = live_drops(w->live, n), *told = &w->told[n];

	if (now.kernel == told->kernel && now.interface == told->interface)
		return;
	cli_message("%s: %" PRIu64 " packets dropped for want of room (--buffer gives more), "
		    "%" PRIu64 " by the interface",
	    name, now.kernel, now.interface);
	*told = now;
}

static void
check_interfaces(struct watch *w)
{
	bool say = w->now_ns >= w->drops_ns;
	size_t count;
	const struct source_input *in = live_inputs(w->live, &count);
	struct live_drops sum = { 0 };

	live_check(w->live);
	for (size_t n = 0; n < count; n++) {
		struct live_drops d = live_drops(w->live, n);

		sum.kernel += d.kernel;
		sum.interface += d.interface;
		say_state(w, n, in[n].path);
		if (say)
			say_drops(w, n, in[n].path);
	}
	if (w->follow != NULL &&
	    sum.kernel + sum.interface > w->limits.reached[LIMIT_PACKETS_DROPPED_KERNEL] +
					     w->limits.reached[LIMIT_PACKETS_DROPPED_INTERFACE])
		follow_gap(w->follow, clock_ns(CLOCK_REALTIME));
	if (say)
		w->drops_ns = w->now_ns + SAY_DROPS_NS;
	w->limits.reached[LIMIT_PACKETS_DROPPED_KERNEL] = sum.kernel;
	w->limits.reached[LIMIT_PACKETS_DROPPED_INTERFACE] = sum.interface;
}

/* --- time --------------------------------------------------------------------------------- */

/* What the clock that stamps the frames reads. Of a pipe it is another machine's. */
static int64_t
packet_now(const struct watch *w)
{
	if (w->live != NULL)
		return live_horizon(w->live, clock_ns(CLOCK_REALTIME)) - LIVE_LATENCY_NS;
	return w->packet_ns + (w->now_ns - w->packet_at_ns);
}

/* `dry`: every frame that was there has been seen, so that packet time may move on by the clock. */
static void
tick(struct watch *w, bool dry)
{
	w->now_ns = clock_ns(CLOCK_MONOTONIC);
	if (w->now_ns < w->tick_ns)
		return;
	w->tick_ns = w->now_ns + WATCH_TICK_MS * NS_PER_MS;
	if (dry && (w->live != NULL || w->packet_ns != 0))
		engine_time(w->engine, packet_now(w));
	if (w->follow != NULL && !follow_tick(w->follow, w->now_ns, packet_now(w)))
		w->tick_ns = w->now_ns;
	w->ended |= signals_end() || (w->options->duration_ns > 0 &&
					 w->now_ns - w->start_ns >= w->options->duration_ns);
	if (w->now_ns < w->second_ns)
		return;
	w->second_ns = w->now_ns + NS_PER_S;
	if (w->live != NULL)
		check_interfaces(w);
}

static int
wait_ms(const struct watch *w)
{
	int64_t left = w->tick_ns - clock_ns(CLOCK_MONOTONIC);

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
		follow_news(w->follow, clock_ns(CLOCK_MONOTONIC));
}

/* --- interfaces --------------------------------------------------------------------------- */

/* Waits, and reads what is there. True when nothing is left. */
static bool
read_interfaces(struct watch *w)
{
	struct pollfd fds[LIVE_MAX_INTERFACES + EXTRA];
	int timeout = wait_ms(w);
	size_t n = live_poll(w->live, clock_ns(CLOCK_REALTIME), fds, &timeout);
	struct frame frame;
	int64_t now;

	wait_for(w, fds, n, timeout);
	now = clock_ns(CLOCK_REALTIME);
	for (int i = 0; i < FRAMES_AT_ONCE && !counted_out(w); i++) {
		if (!live_next(w->live, now, &frame))
			return true;
		engine_frame(w->engine, &frame);
	}
	return false;
}

/* What came before the end is still in the rings, and is theirs to hand up. */
static void
drain_interfaces(struct watch *w)
{
	int64_t until = clock_ns(CLOCK_MONOTONIC) + 2 * LIVE_LATENCY_NS;
	struct frame frame;

	while (clock_ns(CLOCK_MONOTONIC) < until && !counted_out(w)) {
		w->tick_ns = until;
		read_interfaces(w);
	}
	while (!counted_out(w) && live_next(w->live, INT64_MAX, &frame))
		engine_frame(w->engine, &frame);
	w->drops_ns = 0;
	check_interfaces(w);
}

static void
watch_interfaces(struct watch *w)
{
	while (!w->ended)
		tick(w, read_interfaces(w));
	drain_interfaces(w);
}

/* --- standard input ----------------------------------------------------------------------- */

static bool
pipe_ready(void *ctx, int fd)
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
	struct frame frame;

	while (!w->ended && source_next(w->source, &frame) == STATUS_OK) {
		if (w->packet_ns == 0 && w->follow != NULL)
			follow_gap(w->follow, frame.ts_ns);
		if (frame.ts_ns > w->packet_ns)
			w->packet_ns = frame.ts_ns;
		engine_frame(w->engine, &frame);
		if (frame.frame_no % FRAMES_AT_ONCE == 0)
			tick(w, false);
		w->packet_at_ns = w->now_ns;
	}
}

/* --- the run ------------------------------------------------------------------------------ */

static enum status
open_interfaces(struct watch *w, struct fault *fault)
{
	const struct live_options *o = w->options;
	const struct live_config config = { .interfaces = o->interfaces,
		.interface_count = o->interface_count,
		.ports = &o->judging.ports,
		.filter = o->judging.filter,
		.buffer = o->buffer };

	return o->interface_count > 0 ? live_open(&w->live, &config, fault) : STATUS_OK;
}

/* Reads the first frame, and so waits for it. */
static enum status
open_pipe(struct watch *w, struct fault *fault)
{
	static const char *const paths[] = { "-" };
	const struct source_config config = { .paths = paths,
		.path_count = 1,
		.filter = w->options->judging.filter,
		.wait = { pipe_ready, w } };

	return w->live == NULL ? source_open(&w->source, &config, fault) : STATUS_OK;
}

/* Log and HAT, which a helper may have to open. */
static enum status
open_beside(struct watch *w, struct fault *fault)
{
	const struct live_options *o = w->options;
	const struct follow_config config = { .beside = &o->judging.beside,
		.broker = &w->broker,
		.settle_ns = o->settle_ns,
		.max_octets = o->judging.max_memory / SETTLE_SHARE,
		.record = deliver,
		.session = deliver_session,
		.is_open = is_open,
		.ctx = w };
	enum status status = STATUS_OK;

	if (stories_wanted(&o->judging.beside))
		status = follow_open(&w->follow, &config, fault);
	if (status == STATUS_OK)
		status = broker_start(&w->broker, &w->rights, fault);
	if (status == STATUS_OK && w->follow != NULL)
		status = follow_begin(w->follow, clock_ns(CLOCK_MONOTONIC), fault);
	return status;
}

static enum status
open_engine(struct watch *w, struct refusal_table **refusals, struct fault *fault)
{
	struct engine_config config;
	enum status status = judging_engine(&w->options->judging, &config, refusals, fault);

	if (status != STATUS_OK)
		return status;
	config.linger_ns = WATCH_LINGER_NS;
	if (follow_logs(w->follow) != NULL)
		config.max_memory -= config.max_memory / SETTLE_SHARE;
	w->engine = engine_new(&config, on_record, w);
	return w->engine != NULL ? STATUS_OK : fault_set(fault, STATUS_NOMEM, "out of memory");
}

static enum status
open_report(struct watch *w, struct fault *fault)
{
	struct report_config config;
	enum status status;

	judging_report(&w->options->judging, &config);
	config.logs = follow_logs(w->follow);
	status = report_open(&w->report, &config, fault);
	return status == STATUS_OK ? report_queue(w->report, QUEUE_OCTETS, fault) : status;
}

/* What has to be opened by who started us. */
static enum status
open_all(struct watch *w, struct refusal_table **refusals, struct fault *fault)
{
	const struct live_options *o = w->options;
	enum status status = rights_find(&w->rights, o->user, o->group, fault);

	if (status == STATUS_OK)
		status = open_beside(w, fault);
	if (status == STATUS_OK)
		status = open_engine(w, refusals, fault);
	if (status == STATUS_OK)
		status = open_interfaces(w, fault);
	if (status == STATUS_OK)
		status = open_report(w, fault);
	return status;
}

static enum status
open_and_drop(struct watch *w, struct refusal_table **refusals, struct fault *fault)
{
	enum status status = open_all(w, refusals, fault);

	if (status == STATUS_OK)
		status = rights_drop(&w->rights, RIGHTS_WATCH, fault);
	w->start_ns = w->now_ns = clock_ns(CLOCK_MONOTONIC);
	if (w->live != NULL && w->follow != NULL)
		follow_gap(w->follow, clock_ns(CLOCK_REALTIME));
	return status == STATUS_OK ? open_pipe(w, fault) : status;
}

static int
end(struct watch *w)
{
	struct report_run sum = { .limits = &w->limits, .packets = engine_packet_stats(w->engine) };
	struct fault fault;
	int status = CLI_CLEAN;

	if (!counted_out(w))
		engine_finish(w->engine);
	if (w->follow != NULL) {
		follow_finish(w->follow, clock_ns(CLOCK_MONOTONIC), packet_now(w));
		follow_run(w->follow, &sum);
		follow_limits(w->follow, &w->limits);
	}
	w->limits.reached[LIMIT_OUTPUT_LINES_DROPPED] = report_dropped(w->report);
	for (enum limit l = 0; l < LIMIT_COUNT; l++)
		limits_hit(&w->limits, l, engine_limits(w->engine)->reached[l]);
	sum.captures = w->live != NULL ? live_inputs(w->live, &sum.capture_count)
	                               : source_inputs(w->source, &sum.capture_count);
	if (report_end(w->report, &sum, &fault) != STATUS_OK) {
		cli_message("%s", fault.text);
		return CLI_UNUSABLE;
	}
	/* What was cut short because we ended is not damaged. */
	if (!w->ended && sum.captures[0].damaged[0] != '\0') {
		cli_message("standard input: %s", sum.captures[0].damaged);
		status = CLI_DAMAGED;
	}
	return judging_status(&w->options->judging, w->report, status);
}

int
watch(const struct live_options *options)
{
	struct watch w = { .options = options };
	struct refusal_table *refusals = NULL;
	struct fault fault;
	int status = CLI_UNUSABLE;

	broker_init(&w.broker);
	signals_open();
	if (open_and_drop(&w, &refusals, &fault) == STATUS_OK) {
		if (w.live != NULL)
			watch_interfaces(&w);
		else
			watch_pipe(&w);
		status = end(&w);
	} else {
		cli_message("%s", fault.text);
	}
	report_close(w.report);
	follow_close(w.follow);
	engine_free(w.engine);
	live_close(w.live);
	source_close(w.source);
	broker_stop(&w.broker);
	refusal_free(refusals);
	return status;
}
