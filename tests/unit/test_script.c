#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>

#include "capture/packet/packet.h"
#include "fixtures/dialog/encap.h"
#include "fixtures/dialog/script.h"
#include "fixtures/dialog/transform.h"
#include "tests/unit/rows.h"

#define OUT_ROOM 2048

/*
 * What comes of a connection: side, flags, sequence and ACK number off the initial ones,
 * octets, and marks: `-` not in the file, `x` a wrong checksum, `2` stored twice.
 */
static const struct {
	const char *why, *text, *out;
} talks[] = {
	{ "a handshake", "handshake", "C:s0 S:sa0,1 C:a1,1" },
	{ "a line, and its ACK", "handshake\nS: 220 x", "C:s0 S:sa0,1 C:a1,1 S:pa1,1+7 C:a1,8" },
	{ "without acks", "acks off\nhandshake\nS: 220 x", "C:s0 S:sa0,1 C:a1,1 S:pa1,1+7" },
	{ "exact octets, with escapes", "acks off\nhandshake\nS= \\x41\\r\\n\\\\",
	    "C:s0 S:sa0,1 C:a1,1 S:pa1,1+4" },
	{ "what is held back goes with the next line", "acks off\nhandshake\nS+ a\nS: b",
	    "C:s0 S:sa0,1 C:a1,1 S:pa1,1+6" },
	{ "or with the FIN", "acks off\nhandshake\nS+ a\nS fin,ack",
	    "C:s0 S:sa0,1 C:a1,1 S:fa1,1+3" },
	{ "each side holds its own", "acks off\nhandshake\nS+ a\nC+ bc\nS+ d\nC: e\nS: f",
	    "C:s0 S:sa0,1 C:a1,1 C:pa1,1+7 S:pa1,8+9" },
	{ "a close", "acks off\nhandshake\nS close",
	    "C:s0 S:sa0,1 C:a1,1 S:fa1,1 C:a1,2 C:fa1,2 S:a2,2" },
	{ "dropped: in TCP's eyes only", "handshake\ndrop S: ab",
	    "C:s0 S:sa0,1 C:a1,1 -S:pa1,1+4 C:a1,5" },
	{ "lost: seen, and never arrived", "handshake\nlost S: ab\nC ack",
	    "C:s0 S:sa0,1 C:a1,1 S:pa1,1+4 C:a1,1" },
	{ "a hole holds up the ACK until it is filled", "handshake\nlost S: a\nS: b\nS resend 2",
	    "C:s0 S:sa0,1 C:a1,1 S:pa1,1+3 S:pa4,1+3 C:a1,1 S:pa1,1+3 C:a1,7" },
	{ "numbers of one's own move nothing back",
	    "acks off\nhandshake\nS: ab\nseq -4 S: cd\nS: e",
	    "C:s0 S:sa0,1 C:a1,1 S:pa1,1+4 S:pa1,1+4 S:pa5,1+3" },
	{ "an RST with text is no octet of the stream",
	    "acks off\nhandshake\nS rst,ack data gone\nS rst",
	    "C:s0 S:sa0,1 C:a1,1 S:ra1,1+4 S:r1" },
	{ "marks", "acks off\ndup C syn\nbadsum S syn,ack", "2C:s0 xS:sa0,1" },
	{ "one side unseen", "capture off C\nhandshake", "-C:s0 S:sa0,1 -C:a1,1" },
	{ "full segments", "acks off\nhandshake\nS fill 2000",
	    "C:s0 S:sa0,1 C:a1,1 S:a1,1+1448 S:pa1449,1+552" },
	{ "a SYN again has its number again", "C syn\n+1s C syn", "C:s0 C:s0" },
	{ "comments and empty lines", "# a\n\n  C syn", "C:s0" },
};

ROWS(script, talks, talks)

/* The text as a connection, with initial numbers that wrap. */
static enum status
parse(struct script *s, const char *body, struct fault *fault)
{
	char text[1024];

	snprintf(text, sizeof text,
	    "connection x client-isn 4294967295 server-isn 4294967290\n%s\n", body);
	script_init(s);
	return script_parse(s, "t", bytes_str(text), 0, fault);
}

