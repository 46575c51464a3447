#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include <arpa/inet.h>

#include "analyzer/hat/hat_host.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define INDICES(rows)                            \
	static size_t index[COUNT(rows)];        \
	for (size_t i = 0; i < COUNT(rows); i++) \
		index[i] = i;                    \
	return cr_make_param_array(size_t, index, COUNT(rows))

static struct addr
addr_of(const char *text)
{
	struct addr a = { .family = strchr(text, ':') != NULL ? 6 : 4 };

	cr_assert_eq(inet_pton(a.family == 4 ? AF_INET : AF_INET6, text, a.octet), 1, "%s", text);
	return a;
}

static struct hat_host
host_of(const char *text)
{
	struct hat_host host;
	const char *remark;

	cr_assert(hat_host_parse(&host, bytes_str(text), &remark), "%s: %s", text, remark);
	return host;
}

/* The canonical text of each form. */
static const struct form {
	const char *why, *text, *canonical;
	bool remark;
} forms[] = {
	{ "a full address", "192.0.2.1", "192.0.2.1", false },
	{ "three octets are a /24", "192.0.2", "192.0.2.0/24", false },
	{ "three octets and a dot likewise", "192.0.2.", "192.0.2.0/24", false },
	{ "two octets", "10.1", "10.1.0.0/16", false },
	{ "two octets and a dot", "10.1.", "10.1.0.0/16", false },
	{ "one octet", "10", "10.0.0.0/8", false },
	{ "one octet and a dot", "10.", "10.0.0.0/8", false },
	{ "range in the last octet", "192.0.2.4-9", "192.0.2.4-192.0.2.9", false },
	{ "a range that is a block", "192.0.2.16-31", "192.0.2.16/28", false },
	{ "range in the third", "10.0.2-4", "10.0.2.0-10.0.4.255", false },
	{ "range in the third, and a dot", "10.0.2-4.", "10.0.2.0-10.0.4.255", false },
	{ "range in the second", "10.1-2.", "10.1.0.0-10.2.255.255", false },
	{ "range in the first", "11-12", "11.0.0.0-12.255.255.255", false },
	{ "range in the first, and a dot", "11-13.", "11.0.0.0-13.255.255.255", false },
	{ "everything", "0-255", "0.0.0.0/0", false },
	{ "from address to address", "10.0.0.9-10.0.2.0", "10.0.0.9-10.0.2.0", false },
	{ "a reversed range", "192.0.2.9-4", "192.0.2.4-192.0.2.9", true },
	{ "a reversed range of octets", "10.4-2", "10.2.0.0-10.4.255.255", true },
	{ "addresses reversed", "10.0.2.0-10.0.0.9", "10.0.0.9-10.0.2.0", true },
	{ "CIDR of four octets", "192.0.2.64/26", "192.0.2.64/26", false },
	{ "CIDR with host bits set", "192.0.2.77/26", "192.0.2.64/26", false },
	{ "CIDR of three octets", "192.0.2/25", "192.0.2.0/25", false },
	{ "CIDR of two octets", "172.16/12", "172.16.0.0/12", false },
	{ "CIDR of one octet", "10/8", "10.0.0.0/8", false },
	{ "a block of one is an address", "192.0.2.1/32", "192.0.2.1", false },
	{ "leading zeros are decimal", "010.001.002.003", "10.1.2.3", false },
	{ "IPv6, leading zeros left out or not", "2001:0DB8:0:0:0:0:0:1", "2001:db8::1", false },
	{ "IPv6 from address to address", "2001:db8::10-2001:db8::20", "2001:db8::10-2001:db8::20",
	    false },
	{ "IPv6 range in the last group", "2001:db8::1-ff", "2001:db8::1-2001:db8::ff", false },
	{ "IPv6 range in an inner group", "2001:db8:2-4:0:0:0:0:25", "2001:db8:2-4:0:0:0:0:25",
	    false },
	{ "IPv6 range in an inner group before ::", "2001:db8:2-4::25", "2001:db8:2-4:0:0:0:0:25",
	    false },
	{ "IPv6 range reversed", "2001:db8:4-2::25", "2001:db8:2-4:0:0:0:0:25", true },
	{ "IPv6 CIDR", "2001:db8:6:7::/48", "2001:db8:6::/48", false },
	{ "IPv6 CIDR with groups left out", "2001:db8/32", "2001:db8::/32", false },
	{ "IPv6 that ends in ::", "2001:db8::", "2001:db8::", false },
	{ "IPv4 written as IPv6", "::ffff:192.0.2.1", "192.0.2.1", false },
	{ "a host name, in lower case, without its last dot", "Mail.Example.COM.",
	    "mail.example.com", false },
	{ "a name that begins with digits", "1and1.example", "1and1.example", false },
	{ "a name with a dash", "a-b", "a-b", false },
	{ "a domain", ".Example.com", ".example.com", false },
	{ "scores", "SBRS[-10.0:-3.0]", "sbrs[-10.0:-3.0]", false },
	{ "scores with fewer and more decimals, and spaces", "sbrs[ -7.25 : +2 ]",
	    "sbrs[-7.25:2.0]", false },
	{ "scores reversed", "sbrs[-1:-3]", "sbrs[-3.0:-1.0]", true },
	{ "one score", "sbrs[5]", "sbrs[5.0:5.0]", false },
	{ "no score", "SBRS[None]", "sbrs[none]", false },
	{ "a network owner", "SBO:4711", "sbo:4711", false },
	{ "a network owner without a number", "SBO[(]", "sbo[(]", true },
	{ "a DNS list", "DNSLIST[BL.example.net]", "dnslist[bl.example.net]", false },
	{ "a country in brackets", "country[US]", "country[us]", false },
	{ "a country after a colon", "Country: United States", "country[united states]", false },
	{ "a threat feed", "etf-source: Shared", "etf-source[shared]", false },
	{ "no PTR", "NX.domain", "nx.domain", false },
	{ "no answer", "serv.fail", "serv.fail", false },
	{ "not verified", "not.double.verified", "not.double.verified", false },
	{ "a keyword with a last dot is still one", "nx.domain.", "nx.domain", false },
	{ "everybody", "all", "ALL", false },
	{ "brackets that nobody knows", "future[a b]", "future[a b]", true },
	{ "a word and a colon that nobody knows", "group:other", "group:other", true },
};

