/*
 * savefile: one capture, pcap or pcapng, frame by frame.        Inside capture/source/ only.
 *
 * pcap (draft-ietf-opsawg-pcap) is read in each form that libpcap reads: either byte
 * order, micro- and nanoseconds, Kuznetzov's longer record headers, the lengths that
 * stood the other way round before version 2.3. Of pcapng (draft-ietf-opsawg-pcapng) all
 * that carries frames: several sections, interfaces of different link types and
 * resolutions, enhanced, simple and the obsolete packet blocks.
 *
 * It is read here and not with libpcap because libpcap gives up on a pcapng with
 * a second link type, and because it copies each frame through two buffers, which takes
 * longer than all that is done with the frame afterwards.
 */
#ifndef HATCHECK_SAVEFILE_H
#define HATCHECK_SAVEFILE_H

#include "capture/source/source.h"
#include "capture/source/stream.h"

struct savefile_pcap {
	bool swapped;     /* the file's octet order is not this machine's */
	bool len_first;   /* before version 2.3: the length on the wire comes first */
	bool len_unsure;  /* version 2.3 itself: either */
	uint32_t tick_ns; /* 1 or 1000 */
	uint8_t ts_digits;
	size_t record; /* octets of a record's header */
	int link_type;
};

struct savefile_interface;

struct savefile_pcapng {
	bool swapped;
	struct savefile_interface *interfaces; /* of the section */
	size_t count, room;
	int64_t last_ns; /* for simple packets, which have no time */
};

#define SAVEFILE_AHEAD 32 /* frames read at once, where they are there */

struct savefile {
	struct stream *stream;
	struct source_input *input;
	uint64_t at; /* offset of the record or block that is being read */
	/* To `ahead`, as many as can be read without moving the first; 0 at the end. */
	size_t (*read)(struct savefile *f);
	struct frame ahead[SAVEFILE_AHEAD];
	size_t turn, count; /* of those: the next to be handed out, and how many there are */
	union {
		struct savefile_pcap pcap;
		struct savefile_pcapng pcapng;
	} as;
	bool is_pcapng;
};

/*
 * Fills input->format, compression, link types and ts_digits as they become known, and
 * input->damaged; the path is read from it, and the input must outlive the savefile.
 * STATUS_FORMAT when it is no capture; the fault is without the path.
 */
enum status savefile_open(struct savefile **out, struct source_input *input,
    const struct stream_wait *wait, struct fault *fault);
void savefile_close(struct savefile *f);

/*
 * A frame with ts_ns, data, wire_len, link_type and ts_digits set, borrowed until the next
 * call; or NULL, and input->damaged tells whether it was the orderly end.
 */
static inline struct frame *
savefile_next(struct savefile *f)
{
	if (f->turn == f->count) {
		f->turn = 0;
		f->count = f->read(f);
		if (f->count == 0)
			return NULL;
	}
	return &f->ahead[f->turn++];
}

/* The frames behind the one that _next gave, so many, are handed out with it. */
static inline size_t
savefile_rest(struct savefile *f)
{
	size_t rest = f->count - f->turn;

	f->turn = f->count;
	return rest;
}

/* The two formats. _starts: an input that starts like this (4 octets) is one. */
bool savefile_pcap_starts(struct bytes head);
enum status savefile_pcap_open(struct savefile *f, struct fault *fault);
bool savefile_pcapng_starts(struct bytes head);
enum status savefile_pcapng_open(struct savefile *f, struct fault *fault);
void savefile_pcapng_close(struct savefile *f);

/* For them: one more link type, and its place in input->link_used; or why the capture ends
 * at f->at (STATUS_END). */
size_t savefile_link_type(struct savefile *f, int link_type);
enum status savefile_damaged(struct savefile *f, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/*
 * Fewer octets came than `what`, which starts at f->at, needs: the stream's problem, or the
 * file is cut, or nothing came at all and this is the orderly end.
 */
enum status savefile_cut(struct savefile *f, const char *what);
/* The DLT_ value of a LINKTYPE_ value as it stands in a file. */
int savefile_dlt(uint32_t link_type);
/* And the other way round. */
uint32_t savefile_linktype(int dlt);

#endif
