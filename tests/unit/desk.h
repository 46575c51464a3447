/*
 * desk: a session of the responder without a socket: octets in, replies out, lines into a log.
 */
#ifndef HATCHECK_DESK_H
#define HATCHECK_DESK_H

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fixtures/responder/session.h"

struct desk {
	struct house house;
	struct policy *policy;
	struct decision decision;
	struct conduct conduct;
	struct journal_book book;
	struct journal journal;
	struct client client;
	struct session session;
	enum session_next next;
	int log_fd; /* -1: there is no log */
	char said[1 << 16];
	size_t said_n;
};

static inline void
desk_say(void *ctx, const char *text)
{
	(void)ctx;
	fprintf(stderr, "%s\n", text);
}

/* A policy from a text; NULL: none. */
static inline struct policy *
desk_policy(const char *hat)
{
	struct policy_config config = { .strict = true, .say = desk_say };
	char path[] = "/tmp/hatcheck-desk-XXXXXX";
	struct policy *policy = NULL;
	struct fault fault = { "" };
	int fd;

	if (hat != NULL) {
		fd = mkstemp(path);
		assert(fd != -1 && write(fd, hat, strlen(hat)) == (ssize_t)strlen(hat));
		close(fd);
		config.hat = path;
	}
	if (policy_load(&policy, &config, &fault) != STATUS_OK)
		fprintf(stderr, "%s\n", fault.text);
	if (hat != NULL)
		unlink(path);
	assert(policy != NULL);
	return policy;
}

/* The session of the client 127.0.0.9, with the HAT of that text. */
static inline void
desk_open(struct desk *d, const char *hat, enum manner honest, enum manner acts, bool logs)
{
	static const struct addr client = { .family = 4, .octet = { 127, 0, 0, 9 } },
				 local = { .family = 4, .octet = { 127, 0, 0, 1 } };
	struct fault fault;
	char path[64];

	d->house.hostname = "mx.test";
	d->house.reject_code = 554;
	d->house.rcpt_code = 550;
	d->house.reject_text = "go away";
	d->house.rcpt_text = "#5.7.1 access refused";
	d->policy = desk_policy(hat);
	policy_decide(d->policy, client, &d->decision);
	d->conduct.honest = honest;
	d->conduct.acts = acts;
	d->log_fd = -1;
	if (logs) {
		d->log_fd = memfd_create("log", 0);
		snprintf(path, sizeof path, "/proc/self/fd/%d", d->log_fd);
		assert(mail_log_open(&d->book.log, path, &fault) == STATUS_OK);
	}
	journal_open(&d->journal, &d->book, &local, &d->decision, &d->conduct);
	session_init(
	    &d->session, &d->house, &d->decision, &d->client, &d->journal, acts == MANNER_ACCEPT);
}

/*
 * Feeds as a caller does, `step` octets at a time (0: all at once); keeps what is not taken.
 * Stops where the session asks for something, and returns what was not taken by then.
 */
static inline struct bytes
desk_feed(struct desk *d, struct bytes in, size_t step)
{
	char room[1 << 14];
	size_t have = step == 0 ? in.n : 0;

	d->next = SESSION_GO_ON;
	while (d->next == SESSION_GO_ON) {
		struct outbox out = { room, 0, sizeof room };
		size_t n = session_feed(&d->session, bytes_head(in, have), &out, &d->next);

		assert(n <= have && out.n <= out.room);
		in = bytes_skip(in, n);
		have -= n;
		if (d->said_n + out.n > sizeof d->said)
			d->said_n = 0;
		memcpy(d->said + d->said_n, room, out.n);
		d->said_n += out.n;
		if (n > 0)
			continue;
		assert(have < session_line_max(&d->session));
		if (have == in.n)
			break;
		have = have + step < in.n ? have + step : in.n;
	}
	return in;
}

/* Closes, and gives the log's lines without their stamps, one "\n" behind each; free it. */
static inline char *
desk_close(struct desk *d)
{
	size_t room = d->log_fd != -1 ? MAIL_LOG_KEEP : 1;
	char *raw = calloc(1, room), *lines = calloc(1, room), *at = raw, *to = lines;

	assert(raw != NULL && lines != NULL);
	journal_close(&d->journal, false);
	policy_release(d->policy);
	assert(mail_log_close(d->book.log, NULL) == STATUS_OK);
	if (d->log_fd != -1)
		assert(pread(d->log_fd, raw, room - 1, 0) >= 0 && close(d->log_fd) == 0);
	for (char *end; (end = strchr(at, '\n')) != NULL; at = end + 1) {
		size_t n = (size_t)(end + 1 - at),
		       stamp = strlen("Fri Jul 17 23:39:36 2009 Info: ");

		assert(n > stamp);
		memcpy(to, at + stamp, n - stamp);
		to += n - stamp;
	}
	free(raw);
	return lines;
}

#endif