ParameterizedTestParameters(hat_host, canonical)
{
	INDICES(forms);
}

ParameterizedTest(size_t *i, hat_host, canonical)
{
	const struct form *row = &forms[*i];
	char room[HAT_HOST_ROOM], again[HAT_HOST_ROOM];
	struct hat_host host;
	const char *remark;

	cr_assert(hat_host_parse(&host, bytes_str(row->text), &remark), "%s: %s", row->why, remark);
	cr_assert_eq(remark != NULL, row->remark, "%s: %s", row->why, remark);
	cr_assert_eq(hat_host_format(&host, room), strlen(row->canonical), "%s", row->why);
	cr_assert_str_eq(room, row->canonical, "%s: %s", row->why, room);
	host = host_of(room);
	hat_host_format(&host, again);
	cr_assert_str_eq(again, room, "%s: read again it is %s", row->why, again);
}

static const struct bad {
	const char *why, *text;
} bads[] = {
	{ "an octet too great", "10.0.0.300" },
	{ "an octet too great in a range", "10.0.0.1-256" },
	{ "five octets", "1.2.3.4.5" },
	{ "a dot after four", "1.2.3.4." },
	{ "a range before the last octet", "10.1-2.3.4" },
	{ "two dots", "10..1" },
	{ "a prefix too long", "10.0.0.0/33" },
	{ "no prefix", "10.0.0.0/" },
	{ "a range with a prefix", "10.0.0.1-2/24" },
	{ "a dash too many", "10.0.0.1-2-3" },
	{ "IPv6 prefix too long", "2001:db8::/129" },
	{ "nine groups", "1:2:3:4:5:6:7:8:9" },
	{ "two ::", "2001::db8::1" },
	{ "a group too long", "2001:db8::12345" },
	{ "a range without its end", "2001:db8::1-" },
	{ "scores that are none", "sbrs[a:b]" },
	{ "a score out of the scale", "sbrs[-11:0]" },
	{ "a score of too many decimals", "sbrs[0.0001:1]" },
	{ "no score at all", "sbrs[]" },
	{ "a list without its zone", "dnslist[]" },
	{ "a bracket that is not closed", "dnslist[bl.example.net" },
	{ "characters that no name has", "what?" },
	{ "a dot alone", "." },
	{ "two dots in a name", "a..example" },
	{ "two dots at its end", "a.example.." },
	{ "nothing", "" },
};