static size_t
print_packet(char *to, size_t room, const struct script_packet *p)
{
	const uint32_t isn[DIR_COUNT] = { 4294967295u, 4294967290u };
	enum dir peer = p->dir == DIR_CLIENT ? DIR_SERVER : DIR_CLIENT;
	char ack[16] = "", len[16] = "";

	if ((p->flags & TCP_ACK) != 0)
		snprintf(ack, sizeof ack, ",%" PRIu32, p->ack - isn[peer]);
	if (p->len != 0)
		snprintf(len, sizeof len, "+%" PRIu32, p->len);
	return (size_t)snprintf(to, room, "%s%s%s%s%c:%s%s%s%s%s%" PRIu32 "%s%s",
	    room < OUT_ROOM ? " " : "", p->hidden ? "-" : "", p->twice ? "2" : "",
	    p->bad_checksum ? "x" : "", p->dir == DIR_CLIENT ? 'C' : 'S',
	    (p->flags & TCP_SYN) != 0 ? "s" : "", (p->flags & TCP_FIN) != 0 ? "f" : "",
	    (p->flags & TCP_RST) != 0 ? "r" : "", (p->flags & TCP_PSH) != 0 ? "p" : "",
	    (p->flags & TCP_ACK) != 0 ? "a" : "", p->seq - isn[p->dir], ack, len);
}

static void
print(const struct script *s, char out[static OUT_ROOM])
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < s->packet_count && n < OUT_ROOM - 64; i++)
		n += print_packet(out + n, OUT_ROOM - n, &s->packets[i]);
}

ParameterizedTest(const size_t *row, script, talks)
{
	struct script s;
	struct fault fault = { "" };
	char out[OUT_ROOM];

	cr_assert_eq(
	    parse(&s, talks[*row].text, &fault), STATUS_OK, "%s: %s", talks[*row].why, fault.text);
	print(&s, out);
	cr_expect_str_eq(out, talks[*row].out, "%s: %s", talks[*row].why, out);
	script_clear(&s);
}

static const struct {
	const char *why, *text, *fault;
} faults[] = {
	{ "an unknown statement", "hello",
	    "t:2: expected a setting, a connection, a prefix, S or C" },
	{ "an unknown flag", "S urg", "t:2: expected TCP flags, fill, gap, resend or close" },
	{ "nothing after a prefix", "drop", "t:2: expected a packet after the prefix" },
	{ "no number", "keep S: x", "t:2: expected a number" },
	{ "a number that is too large", "ttl 256 S ack", "t:2: expected a number" },
	{ "fragments of odd size", "fragment 20 S: x", "t:2: expected a multiple of 8" },
	{ "a bad escape", "S: \\q", "t:2: expected \\r, \\n, \\t, \\\\ or \\x and two hex digits" },
	{ "a number without a sign", "seq 4 S ack", "t:2: expected +N, -N or =N" },
	{ "nothing to send again", "C syn\nS resend",
	    "t:3: expected segments with data before this" },
	{ "words at the end", "C syn now", "t:2: expected data, or nothing" },
	{ "a time without a unit", "+5 C syn", "t:2: expected a duration, as in +50ms" },
	{ "an address without a port", "connection y client 192.0.2.1",
	    "t:2: expected an address and a port" },
	{ "no address", "connection y client 192.0.2:25", "t:2: expected an address" },
};

ROWS(script, faults, faults)

ParameterizedTest(const size_t *row, script, faults)
{
	struct script s;
	struct fault fault = { "" };

	cr_expect_eq(parse(&s, faults[*row].text, &fault), STATUS_FORMAT, "%s", faults[*row].why);
	cr_expect_str_eq(fault.text, faults[*row].fault, "%s: %s", faults[*row].why, fault.text);
	script_clear(&s);
}

/* ---- what is built is what the capture layer reads ---- */

struct read_back {
	struct packet *packet;
	const struct script *script;
	const struct script_packet *due;
	size_t seen;
	int link_type;
	uint64_t frame_no;
};

static void
compare(struct read_back *r, const struct segment *seg)
{
	const struct script_packet *p = r->due;
	const struct endpoint *end = r->script->connections[p->connection].end;

	r->seen++;
	cr_expect_eq(seg->seq, p->seq);
	cr_expect_eq(seg->ack, p->ack);
	cr_expect_eq(seg->flags, p->flags);
	cr_expect_eq(seg->ttl, p->ttl);
	cr_expect_eq(seg->window, p->window);
	cr_expect_eq(seg->src.port, end[p->dir].port);
	cr_expect_arr_eq(seg->src.addr.octet, end[p->dir].addr.octet, 16);
	cr_expect_eq(seg->len, p->len);
	cr_expect(bytes_eq(seg->payload, bytes_of(r->script->text + p->off, p->len)));
	/* With IPv4 options the addresses may not be those of the sum: nothing is said of it. */
	if (r->script->link != ENCAP_OPTIONS || seg->src.addr.family == 6)
		cr_expect_eq(seg->bad_checksum, p->bad_checksum);
}

