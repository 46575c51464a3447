#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "analyzer/hat/hat.h"

#include "rows.h"

static const char table[] = "$TRUSTED ACCEPT\n"
			    "$BLOCKED REJECT\n"
			    "$THROTTLED ACCEPT\n"
			    "$ACCEPTED ACCEPT\n"
			    "RELAYLIST: 10.0.0.0/8 RELAY\n"
			    "WATCHED: 0.0.0.0/0, .friend.example CONTINUE\n"
			    "WHITELIST: 192.0.2.16-31, .friend.example $TRUSTED\n"
			    "BLACKLIST: sbrs[-10:-3], 203.0.113., dnslist[bl.example] $BLOCKED\n"
			    "SUSPECTLIST: sbrs[-3:-1], nx.domain $THROTTLED\n"
			    "ODD: 198.51.100.0/24 $MISSING\n"
			    "198.51.101.7 TCPREFUSE\n"
			    "GEO: country[Wonderland], country[WL] $BLOCKED\n"
			    "ALL $ACCEPTED\n";

/* NULL: not known. candidates: their names, each with a space after it. */
static const struct row {
	const char *why, *ip, *host, *sbrs, *country, *matched;
	const char *group, *policy, *action; /* NULL: absent */
	bool certain;
	const char *candidates;
} rows[] = {
	{ "the first entry decides, whatever else is not known", "10.1.2.3", NULL, NULL, NULL, NULL,
	    "RELAYLIST", NULL, "RELAY", true, "" },
	{ "CONTINUE goes on to the next that matches", "192.0.2.17", NULL, NULL, NULL, NULL,
	    "WHITELIST", "$TRUSTED", "ACCEPT", true, "" },
	{ "a verified name", "198.51.100.9", "mx.friend.example", NULL, NULL, NULL, "WHITELIST",
	    "$TRUSTED", "ACCEPT", true, "" },
	{ "nothing is known: each group that may be it, to the certain one", "203.0.113.9", NULL,
	    NULL, NULL, NULL, NULL, NULL, NULL, false, "WHITELIST BLACKLIST " },
	{ "an undecided entry of the same group does not matter", "203.0.113.9", "none", NULL, NULL,
	    NULL, "BLACKLIST", "$BLOCKED", "REJECT", true, "" },
	{ "a score that decides", "100.0.0.1", "none", "-5.0", NULL, NULL, "BLACKLIST", "$BLOCKED",
	    "REJECT", true, "" },
	{ "the first of two scores that touch", "100.0.0.1", "a.example", "-3.0", NULL, NULL,
	    "BLACKLIST", "$BLOCKED", "REJECT", true, "" },
	{ "but which of the two has the score between them the gateway knows", "100.0.0.1",
	    "a.example", "-3.0", NULL, "sbrs[-3.0:-1.0]", "SUSPECTLIST", "$THROTTLED", "ACCEPT",
	    true, "" },
	{ "and not where it is no end", "100.0.0.1", "a.example", "-3.1", NULL, "ALL", "BLACKLIST",
	    "$BLOCKED", "REJECT", true, "" },
	{ "a DNS list is always open", "100.0.0.1", "a.example", "5.0", "none", NULL, NULL, NULL,
	    NULL, false, "BLACKLIST ALL " },
	{ "until the gateway names it", "100.0.0.1", "a.example", "5.0", "none",
	    "dnslist[BL.example]", "BLACKLIST", "$BLOCKED", "REJECT", true, "" },
	{ "or names another that is there", "100.0.0.1", "a.example", "5.0", "none", "ALL", "ALL",
	    "$ACCEPTED", "ACCEPT", true, "" },
	{ "what it names settles the score too", "100.0.0.1", "a.example", NULL, "none",
	    "sbrs[-3.0:-1.0]", "SUSPECTLIST", "$THROTTLED", "ACCEPT", true, "" },
	{ "what it names is not believed against the facts", "10.1.2.3", NULL, NULL, NULL, "ALL",
	    "RELAYLIST", NULL, "RELAY", true, "" },
	{ "nor an entry that cannot match", "100.0.0.1", "a.example", "5.0", "none", "10.0.0.0/8",
	    NULL, NULL, NULL, false, "BLACKLIST ALL " },
	{ "nor one that is not in the table", "100.0.0.1", "a.example", "5.0", "none",
	    "dnslist[other.example]", NULL, NULL, NULL, false, "BLACKLIST ALL " },
	{ "a policy that is not defined: the group is known, the action is not", "198.51.100.9",
	    "a.example", "5.0", "none", "198.51.100.0/24", "ODD", "$MISSING", NULL, false, "ODD " },
	{ "an anonymous entry is None, and its rule has no policy", "198.51.101.7", "a.example",
	    "5.0", "none", "198.51.101.7", "None", NULL, "TCPREFUSE", true, "" },
	{ "a country", "100.0.0.1", "a.example", "5.0", "wonderland", "country[Wonderland]", "GEO",
	    "$BLOCKED", "REJECT", true, "" },
	{ "a country by its name, where one entry has a code", "100.0.0.1", "a.example", "5.0",
	    "Elsewhere", NULL, NULL, NULL, NULL, false, "BLACKLIST GEO ALL " },
	{ "a verified name that comes before the score that is not known", "100.0.0.1",
	    "mx.friend.example", NULL, "none", NULL, "WHITELIST", "$TRUSTED", "ACCEPT", true, "" },
	{ "IPv6: no IPv4 entry holds it", "2001:db8::1", "a.example", "5.0", "none", "ALL", "ALL",
	    "$ACCEPTED", "ACCEPT", true, "" },
};