ParameterizedTestParameters(hat_host, refused)
{
	INDICES(bads);
}

ParameterizedTest(size_t *i, hat_host, refused)
{
	const struct bad *row = &bads[*i];
	struct hat_host host;
	const char *remark = NULL;

	cr_assert_not(hat_host_parse(&host, bytes_str(row->text), &remark), "%s", row->why);
	cr_assert_not_null(remark, "%s", row->why);
}

Test(hat_host, a_name_that_is_too_long_is_refused)
{
	char name[HAT_HOST_MAX + 2];
	struct hat_host host;
	const char *remark;

	memset(name, 'a', sizeof name);
	cr_assert(hat_host_parse(&host, bytes_of(name, HAT_HOST_MAX), &remark));
	cr_assert_not(hat_host_parse(&host, bytes_of(name, HAT_HOST_MAX + 1), &remark));
}

/* peer "" is one of which nothing is known. */
static const struct address {
	const char *why, *host, *peer;
	enum hat_truth truth;
} addresses[] = {
	{ "the first of a range", "10.0.2-4", "10.0.2.0", HAT_YES },
	{ "the last of a range", "10.0.2-4", "10.0.4.255", HAT_YES },
	{ "before a range", "10.0.2-4", "10.0.1.255", HAT_NO },
	{ "after a range", "10.0.2-4", "10.0.5.0", HAT_NO },
	{ "0.0.0.0/0 holds every IPv4", "0/0", "255.255.255.255", HAT_YES },
	{ "and no IPv6", "0/0", "2001:db8::1", HAT_NO },
	{ "::/0 holds every IPv6", "::/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", HAT_YES },
	{ "and no IPv4", "::/0", "192.0.2.1", HAT_NO },
	{ "IPv4 in IPv6 is IPv4", "192.0.2.0/24", "::ffff:192.0.2.9", HAT_YES },
	{ "an inner group's range", "2001:db8:2-4::25", "2001:db8:3::25", HAT_YES },
	{ "its first", "2001:db8:2-4::25", "2001:db8:2::25", HAT_YES },
	{ "its last", "2001:db8:2-4::25", "2001:db8:4::25", HAT_YES },
	{ "in the range, but another group differs", "2001:db8:2-4::25", "2001:db8:3::26", HAT_NO },
	{ "a group in the first half differs", "2001:db8:2-4:1::25", "2001:db8:3::25", HAT_NO },
	{ "a range in the second half", "2001:db8::1-3:0:0:7", "2001:db8::2:0:0:7", HAT_YES },
	{ "a range in the second half, another last group", "2001:db8::1-3:0:0:7",
	    "2001:db8::2:0:0:8", HAT_NO },
	{ "an address that is not known", "192.0.2.1", "", HAT_MAYBE },
	{ "everybody, whoever it is", "ALL", "", HAT_YES },
};

ParameterizedTestParameters(hat_host, addresses)
{
	INDICES(addresses);
}

ParameterizedTest(size_t *i, hat_host, addresses)
{
	const struct address *row = &addresses[*i];
	struct hat_host host = host_of(row->host);
	struct hat_peer peer = { 0 };

	if (row->peer[0] != '\0')
		peer = hat_peer_init(addr_of(row->peer));
	cr_assert_eq(hat_host_match(&host, &peer), row->truth, "%s", row->why);
}

