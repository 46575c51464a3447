/*
 * The pcapng format: blocks of {type, length, body, length again}, padded to 32 bits.
 * A section header says the octet order of what follows; each interface block the
 * link type and clock of the frames that name it. Blocks that carry no frame (names,
 * statistics, secrets, comments) are passed over whatever their length.
 */
#include "capture/source/savefile.h"

#include <stdlib.h>

#define BLOCK_HEADER 8
#define BLOCK_MIN 12         /* header, no body, and the length again */
#define MAX_BLOCK (1u << 20) /* of those that are read: a frame and its options */
#define MAX_INTERFACES 65536
#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define SECOND_NS 1000000000
#define TIME_MAX (INT64_MAX / 2) /* the year 2116: sums of two cannot overflow */

enum {
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 2, /* obsolete */
	BLOCK_SIMPLE = 3,
	BLOCK_ENHANCED = 6,
	BLOCK_SECTION = 0x0a0d0d0a /* the same in either order */
};

enum { OPTION_END = 0, OPTION_TSRESOL = 9, OPTION_TSOFFSET = 14 };

struct savefile_interface {
	int link_type;
	size_t link;      /* in the input's list */
	uint32_t snaplen; /* 0: unlimited */
	uint8_t ts_digits;
	uint8_t shift;             /* ticks are of 2^-shift s, or if it is 0: */
	uint64_t divide, multiply; /* ticks to ns, one of the two being 1 */
	int64_t offset_ns;
};

static uint16_t
read16(const struct savefile_pcapng *r, const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof v);
	return r->swapped ? __builtin_bswap16(v) : v;
}

static uint32_t
read32(const struct savefile_pcapng *r, const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
	return r->swapped ? __builtin_bswap32(v) : v;
}

static int64_t
read64(const struct savefile_pcapng *r, const uint8_t *p)
{
	uint64_t v;
	int64_t as_signed;

	memcpy(&v, p, sizeof v);
	v = r->swapped ? __builtin_bswap64(v) : v;
	memcpy(&as_signed, &v, sizeof v);
	return as_signed;
}

static int64_t
clamp(int64_t v, int64_t low, int64_t high)
{
	return v < low ? low : v > high ? high : v;
}

static void
set_resolution(struct savefile_interface *i, uint8_t resolution)
{
	unsigned exponent = resolution & 0x7f;

	i->shift = 0;
	i->multiply = i->divide = 1;
	if ((resolution & 0x80) != 0 && exponent > 0) {
		i->shift = (uint8_t)exponent;
		i->ts_digits = exponent > 20 ? 9 : 6; /* 2^-20 s is a microsecond */
		return;
	}
	i->ts_digits = exponent > 6 ? 9 : 6;
	for (; exponent < 9; exponent++)
		i->multiply *= 10;
	for (; exponent > 9 && i->divide < UINT64_MAX / 10; exponent--)
		i->divide *= 10;
}

static int64_t
binary_ns(uint64_t ticks, unsigned shift)
{
	uint64_t s = shift < 64 ? ticks >> shift : 0;
	uint64_t part = shift < 64 ? ticks & ((UINT64_C(1) << shift) - 1) : ticks;

	if (s > TIME_MAX / SECOND_NS)
		return TIME_MAX;
	/* In 2^-32 s, which is finer than a nanosecond. */
	if (shift <= 32)
		part <<= 32 - shift;
	else
		part = shift < 96 ? part >> (shift - 32) : 0;
	return (int64_t)(s * SECOND_NS + (part * SECOND_NS >> 32));
}

static int64_t
to_ns(const struct savefile_interface *i, uint32_t high, uint32_t low)
{
	uint64_t ticks = (uint64_t)high << 32 | low;
	int64_t ns;

	if (i->shift != 0)
		ns = binary_ns(ticks, i->shift);
	else if (i->divide != 1)
		ns = (int64_t)(ticks / i->divide);
	else
		ns = ticks > TIME_MAX / i->multiply ? TIME_MAX : (int64_t)(ticks * i->multiply);
	return clamp(ns + i->offset_ns, 0, TIME_MAX);
}

static void
read_options(const struct savefile_pcapng *r, struct savefile_interface *i, struct bytes options)
{
	while (options.n >= 4) {
		unsigned code = read16(r, options.p), len = read16(r, options.p + 2);
		const uint8_t *value = options.p + 4;

		if (code == OPTION_END || len > options.n - 4)
			return;
		if (code == OPTION_TSRESOL && len == 1)
			set_resolution(i, value[0]);
		else if (code == OPTION_TSOFFSET && len == 8)
			i->offset_ns = SECOND_NS * clamp(read64(r, value), -TIME_MAX / SECOND_NS,
						       TIME_MAX / SECOND_NS);
		options = bytes_skip(options, 4 + (len + 3u) / 4 * 4);
	}
}

