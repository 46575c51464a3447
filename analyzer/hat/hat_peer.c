#include "analyzer/hat/hat_peer.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

const char *
hat_peer_name_state(enum hat_name_state s)
{
	static const char *const words[HAT_NAME_COUNT] = {
#define X(id, word) word,
		HAT_NAME_STATES(X)
#undef X
	};

	return s < HAT_NAME_COUNT ? words[s] : NULL;
}

struct hat_peer
hat_peer_init(struct addr addr)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct hat_peer p = { .addr = addr };

	if (addr.family == 6 && memcmp(addr.octet, mapped, sizeof mapped) == 0) {
		p.addr = (struct addr){ .family = 4 };
		memcpy(p.addr.octet, addr.octet + sizeof mapped, 4);
	}
	return p;
}

void
hat_peer_host(struct hat_peer *p, struct bytes name, bool verified)
{
	p->name = name;
	/* With a name or without, the log does not tell which of the lookups failed. */
	p->name_state = verified ? HAT_NAME_VERIFIED : HAT_NAME_NOT_VERIFIED;
}

void
hat_peer_sbrs(struct hat_peer *p, struct bytes score)
{
	p->sbrs_state = HAT_UNKNOWN;
	if (bytes_case_eq(score, BYTES_LIT("none")))
		p->sbrs_state = HAT_NONE;
	else if (hat_peer_score(score, &p->sbrs))
		p->sbrs_state = HAT_KNOWN;
}

void
hat_peer_country(struct hat_peer *p, struct bytes country)
{
	p->country = country;
	p->country_state = HAT_KNOWN;
	if (bytes_case_eq(country, BYTES_LIT("none")))
		p->country_state = HAT_NONE;
	else if (country.n == 0 || bytes_case_eq(country, BYTES_LIT("not enabled")))
		p->country_state = HAT_UNKNOWN;
}

bool
hat_peer_score(struct bytes text, int32_t *thousandths)
{
	bool minus = text.n > 0 && text.p[0] == '-';
	int32_t value = 0, unit = 1000;
	size_t i = text.n > 0 && (minus || text.p[0] == '+') ? 1 : 0, first = i;

	for (; i < text.n && isdigit(text.p[i]) && value <= 10000; i++)
		value = value * 10 + (text.p[i] - '0') * 1000;
	if (i == first)
		return false;
	if (i + 1 < text.n && text.p[i] == '.')
		for (i++; i < text.n && isdigit(text.p[i]) && unit > 1; i++) {
			unit /= 10;
			value += (text.p[i] - '0') * unit;
		}
	*thousandths = minus ? -value : value;
	return i == text.n && value <= 10000;
}

const char *
hat_peer_score_format(char room[static HAT_SCORE_ROOM], int32_t thousandths)
{
	uint32_t u = (uint32_t)abs(thousandths);
	int n = snprintf(
	    room, HAT_SCORE_ROOM, "%s%u.%03u", thousandths < 0 ? "-" : "", u / 1000, u % 1000);

	while (room[n - 1] == '0' && room[n - 2] != '.')
		room[--n] = '\0';
	return room;
}