static struct hat_peer
peer_of(const struct row *row)
{
	struct addr a = { .family = strchr(row->ip, ':') != NULL ? 6 : 4 };
	struct hat_peer peer;

	cr_assert_eq(inet_pton(a.family == 4 ? AF_INET : AF_INET6, row->ip, a.octet), 1);
	peer = hat_peer_init(a);
	if (row->host != NULL)
		hat_peer_host(&peer, bytes_str(row->host), true);
	if (row->host != NULL && strcmp(row->host, "none") == 0)
		peer.name_state = HAT_NAME_NONE;
	if (row->sbrs != NULL)
		hat_peer_sbrs(&peer, bytes_str(row->sbrs));
	if (row->country != NULL)
		hat_peer_country(&peer, bytes_str(row->country));
	if (row->matched != NULL)
		peer.matched = bytes_str(row->matched);
	return peer;
}

static bool
same(struct bytes b, const char *text)
{
	return text == NULL ? b.p == NULL : bytes_eq(b, bytes_str(text));
}

static struct hat *
read_text(const char *text)
{
	struct fault fault;
	struct hat *h;

	cr_assert_eq(
	    hat_parse(&h, bytes_str(text), "t", NULL, &fault), STATUS_OK, "%s", fault.text);
	return h;
}

static void
candidates(const struct hat *h, const struct hat_decision *d, char room[static 256])
{
	size_t n = 0, count;

	room[0] = '\0';
	for (uint32_t k = 0; k < d->candidate_count; k++) {
		const struct hat_entry *e = &hat_entries(h, &count)[d->candidates[k]];
		struct bytes name = hat_groups(h, &count)[e->group].name;

		n +=
		    (size_t)snprintf(room + n, 256 - n, "%.*s ", (int)name.n, (const char *)name.p);
	}
}

ROWS(hat_decide, rows, rows)

ParameterizedTest(size_t *i, hat_decide, rows)
{
	const struct row *row = &rows[*i];
	struct hat *h = read_text(table);
	struct hat_peer peer = peer_of(row);
	const char *action;
	struct hat_decision d;
	char names[256];

	hat_decide(h, &peer, &d);
	candidates(h, &d, names);
	cr_assert_str_eq(names, row->candidates, "%s: %s", row->why, names);
	cr_assert_eq(d.certain, row->certain, "%s", row->why);
	cr_assert(same(d.sender_group, row->group), "%s", row->why);
	cr_assert(same(d.policy, row->policy), "%s", row->why);
	action = hat_action_name(d.action);
	cr_assert(same(bytes_of(action, action == NULL ? 0 : strlen(action)), row->action), "%s",
	    row->why);
	cr_assert_not(d.more);
	hat_free(h);
}

