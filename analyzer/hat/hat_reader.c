#include "analyzer/hat/hat_reader.h"

#include <stdio.h>

#define EXPECT_RULE "ACCEPT, RELAY, REJECT, TCPREFUSE or CONTINUE"

const char *
hat_reader_found(const struct hat_token *t, char room[static 64])
{
	if (t->type == HAT_TOKEN_END)
		return "the end";
	snprintf(room, 64, "\"%.*s\"%s", (int)(t->text.n < 40 ? t->text.n : 40),
	    (const char *)t->text.p, t->text.n > 40 ? "..." : "");
	return room;
}

static void
complain(struct hat_reader *r, const struct hat_token *t, const char *expected)
{
	char found[64];

	hat_table_say(r->h, SEVERITY_ERROR, true, t->line, 0, "expected %s, found %s", expected,
	    hat_reader_found(t, found));
}

/* Any letter case only where nothing else can stand: a host may be called "relay". */
static enum hat_action
access_rule(const struct hat_token *t, bool any_case)
{
	if (t->type != HAT_TOKEN_WORD)
		return HAT_ACTION_UNKNOWN;
	for (int a = HAT_ACTION_UNKNOWN + 1; a < HAT_ACTION_COUNT; a++) {
		struct bytes word = bytes_str(hat_action_name((enum hat_action)a));

		if (any_case ? bytes_case_eq(t->text, word) : bytes_eq(t->text, word))
			return (enum hat_action)a;
	}
	return HAT_ACTION_UNKNOWN;
}

static bool
is_policy(const struct hat_token *t)
{
	return t->type == HAT_TOKEN_WORD && t->text.p[0] == '$';
}

/* GROUP:, and not an IPv6 address, nor what is left of a word with a bracket. */
static bool
is_group(const struct hat_token *t)
{
	return t->type == HAT_TOKEN_WORD && !is_policy(t) && t->text.n > 1 &&
	       t->text.p[t->text.n - 1] == ':' && memchr(t->text.p, ':', t->text.n - 1) == NULL &&
	       memchr(t->text.p, '[', t->text.n) == NULL;
}

/* `country: ...` among hosts, where no group can begin yet; its argument stands in the line. */
static bool
is_spaced_host(const struct hat_reader *r, const struct hat_token *t)
{
	struct hat_lex ahead = r->lex;

	return t->type == HAT_TOKEN_WORD && hat_host_takes_argument(t->text) &&
	       hat_lex_argument(&ahead).n > 0;
}

/* After an access rule or a reference: parameters and comment, in either order. */
static void
read_tail(struct hat_reader *r, struct hat_block *params, struct bytes *comment)
{
	for (;;) {
		struct hat_lex before = r->lex;
		struct hat_token t = hat_lex_next(&r->lex, false);

		if (t.type == HAT_TOKEN_OPEN)
			*params = hat_block_read(r, t.line);
		else if (t.type == HAT_TOKEN_COMMENT) {
			if (t.unclosed)
				complain(r, &t, "a parenthesis to close this comment");
			*comment = t.text;
		} else {
			r->lex = before;
			return;
		}
	}
}

/* A colon after it, as after a group, is no part of it. */
static struct bytes
policy_name(struct bytes word)
{
	while (word.n > 1 && word.p[word.n - 1] == ':')
		word.n--;
	return word;
}

/* How far from the beginning of its line a word of the text stands. */
static size_t
column(const struct hat *h, const uint8_t *p)
{
	const uint8_t *from = p, *text = (const uint8_t *)h->text;

	while (p > text && p[-1] != '\n' && p[-1] != '\r')
		p--;
	return (size_t)(from - p);
}

/*
 * Where a policy's rule should be: another word is taken for a rule that is not known, but not a
 * new statement, nor what begins a line as far to the left as the policy does.
 */
static bool
is_odd_rule(const struct hat *h, const struct hat_token *t, const struct hat_policy *p)
{
	return t->type == HAT_TOKEN_WORD && !is_policy(t) && !is_group(t) &&
	       !(t->first && column(h, t->text.p) <= column(h, p->name.p));
}

/* $NAME and its access rule. */
static void
read_policy(struct hat_reader *r, struct hat_token name)
{
	struct hat_policy policy = { .name = policy_name(name.text), .line = name.line }, *p;
	struct hat_token t = hat_lex_peek(&r->lex);

	policy.action = (uint8_t)access_rule(&t, true);
	if (policy.action == HAT_ACTION_UNKNOWN)
		complain(r, &t, EXPECT_RULE " after the name of a policy");
	if (policy.action != HAT_ACTION_UNKNOWN || is_odd_rule(r->h, &t, &policy))
		do
			t = hat_lex_next(&r->lex, false);
		while (t.type == HAT_TOKEN_COMMENT);
	read_tail(r, &policy.params, &policy.comment);
	p = hat_table_grow(r->h, &r->h->policies, sizeof *p);
	if (p != NULL)
		*p = policy;
}

