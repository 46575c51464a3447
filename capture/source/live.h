/*
 * live: frames from network interfaces, as they come, in one run.
 *
 * In:    names of interfaces, "any" for all of them; the server ports, from which the
 *        kernel's filter is made (live_filter.h), and a further expression.
 * Out:   frames in order of time. The kernel hands frames up to LIVE_LATENCY_NS late, so
 *        with several interfaces a frame waits LIVE_HOLD_NS for older ones of another.
 *        Stamps are the kernel's, in nanoseconds where it has them.
 * Waits: never; live_poll says what to wait for. A caller waits, reads until there is
 *        nothing, and waits again.
 * Rights: _open needs CAP_NET_RAW, and nothing after it does: an interface that goes down is
 *        read on when it is up again, and one that was removed when there is one of its name.
 * Fails: _open: STATUS_USAGE for an interface that is not there or a filter that does not compile,
 *        STATUS_IO for a missing right or an interface that is down, with what to do about it.
 * Owns:  a ring of `buffer` octets for each interface, shared with the kernel.
 */
#ifndef HATCHECK_LIVE_H
#define HATCHECK_LIVE_H

#include <poll.h>

#include "capture/source/source.h"

#define LIVE_BUFFER ((size_t)64 << 20)
#define LIVE_LATENCY_NS (50 * INT64_C(1000000))
#define LIVE_HOLD_NS (3 * LIVE_LATENCY_NS)
#define LIVE_MAX_INTERFACES 32

struct live_config {
	const char *const *interfaces; /* borrowed */
	size_t interface_count;        /* 1 to LIVE_MAX_INTERFACES */
	const struct port_set *ports;
	const char *filter; /* a libpcap expression, or NULL */
	size_t buffer;      /* octets */
};

struct live_drops {
	uint64_t kernel;    /* frames that found the ring full */
	uint64_t interface; /* frames that the interface or its driver lost */
};

enum live_state {
	LIVE_UP,
	LIVE_DOWN, /* there, but not up */
	LIVE_GONE  /* removed */
};

struct live;

enum status live_open(struct live **out, const struct live_config *config, struct fault *fault);
void live_close(struct live *l);

/*
 * What to wait for before reading: fills `fds` (as many as there are interfaces) and returns how
 * many, and lowers *timeout_ms (-1: for ever) to when a frame that is held may go.
 */
size_t live_poll(struct live *l, int64_t now_ns, struct pollfd *fds, int *timeout_ms);
/*
 * The next frame that is due at now_ns (of the realtime clock, which stamps the frames; INT64_MAX:
 * none is held), borrowed until the next call. False: there is none until live_poll was asked
 * again.
 */
bool live_next(struct live *l, int64_t now_ns, struct frame *frame);
/* Frames before this will not come any more, seen from now_ns. */
int64_t live_horizon(const struct live *l, int64_t now_ns);

/* Asks the kernel for drops and states; brings back what went away. Once a second will do. */
void live_check(struct live *l);
/* As of the last live_check, since the start. */
struct live_drops live_drops(const struct live *l, size_t interface);
enum live_state live_state(const struct live *l, size_t interface);
/* One for each interface, in the order given. format is "live". */
const struct source_input *live_inputs(const struct live *l, size_t *count);

/* One call for each interface that could be opened; `about` is a line of words. */
typedef void live_list_sink(void *ctx, const char *name, const char *about);
enum status live_list(live_list_sink *sink, void *ctx, struct fault *fault);

#endif
