/*
 * The pcap format: a header of 24 octets, then records. The magic tells the order of
 * the octets, the unit of the times, and the length of the records' headers.
 */
#include "capture/source/savefile.h"

#define FILE_HEADER 24
#define RECORD_HEADER 16

static const struct {
	uint32_t magic, tick_ns;
	size_t record;
} forms[] = {
	{ 0xa1b2c3d4, 1000, RECORD_HEADER }, { 0xa1b23c4d, 1, RECORD_HEADER },
	{ 0xa1b2cd34, 1000, RECORD_HEADER + 8 }, /* Kuznetzov: interface, protocol, type */
};

static uint32_t
read32(const uint8_t *p, bool swapped)
{
	uint32_t v = bytes_word32(p);

	return swapped ? __builtin_bswap32(v) : v;
}

static uint16_t
read16(const uint8_t *p, bool swapped)
{
	uint16_t v;

	memcpy(&v, p, sizeof v);
	return swapped ? __builtin_bswap16(v) : v;
}

static bool
form_of(struct bytes head, struct savefile_pcap *r)
{
	if (head.n < 4)
		return false;
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
		for (int swapped = 0; swapped < 2; swapped++)
			if (read32(head.p, swapped != 0) == forms[i].magic) {
				r->swapped = swapped != 0;
				r->tick_ns = forms[i].tick_ns;
				r->record = forms[i].record;
				return true;
			}
	return false;
}

bool
savefile_pcap_starts(struct bytes head)
{
	struct savefile_pcap r;

	return form_of(head, &r);
}

static enum status
cut(struct savefile *f, const char *what)
{
	f->at = stream_offset(f->stream);
	return savefile_cut(f, what);
}

struct record {
	uint32_t seconds, ticks, captured, wire;
};

/* The header at p. */
static struct record
read_record(const struct savefile_pcap *r, const uint8_t *p)
{
	struct record h = { bytes_word32(p), bytes_word32(p + 4), bytes_word32(p + 8),
		bytes_word32(p + 12) };

	if (r->swapped)
		h = (struct record){ __builtin_bswap32(h.seconds), __builtin_bswap32(h.ticks),
			__builtin_bswap32(h.captured), __builtin_bswap32(h.wire) };
	if (r->len_first || (r->len_unsure && h.captured > h.wire)) {
		uint32_t first = h.captured;

		h.captured = h.wire;
		h.wire = first;
	}
	return h;
}

/* The frames that are there, up to one that cannot be right; as many as there is room for. */
static size_t
read_there(struct savefile *f)
{
	const struct savefile_pcap r = f->as.pcap; /* no frame that is written changes it */
	const uint8_t *p = f->stream->at, *end = f->stream->end;
	size_t count = 0;

	for (; count < SAVEFILE_AHEAD && (size_t)(end - p) >= r.record; count++) {
		struct frame *frame = &f->ahead[count];
		struct record h = read_record(&r, p);

		if (h.captured > FRAME_MAX || h.captured > (size_t)(end - p) - r.record)
			break;
		frame->ts_ns = h.seconds * INT64_C(1000000000) + h.ticks * (int64_t)r.tick_ns;
		frame->data = bytes_of(p + r.record, h.captured);
		frame->wire_len = h.wire > h.captured ? h.wire : h.captured;
		frame->link_type = r.link_type;
		frame->ts_digits = r.ts_digits;
		p += r.record + h.captured;
	}
	stream_take(f->stream, (size_t)(p - f->stream->at));
	return count;
}

/* Waits for a whole record. */
static enum status
wait_for_record(struct savefile *f)
{
	const struct savefile_pcap *r = &f->as.pcap;
	struct bytes b = stream_peek(f->stream, r->record);
	uint32_t captured;

	if (b.n < r->record)
		return cut(f, "a record's header");
	captured = read_record(r, b.p).captured;
	if (captured > FRAME_MAX) {
		f->at = stream_offset(f->stream);
		return savefile_damaged(
		    f, "a record cannot hold a frame of %u captured octets", captured);
	}
	if (stream_peek(f->stream, r->record + captured).n < r->record + captured)
		return cut(f, "a frame");
	return STATUS_OK;
}

static size_t
read_ahead(struct savefile *f)
{
	size_t count = read_there(f);

	if (count == 0 && wait_for_record(f) == STATUS_OK)
		count = read_there(f);
	return count;
}

enum status
savefile_pcap_open(struct savefile *f, struct fault *fault)
{
	struct savefile_pcap *r = &f->as.pcap;
	struct bytes head = stream_peek(f->stream, FILE_HEADER);
	unsigned major, minor;

	f->input->format = "pcap";
	if (head.n < FILE_HEADER)
		return fault_set(fault, STATUS_FORMAT,
		    "the pcap header is cut short after %zu octets%s%s", head.n,
		    f->stream->problem[0] != '\0' ? ", " : "", f->stream->problem);
	form_of(head, r);
	major = read16(head.p + 4, r->swapped);
	minor = read16(head.p + 6, r->swapped);
	if (major != 2 && major != 543) /* 543.0: DG/UX */
		return fault_set(
		    fault, STATUS_FORMAT, "pcap version %u.%u is not known", major, minor);
	r->len_first = major == 543 || minor < 3;
	r->len_unsure = major == 2 && minor == 3;
	/* Above 16 bits: whether frames end in a checksum. */
	r->link_type = savefile_dlt(read32(head.p + 20, r->swapped) & 0xffff);
	r->ts_digits = r->tick_ns == 1 ? 9 : 6;
	f->input->ts_digits = r->ts_digits;
	f->input->link_used[savefile_link_type(f, r->link_type)] = true;
	stream_take(f->stream, FILE_HEADER);
	f->read = read_ahead;
	return STATUS_OK;
}