Test(hat_decide, candidates_that_agree_are_not_certain_but_tell_what_they_share)
{
	struct hat *h = read_text("A: dnslist[x] REJECT\nB: 0/0 REJECT\n");
	struct hat_peer peer = hat_peer_init((struct addr){ .family = 4 });
	struct hat_decision d;

	hat_decide(h, &peer, &d);
	cr_assert_not(d.certain);
	cr_assert_eq(d.action, HAT_ACTION_REJECT);
	cr_assert_null(d.sender_group.p);
	cr_assert_eq(d.candidate_count, 2);
	cr_assert_str_eq(hat_decision_why(h, &d, 0), hat_kind_why(HAT_KIND_DNSLIST));
	cr_assert_null(hat_decision_why(h, &d, 1));
	hat_free(h);
}

/* What was not understood of a table, for 203.0.113.5: nothing behind it is certain. */
static const struct damaged {
	const char *why, *text, *candidates;
} damaged[] = {
	{ "an address", "B:\n    203.0.113.5/\n    REJECT\nALL\n    ACCEPT\n", "B ALL " },
	{ "an anonymous one", "203.0.113.5/\n    REJECT\nALL\n    ACCEPT\n", "None ALL " },
	{ "a score", "B:\n    sbrs[-10.0:\n    REJECT\nALL\n    ACCEPT\n", "B ALL " },
	{ "a text", "B: \"203.0.113.5\" REJECT\nALL ACCEPT\n", "B ALL " },
	{ "hosts in braces", "B: { 203.0.113.5 } REJECT\nALL ACCEPT\n", "B ALL " },
	{ "what goes on does not matter", "B: 203.0.113.5/ CONTINUE\nALL ACCEPT\n", NULL },
	{ "nor what comes later", "ALL ACCEPT\nB: 203.0.113.5/ REJECT\n", NULL },
	{ "a rule", "B:\n    203.0.113.5\n    REJEC\nALL\n    ACCEPT\n", "B " },
	{ "a rule before a group", "B:\n 203.0.113.5\n REJEC\nC: 0/0 ACCEPT\n", "B " },
	{ "a rule of others", "B:\n    203.0.113.6\n    REJEC\nALL\n    ACCEPT\n", "B ALL " },
	{ "a policy", "$P REJEC\nB: 203.0.113.5 $P\nALL ACCEPT\n", "B " },
};

ROWS(hat_decide, not_understood, damaged)

ParameterizedTest(size_t *i, hat_decide, not_understood)
{
	const struct damaged *row = &damaged[*i];
	struct hat_peer peer =
	    hat_peer_init((struct addr){ .family = 4, .octet = { 203, 0, 113, 5 } });
	struct hat *h = read_text(row->text);
	struct hat_decision d;
	char names[256];

	hat_decide(h, &peer, &d);
	candidates(h, &d, names);
	cr_assert_eq(d.certain, row->candidates == NULL, "%s", row->why);
	cr_assert_str_eq(names, row->candidates == NULL ? "" : row->candidates, "%s", row->why);
	hat_free(h);
}

Test(hat_decide, without_an_entry_that_matches_nothing_is_decided)
{
	struct hat *h = read_text("A: 10.0.0.1, dnslist[x] REJECT\n");
	struct hat_peer peer = hat_peer_init((struct addr){ .family = 4 });
	struct hat_decision d;

	hat_decide(h, &peer, &d);
	cr_assert_not(d.certain);
	cr_assert_eq(d.entry, HAT_NO_INDEX);
	cr_assert_eq(d.candidate_count, 1, "the list may decide, or nobody");
	cr_assert_eq(d.action, HAT_ACTION_UNKNOWN);
	hat_free(h);
}

Test(hat_decide, more_candidates_than_are_kept)
{
	char text[40 * (HAT_MAX_CANDIDATES + 10)] = "";
	struct hat_peer peer = hat_peer_init((struct addr){ .family = 4 });
	struct hat_decision d;
	struct hat *h;
	size_t n = 0;

	for (int i = 0; i < HAT_MAX_CANDIDATES + 5; i++)
		n += (size_t)sprintf(text + n, "G%d: dnslist[l%d] REJECT\n", i, i);
	sprintf(text + n, "ALL ACCEPT\n");
	h = read_text(text);
	hat_decide(h, &peer, &d);
	cr_assert(d.more);
	cr_assert_not(d.certain);
	cr_assert_eq(d.candidate_count, HAT_MAX_CANDIDATES);
	cr_assert_eq(d.action, HAT_ACTION_UNKNOWN, "what was not kept may differ");
	hat_free(h);
}