static void
add_entry(struct hat_reader *r, const struct hat_host *host, uint32_t line, uint32_t group)
{
	struct hat_entry *e;

	if (r->h->entries.count == HAT_MAX_ENTRIES) {
		hat_table_say(r->h, SEVERITY_ERROR, true, line, 0,
		    "more than %d entries; the rest is left out", HAT_MAX_ENTRIES);
		r->lex.p = r->lex.end;
		return;
	}
	e = hat_table_grow(r->h, &r->h->entries, sizeof *e);
	if (e == NULL)
		return;
	*e = (struct hat_entry){ .host = *host, .group = group, .line = line };
	hat_table_groups(r->h)[group].entry_count++;
}

/* In the place of a host; what it was may match anybody, and keeps its place in the order. */
static void
add_unread(struct hat_reader *r, const struct hat_token *t, uint32_t group)
{
	const struct hat_host host = { .kind = HAT_KIND_UNREAD,
		.text = bytes_head(t->text, t->text.n < HAT_HOST_MAX ? t->text.n : HAT_HOST_MAX) };

	add_entry(r, &host, t->line, group);
}

/* One host, which may be a keyword with an argument after a space. */
static void
read_host(struct hat_reader *r, struct hat_token t, uint32_t group)
{
	struct hat_host host;
	const char *remark;

	if (hat_host_takes_argument(t.text)) {
		struct bytes arg = hat_lex_argument(&r->lex);

		if (arg.n > 0)
			t.text.n = (size_t)(arg.p + arg.n - t.text.p);
	}
	if (!hat_host_parse(&host, t.text, &remark)) {
		char found[64];

		hat_table_say(r->h, SEVERITY_ERROR, true, t.line, 0,
		    "%s, found %s; the entry may match anybody", remark,
		    hat_reader_found(&t, found));
		add_unread(r, &t, group);
		return;
	}
	if (remark != NULL) {
		char found[64];

		hat_table_say(r->h, SEVERITY_WARNING, false, t.line, 0, "%s: %s",
		    hat_reader_found(&t, found), remark);
	}
	add_entry(r, &host, t.line, group);
}

/* A comment belongs to the host before it in the line, else to the group. */
static void
read_comment(struct hat_reader *r, struct hat_token t, uint32_t group)
{
	struct hat_group *g = &hat_table_groups(r->h)[group];
	struct hat_entry *last = NULL;

	if (t.unclosed)
		complain(r, &t, "a parenthesis to close this comment");
	if (g->entry_count > 0)
		last = &hat_table_entries(r->h)[g->first_entry + g->entry_count - 1];
	if (last != NULL && last->line == t.line)
		last->comment = t.text;
	else
		g->comment = t.text;
}

/* $POLICY or an access rule, if t is one: true, and all of it is read. */
static bool
read_rule(struct hat_reader *r, struct hat_token t, uint32_t group)
{
	enum hat_action action = access_rule(&t, false);
	struct hat_block params = { 0, 0 };
	struct bytes comment = { NULL, 0 };
	struct hat_group *g;

	if (action == HAT_ACTION_UNKNOWN && !is_policy(&t))
		return false;
	read_tail(r, &params, &comment);
	g = &hat_table_groups(r->h)[group];
	g->action = (uint8_t)action;
	g->rule_line = t.line;
	if (action == HAT_ACTION_UNKNOWN)
		g->policy = policy_name(t.text);
	g->params = params;
	if (comment.p != NULL)
		g->comment = comment;
	return true;
}

static bool
is_all(const struct hat_token *t)
{
	struct hat_host host;
	const char *remark;

	return t->type == HAT_TOKEN_WORD && hat_host_parse(&host, t->text, &remark) &&
	       host.kind == HAT_KIND_ALL;
}

/*
 * ALL where a statement begins. Of anonymous hosts it is none. In a group it stands as far to the
 * left as the group's name, with the hosts to the right of it: then the group's rule is missing.
 */
static bool
is_next_all(const struct hat_reader *r, const struct hat_token *t, uint32_t group)
{
	const struct hat *h = r->h;
	const struct hat_group *g = &hat_table_groups(h)[group];
	size_t at;

	if (!is_all(t))
		return false;
	if (g->anonymous)
		return true;
	if (!t->first || g->entry_count == 0)
		return false;
	at = column(h, t->text.p);
	return at <= column(h, g->name.p) &&
	       at < column(h, hat_table_entries(h)[g->first_entry].host.text.p);
}

/* Another statement, where hosts or their rule should be. */
static bool
ends_members(const struct hat_reader *r, const struct hat_token *t, uint32_t group)
{
	struct hat_token next = hat_lex_peek(&r->lex);

	return t->type == HAT_TOKEN_END || (is_group(t) && !is_spaced_host(r, t)) ||
	       (is_policy(t) && access_rule(&next, false) != HAT_ACTION_UNKNOWN) ||
	       is_next_all(r, t, group);
}

/* Braces among hosts: if they hold no parameters, they may hold hosts. */
static void
read_stray_block(struct hat_reader *r, struct hat_token t, uint32_t group)
{
	size_t before = r->h->syntax_errors;

	hat_block_read(r, t.line);
	if (r->h->syntax_errors > before)
		add_unread(r, &t, group);
}

