#include "capture/source/pcapng_put.h"

#include "capture/source/savefile.h"

#define SECTION 0x0a0d0d0au
#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define INTERFACE 1u
#define ENHANCED_PACKET 6u
#define IF_TSRESOL 9u
#define NANOSECONDS 9u /* 10^-9 s */

static uint8_t *
put16(uint8_t *to, uint16_t v)
{
	to[0] = (uint8_t)v;
	to[1] = (uint8_t)(v >> 8);
	return to + 2;
}

static uint8_t *
put32(uint8_t *to, uint32_t v)
{
	return put16(put16(to, (uint16_t)v), (uint16_t)(v >> 16));
}

/* The body behind its type and length, which stands at both ends. */
static size_t
close_block(uint8_t *block, uint32_t type, const uint8_t *end)
{
	size_t n = (size_t)(end - block) + 4;

	put32(block, type);
	put32(block + 4, (uint32_t)n);
	put32(block + n - 4, (uint32_t)n);
	return n;
}

size_t
pcapng_put_section(uint8_t *to)
{
	uint8_t *at = put32(to + 8, BYTE_ORDER_MAGIC);

	at = put16(put16(at, 1), 0);
	at = put32(put32(at, UINT32_MAX), UINT32_MAX); /* its length is not known yet */
	return close_block(to, SECTION, at);
}

size_t
pcapng_put_interface(uint8_t *to, int link_type)
{
	uint8_t *at = put16(put16(to + 8, (uint16_t)savefile_linktype(link_type)), 0);

	at = put32(at, FRAME_MAX);
	at = put16(put16(at, IF_TSRESOL), 1);
	at = put32(at, NANOSECONDS); /* one octet, padded */
	at = put32(at, 0);           /* the end of the options */
	return close_block(to, INTERFACE, at);
}

size_t
pcapng_put_frame(uint8_t *to, uint32_t interface, const struct frame *frame)
{
	uint64_t ts = (uint64_t)frame->ts_ns;
	size_t padding = -frame->data.n & 3;
	uint8_t *at = put32(to + 8, interface);

	at = put32(put32(at, (uint32_t)(ts >> 32)), (uint32_t)ts);
	at = put32(put32(at, (uint32_t)frame->data.n), frame->wire_len);
	memcpy(at, frame->data.p, frame->data.n);
	memset(at + frame->data.n, 0, padding);
	return close_block(to, ENHANCED_PACKET, at + frame->data.n + padding);
}
