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
	{ "the last packets of the old one after the SYN of the new one",
	    "C S; S SA; C A; S '554 no~; S FA; C FA; C S q=9000; S A q=5 k=1002; S SA q=777; C A;"
	    "S RA",
	    "reject profile=pass:PPPPPPPP | tcprefuse packets=2/2 profile=pass:PPPP" },
	{ "a FIN of the old one again after the SYN of the new one",
	    "C S; S SA; C A; S '554 no~; S FA; C FA; C S q=9000; S FA q=3 k=1002; S SA q=777; C A;"
	    "S '220 hi~; C 'QUIT~; S '221 bye~; S FA; C FA; S A",
	    "reject | accepted/no_mail high gaps=0" },
	{ "a FIN of the old one again after the SYN of the new one, when the old one is reported",
	    REJECT "C S q=9000; C FA q=1001 k=3; S SA q=777; C A; S RA",
	    "reject | tcprefuse packets=2/2 profile=pass:PPPP !wire.rst-origin" },
	{ "an ACK of a connection of which nothing else was captured, after the SYN of a new one",
	    "C S; C A q=900 k=2000000000; S SA; C A; S RA",
	    "incomplete unseen packets=1/0 | tcprefuse packets=2/2 profile=pass:PPPP" },
	{ "a SYN, and then only octets far behind it", "C S; -S SA; C A q+9000000 k+0; S '250 x~",
	    "incomplete syn_only packets=2/1" },
	{ "the answer to the new SYN was not captured, but what followed it",
	    REJECT "C S q=9000; -S SA q=777; -C A; S '220 hi~; C 'QUIT~; S '221 bye~; S FA; C FA;"
		   "S A",
	    "reject | incomplete packets=3/4" },
	{ "a SYN that the old one answers: it goes on",
	    "C S; S SA; C A; S '220 hi~; C S q=9000; S A q=4 k=1001; C q=1001 'QUIT~; S k=1007 "
	    "'221 "
	    "bye~; S FA k=1007; C FA q=1007; S A k=1008",
	    "accepted/no_mail high gaps=0 | unanswered" },
	{ "the SYN,ACK of the new one before its SYN",
	    "C S; S SA; C A; S RA; S SA q=700000 k=9001; C S q=9000; C A; S RA",
	    "tcprefuse packets=2/2 profile=pass:PPPP | tcprefuse packets=2/2 profile=pass:PPPP" },
	{ "the RST,ACK to the new SYN before it, the old one closed",
	    "C S; S SA; C A; S RA; S RA +20000 q=0 k=9001; C S +-10 q=9000",
	    "tcprefuse high !wire.rst-origin | port_closed high" },
	{ "the same, of the old one not all was captured",
	    "C S; S SA; C A; S '554 no~; S FA; C A; C FA; S RA +500 q=0 k=9001; C S q=9000",
	    "reject high !wire.rst-origin | port_closed high" },
	{ "the same, minutes later",
	    "C S; S SA; C A; S '554 no~; C RA; S RA +300000 q=0 k=9001; C S +-10 q=9000",
	    "reject high !wire.rst-origin | port_closed high" },
	{ "an RST,ACK that answers a SYN nobody saw, in the middle of a connection: it goes on",
	    "C S; S SA; C A; S '220 hi~; S RA q=0 k=9001; C k=3 'QUIT~; S q=3 k=1007 '221 bye~;"
	    "S FA q=12 k=1007; C FA q=1007 k=13; S A q=13 k=1008",
	    "accepted/no_mail high gaps=0" },
	{ "the end of the old one after the SYN of the new one, which is numbered a little below",
	    "C S; S SA; C A; S '220 hi~; C 'EHLO x~; C S q=900; S RA q=3 k=1009; S SA q=70000 "
	    "k=901;"
	    "C A q=901 k=70001; S '554 no~; S FA; C FA; S A",
	    "accepted/cut_off high !wire.rst-origin | reject high" },
	{ "the SYN of the new one was not captured",
	    "C S; S SA; C A; S RA; -C S q=9000; S SA q=700000; C A; S '220 hi~; C 'QUIT~;"
	    "S '221 bye~; S FA; C FA; S A",
	    "tcprefuse packets=2/2 !wire.rst-origin | accepted/no_mail high" },
	{ "a SYN,ACK that acknowledges another SYN, in the middle of a connection: it goes on",
	    "C S; S SA; C A; S '220 hi~; S SA q=700000 k=9001; C k=3 'QUIT~; S q=3 k=1007 '221 "
	    "bye~;"
	    "S FA q=12 k=1007; C FA q=1007 k=13; S A q=13 k=1008",
	    "accepted/no_mail high gaps=0" },
	{ "the same, mirrored, and an RST that fits no other packet",
	    "S SA; S R q=900000000; S SA q=900000900 k=9001; &", "incomplete packets=0/2" },
	{ "a SYN with octets, mirrored", "C S 'EHLO x~; &", "unanswered packets=1/0 octets=8/0" },
	{ "a SYN with octets on the ports of a closed connection",
	    "C S; S SA; C A; S RA; C S q=9000 'EHLO x~; S SA q=700000; C A; S '220 hi~; S FA; C "
	    "FA; S A",
	    "tcprefuse packets=2/2 !wire.rst-origin | accepted/no_mail greeting=220 packets=3/4" },
	{ "a SYN with octets after one without", "C S; C S q=9000 'EHLO x~",
	    "unanswered packets=1/0 | unanswered packets=1/0" },
	{ "one stamp minutes ahead of all others ends nothing",
	    "C S; C1 S +400000; S SA +-400000; C A; S RA", "tcprefuse high | unanswered" },
	{ "the same while octets wait for those before them",
	    "C S; S SA; C A; S '220 x~; C q+2 'IT~; S A +400000; C +-400000 'QU; S k+4 '221~;"
	    "S FA k+4; C FA q+4; S A k+5",
	    "accepted/no_mail high gaps=0" },
	{ "minutes without a packet, and then an RST, mirrored", "C1 S; C R +400000; &",
	    "unanswered | incomplete packets=1/0" },
	{ "minutes without a packet, and then a SYN", "C S; C1 S +400000; S1 SA; C1 A; S1 RA",
	    "unanswered | tcprefuse high packets=2/2" },
	{ "days without a packet", "C1 S; S1 SA; C1 A; S1 RA; C S +200000000; S SA; C A; S RA",
	    "tcprefuse | tcprefuse high packets=2/2 profile=pass:PPPP" },
	{ "days without a packet, and then one in the middle of a connection",
	    "C1 S; S1 SA; C1 A; S1 RA; S +200000000 '250 x~; C 'QUIT~; S '221 bye~",
	    "tcprefuse | incomplete packets=1/2" },
	{ "an RST and a FIN a minute after the close are of the one that is reported already",
	    "C S; S SA; C A; S RA; S R +70000; C FA +1000; S RA", "tcprefuse packets=2/2" },
	{ "the RST for a greeting that came too late",
	    "C S; S SA; C A; C FA; S A; S '220 hi~; C R k=0; C R +70000 q=1",
	    "accepted/no_mail packets=4/3" },
	{ "new octets a minute after the close are of no connection that was reported",
	    "C S; S SA; C A; S RA; C +70000 'QUIT~",
	    "tcprefuse packets=2/2 | incomplete packets=1/0" },
	{ "a SYN a minute after the close begins a connection",
	    "C S; S SA; C A; S RA; C S q=9000 +70000; S SA q=700000; C A; S RA",
	    "tcprefuse packets=2/2 | tcprefuse packets=2/2" },
	{ "an RST of somebody else, and the connection goes on",
	    "C S; S SA; C A; S RA; S '220 hi~; C 'QUIT~; S '221 bye~; S FA; C FA; S A",
	    "accepted/no_mail high packets=4/6 gaps=0" },
	{ "the RST mirrored, and the client's last words",
	    "C S; S SA; C A; S RA; &; C A +20; C FA +1", "tcprefuse packets=4/2" },
	{ "a stamp far ahead of all others: the connection is one",
	    "C1 S; C S +200000000; S SA +-200000000; C A; S RA",
	    "tcprefuse high packets=2/2 profile=pass:PPPP | unanswered" },
	{ "a stamp far ahead keeps no other SYN from its end",
	    "C3 S; C1 S +200000000; C2 S +-200000000; C S +200000; S SA; C A; S RA",
	    "unanswered | unanswered | unanswered | tcprefuse" },
};