/* Hosts, then their rule. False: the rule is missing. */
static bool
read_members(struct hat_reader *r, uint32_t group)
{
	for (;;) {
		struct hat_lex before = r->lex;
		struct hat_token t = hat_lex_next(&r->lex, false);

		if (ends_members(r, &t, group)) {
			complain(r, &t, "$POLICY, or " EXPECT_RULE ", after the hosts");
			r->lex = before;
			return false;
		}
		if (read_rule(r, t, group))
			return true;
		if (t.type == HAT_TOKEN_WORD)
			read_host(r, t, group);
		else if (t.type == HAT_TOKEN_COMMENT)
			read_comment(r, t, group);
		else if (t.type == HAT_TOKEN_OPEN)
			read_stray_block(r, t, group);
		else if (t.type != HAT_TOKEN_COMMA) {
			complain(r, &t, "a host, $POLICY or an access rule");
			add_unread(r, &t, group);
		}
		if (r->h->failed)
			return true;
	}
}

static uint32_t
new_group(struct hat_reader *r, struct bytes name, uint32_t line)
{
	struct hat_group *g = hat_table_grow(r->h, &r->h->groups, sizeof *g);

	if (g == NULL)
		return HAT_NO_INDEX;
	g->name = name;
	g->line = line;
	g->first_entry = (uint32_t)r->h->entries.count;
	return (uint32_t)r->h->groups.count - 1;
}

static void
read_group(struct hat_reader *r, struct hat_token name)
{
	uint32_t group = new_group(r, bytes_head(name.text, name.text.n - 1), name.line);
	struct hat_token all = { HAT_TOKEN_WORD, BYTES_LIT("ALL"), name.line, false, false };

	if (group == HAT_NO_INDEX)
		return;
	read_members(r, group);
	/* ALL: is the entry ALL written as a group. */
	if (hat_table_understood(r->h, &hat_table_groups(r->h)[group]) == 0 &&
	    bytes_case_eq(hat_table_groups(r->h)[group].name, all.text))
		read_host(r, all, group);
}

/* No mere word, as texts have them that stand around a HAT. */
static bool
is_written_as_host(struct bytes text)
{
	struct bytes inside = bytes_head(text, text.n - 1);

	return memchr(inside.p, '.', inside.n) != NULL || memchr(text.p, ':', text.n) != NULL ||
	       memchr(text.p, '[', text.n) != NULL;
}

/* A host outside of any group, or ALL. Without a rule a mere word says nothing and is left out. */
static void
read_anonymous(struct hat_reader *r, struct hat_token host)
{
	bool all = is_all(&host);
	uint32_t group = new_group(r, all ? BYTES_LIT("ALL") : BYTES_LIT("None"), host.line);

	if (group == HAT_NO_INDEX)
		return;
	hat_table_groups(r->h)[group].anonymous = !all;
	read_host(r, host, group);
	if ((!read_members(r, group) && !is_written_as_host(host.text)) ||
	    hat_table_groups(r->h)[group].entry_count == 0) {
		r->h->entries.count = hat_table_groups(r->h)[group].first_entry;
		r->h->groups.count--;
	}
}

/* What a terminal shows around a table that was printed there. */
static bool
is_dialogue(struct bytes line)
{
	static const char *const heads[] = { "There are currently ", "Choose the operation ",
		"[]> ", "- " };

	while (line.n > 0 && (line.p[0] == ' ' || line.p[0] == '\t'))
		line = bytes_skip(line, 1);
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		if (bytes_case_starts(line, bytes_str(heads[i])))
			return true;
	return false;
}

static void
read_statement(struct hat_reader *r, struct hat_token t)
{
	if (t.first && hat_defaults_heading(hat_lex_line(&r->lex)))
		hat_defaults_read(r);
	else if (t.first && is_dialogue(hat_lex_line(&r->lex)))
		hat_lex_skip_line(&r->lex);
	else if (is_policy(&t))
		read_policy(r, t);
	else if (is_group(&t))
		read_group(r, t);
	else if (access_rule(&t, false) != HAT_ACTION_UNKNOWN) {
		struct hat_block params;
		struct bytes comment;

		complain(r, &t, "a policy, a sender group or a host before an access rule");
		read_tail(r, &params, &comment);
	} else if (t.type == HAT_TOKEN_WORD)
		read_anonymous(r, t);
	else if (t.type == HAT_TOKEN_OPEN) {
		complain(r, &t, "an access rule before its parameters");
		hat_block_read(r, t.line);
	} else if (t.type != HAT_TOKEN_COMMENT && t.type != HAT_TOKEN_COMMA)
		complain(r, &t, "a policy, a sender group or a host");
}

void
hat_reader_run(struct hat *h, size_t from, uint32_t line)
{
	struct hat_reader r = { h,
		hat_lex_init(bytes_of(h->text + from, h->text_len - from), line) };

	while (!h->failed) {
		struct hat_token t = hat_lex_next(&r.lex, false);

		if (t.type == HAT_TOKEN_END)
			return;
		read_statement(&r, t);
	}
}
