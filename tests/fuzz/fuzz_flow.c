/*
 * fuzz_flow: any dialogue, one segment a line, from streams to the verdict. The first octet of
 *   a line tells what it is: C and S a line of the client or the server, c and s the same without
 *   CR LF, B and Q a line whose sender had not yet seen the other side's last, F and f a FIN,
 *   R and r an RST, A and a an ACK alone. Bits of any other octet choose one of these.
 * Holds: the same octets in segments of another size, in another order, overlapping, or doubled
 *        are judged the same; memory is given back.
 */
#include <assert.h>
#include <stdlib.h>

#include "analyzer/flow/flow.h"
#include "analyzer/verdict/judge.h"

#define MAX_INPUT 4096
#define MAX_PIECES 512 /* of one line: what a stream keeps out of order is bounded */

enum view { VIEW_WHOLE, VIEW_CUT, VIEW_BACKWARDS, VIEW_OVERLAP, VIEW_DOUBLE, VIEW_COUNT };

struct desk {
	struct flow *flow;
	struct record_builder judged;
	enum view view;
	unsigned connections;
	uint32_t sent[DIR_COUNT], before[DIR_COUNT]; /* sequence numbers, and those a line ago */
	bool closed[DIR_COUNT];                      /* it says nothing more */
	uint64_t frame_no;
	uint8_t line[MAX_INPUT + 2];
};

static void
on_connection(void *ctx, const struct conn *conn)
{
	struct refusal_reader refusals = { .table = NULL };
	struct desk *d = ctx;

	judge(conn, &refusals, &d->judged);
	d->connections++;
}

static void
send_one(struct desk *d, enum dir dir, uint8_t flags, uint32_t seq, uint32_t ack, struct bytes data)
{
	struct endpoint client = { { .octet = { 192, 0, 2, 10 }, .family = 4 }, 40000 };
	struct endpoint server = { { .octet = { 198, 51, 100, 25 }, .family = 4 }, 25 };
	struct segment s = {
		.ts_ns = (int64_t)++d->frame_no * 1000,
		.frame_no = d->frame_no,
		.src = dir == DIR_CLIENT ? client : server,
		.dst = dir == DIR_CLIENT ? server : client,
		.from_server = dir == DIR_SERVER,
		.to_server = dir == DIR_CLIENT,
		.seq = seq,
		.ack = ack,
		.len = (uint32_t)data.n,
		.payload = data,
		.window = 65535,
		.ip_id = (uint16_t)d->frame_no,
		.flags = flags,
		.ttl = 64,
		.ts_digits = 6,
		.window_shift = -1,
	};

	flow_mark(7, &s);
	flow_segments(d->flow, &s, 1);
	if (d->view == VIEW_DOUBLE) {
		s.frame_no = ++d->frame_no;
		flow_segments(d->flow, &s, 1);
	}
}

/* What a side says in one go, as the view has it. */
static void
say(struct desk *d, enum dir dir, struct bytes data, uint32_t ack)
{
	size_t step =
	    d->view == VIEW_WHOLE || d->view == VIEW_DOUBLE ? data.n : data.n / MAX_PIECES + 1;
	size_t pieces = (data.n + step - 1) / step;

	for (size_t i = 0; i < pieces; i++) {
		size_t at = (d->view == VIEW_BACKWARDS ? pieces - 1 - i : i) * step;
		size_t back = d->view == VIEW_OVERLAP && at >= 3 ? 3 : 0;
		struct bytes piece = bytes_head(bytes_skip(data, at - back), step + back);

		send_one(d, dir, TCP_ACK, d->sent[dir] + (uint32_t)(at - back), ack, piece);
	}
	d->before[dir] = d->sent[dir];
	d->sent[dir] += (uint32_t)data.n;
}

static void
line(struct desk *d, char kind, struct bytes text)
{
	static const char kinds[] = "CScsBQFfRrAa";
	const char *at = strchr(kinds, kind);
	size_t which = at != NULL && kind != '\0' ? (size_t)(at - kinds) : (uint8_t)kind % 12;
	enum dir dir = which % 2 == 0 ? DIR_CLIENT : DIR_SERVER;
	enum dir other = dir == DIR_CLIENT ? DIR_SERVER : DIR_CLIENT;
	size_t n = text.n;

	if (d->closed[dir] && which / 2 != 5)
		return;
	d->closed[dir] |= which / 2 == 3 || which / 2 == 4;
	memcpy(d->line, text.p, n);
	switch (which / 2) {
	case 0:
	case 1:
	case 2:
		if (which / 2 != 1) {
			d->line[n++] = '\r';
			d->line[n++] = '\n';
		}
		if (n > 0)
			say(d, dir, bytes_of(d->line, n),
			    which / 2 == 2 ? d->before[other] : d->sent[other]);
		break;
	case 3:
		send_one(
		    d, dir, TCP_FIN | TCP_ACK, d->sent[dir], d->sent[other], bytes_of(NULL, 0));
		d->before[dir] = d->sent[dir]++;
		break;
	case 4:
		send_one(
		    d, dir, TCP_RST | TCP_ACK, d->sent[dir], d->sent[other], bytes_of(NULL, 0));
		break;
	default:
		send_one(d, dir, TCP_ACK, d->sent[dir], d->sent[other], bytes_of(NULL, 0));
		break;
	}
}

