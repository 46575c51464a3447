#include "analyzer/maillog/log_hat.h"

enum field { FIELD_MATCH, FIELD_SBRS, FIELD_COUNTRY, FIELDS };

/* Takes the keyword that is here; FIELDS for none. */
static enum field
take_keyword(struct log_cursor *c)
{
	enum field f = FIELDS;

	if (log_cursor_at(c, BYTES_LIT("match"))) {
		f = FIELD_MATCH;
		c->p += strlen("match");
	} else if (log_cursor_at(c, BYTES_LIT("SBRS"))) {
		f = FIELD_SBRS;
		c->p += strlen("SBRS");
	} else if (log_cursor_at(c, BYTES_LIT("country"))) {
		f = FIELD_COUNTRY;
		c->p += strlen("country");
	}
	if (f != FIELDS)
		log_cursor_mark(c);
	return f;
}

/* The words up to the next keyword, which is taken too, or to the end; returns its field. */
static enum field
take_value(struct log_cursor *c, struct bytes *value)
{
	const uint8_t *from, *to;
	enum field next = FIELDS;

	log_cursor_spaces(c);
	from = to = c->p;
	while (c->p < c->end && (next = take_keyword(c)) == FIELDS) {
		c->p = to = log_cursor_space(c);
		log_cursor_spaces(c);
	}
	*value = bytes_of(from, (size_t)(to - from));
	return next;
}

static bool
is_number(struct bytes b)
{
	size_t digits = 0;

	for (size_t i = 0; i < b.n; i++) {
		bool digit = b.p[i] >= '0' && b.p[i] <= '9';

		if (!digit && b.p[i] != '.' && !(i == 0 && (b.p[i] == '-' || b.p[i] == '+')))
			return false;
		digits += digit;
	}
	return digits > 0;
}

/* A score as the gateway writes one, and not the beginning of one. */
static bool
is_score(struct bytes b)
{
	static const char *const words[] = { "None", "rfc1918", "not enabled",
		"unable to retrieve" };

	if (is_number(b))
		return true;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (bytes_case_eq(b, bytes_str(words[i])))
			return true;
	return false;
}

/* How the line ends when this is its last field. */
static enum log_ending
ending_of(enum field last, struct bytes value)
{
	switch (last) {
	case FIELD_SBRS:
		return is_score(value) ? LOG_ENDING_OPEN : LOG_ENDING_CUT;
	case FIELD_COUNTRY:
		return value.n > 0 ? LOG_ENDING_NAMES : LOG_ENDING_CUT;
	default:
		return LOG_ENDING_OPEN;
	}
}

/*
 * GROUP match RULE SBRS SCORE country COUNTRY. A keyword behind a score that is none proves
 * nothing: it may be a word of prose. Then `understood` stays in front of it.
 */
void
log_hat_parse(struct log_event *out, struct log_cursor *c, int arg)
{
	struct bytes values[FIELDS] = { { NULL, 0 } };
	const uint8_t *doubt = NULL;
	enum field f;

	if (!log_cursor_phrase(c, "SG"))
		return;
	out->ending = LOG_ENDING_OPEN;
	f = take_value(c, &out->hat.group);
	/* A name of several words and nothing behind it is something else. */
	if (out->hat.group.n > 0 &&
	    (f != FIELDS || memchr(out->hat.group.p, ' ', out->hat.group.n) == NULL))
		out->kind = LOG_HAT;
	while (f != FIELDS) {
		const uint8_t *from = c->p;
		enum field next = take_value(c, &values[f]);

		out->ending = ending_of(f, values[f]);
		if (out->ending == LOG_ENDING_CUT && doubt == NULL)
			doubt = from;
		else if (f == FIELD_SBRS && next == FIELDS)
			log_cursor_mark(c);
		f = next;
	}
	if (doubt != NULL && c->understood > doubt)
		c->understood = doubt;
	out->hat.action = (enum log_action)arg;
	out->hat.match = values[FIELD_MATCH];
	out->hat.sbrs = values[FIELD_SBRS];
	out->hat.country = values[FIELD_COUNTRY];
}

void
log_hat_parse_score(struct log_event *out, struct log_cursor *c, int arg)
{
	struct bytes score = log_cursor_trim(log_cursor_rest(c));

	if (!is_score(score))
		return;
	memset(&out->hat, 0, sizeof out->hat);
	out->hat.sbrs = score;
	log_cursor_whole(out, c, arg);
}