static const struct named {
	const char *why, *host, *name;
	uint8_t state;
	enum hat_truth truth;
} nameds[] = {
	{ "the verified name", "mail.example.com", "MAIL.example.com", HAT_NAME_VERIFIED, HAT_YES },
	{ "with a last dot", "mail.example.com", "mail.example.com.", HAT_NAME_VERIFIED, HAT_YES },
	{ "another name", "mail.example.com", "mail2.example.com", HAT_NAME_VERIFIED, HAT_NO },
	{ "a host below the name is another", "example.com", "mail.example.com", HAT_NAME_VERIFIED,
	    HAT_NO },
	{ "a host in the domain", ".example.com", "a.b.example.com", HAT_NAME_VERIFIED, HAT_YES },
	{ "the domain itself is not in it", ".example.com", "example.com", HAT_NAME_VERIFIED,
	    HAT_NO },
	{ "nor one that only ends alike", ".example.com", "badexample.com", HAT_NAME_VERIFIED,
	    HAT_NO },
	{ "a name that is not known", "mail.example.com", "", HAT_NAME_UNKNOWN, HAT_MAYBE },
	{ "a peer without PTR", ".example.com", "", HAT_NAME_NONE, HAT_NO },
	{ "a name that is not verified", "mail.example.com", "mail.example.com", HAT_NAME_MISMATCH,
	    HAT_NO },
	{ "nx.domain: no PTR", "nx.domain", "", HAT_NAME_NONE, HAT_YES },
	{ "nx.domain: a verified name", "nx.domain", "a.example", HAT_NAME_VERIFIED, HAT_NO },
	{ "nx.domain: PTR failed", "nx.domain", "", HAT_NAME_SERVFAIL, HAT_NO },
	{ "nx.domain: nobody knows", "nx.domain", "", HAT_NAME_UNKNOWN, HAT_MAYBE },
	{ "nx.domain: only known not to be verified", "nx.domain", "", HAT_NAME_NOT_VERIFIED,
	    HAT_MAYBE },
	{ "serv.fail: PTR failed", "serv.fail", "", HAT_NAME_SERVFAIL, HAT_YES },
	{ "serv.fail: no PTR", "serv.fail", "", HAT_NAME_NONE, HAT_NO },
	{ "not.double.verified: PTR and A differ", "not.double.verified", "x.example",
	    HAT_NAME_MISMATCH, HAT_YES },
	{ "not.double.verified: a verified name", "not.double.verified", "x.example",
	    HAT_NAME_VERIFIED, HAT_NO },
	{ "a name that looks like a keyword matches no keyword", "nx.domain", "nx.domain",
	    HAT_NAME_VERIFIED, HAT_NO },
};

ParameterizedTestParameters(hat_host, names)
{
	INDICES(nameds);
}

ParameterizedTest(size_t *i, hat_host, names)
{
	const struct named *row = &nameds[*i];
	struct hat_host host = host_of(row->host);
	struct hat_peer peer = { .name = bytes_str(row->name), .name_state = row->state };

	cr_assert_eq(hat_host_match(&host, &peer), row->truth, "%s", row->why);
}

/* The words of a log or of the command line; NULL: not known. */
static const struct fact {
	const char *why, *host, *sbrs, *country;
	enum hat_truth truth;
} facts[] = {
	{ "the low end belongs to the range", "sbrs[-10.0:-3.0]", "-10.0", NULL, HAT_YES },
	{ "the high end too", "sbrs[-10.0:-3.0]", "-3.0", NULL, HAT_YES },
	{ "above it", "sbrs[-10.0:-3.0]", "-2.9", NULL, HAT_NO },
	{ "a score as a whole number", "sbrs[2:4]", "3", NULL, HAT_YES },
	{ "no score is in no range", "sbrs[-10:10]", "None", NULL, HAT_NO },
	{ "no score", "sbrs[none]", "None", NULL, HAT_YES },
	{ "a score is not none", "sbrs[none]", "0.0", NULL, HAT_NO },
	{ "a score that is not known", "sbrs[none]", NULL, NULL, HAT_MAYBE },
	{ "a log's word that is no score", "sbrs[none]", "rfc1918", NULL, HAT_MAYBE },
	{ "and another", "sbrs[-10:-3]", "unable to retrieve", NULL, HAT_MAYBE },
	{ "the country", "country[United States]", NULL, "united states", HAT_YES },
	{ "another country", "country[United States]", NULL, "Canada", HAT_NO },
	{ "a code against a name", "country[US]", NULL, "United States", HAT_MAYBE },
	{ "a code of three letters", "country[USA]", NULL, "United States", HAT_MAYBE },
	{ "a short form", "country[Russia]", NULL, "Russian Federation", HAT_MAYBE },
	{ "a code against a code", "country[US]", NULL, "CA", HAT_NO },
	{ "no country", "country[US]", NULL, "none", HAT_NO },
	{ "a country that is not looked up", "country[US]", NULL, "not enabled", HAT_MAYBE },
	{ "a DNS list is never known", "dnslist[bl.example.net]", "1.0", "US", HAT_MAYBE },
	{ "nor is a network owner", "sbo:1", "1.0", "US", HAT_MAYBE },
	{ "nor a threat feed", "etf-source: x", "1.0", "US", HAT_MAYBE },
	{ "nor a form of tomorrow", "future[x]", "1.0", "US", HAT_MAYBE },
};

