#include "analyzer/verdict/refusal.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct row {
	enum rcpt_class class;
	const char *code;     /* "5xx" */
	const char *enhanced; /* front of it, "" for any */
	const char *text;     /* lower case, "" for any */
};

/* The first row that holds. */
static const struct row rows[] = {
	{ RCPT_TEMPORARY, "4xx", "", "" },
	{ RCPT_UNJUDGED, "503", "", "" }, /* bad sequence: follows from an earlier refusal */

	/* About the sender's address, which is no word on who connects, nor on the recipient. */
	{ RCPT_OTHER, "5xx", "", "sender verify" },
	{ RCPT_OTHER, "5xx", "", "sender address" },
	{ RCPT_OTHER, "5xx", "", "sender policy framework" },
	{ RCPT_OTHER, "5xx", "", "as this sender" },

	/* About the recipient, whatever the code says. */
	{ RCPT_RECIPIENT, "5xx", "", "relay" },
	{ RCPT_RECIPIENT, "5xx", "", "user unknown" },
	{ RCPT_RECIPIENT, "5xx", "", "unknown user" },
	{ RCPT_RECIPIENT, "5xx", "", "unknown recipient" },
	{ RCPT_RECIPIENT, "5xx", "", "recipient unknown" },
	{ RCPT_RECIPIENT, "5xx", "", "unknown address" },
	{ RCPT_RECIPIENT, "5xx", "", "no such " },
	{ RCPT_RECIPIENT, "5xx", "", "no mailbox" },
	{ RCPT_RECIPIENT, "5xx", "", "mailbox" },
	{ RCPT_RECIPIENT, "5xx", "", "does not exist" },
	{ RCPT_RECIPIENT, "5xx", "", "doesn't exist" },
	{ RCPT_RECIPIENT, "5xx", "", "recipient address" },
	{ RCPT_RECIPIENT, "5xx", "", "recipient access" },
	{ RCPT_RECIPIENT, "5xx", "", "recipient is" },
	{ RCPT_RECIPIENT, "5xx", "", "recipient rejected" },
	{ RCPT_RECIPIENT, "5xx", "", "recipient not found" },
	{ RCPT_RECIPIENT, "5xx", "", "invalid recipient" },
	{ RCPT_RECIPIENT, "5xx", "", "address rejected" },
	{ RCPT_RECIPIENT, "5xx", "", "to this address" },
	{ RCPT_RECIPIENT, "5xx", "", "not local" },
	{ RCPT_RECIPIENT, "5xx", "", "over quota" },
	{ RCPT_RECIPIENT, "5xx", "", "recipient denied" },
	{ RCPT_RECIPIENT, "5xx", "", "account" },
	{ RCPT_RECIPIENT, "5xx", "", "accessible" }, /* or inaccessible, which `access` is in */

	/* About what is sent, the sender's identity, the dialogue or a rate: refused, but not for
	 * who connects. */
	{ RCPT_OTHER, "5xx", "", "content" },
	{ RCPT_OTHER, "530", "", "" },
	{ RCPT_OTHER, "535", "", "" },
	{ RCPT_OTHER, "538", "", "" },
	{ RCPT_OTHER, "5xx", "", "authenticat" },
	{ RCPT_OTHER, "5xx", "", "starttls" },
	{ RCPT_OTHER, "5xx", "", "encryption" },
	{ RCPT_OTHER, "5xx", "", "spf" },
	{ RCPT_OTHER, "5xx", "", "dmarc" },
	{ RCPT_OTHER, "5xx", "", "dkim" },
	{ RCPT_OTHER, "5xx", "", "too many" },
	{ RCPT_OTHER, "5xx", "", "helo command" },
	{ RCPT_OTHER, "5xx", "", "bounce verification" },

	/* RFC 4954 6, 5248, 7372: logins, encryption, SPF and the like; but .25 is the client's
	   name. */
	{ RCPT_ACCESS, "5xx", "5.7.25", "" },
	{ RCPT_OTHER, "5xx", "5.7.2", "" },
	{ RCPT_OTHER, "5xx", "5.7.8", "" },
	{ RCPT_OTHER, "5xx", "5.7.9", "" },
	{ RCPT_OTHER, "5xx", "5.7.10", "" },
	{ RCPT_OTHER, "5xx", "5.7.11", "" },
	{ RCPT_OTHER, "5xx", "5.7.12", "" },
	{ RCPT_OTHER, "5xx", "5.7.13", "" },
	{ RCPT_OTHER, "5xx", "5.7.14", "" },

	/* RFC 3463 3.2, 3.3: addressing and mailbox status. */
	{ RCPT_RECIPIENT, "5xx", "5.1.", "" },
	{ RCPT_RECIPIENT, "5xx", "5.2.", "" },

	{ RCPT_ACCESS, "521", "", "" }, /* RFC 7504, with 5.3.2: this host takes no mail */

	/* RFC 5321 4.2.1, RFC 3463 3.4 to 3.6: syntax, size, the mail system, routing, protocol. */
	{ RCPT_OTHER, "50x", "", "" },
	{ RCPT_OTHER, "552", "", "" },
	{ RCPT_OTHER, "5xx", "5.3.", "" },
	{ RCPT_OTHER, "5xx", "5.4.", "" },
	{ RCPT_OTHER, "5xx", "5.5.", "" },

	/* About who connects. */
	{ RCPT_ACCESS, "5xx", "", "access" },
	{ RCPT_ACCESS, "5xx", "", "reputation" },
	{ RCPT_ACCESS, "5xx", "", "denied" },
	{ RCPT_ACCESS, "5xx", "", "blacklist" },
	{ RCPT_ACCESS, "5xx", "", "blocklist" },
	{ RCPT_ACCESS, "5xx", "", "black list" },
	{ RCPT_ACCESS, "5xx", "", "block list" },
	{ RCPT_ACCESS, "5xx", "", "blocked" },
	{ RCPT_ACCESS, "5xx", "", "banned" },
	{ RCPT_ACCESS, "5xx", "", "client host" },
	{ RCPT_ACCESS, "5xx", "", "your host" },
	{ RCPT_ACCESS, "5xx", "", "your ip" },
	{ RCPT_ACCESS, "5xx", "", "sending mta" },
	{ RCPT_ACCESS, "5xx", "", "not allowed" },
	{ RCPT_ACCESS, "5xx", "", "not permitted" },
	{ RCPT_ACCESS, "5xx", "", "not authorized" },
	{ RCPT_ACCESS, "5xx", "", "policy" },
	/* RFC 3463 3.8: security or policy. */
	{ RCPT_ACCESS, "5xx", "5.7.", "" },

	{ RCPT_OTHER, "xxx", "", "" },
};