/* Room for one more, or NULL after saying why not. */
static struct savefile_interface *
new_interface(struct savefile *f)
{
	struct savefile_pcapng *r = &f->as.pcapng;
	size_t room = r->room == 0 ? 8 : r->room * 2;
	struct savefile_interface *more;

	if (r->count < r->room)
		return &r->interfaces[r->count++];
	more = room > MAX_INTERFACES ? NULL : realloc(r->interfaces, room * sizeof *more);
	if (more == NULL) {
		savefile_damaged(f, "a section of more interfaces than there is room for");
		return NULL;
	}
	r->interfaces = more;
	r->room = room;
	return &r->interfaces[r->count++];
}

static enum status
read_interface(struct savefile *f, struct bytes body, struct frame *frame)
{
	const struct savefile_pcapng *r = &f->as.pcapng;
	struct savefile_interface *i = new_interface(f);

	(void)frame;
	if (i == NULL)
		return STATUS_END;
	*i = (struct savefile_interface){ .link_type = savefile_dlt(read16(r, body.p)),
		.snaplen = read32(r, body.p + 4) };
	set_resolution(i, 6);
	read_options(r, i, bytes_skip(body, 8));
	i->link = savefile_link_type(f, i->link_type);
	if (i->ts_digits > f->input->ts_digits)
		f->input->ts_digits = i->ts_digits;
	return STATUS_OK;
}

/* From here on its octet order holds, and interfaces are counted from 0 again. */
static enum status
read_section(struct savefile *f, struct bytes body, struct frame *frame)
{
	struct savefile_pcapng *r = &f->as.pcapng;
	unsigned version = read16(r, body.p + 4);

	(void)frame;
	r->count = 0;
	if (read32(r, body.p) != BYTE_ORDER_MAGIC)
		return savefile_damaged(f, "a section without its octet order");
	if (version != 1)
		return savefile_damaged(f, "pcapng version %u is not known", version);
	return STATUS_OK;
}

/* A frame of `captured` octets, the first of `behind`. */
static enum status
set_frame(struct savefile *f, struct frame *frame, uint32_t interface, uint32_t captured,
    uint32_t wire, struct bytes behind)
{
	const struct savefile_pcapng *r = &f->as.pcapng;

	if (interface >= r->count)
		return savefile_damaged(
		    f, "a frame of interface %u, which no block describes", interface);
	if (captured > behind.n || captured > FRAME_MAX)
		return savefile_damaged(
		    f, "a frame of %u captured octets in a block of %zu", captured, behind.n);
	frame->data = bytes_head(behind, captured);
	frame->wire_len = wire > captured ? wire : captured;
	frame->link_type = r->interfaces[interface].link_type;
	f->input->link_used[r->interfaces[interface].link] = true;
	frame->ts_digits = r->interfaces[interface].ts_digits;
	return STATUS_OK;
}

static enum status
read_packet(struct savefile *f, struct bytes body, struct frame *frame, uint32_t interface)
{
	struct savefile_pcapng *r = &f->as.pcapng;
	enum status status = set_frame(f, frame, interface, read32(r, body.p + 12),
	    read32(r, body.p + 16), bytes_skip(body, 20));

	if (status == STATUS_OK)
		frame->ts_ns = r->last_ns =
		    to_ns(&r->interfaces[interface], read32(r, body.p + 4), read32(r, body.p + 8));
	return status;
}

static enum status
read_enhanced(struct savefile *f, struct bytes body, struct frame *frame)
{
	return read_packet(f, body, frame, read32(&f->as.pcapng, body.p));
}

/* In the place of half the interface's number it counts drops. */
static enum status
read_obsolete(struct savefile *f, struct bytes body, struct frame *frame)
{
	return read_packet(f, body, frame, read16(&f->as.pcapng, body.p));
}

/* Tells neither its interface (the first), nor its time, nor how much was captured. */
static enum status
read_simple(struct savefile *f, struct bytes body, struct frame *frame)
{
	const struct savefile_pcapng *r = &f->as.pcapng;
	uint32_t wire = read32(r, body.p), captured = wire;
	struct bytes behind = bytes_skip(body, 4);

	if (r->count > 0 && r->interfaces[0].snaplen != 0 && r->interfaces[0].snaplen < captured)
		captured = r->interfaces[0].snaplen;
	if (captured > behind.n)
		captured = (uint32_t)behind.n;
	frame->ts_ns = r->last_ns;
	return set_frame(f, frame, 0, captured, wire, behind);
}

struct block {
	uint32_t type;
	uint32_t fixed; /* octets of its body that must be there */
	bool frame;     /* carries one */
	enum status (*read)(struct savefile *f, struct bytes body, struct frame *frame);
};

static const struct block blocks[] = {
	{ BLOCK_ENHANCED, 20, true, read_enhanced },
	{ BLOCK_SIMPLE, 4, true, read_simple },
	{ BLOCK_PACKET, 20, true, read_obsolete },
	{ BLOCK_INTERFACE, 8, false, read_interface },
	{ BLOCK_SECTION, 16, false, read_section },
};

