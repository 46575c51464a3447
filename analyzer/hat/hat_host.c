#include "analyzer/hat/hat_host.h"

#include <ctype.h>
#include <stdio.h>

#include "analyzer/hat/hat_address.h"

static const struct {
	const char *meaning, *why;
} kinds[HAT_KIND_COUNT] = {
#define X(id, meaning, why) { meaning, why },
	HAT_KINDS(X)
#undef X
};

const char *
hat_kind_meaning(enum hat_kind k)
{
	return kinds[k].meaning;
}

const char *
hat_kind_why(enum hat_kind k)
{
	return kinds[k].why;
}

/* Words that are a host by themselves. */
static const struct {
	const char *word;
	enum hat_kind kind;
} words[] = {
	{ "ALL", HAT_KIND_ALL },
	{ "nx.domain", HAT_KIND_NX_DOMAIN },
	{ "serv.fail", HAT_KIND_SERV_FAIL },
	{ "not.double.verified", HAT_KIND_NOT_VERIFIED },
};

/* Words with an argument, as word[argument] or word:argument; how the canonical text writes it. */
static const struct {
	const char *word;
	enum hat_kind kind;
	const char *format;
} functions[] = {
	{ "sbrs", HAT_KIND_SCORE, NULL },
	{ "sbo", HAT_KIND_OWNER, "sbo:%s" },
	{ "dnslist", HAT_KIND_DNSLIST, "dnslist[%s]" },
	{ "country", HAT_KIND_COUNTRY, "country[%s]" },
	{ "etf-source", HAT_KIND_FEED, "etf-source[%s]" },
};

/* Added to thousandths, so that keys of scores are not negative. */
#define SCORE_BASE 100000
#define COUNT(a) (sizeof(a) / sizeof *(a))

struct hat_key
hat_key_of(const struct addr *a)
{
	struct hat_key k = { 0, 0 };

	for (unsigned i = 0; i < (a->family == 4 ? 4 : 16); i++) {
		k.hi = k.hi << 8 | k.lo >> 56;
		k.lo = k.lo << 8 | a->octet[i];
	}
	return k;
}

struct hat_key
hat_score_key(int32_t thousandths)
{
	return (struct hat_key){ 0, (uint64_t)(thousandths + SCORE_BASE) };
}

int
hat_key_compare(struct hat_key a, struct hat_key b)
{
	if (a.hi != b.hi)
		return a.hi < b.hi ? -1 : 1;
	return a.lo < b.lo ? -1 : a.lo > b.lo;
}

struct hat_key
hat_key_next(struct hat_key k)
{
	k.lo++;
	if (k.lo == 0)
		k.hi++;
	return k;
}

static struct bytes
trim(struct bytes b)
{
	while (b.n > 0 && (b.p[0] == ' ' || b.p[0] == '\t'))
		b = bytes_skip(b, 1);
	while (b.n > 0 && (b.p[b.n - 1] == ' ' || b.p[b.n - 1] == '\t'))
		b.n--;
	return b;
}

/* "a:b", "none", or one number for both ends. */
static bool
parse_score(struct hat_host *out, struct bytes arg, const char **remark)
{
	const uint8_t *colon = memchr(arg.p, ':', arg.n);
	size_t at = colon == NULL ? arg.n : (size_t)(colon - arg.p);
	int32_t lo, hi;

	if (bytes_case_eq(arg, BYTES_LIT("none"))) {
		out->kind = HAT_KIND_SCORE_NONE;
		return true;
	}
	*remark = "expected sbrs[LOW:HIGH] with numbers from -10 to 10, or sbrs[none]";
	if (!hat_peer_score(trim(bytes_head(arg, at)), &lo) ||
	    !hat_peer_score(colon == NULL ? arg : trim(bytes_skip(arg, at + 1)), &hi))
		return false;
	*remark = lo > hi ? "the range is reversed, and is read the other way round" : NULL;
	out->kind = HAT_KIND_SCORE;
	out->lo = hat_score_key(lo < hi ? lo : hi);
	out->hi = hat_score_key(lo < hi ? hi : lo);
	return true;
}

