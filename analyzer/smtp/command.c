#include "analyzer/smtp/command.h"

#define HEAD(verb)                                                                          \
	((uint32_t)(verb)[0] << 24 | (uint32_t)(verb)[1] << 16 | (uint32_t)(verb)[2] << 8 | \
	    (uint32_t)(verb)[3])
#define UPPER UINT32_C(0xdfdfdfdf) /* the bit that tells a letter's case, four times */

static const struct {
	uint32_t head;     /* of the verb: its first four letters, no two the same */
	struct bytes tail; /* the others */
	enum command_after after;
} table[] = {
#define X(id, verb, after, clause)                                                        \
	[COMMAND_##id] = { HEAD(verb), { (const uint8_t *)(verb) + 4, sizeof(verb) - 5 }, \
		AFTER_##after },
	SMTP_COMMANDS(X)
#undef X
};
#define ROWS (sizeof table / sizeof *table)

static bool
blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static struct bytes
skip_blanks(struct bytes b)
{
	size_t n = 0;

	while (n < b.n && blank(b.p[n]))
		n++;
	return bytes_skip(b, n);
}

/* The verb of a row, and behind it nothing or a blank. */
static bool
begins_with(struct bytes line, size_t row)
{
	struct bytes rest = bytes_skip(line, 4), tail = table[row].tail;

	return bytes_case_starts(rest, tail) && (rest.n == tail.n || blank(rest.p[tail.n]));
}

void
command_parse(struct bytes line, struct command *out)
{
	uint32_t head;
	size_t row = 0, n = 0;

	line = skip_blanks(line);
	while (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--; /* some clients end their lines with two, and servers let them */
	/* The head of a verb is letters, and UPPER leaves two octets to be each of them. */
	head = line.n >= 4 ? HEAD(line.p) & UPPER : 0;
	while (row < ROWS && head != table[row].head)
		row++;
	if (row < ROWS && begins_with(line, row)) {
		out->id = (enum command_id)row;
		out->after = table[row].after;
		n = 4 + table[row].tail.n;
	} else {
		out->id = COMMAND_UNKNOWN;
		out->after = AFTER_GO_ON;
		while (n < line.n && !blank(line.p[n]))
			n++;
	}
	out->arg = skip_blanks(bytes_skip(line, n));
}

struct bytes
command_path(struct bytes arg)
{
	const uint8_t *colon, *close;
	size_t n = 0;

	/* Some leave the colon out. */
	while (n < arg.n && arg.p[n] != ':' && arg.p[n] != '<')
		n++;
	if (n < arg.n)
		arg = skip_blanks(bytes_skip(arg, n + (arg.p[n] == ':')));
	n = 0;
	if (arg.n > 0 && arg.p[0] == '<') {
		arg = bytes_skip(arg, 1);
		if (arg.n > 0 && arg.p[0] == '"') {
			/* A quoted local part may hold '>'. RFC 5321 4.1.2 */
			for (n = 1; n < arg.n && arg.p[n] != '"'; n++)
				n += arg.p[n] == '\\';
			if (n > arg.n)
				n = arg.n;
		}
		close = n < arg.n ? memchr(arg.p + n, '>', arg.n - n) : NULL;
		arg.n = close != NULL ? (size_t)(close - arg.p) : arg.n;
		/* A source route is to be ignored. RFC 5321 appendix C */
		if (arg.n > 0 && arg.p[0] == '@' && (colon = memchr(arg.p, ':', arg.n)) != NULL)
			arg = bytes_skip(arg, (size_t)(colon - arg.p) + 1);
		return arg;
	}
	while (n < arg.n && !blank(arg.p[n]))
		n++;
	arg.n = n;
	return arg;
}

bool
command_bdat(struct bytes arg, uint64_t *octets, bool *last)
{
	uint64_t value = 0;
	size_t n = 0;

	for (; n < arg.n && arg.p[n] >= '0' && arg.p[n] <= '9'; n++) {
		if (value > UINT64_MAX / 10 - 10)
			return false;
		value = value * 10 + (uint64_t)(arg.p[n] - '0');
	}
	if (n == 0 || (n < arg.n && !blank(arg.p[n])))
		return false;
	*octets = value;
	arg = skip_blanks(bytes_skip(arg, n));
	*last = bytes_case_starts(arg, BYTES_LIT("LAST"));
	return true;
}