static const struct block *
block_of(uint32_t type)
{
	for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
		if (blocks[i].type == type)
			return &blocks[i];
	return NULL;
}

/* The octet order of the section that begins with this block. */
static bool
is_swapped(const uint8_t *section)
{
	const uint32_t magic = BYTE_ORDER_MAGIC;

	return memcmp(section + BLOCK_HEADER, &magic, sizeof magic) != 0;
}

/* Type and length; a section's octet order first, since its length is in it. */
static enum status
read_header(struct savefile *f, uint32_t *type, uint32_t *length)
{
	struct savefile_pcapng *r = &f->as.pcapng;
	struct bytes b = stream_peek(f->stream, BLOCK_MIN);

	f->at = stream_offset(f->stream);
	if (b.n < BLOCK_MIN)
		return savefile_cut(f, "a block");
	*type = read32(r, b.p);
	if (*type == BLOCK_SECTION)
		r->swapped = is_swapped(b.p);
	*length = read32(r, b.p + 4);
	if (*length < BLOCK_MIN || *length % 4 != 0)
		return savefile_damaged(f, "a block cannot have a length of %u octets", *length);
	return STATUS_OK;
}

/* Its length stands at a block's end again. */
static enum status
check_length(struct savefile *f, uint32_t length, const uint8_t *end)
{
	uint32_t again = read32(&f->as.pcapng, end - 4);

	return again == length
	           ? STATUS_OK
	           : savefile_damaged(f, "a block's two lengths, %u and %u, differ", length, again);
}

/* A block that tells nothing of frames. */
static enum status
pass_over(struct savefile *f, uint32_t length)
{
	struct bytes b = { NULL, 0 };

	if (stream_skip(f->stream, length - 4))
		b = stream_peek(f->stream, 4);
	if (b.n < 4)
		return savefile_cut(f, "a block");
	stream_take(f->stream, 4);
	return check_length(f, length, b.p + 4);
}

/* The body of a block of which all must be there. */
static enum status
read_body(struct savefile *f, const struct block *block, uint32_t length, struct bytes *body)
{
	enum status status;
	struct bytes b;

	if (length < BLOCK_MIN + block->fixed || length > MAX_BLOCK)
		return savefile_damaged(f, "a block of type %#x cannot have a length of %u octets",
		    block->type, length);
	b = stream_peek(f->stream, length);
	if (b.n < length)
		return savefile_cut(f, "a block");
	status = check_length(f, length, b.p + length);
	if (status == STATUS_OK)
		stream_take(f->stream, length);
	*body = bytes_of(b.p + BLOCK_HEADER, length - BLOCK_MIN);
	return status;
}

static enum status
next(struct savefile *f, struct frame *frame)
{
	for (;;) {
		const struct block *block;
		uint32_t type = 0, length = 0;
		struct bytes body = { NULL, 0 };
		enum status status = read_header(f, &type, &length);

		if (status != STATUS_OK)
			return status;
		block = block_of(type);
		if (block == NULL)
			status = pass_over(f, length);
		else if ((status = read_body(f, block, length, &body)) == STATUS_OK)
			status = block->read(f, body, frame);
		if (status != STATUS_OK || (block != NULL && block->frame))
			return status;
	}
}

/* One by one: what stands between two frames may take the buffer that the first lies in. */
static size_t
read_ahead(struct savefile *f)
{
	return next(f, &f->ahead[0]) == STATUS_OK ? 1 : 0;
}

bool
savefile_pcapng_starts(struct bytes head)
{
	return head.n >= 4 && bytes_eq(bytes_head(head, 4), BYTES_LIT("\n\r\r\n"));
}

enum status
savefile_pcapng_open(struct savefile *f, struct fault *fault)
{
	static const uint8_t orders[2][4] = { { 0x1a, 0x2b, 0x3c, 0x4d },
		{ 0x4d, 0x3c, 0x2b, 0x1a } };
	struct bytes head = stream_peek(f->stream, BLOCK_MIN + 2);
	unsigned version;

	/* Its first four octets alone could as well be text. */
	if (head.n < BLOCK_MIN || (memcmp(head.p + BLOCK_HEADER, orders[0], 4) != 0 &&
				      memcmp(head.p + BLOCK_HEADER, orders[1], 4) != 0))
		return fault_set(fault, STATUS_FORMAT, "neither pcap nor pcapng");
	f->as.pcapng.swapped = is_swapped(head.p);
	version = head.n >= BLOCK_MIN + 2 ? read16(&f->as.pcapng, head.p + BLOCK_MIN) : 1;
	if (version != 1)
		return fault_set(fault, STATUS_FORMAT, "pcapng version %u is not known", version);
	f->input->format = "pcapng";
	f->is_pcapng = true;
	f->read = read_ahead;
	return STATUS_OK;
}

void
savefile_pcapng_close(struct savefile *f)
{
	free(f->as.pcapng.interfaces);
}