ROWS(flow, rows, rows)

ParameterizedTest(size_t *i, flow, rows)
{
	scene_check(rows[*i].why, rows[*i].script, rows[*i].said);
}

/* What may have been dropped is held against nobody; what is proven holds, and so does what came
 * later. */
Test(flow, packets_that_were_dropped)
{
	const char *said =
	    "tcprefuse high packets=2/2 | incomplete packets=1/0 | unanswered high packets=1/0";
	const char *missed;
	struct scene s;

	scene_init(&s, 1 << 24);
	scene_play(&s, "C1 S; C S; S SA; C A; S RA");
	flow_gap(s.flow, s.ts_ns);
	scene_play(&s, "C2 S +1000");
	scene_finish(&s);
	cr_assert(scene_says(s.said, said, &missed), "%s; said was: %s", missed, s.said);
	scene_clear(&s);
}

/* Of a connection that was closed before anybody spoke less is kept, and nothing is lost. */
Test(flow, what_said_nothing_is_kept_small)
{
	enum { CONNECTIONS = 12, GOES_ON = 7 };
	size_t before = 0;
	char script[128];
	const char *missed;
	struct scene s;

	scene_init(&s, 1 << 24);
	for (int i = 0; i < CONNECTIONS; i++) {
		snprintf(script, sizeof script, "C%d S; S%d SA; C%d A; S%d RA", i, i, i, i);
		scene_play(&s, script);
		if (i == CONNECTIONS / 2 - 1)
			before = s.budget.used;
	}
	cr_assert_lt(s.budget.used - before, CONNECTIONS / 2 * sizeof(struct conn) / 2);
	snprintf(script, sizeof script,
	    "S%d '220 hi~; C%d 'QUIT~; S%d '221 bye~; S%d FA; C%d FA; S%d A", GOES_ON, GOES_ON,
	    GOES_ON, GOES_ON, GOES_ON, GOES_ON);
	scene_play(&s, script);
	cr_assert(
	    scene_says(s.said, "accepted/no_mail high packets=4/6 gaps=0", &missed), "%s", s.said);
	scene_finish(&s);
	scene_clear(&s);
}
