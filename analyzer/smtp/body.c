#include "analyzer/smtp/body.h"

static const uint8_t ending[] = { '\r', '\n', '.', '\r', '\n' };

void
body_begin(struct body *b)
{
	*b = (struct body){ .seen = 2, .tail[BODY_TAIL - 1] = '\n' };
}

/* The octets up to `to` end a line. */
static bool
ends_line(const uint8_t *from, const uint8_t *to, bool bare_lf)
{
	if (to - from < 1 || to[-1] != '\n')
		return false;
	return bare_lf || (to - from >= 2 && to[-2] == '\r');
}

/* From within a line to the next dot that begins one, or to the end. */
static const uint8_t *
to_dot(const uint8_t *p, const uint8_t *end, bool bare_lf)
{
	const uint8_t *dot = memchr(p, '.', (size_t)(end - p));

	while (dot != NULL && !ends_line(p, dot, bare_lf))
		dot = memchr(dot + 1, '.', (size_t)(end - dot - 1));
	return dot != NULL ? dot : end;
}

static void
keep_tail(struct body *b, const uint8_t *end, size_t n)
{
	if (n > BODY_TAIL)
		n = BODY_TAIL;
	memmove(b->tail, b->tail + n, BODY_TAIL - n);
	memcpy(b->tail + BODY_TAIL - n, end - n, n);
}

bool
body_dotted(const struct body *b)
{
	size_t n = BODY_TAIL - 1;

	if (b->tail[n] != '\n')
		return false;
	while (n > 2 && b->tail[n - 1] == '\r')
		n--;
	return b->tail[n - 1] == '.' && b->tail[n - 2] == '\n';
}

bool
body_skip(struct body *b, struct bytes data, bool bare_lf, size_t *taken)
{
	const uint8_t *p = data.p, *end = p + data.n;
	uint8_t seen = b->seen;

	while (p < end && seen < sizeof ending) {
		if (seen == 0) {
			const uint8_t *dot = to_dot(p, end, bare_lf);

			seen = ends_line(p, dot, bare_lf) ? 2 : dot[-1] == '\r';
			p = dot;
			continue;
		}
		if (*p == ending[seen]) {
			seen++;
		} else if (bare_lf && *p == '\n' && seen == 3) {
			seen = sizeof ending;
		} else {
			seen = 0;
			if (*p == '\r')
				seen = 1;
			else if (*p == '\n')
				continue; /* again, as the line end it is */
		}
		p++;
	}
	b->seen = seen;
	if (p > data.p)
		keep_tail(b, p, (size_t)(p - data.p));
	*taken = (size_t)(p - data.p);
	return seen == sizeof ending;
}
