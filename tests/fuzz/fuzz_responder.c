/*
 * fuzz_responder: whatever a client says, replies are lines of printable ASCII that begin with a
 * code, and they are the same for every way of cutting what was said.
 */
#include "tests/unit/desk.h"

static void
check_replies(const struct desk *d)
{
	const char *at = d->said, *end = d->said + d->said_n;

	while (at < end) {
		const char *lf = memchr(at, '\n', (size_t)(end - at));

		assert(lf != NULL && lf - at >= 5 && lf - at < OUTBOX_LINE && lf[-1] == '\r');
		assert(at[0] >= '2' && at[0] <= '5' && (at[3] == ' ' || at[3] == '-'));
		for (; at < lf - 1; at++)
			assert(*at >= 0x20 && *at < 0x7f);
		at = lf + 1;
	}
}

/* The first octet says how the session is set up and cut. */
static struct desk *
run(struct bytes in, uint8_t how, size_t step)
{
	struct desk *d = calloc(1, sizeof *d);

	assert(d != NULL);
	d->house.account = (how & 1) != 0 ? "user:secret" : NULL;
	d->house.tls = (how & 2) != 0;
	desk_open(d, NULL, (how & 4) != 0 ? MANNER_DELAY : MANNER_ACCEPT,
	    (how & 4) != 0 ? MANNER_DELAY : MANNER_ACCEPT, false);
	while (in.n > 0) {
		size_t before = in.n;

		in = desk_feed(d, in, step);
		if (d->next != SESSION_STARTTLS || in.n == before)
			break;
		session_encrypted(&d->session);
	}
	check_replies(d);
	return d;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_skip(bytes_of(data, size), 1);
	uint8_t how = size > 0 ? data[0] : 0;
	struct desk *whole, *cut;

	/* What is said must fit on the desk. */
	if (in.n > 2000)
		return 0;
	whole = run(in, how, 0);
	cut = run(in, how, 1 + (how >> 3));
	assert(whole->said_n == cut->said_n && whole->next == cut->next);
	assert(memcmp(whole->said, cut->said, whole->said_n) == 0);
	assert(whole->session.messages == cut->session.messages);
	free(desk_close(whole));
	free(desk_close(cut));
	free(whole);
	free(cut);
	return 0;
}
