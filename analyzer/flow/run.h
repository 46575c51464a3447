/*
 * run: a piece of one direction of a connection, in stream order.
 *
 * Offsets count octets of the direction from the first after its SYN, or, where the
 * start was not seen, from the first octet that was. What the sender had itself
 * received when it sent the run is `peer_off`, from the ACK number: this is what ties
 * replies to commands where the order of the file misleads.
 */
#ifndef HATCHECK_RUN_H
#define HATCHECK_RUN_H

#include "capture/base/bytes.h"

enum dir { DIR_CLIENT, DIR_SERVER, DIR_COUNT }; /* the client sent the SYN */

#define RUN_PEER_UNKNOWN UINT64_MAX

struct run {
	uint64_t off;      /* of data.p[0] */
	struct bytes data; /* borrowed */
	uint64_t
	    peer_off; /* octets of the other direction that the sender had, or RUN_PEER_UNKNOWN */
	uint64_t frame_no;
	int64_t ts_ns;
	bool segment_start; /* data.p[0] was the first octet of its segment */
};

#endif
