/*
 * hat_peer: what is known of a client when its entry in the HAT is looked for.
 *
 * Everything is three-valued: a fact is known, known to be absent, or not known, and what is
 * not known leaves the entries that hang on it undecided. The setters take the words of a log
 * and leave a fact unknown rather than guess.
 * Owns:  nothing; texts are borrowed.
 */
#ifndef HATCHECK_HAT_PEER_H
#define HATCHECK_HAT_PEER_H

#include "capture/base/bytes.h"
#include "capture/packet/segment.h"

enum hat_known { HAT_UNKNOWN, HAT_NONE, HAT_KNOWN };

/* What is known of the peer's host name: id, word (NULL: none, or the name itself). */
#define HAT_NAME_STATES(X)                                                           \
	X(UNKNOWN, NULL)                   /* nothing */                             \
	X(VERIFIED, NULL)                  /* `name`; its PTR and A records agree */ \
	X(NONE, "none")                    /* there is no PTR record */              \
	X(SERVFAIL, "serv.fail")           /* the lookup of PTR failed */            \
	X(MISMATCH, "not.double.verified") /* PTR and A do not agree */              \
	X(NOT_VERIFIED, "not verified")    /* one of the last three */

enum hat_name_state {
#define X(id, word) HAT_NAME_##id,
	HAT_NAME_STATES(X)
#undef X
	    HAT_NAME_COUNT
};

const char *hat_peer_name_state(enum hat_name_state s);

struct hat_peer {
	struct addr addr;   /* family 0: not known */
	uint8_t name_state; /* enum hat_name_state */
	uint8_t sbrs_state; /* enum hat_known */
	uint8_t country_state;
	int32_t sbrs;         /* thousandths, if known */
	struct bytes name;    /* borrowed, if verified */
	struct bytes country; /* borrowed, if known: a name or a code */
	/*
	 * What the gateway says it matched (`match dnslist[...]`), or the empty run. It settles
	 * only what is undecided: this entry matches, and those before it do not.
	 */
	struct bytes matched;
};

/* Everything unknown but the address. An IPv4 address in IPv6 (::ffff:a.b.c.d) becomes IPv4. */
struct hat_peer hat_peer_init(struct addr addr);
/*
 * A log's words. Host: `name` with `verified yes|no`. Reputation: "-9.9", "None"; anything
 * else ("rfc1918", "not enabled") leaves it unknown. Country: "United States", "None"; "not
 * enabled" leaves it unknown. The texts are borrowed.
 */
void hat_peer_host(struct hat_peer *p, struct bytes name, bool verified);
void hat_peer_sbrs(struct hat_peer *p, struct bytes score);
void hat_peer_country(struct hat_peer *p, struct bytes country);

/* "-9.9" to -9900. False unless it is a number from -10 to 10 with at most 3 decimals. */
bool hat_peer_score(struct bytes text, int32_t *thousandths);

#define HAT_SCORE_ROOM 16
/* -9900 to "-9.9", with as many decimals as it needs, at least one; returns room. */
const char *hat_peer_score_format(char room[static HAT_SCORE_ROOM], int32_t thousandths);

#endif
