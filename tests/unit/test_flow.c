#include "scene.h"

#include "rows.h"

#define REJECT "C S; S SA; C A; S '554 no~; S FA; C A; C FA; S A;"

/* Which packets are one connection. */
static const struct {
	const char *why, *script, *said;
} rows[] = {
	{ "a SYN that nothing answers", "C S", "unanswered high syn_only packets=1/0" },
	{ "the same SYN again, later", "C S; C S +1000", "unanswered packets=2/0" },
	{ "the same SYN again, mirrored", "C S; &", "unanswered packets=1/0" },
	{ "the same addresses and ports with another initial number",
	    REJECT "C S q=9000; S SA q=777; C A; S RA",
	    "reject close=server:fin profile=pass:PPPPPPPP | tcprefuse profile=pass:PPPP" },
	{ "a SYN of another client port", "C S; C1 S; S SA; S1 RA q=0; C A; S RA",
	    "port_closed | tcprefuse" },
	{ "a clock that steps back by minutes ends no SYN before its answer",
	    "C1 S; S1 SA; C1 A; C S +-400000; S SA; C A; S RA",
	    "incomplete complete | tcprefuse high complete profile=pass:PPPP" },
};

ROWS(flow, rows, rows)

ParameterizedTest(size_t *i, flow, rows)
{
	scene_check(rows[*i].why, rows[*i].script, rows[*i].said);
}