/* word[argument] or word:argument. False: neither. */
static bool
split_function(struct bytes text, struct bytes *word, struct bytes *arg)
{
	size_t n = 0;

	while (n < text.n && text.p[n] != '[' && text.p[n] != ':')
		n++;
	if (n == 0 || n == text.n)
		return false;
	*word = trim(bytes_head(text, n));
	*arg = bytes_skip(text, n + 1);
	if (text.p[n] == '[') {
		if (text.p[text.n - 1] != ']')
			return false;
		arg->n--;
	}
	*arg = trim(*arg);
	return true;
}

static bool
is_number(struct bytes arg)
{
	for (size_t i = 0; i < arg.n; i++)
		if (!isdigit(arg.p[i]))
			return false;
	return true;
}

static bool
parse_function(struct hat_host *out, struct bytes word, struct bytes arg, const char **remark)
{
	*remark = "expected an argument of 1 to 255 characters, without brackets of its own";
	if (arg.n == 0 || arg.n > HAT_HOST_MAX || memchr(arg.p, '[', arg.n) != NULL ||
	    memchr(arg.p, ']', arg.n) != NULL)
		return false;
	*remark = NULL;
	out->arg = arg;
	for (size_t i = 0; i < COUNT(functions); i++) {
		if (!bytes_case_eq(word, bytes_str(functions[i].word)))
			continue;
		if (functions[i].kind == HAT_KIND_OWNER && !is_number(arg))
			break;
		out->kind = (uint8_t)functions[i].kind;
		if (out->kind == HAT_KIND_SCORE)
			return parse_score(out, arg, remark);
		return true;
	}
	out->kind = HAT_KIND_OTHER;
	*remark = "the form is not known: it is taken to match anybody or nobody";
	return true;
}

static bool
parse_name(struct hat_host *out, struct bytes text, const char **remark)
{
	bool dot = text.p[0] == '.', named = false;

	*remark = "expected an address, a host name, .domain, sbrs[...], sbo:n, dnslist[...], "
		  "nx.domain, serv.fail, not.double.verified or ALL";
	if ((dot && text.n == 1) || memmem(text.p, text.n, "..", 2) != NULL)
		return false;
	if (text.p[text.n - 1] == '.')
		text.n--;
	if (text.n > HAT_HOST_MAX)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (isalnum(text.p[i]) || text.p[i] >= 0x80)
			named = true;
		else if (text.p[i] == 0 || strchr(".-_", text.p[i]) == NULL)
			return false;
	}
	if (!named)
		return false; /* the dash of a range with spaces around it */
	*remark = NULL;
	out->kind = dot ? HAT_KIND_DOMAIN : HAT_KIND_NAME;
	out->arg = text;
	return true;
}

bool
hat_host_parse(struct hat_host *out, struct bytes text, const char **remark)
{
	struct bytes word, arg, bare = text;

	*out = (struct hat_host){ .text = text };
	*remark = "expected a host of at most 255 characters";
	if (text.n == 0 || text.n >= HAT_HOST_ROOM)
		return false;
	*remark = NULL;
	if (text.p[text.n - 1] == '.')
		bare.n--;
	for (size_t i = 0; i < COUNT(words); i++)
		if (bytes_case_eq(bare, bytes_str(words[i].word))) {
			out->kind = (uint8_t)words[i].kind;
			return true;
		}
	if (hat_address_looks_v4(text) || hat_address_looks_v6(text))
		return hat_address_parse(out, text, remark);
	if (split_function(text, &word, &arg))
		return parse_function(out, word, arg, remark);
	return parse_name(out, text, remark);
}