ParameterizedTestParameters(hat_host, facts)
{
	INDICES(facts);
}

ParameterizedTest(size_t *i, hat_host, facts)
{
	const struct fact *row = &facts[*i];
	struct hat_host host = host_of(row->host);
	struct hat_peer peer = hat_peer_init(addr_of("192.0.2.1"));

	if (row->sbrs != NULL)
		hat_peer_sbrs(&peer, bytes_str(row->sbrs));
	if (row->country != NULL)
		hat_peer_country(&peer, bytes_str(row->country));
	cr_assert_eq(hat_host_match(&host, &peer), row->truth, "%s", row->why);
}

static const struct logged {
	const char *why, *name;
	bool verified;
	uint8_t state;
} loggeds[] = {
	{ "a name and yes", "mail.example.com", true, HAT_NAME_VERIFIED },
	{ "a name and no: which lookup failed is not told", "mail.example.com", false,
	    HAT_NAME_NOT_VERIFIED },
	{ "unknown and no: no PTR, or no answer", "unknown", false, HAT_NAME_NOT_VERIFIED },
	{ "no name at all", "", false, HAT_NAME_NOT_VERIFIED },
};

ParameterizedTestParameters(hat_host, logged_names)
{
	INDICES(loggeds);
}

ParameterizedTest(size_t *i, hat_host, logged_names)
{
	const struct logged *row = &loggeds[*i];
	struct hat_peer peer = { 0 };

	hat_peer_host(&peer, bytes_str(row->name), row->verified);
	cr_assert_eq(peer.name_state, row->state, "%s", row->why);
}

static const struct score {
	const char *why, *text, *again;
	bool ok;
	int32_t thousandths;
} scores[] = {
	{ "one decimal", "-9.9", "-9.9", true, -9900 },
	{ "none", "7", "7.0", true, 7000 },
	{ "three", "0.125", "0.125", true, 125 },
	{ "a sign", "+1.50", "1.5", true, 1500 },
	{ "between -1 and 0", "-0.5", "-0.5", true, -500 },
	{ "the ends of the scale", "-10.0", "-10.0", true, -10000 },
	{ "beyond it", "10.1", NULL, false, 0 },
	{ "far beyond it", "99999999999", NULL, false, 0 },
	{ "four decimals", "0.1234", NULL, false, 0 },
	{ "no digit before the point", ".5", NULL, false, 0 },
	{ "no digit after it", "5.", NULL, false, 0 },
	{ "a word", "None", NULL, false, 0 },
	{ "a sign alone", "-", NULL, false, 0 },
	{ "nothing", "", NULL, false, 0 },
};

ParameterizedTestParameters(hat_host, scores)
{
	INDICES(scores);
}

ParameterizedTest(size_t *i, hat_host, scores)
{
	const struct score *row = &scores[*i];
	char room[HAT_SCORE_ROOM];
	int32_t v = 0;

	cr_assert_eq(hat_peer_score(bytes_str(row->text), &v), row->ok, "%s", row->why);
	if (!row->ok)
		return;
	cr_assert_eq(v, row->thousandths, "%s: %d", row->why, v);
	cr_assert_str_eq(hat_peer_score_format(room, v), row->again, "%s", row->why);
}
