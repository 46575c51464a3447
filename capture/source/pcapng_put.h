/*
 * pcapng_put: frames to the blocks of a pcapng.          draft-ietf-opsawg-pcapng 4.1 to 4.3
 *
 * In:    room, which the caller has made sure of, and what the block is to hold.
 * Out:   one whole block in the octet order of a little-endian machine; returns its octets, a
 *        multiple of four. Stamps have nanoseconds.
 * A file is one section, then each interface before the first frame that names it by its number,
 * from 0 in order of appearance.
 */
#ifndef HATCHECK_PCAPNG_PUT_H
#define HATCHECK_PCAPNG_PUT_H

#include "capture/packet/packet.h"

/* Of any block but a frame's, and of what stands around a frame's octets. */
#define PCAPNG_BLOCK_ROOM ((size_t)64)

size_t pcapng_put_section(uint8_t *to);
/* link_type: a DLT_ value. */
size_t pcapng_put_interface(uint8_t *to, int link_type);
size_t pcapng_put_frame(uint8_t *to, uint32_t interface, const struct frame *frame);

#endif
