/*
 * hat_host: one host of a HAT: what it says, and whether a peer is it.
 *
 * In:    the text of one host, as it stands in the table (or in a log, after `match`).
 * Forms: IPv4 address, partial with or without its last dot, range in the last octet given,
 *        range from address to address, CIDR with 1 to 4 octets; IPv6 address, range from
 *        address to address or in one group, CIDR; host.example.com; .example.com (what ends
 *        so, not example.com itself); sbrs[a:b] (both ends belong to it); sbrs[none]; sbo:n;
 *        dnslist[zone]; nx.domain, serv.fail, not.double.verified; ALL. Letter case does not
 *        matter. How an export writes a country is not documented: country[US],
 *        country:United States and the like are read, compared as text, and a code against a
 *        name is undecided. etf-source: NAME is an external threat feed. Another word[...] or
 *        word:... is kept as a form that may match anybody. UNREAD is no form: a reader puts it
 *        in the place of a host that hat_host_parse does not take, for it may match anybody too.
 * Match: three-valued. HAT_MAYBE where it hangs on what is not known of the peer, which is
 *        always so for DNS lists, network owners and threat feeds.
 * Owns:  nothing; texts are borrowed from the parsed text.
 */
#ifndef HATCHECK_HAT_HOST_H
#define HATCHECK_HAT_HOST_H

#include "analyzer/hat/hat_peer.h"

/* id, what it is, why it cannot be decided (of a peer of which that is not known) */
#define HAT_KINDS(X)                                                                        \
	X(ALL, "every peer", NULL)                                                          \
	X(ADDRESS, "an address or a range", "the address is not known")                     \
	X(GROUP_RANGE, "IPv6 with a range in one group", "the address is not known")        \
	X(NAME, "a host name", "the verified host name is not known")                       \
	X(DOMAIN, "every host in a domain", "the verified host name is not known")          \
	X(NX_DOMAIN, "no PTR record", "the result of host verification is not known")       \
	X(SERV_FAIL, "no answer for PTR", "the result of host verification is not known")   \
	X(NOT_VERIFIED, "PTR and A differ", "the result of host verification is not known") \
	X(SCORE, "a reputation score", "the reputation score is not known")                 \
	X(SCORE_NONE, "no reputation score", "the reputation score is not known")           \
	X(COUNTRY, "a country", "the country is not known, or not in this form")            \
	X(OWNER, "a network owner", "the network owner is not known")                       \
	X(DNSLIST, "a DNS list", "what the DNS list answered is not known")                 \
	X(FEED, "a threat feed", "what the threat feed holds is not known")                 \
	X(OTHER, "a form that is not known", "the form of this entry is not known")         \
	X(UNREAD, "what was not understood", "this entry was not understood")

enum hat_kind {
#define X(id, meaning, why) HAT_KIND_##id,
	HAT_KINDS(X)
#undef X
	    HAT_KIND_COUNT
};

const char *hat_kind_meaning(enum hat_kind k);
const char *hat_kind_why(enum hat_kind k);

enum hat_truth { HAT_NO, HAT_MAYBE, HAT_YES };

/* 128 bits in host order; an IPv4 address is its 32 bits. */
struct hat_key {
	uint64_t hi, lo;
};

struct hat_host {
	uint8_t kind;          /* enum hat_kind */
	uint8_t family;        /* ADDRESS, GROUP_RANGE: 4 or 6 */
	uint8_t group;         /* GROUP_RANGE: 0 to 6, the only one in which lo and hi differ */
	struct hat_key lo, hi; /* ADDRESS, GROUP_RANGE, SCORE (hat_score_key): both included */
	struct bytes text;     /* as it was written */
	struct bytes arg;      /* NAME; DOMAIN, with its dot; COUNTRY, OWNER, DNSLIST, FEED */
};

#define HAT_HOST_MAX 255  /* octets of a name or an argument */
#define HAT_HOST_ROOM 300 /* enough for the canonical text of any host, and a NUL */

struct hat_key hat_key_of(const struct addr *a);
struct hat_key hat_score_key(int32_t thousandths);
int hat_key_compare(struct hat_key a, struct hat_key b);
struct hat_key hat_key_next(struct hat_key k); /* the last one wraps to 0 */

/*
 * False: not a host; *remark says what was expected. True: *remark is NULL, or says what is
 * odd about it. `remark` is static text.
 */
bool hat_host_parse(struct hat_host *out, struct bytes text, const char **remark);
enum hat_truth hat_host_match(const struct hat_host *host, const struct hat_peer *peer);
/*
 * The one way to write it, in lower case and with a NUL: two hosts that mean the same are the
 * same text. hat_host_parse reads it again, but for UNREAD. Returns its length.
 */
size_t hat_host_format(const struct hat_host *host, char room[static HAT_HOST_ROOM]);
/* True for words that begin with "country:" or "etf-source:": their argument may hold spaces. */
bool hat_host_takes_argument(struct bytes word);

#endif
