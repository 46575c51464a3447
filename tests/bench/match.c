/*
 * match CAPTURE LOG: how long it takes to read both, and how long to find out which session is
 * which connection; seconds of the clock, on standard output: "READING MATCHING MATCHES".
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "analyzer/correlate/correlate.h"
#include "analyzer/engine/engine.h"
#include "analyzer/maillog/maillog_read.h"
#include "capture/source/source.h"

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
must(enum status status, const struct fault *fault)
{
	if (status == STATUS_OK)
		return;
	fprintf(stderr, "match: %s\n", fault == NULL ? "out of memory" : fault->text);
	exit(2);
}

static void
on_session(void *ctx, const struct log_session *s)
{
	must(correlate_session(ctx, s), NULL);
}

static void
on_record(void *ctx, const struct record *rec)
{
	must(correlate_connection(ctx, rec), NULL);
}

static void
read_log(const char *path, struct correlate *c)
{
	const struct maillog_config config = {
		.utc_offset_s = LOG_OFFSET_NONE, .sink = on_session, .ctx = c
	};
	const struct maillog_source source = {
		.paths = &path, .path_count = 1, .near_ns = LOG_TIME_NONE
	};
	struct maillog *log = maillog_new(&config);
	struct fault fault;

	must(log == NULL ? STATUS_NOMEM : STATUS_OK, NULL);
	must(maillog_read(log, &source, &fault), &fault);
	maillog_finish(log);
	maillog_free(log);
}

static void
read_capture(const char *path, struct correlate *c)
{
	static struct port_set ports;
	const struct engine_config config = { .ports = &ports,
		.max_memory = (size_t)256 << 20,
		.secret = 1,
		.linger_ns = ENGINE_LINGER_NS,
		.two_threads = true };
	const struct source_config from = { .paths = &path, .path_count = 1 };
	struct engine *engine;
	struct source *source;
	struct fault fault;
	const struct frame *frame;

	port_set_add(&ports, 25);
	engine = engine_new(&config, on_record, c);
	must(engine == NULL ? STATUS_NOMEM : STATUS_OK, NULL);
	must(source_open(&source, &from, &fault), &fault);
	while (source_next(source, &frame) == STATUS_OK)
		engine_frame(engine, frame);
	engine_finish(engine);
	engine_free(engine);
	source_close(source);
}

int
main(int argc, char **argv)
{
	const struct correlate_config config = { .window_ns = CORRELATE_WINDOW_NS };
	struct correlate *c = correlate_new(&config);
	double begin = now(), read;

	if (argc != 3)
		return 2;
	must(c == NULL ? STATUS_NOMEM : STATUS_OK, NULL);
	read_capture(argv[1], c);
	read_log(argv[2], c);
	read = now();
	must(correlate_run(c, NULL), NULL);
	printf("%.2f %.2f %llu\n", read - begin, now() - read,
	    (unsigned long long)correlate_matches(c));
	correlate_free(c);
	return 0;
}