bool
hat_host_takes_argument(struct bytes word)
{
	for (size_t i = 0; i < COUNT(functions); i++) {
		struct bytes name = bytes_str(functions[i].word);

		if ((functions[i].kind == HAT_KIND_COUNTRY || functions[i].kind == HAT_KIND_FEED) &&
		    word.n > name.n && word.p[name.n] == ':' && bytes_case_starts(word, name))
			return true;
	}
	return false;
}

static enum hat_truth
truth(bool v)
{
	return v ? HAT_YES : HAT_NO;
}

static enum hat_truth
match_address(const struct hat_host *host, const struct addr *addr)
{
	struct hat_key k = hat_key_of(addr);
	unsigned shift = 16 * (3 - host->group % 4u);
	uint64_t mask = ~(UINT64_C(0xffff) << shift);

	if (addr->family == 0)
		return HAT_MAYBE;
	if (addr->family != host->family || hat_key_compare(k, host->lo) < 0 ||
	    hat_key_compare(k, host->hi) > 0)
		return HAT_NO;
	if (host->kind == HAT_KIND_ADDRESS)
		return HAT_YES;
	/* Between lo and hi as a number; and the other groups are those of lo. */
	return truth(host->group < 4
			 ? (k.hi & mask) == (host->lo.hi & mask) && k.lo == host->lo.lo
			 : k.hi == host->lo.hi && (k.lo & mask) == (host->lo.lo & mask));
}

static enum hat_truth
match_name(const struct hat_host *host, const struct hat_peer *peer)
{
	struct bytes name = peer->name;

	if (peer->name_state == HAT_NAME_UNKNOWN)
		return HAT_MAYBE;
	if (peer->name_state != HAT_NAME_VERIFIED)
		return HAT_NO;
	if (name.n > 1 && name.p[name.n - 1] == '.')
		name.n--;
	if (host->kind == HAT_KIND_NAME)
		return truth(bytes_case_eq(name, host->arg));
	return truth(name.n > host->arg.n &&
		     bytes_case_eq(bytes_skip(name, name.n - host->arg.n), host->arg));
}

static enum hat_truth
match_verification(const struct hat_host *host, const struct hat_peer *peer)
{
	static const uint8_t wanted[HAT_KIND_COUNT] = {
		[HAT_KIND_NX_DOMAIN] = HAT_NAME_NONE,
		[HAT_KIND_SERV_FAIL] = HAT_NAME_SERVFAIL,
		[HAT_KIND_NOT_VERIFIED] = HAT_NAME_MISMATCH,
	};

	if (peer->name_state == HAT_NAME_UNKNOWN || peer->name_state == HAT_NAME_NOT_VERIFIED)
		return HAT_MAYBE;
	return truth(peer->name_state == wanted[host->kind]);
}

static enum hat_truth
match_score(const struct hat_host *host, const struct hat_peer *peer)
{
	struct hat_key k = hat_score_key(peer->sbrs);

	if (peer->sbrs_state == HAT_UNKNOWN)
		return HAT_MAYBE;
	if (host->kind == HAT_KIND_SCORE_NONE)
		return truth(peer->sbrs_state == HAT_NONE);
	return truth(peer->sbrs_state == HAT_KNOWN && hat_key_compare(host->lo, k) <= 0 &&
		     hat_key_compare(k, host->hi) <= 0);
}

static bool
holds(struct bytes text, struct bytes part)
{
	for (; text.n >= part.n && text.n > 0; text = bytes_skip(text, 1))
		if (bytes_case_starts(text, part))
			return true;
	return false;
}

#define COUNTRY_CODE 3 /* characters at most. ISO 3166-1 */

