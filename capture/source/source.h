/*
 * source: captures in, frames out, in one run.
 *
 * In:    paths of files or directories, or "-" for standard input. pcap and pcapng,
 *        either byte order, micro- and nanoseconds; plain, gzip, zstd or xz, told by
 *        their magic and never by their name. A directory stands for the captures in
 *        it (not below it), other files in it are passed over.
 * Out:   frames merged by time over captures that overlap, one after the other where
 *        they do not; within a capture the order of the file is kept. frame_no counts
 *        every frame read, from 1, so that for a single capture it is the number that
 *        every other tool shows, filter or not.
 *        A pcapng may mix link types and resolutions; a simple packet, which has no time
 *        of its own, takes that of the frame before it.
 * Filter: what does not pass is counted in frame_no and in its source_input, and not
 *        handed out. Compiled for each link type; where an expression cannot be (`vlan` on
 *        raw IP) no frame of that link type passes.
 * Fails: source_open: STATUS_IO or STATUS_FORMAT with a fault that names the input when
 *        not one capture could be opened and understood; STATUS_USAGE when the filter
 *        compiles for none of their link types, or no path was given.
 *        A capture that is damaged or cut later ends there, and says so in its
 *        source_input; the others go on. One of several that cannot be opened at all is
 *        listed as damaged likewise.
 * Waits: source_open for the first frame of each capture, source_next for the next one, and
 *        neither for more: a pipe is read as it comes.
 * Cost:  no copy of a frame beyond the kernel's; memory: a buffer of 128 KiB (three with
 *        compression) for each capture that is open at once, and captures that do not
 *        overlap in time are not. Of more that overlap than the process may have open,
 *        the last to start wait for one to end.
 */
#ifndef HATCHECK_SOURCE_H
#define HATCHECK_SOURCE_H

#include "capture/base/status.h"
#include "capture/packet/packet.h"
#include "capture/source/stream.h"

#define SOURCE_MAX_LINK_TYPES 8

struct source_input {
	const char *path;        /* as given, or directory/name; "-" for standard input */
	const char *format;      /* "pcap", "pcapng", or "unknown" */
	const char *compression; /* "none", "gzip", "zstd", "xz" */
	int link_types[SOURCE_MAX_LINK_TYPES]; /* DLT_ values, in order of appearance */
	size_t link_type_count;
	/* Frames of it may be there, else none is; the last place is of all that are not listed. */
	bool link_used[SOURCE_MAX_LINK_TYPES + 1];
	uint64_t packets, bytes;   /* frames, and their captured octets */
	int64_t first_ns, last_ns; /* of the first and the last frame; 0 without frames */
	uint64_t snaplen_cut;      /* frames of which less was captured than was sent */
	uint8_t ts_digits;         /* 6 or 9 */
	char damaged[256];         /* what is wrong, and at what offset; "" if nothing is */
};

struct source_config {
	const char *const *paths;
	size_t path_count;
	const char *filter; /* a libpcap expression, or NULL */
	/*
	 * Called now and then with the octets read so far of all that can be known
	 * beforehand (0 when it cannot, as on standard input). NULL for none.
	 */
	void (*progress)(void *ctx, uint64_t done, uint64_t total);
	void *progress_ctx;
	struct stream_wait wait; /* for what comes by a pipe; zeroes: reading it waits */
};

struct source;

enum status source_open(
    struct source **out, const struct source_config *config, struct fault *fault);
/* STATUS_OK with *frame borrowed until the next call, or STATUS_END. */
enum status source_next(struct source *s, const struct frame **frame);
/* When the run starts, known from source_open on; false if no frame tells. */
bool source_starts(const struct source *s, int64_t *first_ns);
/* In the order of the run (by first packet); stable after STATUS_END. */
const struct source_input *source_inputs(const struct source *s, size_t *count);
/* Whether the filter, if there is one, compiles for that link type: else no frame of it passes. */
bool source_filter_fits(const struct source *s, int link_type);
/* Textual name of a DLT_ value, "EN10MB"; a number as text when it has none. */
const char *source_link_name(int link_type, char room[static 16]);
void source_close(struct source *s);

#endif