struct refusal_table {
	struct row *rows;
	size_t count;
	char *text; /* the file, cut into the rows' strings */
};

static bool
code_matches(const char *pattern, const char *digits)
{
	for (int i = 0; i < 3; i++) {
		if (pattern[i] != 'x' && pattern[i] != digits[i])
			return false;
	}
	return true;
}

/* By five bits of each letter, which upper and lower case share. */
#define PAIRS 1024

/* What a reply says, ready to be compared: digits, and text in lower case. */
struct reply {
	char code[3];
	struct bytes enhanced;
	char text[REFUSAL_MAX_TEXT];
	size_t text_n;
	bool pairs[PAIRS]; /* true for each pair of neighbours in the text */
};

/* The pair of `letter` and the letter before it, that of which is the last of the pair before. */
static unsigned
pair_of(unsigned before, char letter)
{
	return (before << 5 | ((unsigned)letter & 31)) % PAIRS;
}

static void
note_pairs(struct reply *r)
{
	unsigned pair = 0;

	memset(r->pairs, 0, sizeof r->pairs);
	for (size_t i = 0; i < r->text_n; i++) {
		pair = pair_of(pair, r->text[i]);
		r->pairs[pair] = true;
	}
}

static void
reply_init(struct reply *r, uint16_t code, struct bytes enhanced, struct bytes text)
{
	for (int i = 2; i >= 0; i--, code /= 10)
		r->code[i] = (char)('0' + code % 10);
	r->enhanced = bytes_skip(enhanced, enhanced.n > 0 && enhanced.p[0] == '#');
	r->text_n = text.n < sizeof r->text ? text.n : sizeof r->text;
	for (size_t i = 0; i < r->text_n; i++)
		r->text[i] = (char)tolower(text.p[i]);
	note_pairs(r);
}

