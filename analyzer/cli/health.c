#include "analyzer/cli/health.h"

#include <inttypes.h>

#include "analyzer/cli/cli.h"

static void
say_state(struct health *h, size_t n, const char *name)
{
	static const char *const words[] = {
		[LIVE_UP] = "it is up again",
		[LIVE_DOWN] = "the interface went down; it is watched on when it comes back",
		[LIVE_GONE] = "the interface was removed; it is watched on when it comes back",
	};
	enum live_state now = live_state(h->live, n);

	if (now != h->state[n])
		cli_message("%s: %s", name, words[now]);
	h->state[n] = now;
}

static void
say_drops(struct health *h, size_t n, const char *name)
{
	struct live_drops now = live_drops(h->live, n), *told = &h->told[n];

	if (now.kernel == told->kernel && now.interface == told->interface)
		return;
	cli_message("%s: %" PRIu64 " packets dropped for want of room (--buffer gives more), "
		    "%" PRIu64 " by the interface",
	    name, now.kernel, now.interface);
	*told = now;
}

bool
health_check(struct health *h, int64_t now_ns, bool last, struct limits *limits)
{
	uint64_t *kernel = &limits->reached[LIMIT_PACKETS_DROPPED_KERNEL],
		 *interface = &limits->reached[LIMIT_PACKETS_DROPPED_INTERFACE],
		 before = *kernel + *interface;
	bool say = last || now_ns >= h->say_ns;
	size_t count;
	const struct source_input *in = live_inputs(h->live, &count);

	live_check(h->live);
	*kernel = *interface = 0;
	for (size_t n = 0; n < count; n++) {
		struct live_drops d = live_drops(h->live, n);

		*kernel += d.kernel;
		*interface += d.interface;
		say_state(h, n, in[n].path);
		if (say)
			say_drops(h, n, in[n].path);
	}
	if (say)
		h->say_ns = now_ns + HEALTH_SAY_NS;
	return *kernel + *interface > before;
}
