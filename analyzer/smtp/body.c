#include "analyzer/smtp/body.h"

static const uint8_t ending[] = { '\r', '\n', '.', '\r', '\n' };

void
body_begin(struct body *b)
{
	b->seen = 2;
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
to_dot(struct body *b, const uint8_t *p, const uint8_t *end, bool bare_lf)
{
	const uint8_t *dot = memchr(p, '.', (size_t)(end - p));

	while (dot != NULL && !ends_line(p, dot, bare_lf))
		dot = memchr(dot + 1, '.', (size_t)(end - dot - 1));
	if (dot == NULL)
		dot = end;
	b->seen = ends_line(p, dot, bare_lf) ? 2 : dot[-1] == '\r';
	return dot;
}

bool
body_skip(struct body *b, struct run *run, bool bare_lf)
{
	const uint8_t *p = run->data.p, *end = p + run->data.n;

	while (p < end && b->seen < sizeof ending) {
		if (b->seen == 0) {
			p = to_dot(b, p, end, bare_lf);
			continue;
		}
		if (*p == ending[b->seen]) {
			b->seen++;
		} else if (bare_lf && *p == '\n' && b->seen == 3) {
			b->seen = sizeof ending;
		} else {
			b->seen = 0;
			if (*p == '\r')
				b->seen = 1;
			else if (*p == '\n')
				continue; /* again, as the line end it is */
		}
		p++;
	}
	run_take(run, (size_t)(p - run->data.p));
	return b->seen == sizeof ending;
}