static void
play(struct desk *d, enum view view, struct bytes script)
{
	struct budget budget = { 0, 1 << 24 };
	struct limits limits = { { 0 } };
	struct flow_config config = { &budget, &limits, 7, INT64_C(60000000000) };

	*d = (struct desk){ .view = view, .sent = { 1000, 4294967290 } };
	assert(record_builder_init(&d->judged));
	d->flow = flow_new(&config, on_connection, d);
	assert(d->flow != NULL);
	send_one(d, DIR_CLIENT, TCP_SYN, d->sent[DIR_CLIENT]++, 0, bytes_of(NULL, 0));
	send_one(d, DIR_SERVER, TCP_SYN | TCP_ACK, d->sent[DIR_SERVER]++, d->sent[DIR_CLIENT],
	    bytes_of(NULL, 0));
	send_one(
	    d, DIR_CLIENT, TCP_ACK, d->sent[DIR_CLIENT], d->sent[DIR_SERVER], bytes_of(NULL, 0));
	memcpy(d->before, d->sent, sizeof d->before);
	while (script.n > 0) {
		const uint8_t *lf = memchr(script.p, '\n', script.n);
		size_t n = lf == NULL ? script.n : (size_t)(lf - script.p);

		if (n > 0)
			line(d, (char)script.p[0], bytes_of(script.p + 1, n - 1));
		script = bytes_skip(script, n + (lf != NULL));
	}
	flow_finish(d->flow);
	flow_free(d->flow);
	assert(budget.used == 0);
}

static void
assert_same_text(const struct record *a, struct text in_a, const struct record *b, struct text in_b)
{
	assert(text_present(in_a) == text_present(in_b));
	assert(bytes_eq(record_text(a, in_a), record_text(b, in_b)));
}

static void
assert_same(const struct record *a, const struct record *b)
{
	const struct record_sender *from_a = record_array(a, a->senders);
	const struct record_sender *from_b = record_array(b, b->senders);
	const struct record_recipient *to_a = record_array(a, a->recipients);
	const struct record_recipient *to_b = record_array(b, b->recipients);
	const struct record_finding *found_a = record_array(a, a->findings);
	const struct record_finding *found_b = record_array(b, b->findings);

	assert(a->verdict == b->verdict && a->outcome == b->outcome);
	assert(a->confidence == b->confidence && a->greeting_code == b->greeting_code);
	assert(a->close == b->close && a->closed_by == b->closed_by);
	assert(a->messages == b->messages && a->profile_result == b->profile_result);
	assert(a->octets[DIR_CLIENT] == b->octets[DIR_CLIENT]);
	assert(a->octets[DIR_SERVER] == b->octets[DIR_SERVER]);
	assert_same_text(a, a->greeting, b, b->greeting);
	assert_same_text(a, a->helo, b, b->helo);
	assert_same_text(a, a->tls, b, b->tls);
	assert_same_text(a, a->auth, b, b->auth);
	assert(a->senders.count == b->senders.count);
	for (uint32_t i = 0; i < a->senders.count; i++) {
		assert(from_a[i].code == from_b[i].code);
		assert_same_text(a, from_a[i].address, b, from_b[i].address);
	}
	assert(a->recipients.count == b->recipients.count);
	for (uint32_t i = 0; i < a->recipients.count; i++) {
		assert(to_a[i].code == to_b[i].code && to_a[i].class == to_b[i].class);
		assert_same_text(a, to_a[i].address, b, to_b[i].address);
		assert_same_text(a, to_a[i].reply, b, to_b[i].reply);
	}
	assert(a->findings.count == b->findings.count);
	for (uint32_t i = 0; i < a->findings.count; i++)
		assert_same_text(a, found_a[i].rule, b, found_b[i].rule);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct desk whole, other;

	if (n > MAX_INPUT)
		return 0;
	play(&whole, VIEW_WHOLE, bytes_of(data, n));
	for (enum view view = VIEW_CUT; view < VIEW_COUNT; view++) {
		play(&other, view, bytes_of(data, n));
		assert(other.connections == whole.connections);
		assert_same(whole.judged.rec, other.judged.rec);
		record_builder_clear(&other.judged);
	}
	record_builder_clear(&whole.judged);
	return 0;
}