static enum hat_truth
match_country(const struct hat_host *host, const struct hat_peer *peer)
{
	if (peer->country_state != HAT_KNOWN)
		return peer->country_state == HAT_UNKNOWN ? HAT_MAYBE : HAT_NO;
	if (bytes_case_eq(host->arg, peer->country))
		return HAT_YES;
	/* A code against a name: who knows them both? And Russia is the Russian Federation. */
	if ((host->arg.n <= COUNTRY_CODE) != (peer->country.n <= COUNTRY_CODE) ||
	    holds(host->arg, peer->country) || holds(peer->country, host->arg))
		return HAT_MAYBE;
	return HAT_NO;
}

enum hat_truth
hat_host_match(const struct hat_host *host, const struct hat_peer *peer)
{
	switch ((enum hat_kind)host->kind) {
	case HAT_KIND_ALL:
		return HAT_YES;
	case HAT_KIND_ADDRESS:
	case HAT_KIND_GROUP_RANGE:
		return match_address(host, &peer->addr);
	case HAT_KIND_NAME:
	case HAT_KIND_DOMAIN:
		return match_name(host, peer);
	case HAT_KIND_NX_DOMAIN:
	case HAT_KIND_SERV_FAIL:
	case HAT_KIND_NOT_VERIFIED:
		return match_verification(host, peer);
	case HAT_KIND_SCORE:
	case HAT_KIND_SCORE_NONE:
		return match_score(host, peer);
	case HAT_KIND_COUNTRY:
		return match_country(host, peer);
	case HAT_KIND_OWNER:
	case HAT_KIND_DNSLIST:
	case HAT_KIND_FEED:
	case HAT_KIND_OTHER:
	case HAT_KIND_UNREAD:
	case HAT_KIND_COUNT:
		break;
	}
	return HAT_MAYBE;
}

static size_t
format_function(const struct hat_host *host, char room[static HAT_HOST_ROOM])
{
	char lo[HAT_SCORE_ROOM], hi[HAT_SCORE_ROOM], arg[HAT_HOST_MAX + 1];

	if (host->kind == HAT_KIND_SCORE) {
		hat_peer_score_format(lo, (int32_t)host->lo.lo - SCORE_BASE);
		hat_peer_score_format(hi, (int32_t)host->hi.lo - SCORE_BASE);
		return (size_t)snprintf(room, HAT_HOST_ROOM, "sbrs[%s:%s]", lo, hi);
	}
	if (host->kind == HAT_KIND_SCORE_NONE)
		return (size_t)snprintf(room, HAT_HOST_ROOM, "sbrs[none]");
	snprintf(arg, sizeof arg, "%.*s", (int)host->arg.n, (const char *)host->arg.p);
	for (size_t i = 0; i < COUNT(functions); i++)
		if (functions[i].kind == (enum hat_kind)host->kind && functions[i].format != NULL)
			return (size_t)snprintf(room, HAT_HOST_ROOM, functions[i].format, arg);
	return (size_t)snprintf(
	    room, HAT_HOST_ROOM, "%.*s", (int)host->text.n, (const char *)host->text.p);
}

size_t
hat_host_format(const struct hat_host *host, char room[static HAT_HOST_ROOM])
{
	size_t n = 0;

	if (host->kind == HAT_KIND_ADDRESS || host->kind == HAT_KIND_GROUP_RANGE)
		return hat_address_format(host, room);
	/* Nobody understands this either. */
	if (host->kind == HAT_KIND_UNREAD)
		return (size_t)snprintf(room, HAT_HOST_ROOM, "?");
	for (size_t i = 0; i < COUNT(words); i++)
		if (words[i].kind == (enum hat_kind)host->kind)
			return (size_t)snprintf(room, HAT_HOST_ROOM, "%s", words[i].word);
	if (host->kind == HAT_KIND_NAME || host->kind == HAT_KIND_DOMAIN)
		n = (size_t)snprintf(
		    room, HAT_HOST_ROOM, "%.*s", (int)host->arg.n, (const char *)host->arg.p);
	else
		n = format_function(host, room);
	for (size_t i = 0; i < n; i++)
		room[i] = (char)tolower((unsigned char)room[i]);
	return n;
}