/* An address, a host's name or number, or a link to a page: a dot or an at sign within a word. */
static bool
is_name(const char *word, size_t n)
{
	for (size_t i = 1; i + 1 < n; i++)
		if (word[i] == '@' || (word[i] == '.' && isalnum((unsigned char)word[i - 1]) &&
					  isalnum((unsigned char)word[i + 1])))
			return true;
	return false;
}

/* What the reply names is nothing that it says: relay1.example.com, <policy@example.com>. */
static void
reply_mask_names(struct reply *r)
{
	static const char between[] = " \t\n<>()[]\"',;";
	size_t i = 0, n;

	while (i < r->text_n) {
		char *word = r->text + i;
		const char *end = *word == '<' ? memchr(word, '>', r->text_n - i) : NULL;

		for (n = 0; i + n < r->text_n; n++)
			if (memchr(between, word[n], sizeof between - 1) != NULL)
				break;
		if (end != NULL)
			n = (size_t)(end - word);
		if (end != NULL || is_name(word, n))
			memset(word, ' ', n);
		i += n > 0 ? n : 1;
	}
	note_pairs(r);
}

/* Each text of the table but few has a pair, mostly its first, that is nowhere in the reply's. */
static bool
contains(const struct reply *r, const char *text)
{
	if (*text == '\0')
		return true;
	for (const char *p = text; p[1] != '\0'; p++)
		if (!r->pairs[pair_of((unsigned)p[0], p[1])])
			return false;
	return memmem(r->text, r->text_n, text, strlen(text)) != NULL;
}

static bool
matches(const struct row *row, const struct reply *r)
{
	return contains(r, row->text) && code_matches(row->code, r->code) &&
	       bytes_case_starts(r->enhanced, bytes_str(row->enhanced));
}

static enum rcpt_class
look_up(const struct refusal_table *table, uint16_t code, struct bytes enhanced, struct bytes text)
{
	struct reply reply;
	size_t i;

	reply_init(&reply, code, enhanced, text);

	for (i = 0; table != NULL && i < table->count; i++) {
		if (matches(&table->rows[i], &reply))
			return table->rows[i].class;
	}
	reply_mask_names(&reply);
	for (i = 0; !matches(&rows[i], &reply); i++)
		;
	return rows[i].class;
}

static bool
is_last(const struct refusal_reader *r, uint16_t code, struct bytes enhanced, struct bytes text)
{
	return code == r->code && enhanced.n == r->enhanced_n && text.n == r->text_n &&
	       bytes_eq(enhanced, bytes_of(r->said, enhanced.n)) &&
	       bytes_eq(text, bytes_of(r->said + enhanced.n, text.n));
}

static void
remember(struct refusal_reader *r, uint16_t code, struct bytes enhanced, struct bytes text)
{
	r->code = code;
	r->enhanced_n = (uint8_t)enhanced.n;
	r->text_n = (uint8_t)text.n;
	if (enhanced.n > 0)
		memcpy(r->said, enhanced.p, enhanced.n);
	if (text.n > 0)
		memcpy(r->said + enhanced.n, text.p, text.n);
}

enum rcpt_class
refusal_class(struct refusal_reader *r, uint16_t code, struct bytes enhanced, struct bytes text)
{
	enum rcpt_class class;

	if (code == 0)
		return RCPT_UNKNOWN;
	if (code < 300)
		return RCPT_ACCEPTED;
	if (is_last(r, code, enhanced, text))
		return (enum rcpt_class)r->class;
	class = look_up(r->table, code, enhanced, text);
	if (enhanced.n + text.n <= REFUSAL_MAX_SAID) {
		remember(r, code, enhanced, text);
		r->class = (uint8_t) class;
	}
	return class;
}

