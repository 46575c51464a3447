#include "analyzer/maillog/log_prefix.h"

/* Host, tag, process, message id, structured data, and a few to spare. */
#define MAX_WORDS 8

static const struct bytes byte_order_mark = { (const uint8_t *)"\xef\xbb\xbf", 3 };

static struct bytes
skip_quoting(struct bytes line)
{
	if (line.n >= byte_order_mark.n &&
	    bytes_eq(bytes_head(line, byte_order_mark.n), byte_order_mark))
		line = bytes_skip(line, byte_order_mark.n);
	while (
	    line.n > 0 && (*line.p == ' ' || *line.p == '\t' || *line.p == '>' || *line.p == '|'))
		line = bytes_skip(line, 1);
	return line;
}

static struct bytes
skip_spaces(struct bytes b)
{
	while (b.n > 0 && *b.p == ' ')
		b = bytes_skip(b, 1);
	return b;
}

static size_t
count_digits(struct bytes b)
{
	size_t n = 0;

	while (n < b.n && b.p[n] >= '0' && b.p[n] <= '9')
		n++;
	return n;
}

/* "<22>", and the version of RFC 5424 if it follows. */
static struct bytes
skip_priority(struct bytes b)
{
	size_t n;

	if (b.n == 0 || *b.p != '<')
		return b;
	n = count_digits(bytes_skip(b, 1));
	if (n == 0 || n > 3 || b.n < n + 2 || b.p[n + 1] != '>')
		return b;
	b = bytes_skip(b, n + 2);
	n = count_digits(b);
	if (n > 0 && n < 3 && b.n > n && b.p[n] == ' ')
		b = bytes_skip(b, n + 1);
	return b;
}

static bool
is_level(struct bytes word)
{
	static const char *const levels[] = { "Info", "Warning", "Critical", "Debug", "Trace",
		"Information", "Error", "Alert", "Emergency", "Notice" };

	for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
		if (bytes_eq(word, bytes_str(levels[i])))
			return true;
	return false;
}

static struct bytes
first_word(struct bytes b)
{
	const uint8_t *end = b.n == 0 ? NULL : memchr(b.p, ' ', b.n);

	return end == NULL ? b : bytes_head(b, (size_t)(end - b.p));
}

/* Does the text begin here? Then out->kind and out->text are set. */
static bool
find_text(struct log_prefix *out, struct bytes at, struct bytes word)
{
	if (bytes_case_starts(at, BYTES_LIT("CEF:")) && at.n > 4) {
		out->kind = LOG_PREFIX_CEF;
		out->text = at;
		return true;
	}
	if (word.n > 1 && word.p[word.n - 1] == ':' && is_level(bytes_head(word, word.n - 1))) {
		out->kind = LOG_PREFIX_TEXT;
		/* One space; a second one is of the text. */
		out->text = bytes_skip(at, word.n + (at.n > word.n));
		return true;
	}
	return false;
}

/* A stamp at the front of *at is taken off it. */
static bool
take_stamp(struct log_prefix *out, struct bytes *at, int64_t near_ns)
{
	size_t n = log_stamp_parse(&out->stamp, *at, near_ns);

	if (n == 0)
		return false;
	*at = bytes_skip(*at, n);
	if (at->n > 0 && *at->p == ':')
		*at = bytes_skip(*at, 1);
	out->text = skip_spaces(*at);
	return true;
}

static void
parse(struct log_prefix *out, struct bytes line, int64_t near_ns)
{
	struct bytes at = skip_priority(skip_quoting(line));
	bool after_stamp = take_stamp(out, &at, near_ns);

	if (!after_stamp) {
		(void)find_text(out, at, first_word(at));
		return;
	}
	out->kind = LOG_PREFIX_STAMP;
	for (int i = 0; i < MAX_WORDS && at.n > 0; i++) {
		struct bytes word;

		at = skip_spaces(at);
		if (i > 0 && take_stamp(out, &at, near_ns)) {
			after_stamp = true;
			continue;
		}
		word = first_word(at);
		if (find_text(out, at, word))
			return;
		/* Right behind a stamp stands who sent it, unless that is the tag already. */
		if (after_stamp && word.n > 0 && word.p[word.n - 1] != ':')
			out->host = word;
		after_stamp = false;
		at = bytes_skip(at, word.n);
	}
}

void
log_prefix_remember(struct log_prefix_memo *memo, const struct log_prefix *p, struct bytes line)
{
	size_t n = p->kind == LOG_PREFIX_TEXT ? (size_t)(p->text.p - line.p) : 0;

	memo->n = 0;
	/* With its last space, or a level without one would pass for one with it. */
	if (p->stamp.local_ns == LOG_TIME_NONE || n == 0 || n > sizeof memo->octets ||
	    line.p[n - 1] != ' ')
		return;
	memo->n = n;
	memcpy(memo->octets, line.p, n);
}

void
log_prefix_parse(struct log_prefix *out, struct bytes line, int64_t near_ns)
{
	*out = (struct log_prefix){ .kind = LOG_PREFIX_NONE };
	out->stamp.local_ns = LOG_TIME_NONE;
	out->stamp.utc_offset_s = LOG_OFFSET_NONE;
	parse(out, line, near_ns);
}