/* A small generator, the same on every machine. */
static uint32_t
draw(uint64_t *state, uint32_t below)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*state >> 33) % below;
}

struct drawn {
	char text[8192];
	size_t n;
};

static void __attribute__((format(printf, 2, 3))) add(struct drawn *t, const char *fmt, ...)
{
	size_t room = sizeof t->text - t->n;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->text + t->n, room, fmt, ap);
	va_end(ap);
	cr_assert(n >= 0 && (size_t)n < room, "the table is longer than its room");
	t->n += (size_t)n;
}

static void
draw_host(uint64_t *s, struct drawn *t)
{
	uint32_t a = draw(s, 4), b = draw(s, 4), c = draw(s, 4);

	switch (draw(s, 17)) {
	case 0:
		add(t, "10.%u.%u.%u", a, b, c);
		break;
	case 1:
		add(t, "10.%u.%u.", a, b);
		break;
	case 2:
		add(t, "10.%u.%u-%u", a, b, c);
		break;
	case 3:
		add(t, "10.%u.%u.%u/%u", a, b, c, 14 + draw(s, 18));
		break;
	case 4:
		add(t, "2001:db8:%x::%x", a, b);
		break;
	case 5:
		add(t, "2001:db8:%x-%x::%x", a, b, c);
		break;
	case 6:
		add(t, "2001:db8:%x::/%u", a, 46 + draw(s, 10));
		break;
	case 7:
		add(t, "h%u.d%u.example", a, b);
		break;
	case 8:
		add(t, ".d%u.example", a);
		break;
	case 9:
		add(t, "sbrs[%d:%d]", (int)draw(s, 20) - 10, (int)draw(s, 20) - 10);
		break;
	case 10:
		add(t, "sbrs[none]");
		break;
	case 11:
		add(t, a == 0 ? "nx.domain" : a == 1 ? "serv.fail" : "not.double.verified");
		break;
	case 12:
		add(t, a < 2 ? "country[C%u]" : "country[Land%u]", b);
		break;
	case 13:
		add(t, "dnslist[l%u.example]", b);
		break;
	case 14:
		add(t, "sbo:%u", b);
		break;
	case 15:
		add(t, "10.%u.%u.%u/", a, b, c);
		break;
	default:
		add(t, ".example");
	}
}

/* Groups, anonymous entries and rules of every kind; sometimes ALL. */
static void
draw_table(uint64_t *s, struct drawn *t)
{
	static const char *const rules[] = { "ACCEPT", "REJECT", "TCPREFUSE", "RELAY", "CONTINUE",
		"$P", "$Q", "$MISSING" };
	uint32_t groups = 1 + draw(s, 12);

	t->n = 0;
	add(t, "$P REJECT\n$Q CONTINUE\n");
	for (uint32_t g = 0; g < groups; g++) {
		uint32_t hosts = 1 + draw(s, 6);

		if (draw(s, 3) > 0)
			add(t, "G%u:\n", draw(s, 8));
		for (uint32_t h = 0; h < hosts; h++) {
			draw_host(s, t);
			add(t, "\n");
		}
		add(t, "  %s\n", rules[draw(s, COUNT(rules))]);
	}
	if (draw(s, 4) > 0)
		add(t, "ALL ACCEPT\n");
}

