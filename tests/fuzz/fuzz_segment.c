/*
 * fuzz_segment: any segments of three connections, ten octets each: flags, time, sequence and
 *   ACK numbers off the due ones, what was sent, what of it captured, and whether its checksum
 *   is wrong. The first octet picks the budget.
 * Holds: no more connections than segments; the same segments are judged the same, whatever
 *        the table's secret; memory is given back, however little there was.
 */
#include <assert.h>
#include <stdlib.h>

#include "analyzer/flow/flow.h"
#include "analyzer/verdict/judge.h"

#define STRIDE 10
#define MAX_SEGMENTS 400
#define MAX_SAID (MAX_SEGMENTS * 4)

struct desk {
	struct flow *flow;
	struct record_builder judged;
	uint8_t said[MAX_SAID]; /* of each connection: verdict, outcome, greeting and close */
	size_t said_n;
	uint32_t next[3][DIR_COUNT];
};

static void
on_connection(void *ctx, const struct conn *conn)
{
	struct refusal_reader refusals = { .table = NULL };
	struct desk *d = ctx;
	const struct record *r;

	judge(conn, &refusals, &d->judged);
	r = d->judged.rec;
	assert(d->said_n + 4 <= MAX_SAID);
	d->said[d->said_n++] = r->verdict;
	d->said[d->said_n++] = r->outcome;
	d->said[d->said_n++] = (uint8_t)r->greeting_code;
	d->said[d->said_n++] = r->close;
}

/* The due number, unless told otherwise. */
static uint32_t
number(uint32_t due, const uint8_t *off)
{
	if (off[0] >= 0xc0)
		return due + ((uint32_t)off[0] << 24 | (uint32_t)off[1] << 16);
	return off[0] >= 0x80 ? due + off[1] - 128 : due;
}

static struct segment
segment_of(struct desk *d, const uint8_t *b, uint64_t frame_no, int64_t *ts_ns)
{
	static const uint8_t texts[] = "220 x\r\n250 ok\r\n354 go\r\n554 no\r\nEHLO x\r\n"
				       "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n.\r\nQUIT\r\n"
				       "BDAT 9 LAST\r\nSTARTTLS\r\nAUTH LOGIN\r\n334 x\r\n\x16\x03";
	unsigned who = b[0] % 3;
	enum dir dir = b[0] & 0x80 ? DIR_SERVER : DIR_CLIENT;
	struct endpoint client = { { .octet = { 192, 0, 2, 1 }, .family = 4 },
		(uint16_t)(40000 + who) };
	struct endpoint server = { { .octet = { 192, 0, 2, 2 }, .family = 4 }, 25 };
	uint32_t *due = &d->next[who][dir];
	struct segment s = { .frame_no = frame_no,
		.src = dir == DIR_CLIENT ? client : server,
		.dst = dir == DIR_CLIENT ? server : client,
		.seq = number(*due, b + 2),
		.ack = number(d->next[who][1 - dir], b + 4),
		.flags = b[1] & (TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK),
		.window = 4096,
		.ip_id = (uint16_t)frame_no,
		.ttl = (uint8_t)(b[1] & 0x80 ? 32 : 64),
		.ts_digits = 6,
		.bad_checksum = (b[7] & 0x80) != 0,
		.window_shift = -1,
		.from_server = dir == DIR_SERVER,
		.to_server = dir == DIR_CLIENT };
	size_t at = b[6] % sizeof texts;
	bool due_one = s.seq == *due;

	if (s.flags & TCP_SYN)
		s.flags &= TCP_SYN | TCP_ACK; /* no stack sends more with it */

	s.payload = bytes_head(bytes_skip(bytes_of(texts, sizeof texts), at), b[7] % 64);
	s.len = (uint32_t)s.payload.n;
	if (b[8] & 0x80)
		s.payload = bytes_head(s.payload, b[8] & 0x3f);
	*ts_ns += (int8_t)b[9] * (b[8] & 0x40 ? INT64_C(2000000000) : INT64_C(1000000));
	s.ts_ns = *ts_ns;
	if (due_one)
		*due += segment_seq_len(&s);
	return s;
}

static void
play(struct desk *d, uint64_t secret, const uint8_t *data, size_t n)
{
	struct budget budget = { 0, (size_t)1 << (12 + data[0] % 12) };
	struct limits limits = { { 0 } };
	struct flow_config config = { &budget, &limits, secret, INT64_C(60000000000) };
	int64_t ts_ns = INT64_C(1700000000000000000);

	*d = (struct desk){ .said_n = 0 };
	assert(record_builder_init(&d->judged));
	d->flow = flow_new(&config, on_connection, d);
	assert(d->flow != NULL);
	for (size_t i = 0; i < n; i++) {
		struct segment s = segment_of(d, data + 1 + i * STRIDE, i + 1, &ts_ns);

		flow_mark(secret, &s);
		flow_segments(d->flow, &s, 1);
	}
	flow_finish(d->flow);
	flow_free(d->flow);
	record_builder_clear(&d->judged);
	assert(budget.used == 0);
	assert(d->said_n / 4 <= n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct desk one, other;
	size_t segments = n == 0 ? 0 : (n - 1) / STRIDE;

	if (segments == 0 || segments > MAX_SEGMENTS)
		return 0;
	play(&one, 7, data, segments);
	play(&other, 8, data, segments);
	assert(one.said_n == other.said_n);
	assert(memcmp(one.said, other.said, one.said_n) == 0);
	return 0;
}
