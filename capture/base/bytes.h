/*
 * bytes: a borrowed run of octets, and the bounded reader over it.
 *
 * struct bytes owns nothing; who hands one out says how long it lives.
 * struct reader is sticky: a read past the end returns 0, sets `cut`, and every
 * later read returns 0 too, so that a decoder reads a whole header and checks
 * once. No read ever touches an octet outside the run.
 */
#ifndef HATCHECK_BYTES_H
#define HATCHECK_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

struct bytes {
	const uint8_t *p;
	size_t n;
};

/* The same of a string literal: in an expression, and as an initializer of static storage. */
#define BYTES_LIT(s) ((struct bytes)BYTES_INIT(s))
#define BYTES_INIT(s)                                  \
	{                                              \
		(const uint8_t *)("" s), sizeof(s) - 1 \
	}

static inline struct bytes
bytes_of(const void *p, size_t n)
{
	return (struct bytes){ p, n };
}

static inline struct bytes
bytes_str(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

/* The run without its first n octets; n past the end gives the empty run. */
static inline struct bytes
bytes_skip(struct bytes b, size_t n)
{
	if (n > b.n)
		n = b.n;
	return (struct bytes){ b.n == 0 ? b.p : b.p + n, b.n - n };
}

static inline struct bytes
bytes_head(struct bytes b, size_t n)
{
	return (struct bytes){ b.p, n < b.n ? n : b.n };
}

static inline bool
bytes_eq(struct bytes a, struct bytes b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* ASCII case does not matter; no locale is asked beyond "C". */
static inline bool
bytes_case_eq(struct bytes a, struct bytes b)
{
	return a.n == b.n &&
	       (a.n == 0 || strncasecmp((const char *)a.p, (const char *)b.p, a.n) == 0);
}

static inline bool
bytes_case_starts(struct bytes b, struct bytes head)
{
	return b.n >= head.n && bytes_case_eq(bytes_head(b, head.n), head);
}

/* Network order at p; the caller has seen to it that the octets are there. */
static inline uint16_t
bytes_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t
bytes_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void
bytes_put_be16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void
bytes_put_be32(uint8_t *p, uint32_t v)
{
	bytes_put_be16(p, v >> 16);
	bytes_put_be16(p + 2, v);
}

/* As they lie at p, for what does not ask for an order. */
static inline uint32_t
bytes_word32(const uint8_t *p)
{
	uint32_t word;

	memcpy(&word, p, sizeof word);
	return word;
}

static inline uint64_t
bytes_word64(const uint8_t *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof word);
	return word;
}

struct reader {
	const uint8_t *p, *end;
	bool cut;
};

static inline struct reader
rd_init(struct bytes b)
{
	return (struct reader){ b.p, b.n == 0 ? b.p : b.p + b.n, false };
}

static inline size_t
rd_left(const struct reader *r)
{
	return (size_t)(r->end - r->p);
}

/* n octets, or the empty run and `cut`. */
static inline struct bytes
rd_bytes(struct reader *r, size_t n)
{
	struct bytes b = { r->p, n };

	if (r->cut || n > rd_left(r)) {
		r->cut = true;
		r->p = r->end;
		return (struct bytes){ r->p, 0 };
	}
	r->p += n;
	return b;
}

static inline void
rd_skip(struct reader *r, size_t n)
{
	(void)rd_bytes(r, n);
}

static inline struct bytes
rd_rest(struct reader *r)
{
	return rd_bytes(r, rd_left(r));
}

static inline uint8_t
rd_u8(struct reader *r)
{
	struct bytes b = rd_bytes(r, 1);

	return b.n == 0 ? 0 : b.p[0];
}

static inline uint16_t
rd_be16(struct reader *r)
{
	struct bytes b = rd_bytes(r, 2);

	return b.n == 0 ? 0 : bytes_be16(b.p);
}

static inline uint32_t
rd_be32(struct reader *r)
{
	struct bytes b = rd_bytes(r, 4);

	return b.n == 0 ? 0 : bytes_be32(b.p);
}

#endif