static struct hat_peer
draw_peer(uint64_t *s, char room[static 64], char country[static 16])
{
	struct addr a = { .family = draw(s, 8) == 0 ? 0 : draw(s, 3) == 0 ? 6 : 4 };
	struct hat_peer p;

	if (a.family == 4) {
		a.octet[0] = 10;
		for (int i = 1; i < 4; i++)
			a.octet[i] = (uint8_t)draw(s, 4);
	} else if (a.family == 6) {
		memcpy(a.octet, "\x20\x01\x0d\xb8", 4);
		a.octet[5] = (uint8_t)draw(s, 4);
		a.octet[15] = (uint8_t)draw(s, 4);
	}
	p = hat_peer_init(a);
	p.name_state = (uint8_t)draw(s, HAT_NAME_COUNT);
	sprintf(room, draw(s, 6) == 0 ? "d%u.example" : "h%u.d%u.example", draw(s, 4), draw(s, 4));
	p.name = bytes_str(room);
	p.sbrs_state = (uint8_t)draw(s, 3);
	p.sbrs = ((int32_t)draw(s, 201) - 100) * 100;
	p.country_state = (uint8_t)draw(s, 3);
	sprintf(country, draw(s, 2) == 0 ? "C%u" : "Land%u", draw(s, 4));
	p.country = bytes_str(country);
	return p;
}

/* The definition: one entry after the other, the first that matches. */
static void
scan(const struct hat *h, const struct hat_peer *peer, struct hat_decision *d)
{
	size_t count, groups;
	const struct hat_entry *e = hat_entries(h, &count);
	const struct hat_group *g = hat_groups(h, &groups);

	*d = (struct hat_decision){ .entry = HAT_NO_INDEX };
	for (uint32_t i = 0; i < count && d->entry == HAT_NO_INDEX; i++) {
		enum hat_truth t = hat_host_match(&e[i].host, peer);
		bool there = false;

		if (t == HAT_NO || g[e[i].group].action == HAT_ACTION_CONTINUE)
			continue;
		for (uint32_t k = 0; k < d->candidate_count; k++)
			there =
			    there || g[e[d->candidates[k]].group].outcome == g[e[i].group].outcome;
		if (!there)
			d->candidates[d->candidate_count++] = i;
		if (t == HAT_YES)
			d->entry = i;
	}
	d->certain = d->entry != HAT_NO_INDEX && d->candidate_count == 1 &&
	             g[e[d->entry].group].action != HAT_ACTION_UNKNOWN;
	if (d->certain)
		d->candidate_count = 0;
}

Test(hat_decide, a_policy_with_two_rules_decides_nothing)
{
	struct hat *h = read_text("$P ACCEPT\n$P REJECT\n$Q ACCEPT\n$Q ACCEPT\n"
				  "G: 10.0.0.1 $P\nALL $Q");
	struct hat_decision d;
	struct hat_peer peer =
	    hat_peer_init((struct addr){ .family = 4, .octet = { 10, 0, 0, 1 } });

	hat_decide(h, &peer, &d);
	cr_expect(!d.certain && bytes_eq(d.sender_group, bytes_str("G")));
	cr_expect_eq(d.action, HAT_ACTION_UNKNOWN);
	peer = hat_peer_init((struct addr){ .family = 4, .octet = { 10, 0, 0, 2 } });
	hat_decide(h, &peer, &d);
	cr_expect(d.certain);
	cr_expect_eq(d.action, HAT_ACTION_ACCEPT);
	hat_free(h);
}

Test(hat_decide, the_index_decides_as_one_entry_after_the_other)
{
	static struct drawn t;
	uint64_t s = 42;
	size_t certain = 0, open = 0, none = 0;

	for (int tables = 0; tables < 1500; tables++) {
		struct hat *h;

		draw_table(&s, &t);
		h = read_text(t.text);
		for (int peers = 0; peers < 60; peers++) {
			char room[64], country[16];
			struct hat_peer peer = draw_peer(&s, room, country);
			struct hat_decision want, got;

			scan(h, &peer, &want);
			hat_decide(h, &peer, &got);
			cr_assert(want.entry == got.entry && want.certain == got.certain &&
				      want.candidate_count == got.candidate_count &&
				      memcmp(want.candidates, got.candidates,
					  want.candidate_count * sizeof *want.candidates) == 0,
			    "table %d, peer %d:\n%s", tables, peers, t.text);
			certain += got.certain;
			open += got.candidate_count > 0;
			none += got.entry == HAT_NO_INDEX;
		}
		hat_free(h);
	}
	cr_assert(certain > 10000 && open > 10000 && none > 1000,
	    "the draws reach every case: %zu %zu %zu", certain, open, none);
}