/* --- rows of a file ------------------------------------------------------------------ */

static bool
class_parse(const char *word, enum rcpt_class *out)
{
	static const enum rcpt_class known[] = { RCPT_ACCESS, RCPT_RECIPIENT, RCPT_TEMPORARY,
		RCPT_OTHER };

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (strcmp(word, rcpt_class_name(known[i])) == 0) {
			*out = known[i];
			return true;
		}
	}
	return false;
}

static bool
code_parse(const char *word)
{
	for (int i = 0; i < 3; i++) {
		if (word[i] != 'x' && !isdigit((unsigned char)word[i]))
			return false;
	}
	return word[3] == '\0';
}

/* The next word of *at, ended in place; "" when there is none. */
static char *
next_word(char **at)
{
	char *word = *at + strspn(*at, " \t"), *end = word + strcspn(word, " \t");

	*at = *end == '\0' ? end : end + 1;
	*end = '\0';
	return word;
}

/* NULL, or what was expected. */
static const char *
row_parse(char *line, struct row *row)
{
	char *class = next_word(&line), *code = next_word(&line), *enhanced = next_word(&line);
	size_t n;

	if (!class_parse(class, &row->class))
		return "a class: access, recipient, temporary or other";
	if (!code_parse(code))
		return "a reply code of three digits, x for any";
	if (*enhanced == '\0')
		return "the front of an enhanced status code, or -";
	row->code = code;
	row->enhanced = strcmp(enhanced, "-") == 0 ? "" : enhanced;
	line += strspn(line, " \t");
	for (n = strlen(line); n > 0 && isspace((unsigned char)line[n - 1]); n--)
		line[n - 1] = '\0';
	for (char *p = line; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);

	row->text = line;
	return NULL;
}

static enum status
parse_file(struct refusal_table *t, FILE *in, const char *path, struct fault *fault)
{
	char line[1024];
	size_t used = 0;

	for (unsigned no = 1; fgets(line, sizeof line, in) != NULL; no++) {
		const char *expected;
		char *own;

		line[strcspn(line, "#\r\n")] = '\0';
		if (line[strspn(line, " \t")] == '\0')
			continue;
		if (t->count == REFUSAL_MAX_ROWS)
			return fault_set(fault, STATUS_FORMAT, "%s: line %u: more than %d rows",
			    path, no, REFUSAL_MAX_ROWS);
		own = memcpy(t->text + used, line, strlen(line) + 1);
		used += strlen(line) + 1;
		expected = row_parse(own, &t->rows[t->count]);
		if (expected != NULL)
			return fault_set(
			    fault, STATUS_FORMAT, "%s: line %u: expected %s", path, no, expected);
		t->count++;
	}
	return STATUS_OK;
}

enum status
refusal_load(struct refusal_table **out, const char *path, struct fault *fault)
{
	struct refusal_table *t = calloc(1, sizeof *t);
	FILE *in = NULL;
	enum status status = STATUS_NOMEM;

	if (t == NULL)
		goto err;
	t->rows = calloc(REFUSAL_MAX_ROWS, sizeof *t->rows);
	t->text = malloc(REFUSAL_MAX_ROWS * (size_t)1024);
	if (t->rows == NULL || t->text == NULL)
		goto err;
	in = fopen(path, "r");
	if (in == NULL) {
		status = fault_set(fault, STATUS_IO, "%s: %s", path, strerror(errno));
		goto err;
	}
	status = parse_file(t, in, path, fault);
	fclose(in);
	if (status != STATUS_OK)
		goto err;
	*out = t;
	return STATUS_OK;
err:
	if (status == STATUS_NOMEM)
		fault_set(fault, status, "%s: no memory", path);
	refusal_free(t);
	return status;
}

void
refusal_free(struct refusal_table *t)
{
	if (t == NULL)
		return;
	free(t->rows);
	free(t->text);
	free(t);
}