static void
decode(void *ctx, const struct encap_frame *f)
{
	struct read_back *r = ctx;
	struct frame frame = { .frame_no = ++r->frame_no,
		.data = bytes_of(f->octets, f->captured),
		.wire_len = f->wire,
		.link_type = r->link_type,
		.ts_digits = 6 };
	struct segment seg;

	if (packet_decode(r->packet, &frame, &seg))
		compare(r, &seg);
}

/* LINKTYPE_ and DLT_ numbers differ for raw IP. */
static int
dlt(enum encap e)
{
	return encap_linktype(e) == 101 ? 12 : encap_linktype(e);
}

static void
read_back(enum encap e, int family)
{
	struct port_set ports = { 0 };
	struct budget budget = { .max = 1 << 20 };
	struct limits limits = { 0 };
	struct script s;
	struct read_back r = { .script = &s, .link_type = dlt(e) };

	port_set_add(&ports, 25);
	r.packet = packet_new(&ports, &budget, &limits);
	cr_assert_eq(parse(&s,
			 "handshake\nS: 554 a line long enough for a second fragment of it\n"
			 "badsum C: x\nttl 9 S rst,ack data bye",
			 NULL),
	    STATUS_OK);
	s.link = (uint8_t)e;
	s.padding = PADDING_BOTH;
	transform_family(&s, family);
	for (size_t i = 0; i < s.packet_count; i++) {
		r.due = &s.packets[i];
		encap_packet(&s, r.due, false, decode, &r);
	}
	cr_expect_eq(
	    r.seen, s.packet_count, "%d of IPv%d: %zu of %zu", e, family, r.seen, s.packet_count);
	packet_free(r.packet);
	script_clear(&s);
}

Test(script, every_encapsulation_is_read_back)
{
	for (int e = 0; e < ENCAP_COUNT; e++) {
		read_back((enum encap)e, 4);
		read_back((enum encap)e, 6);
	}
}

/* ---- transformations ---- */

static const struct {
	const char *why, *text, *out;
	uint32_t segment;
	bool overlap;
} cuts[] = {
	{ "cut", "handshake\nS: abcd\nacks off", "C:s0 S:sa0,1 C:a1,1 S:a1,1+3 S:pa4,1+3 C:a1,7", 3,
	    false },
	{ "joined, over the ACK between", "handshake\nS: a\nS: b",
	    "C:s0 S:sa0,1 C:a1,1 S:pa1,1+6 C:a1,4 C:a1,7", 64, false },
	{ "the FIN goes with the last piece", "acks off\nhandshake\nS+ ab\nS fin,ack",
	    "C:s0 S:sa0,1 C:a1,1 S:a1,1+3 S:fa4,1+1", 3, false },
	{ "an RST's text stays whole", "acks off\nhandshake\nS rst,ack data abcdef",
	    "C:s0 S:sa0,1 C:a1,1 S:ra1,1+6", 2, false },
	{ "what is not captured stays so", "acks off\nhandshake\ndrop S: ab",
	    "C:s0 S:sa0,1 C:a1,1 -S:a1,1+2 -S:pa3,1+2", 2, false },
	{ "overlap", "acks off\nhandshake\nS: abcd", "C:s0 S:sa0,1 C:a1,1 S:a1,1+3 S:pa1,1+6", 3,
	    true },
};

ROWS(script, cuts, cuts)

ParameterizedTest(const size_t *row, script, cuts)
{
	struct script s;
	char out[OUT_ROOM];

	cr_assert_eq(parse(&s, cuts[*row].text, NULL), STATUS_OK);
	transform_segment(&s, cuts[*row].segment);
	if (cuts[*row].overlap)
		transform_overlap(&s);
	print(&s, out);
	cr_expect_str_eq(out, cuts[*row].out, "%s: %s", cuts[*row].why, out);
	script_clear(&s);
}

Test(script, later_is_stored_behind_those_that_overtake_it)
{
	struct script s;
	char out[OUT_ROOM];

	cr_assert_eq(parse(&s, "acks off\nlater 2 C syn\nS syn,ack\nC ack\nS: a", NULL), STATUS_OK);
	transform_sort(&s);
	print(&s, out);
	cr_expect_str_eq(out, "S:sa0,1 C:a1,1 C:s0 S:pa1,1+3", "%s", out);
	cr_expect_eq(s.packets[2].ts_ns - s.packets[0].ts_ns, 2 * SCRIPT_STEP_NS);
	script_clear(&s);
}
