/*
 * fuzz_maillog: whatever the octets of a log, its sessions are the same when it comes in blocks of
 * another size, and each is one block in which every text and list lies. Octets 0xff part logs,
 * and the first octet chooses the size of the blocks, and small bounds.
 */
#include <assert.h>
#include <stdlib.h>

#include "analyzer/maillog/maillog.h"

/* The sessions, one behind the other, and what is said of the logs. */
struct all {
	uint8_t *octets;
	size_t n, room;
	uint64_t unparsed, last_id;
};

static void
append(struct all *a, const void *octets, size_t n)
{
	if (a->n + n > a->room) {
		a->room = (a->n + n) * 2;
		a->octets = realloc(a->octets, a->room);
		assert(a->octets != NULL);
	}
	memcpy(a->octets + a->n, octets, n);
	a->n += n;
}

static void
check_text(const struct log_session *s, struct log_text t)
{
	assert(!log_text_present(t) || (size_t)t.off + t.len <= s->size);
	assert(!log_text_present(t) || t.len == 0 || t.off >= sizeof *s);
}

static void
check_parties(const struct log_session *s, struct log_list list)
{
	const struct log_party *p = log_session_list(s, list);

	assert(list.off + list.count * sizeof *p <= s->size && list.off >= sizeof *s);
	for (uint16_t i = 0; i < list.count; i++) {
		check_text(s, p[i].address);
		assert(p[i].refusal < LOG_REFUSAL_COUNT);
	}
}

static void
on_session(void *ctx, const struct log_session *s)
{
	struct all *a = ctx;

	assert(s->size >= sizeof *s && s->size <= LOG_SESSION_MAX);
	assert(s->id > 0 && s->first_line.line > 0);
	assert(s->action < LOG_ACTION_COUNT && s->end < LOG_END_COUNT);
	assert(s->tls < LOG_TLS_COUNT && s->auth < LOG_AUTH_COUNT);
	assert(s->first_ns <= s->last_ns);
	assert(s->closed_ns == LOG_TIME_NONE || s->closed_ns <= s->last_ns);
	for (int i = 0; i < LOG_TEXT_COUNT; i++)
		check_text(s, s->text[i]);
	check_parties(s, s->senders);
	check_parties(s, s->recipients);
	assert(s->messages.off + s->messages.count * sizeof(struct log_message) <= s->size);
	append(a, s, s->size);
}

static void
on_unparsed(void *ctx, const char *path, uint64_t line, struct bytes text)
{
	struct all *a = ctx;

	assert(path != NULL && line > 0);
	append(a, text.p, text.n);
	a->unparsed++;
}

static void
feed(struct maillog *m, struct bytes log, size_t step)
{
	while (log.n > 0) {
		struct bytes part = bytes_head(log, step);
		/* An allocation of its own, so that an octet too many or too late is seen. */
		uint8_t *block = malloc(part.n);

		assert(block != NULL);
		memcpy(block, part.p, part.n);
		maillog_feed(m, bytes_of(block, part.n));
		free(block);
		log = bytes_skip(log, part.n);
	}
}

static void
read_all(struct all *a, struct bytes logs, size_t step, size_t max_open)
{
	const struct maillog_config config = { .max_open = max_open,
		.max_memory = max_open == 0 ? 0 : 1 << 16,
		.utc_offset_s = LOG_OFFSET_NONE,
		.sink = on_session,
		.unparsed = on_unparsed,
		.ctx = a };
	const struct maillog_start start = { .path = "log",
		.compression = "none",
		.near_ns = INT64_C(1247873976) * LOG_NS_PER_S,
		.utc_offset_s = LOG_OFFSET_NONE };
	struct maillog *m = maillog_new(&config);
	const struct maillog_file *files;
	uint64_t unparsed = 0;
	size_t count;

	assert(m != NULL);
	do {
		const uint8_t *end = logs.n == 0 ? NULL : memchr(logs.p, 0xff, logs.n);
		struct bytes log = end == NULL ? logs : bytes_head(logs, (size_t)(end - logs.p));

		assert(maillog_begin(m, &start) == STATUS_OK);
		feed(m, log, step);
		maillog_end(m);
		logs = bytes_skip(logs, log.n + 1);
	} while (logs.n > 0);
	maillog_finish(m);
	files = maillog_files(m, &count);
	for (size_t i = 0; i < count; i++) {
		assert(files[i].understood <= files[i].lines);
		unparsed += files[i].unparsed;
		append(a, &files[i].lines, sizeof files[i].lines);
		append(a, &files[i].sessions, sizeof files[i].sessions);
		append(a, &files[i].first_ns, sizeof files[i].first_ns);
	}
	assert(unparsed == a->unparsed);
	append(a, maillog_limits(m), sizeof *maillog_limits(m));
	maillog_free(m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct all whole = { 0 }, cut = { 0 };
	size_t step = size == 0 ? 1 : data[0] % 61 + 1u,
	       max_open = size != 0 && data[0] >= 128 ? 3 : 0;
	struct bytes logs = bytes_skip(bytes_of(data, size), 1);

	read_all(&whole, logs, SIZE_MAX, max_open);
	read_all(&cut, logs, step, max_open);
	assert(whole.n == cut.n && memcmp(whole.octets, cut.octets, whole.n) == 0);
	free(whole.octets);
	free(cut.octets);
	return 0;
}
