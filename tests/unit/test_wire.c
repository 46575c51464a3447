#include "scene.h"

#include "rows.h"

#define SHAKE "C S; S SA; C A;"
#define SESSION "C 'QUIT~; S '221 bye~; S FA; C FA; S A"

/* What the packets alone give, whatever the verdict. */
static const struct {
	const char *why, *script, *said;
} rows[] = {
	{ "an RST with the server's TTL", SHAKE "S RA", "!wire.rst-origin" },
	{ "an RST with another TTL", SHAKE "S RA t200", "tcprefuse wire.rst-origin" },
	{ "an RST within the range of the server's TTLs", "C S; S SA t60; S A t66; C A; S RA t63",
	    "!wire.rst-origin" },
	{ "no other packet of the server to compare with", "C S; S RA q=0 t9",
	    "port_closed !wire.rst-origin" },
	{ "an RST out of the window", SHAKE "S '220 x~; S RA q+900000000;" SESSION,
	    "accepted/no_mail wire.rst-origin" },
	{ "the answer to a packet that came after the end has an old number",
	    SHAKE "S '554 no~; S FA; C FA; S A; C q-1 'x; S R q=4294967290",
	    "reject !wire.rst-origin" },
	{ "likewise where the FIN was not captured",
	    SHAKE "C 'EHLO x~; S '554 no~; -S FA; C k=1 A; S R q=1", "reject !wire.rst-origin" },
	{ "the answer to a segment that crossed the FIN overtakes it",
	    SHAKE "S '554 no~; C 'EHLO x~; S R; S FA k-8; C R", "reject !wire.rst-origin" },
	{ "not so where octets come behind it",
	    SHAKE "S '220 x~; C 'EHLO x~; S R; S '250 x~;" SESSION,
	    "accepted/no_mail wire.rst-origin" },
	{ "an old number, and the session goes on",
	    SHAKE "S '220 x~; C 'EHLO x~; S R q=4294967291; S '250 x~;" SESSION,
	    "accepted/no_mail wire.rst-origin" },
	{ "an RST 31 s after the handshake", SHAKE "S RA +31001", "tcprefuse wire.late-refusal" },
	{ "an RST 30 s after the handshake", SHAKE "S RA +30000", "tcprefuse !wire.late-refusal" },
	{ "31 s after a SYN,ACK, where no ACK was captured", "C S; S SA; S RA +31000",
	    "tcprefuse wire.late-refusal" },
	{ "a client that waits for the greeting", SHAKE "S '220 x~;" SESSION,
	    "!wire.early-talker" },
	{ "a client that does not", SHAKE "C 'EHLO x~; S '220 x~; S '250 x~;" SESSION,
	    "accepted/no_mail wire.early-talker" },
	{ "a client that had the greeting, though the file shows it later",
	    SHAKE "C k+7 'EHLO x~; S q-0 k-8 '220 x~; S '250 x~;" SESSION, "!wire.early-talker" },
	{ "a client that waits, all of it in another order",
	    "C q=1009 k=9 'QUIT~; C q=1001 k=2 'HELO x~; S q=9 k=1015 '221~; C S;"
	    "S q=4294967291 k=1001 '220 x~; S q=2 k=1009 '250 x~; S FA q=14 k=1015;"
	    "C FA q=1015 k=15; S A q=15 k=1016; S SA q=4294967290 k=1001",
	    "accepted/no_mail high !wire.early-talker" },
	{ "a client that does not, and its octets come before the SYN,ACK",
	    "C S; C k=4294967291 'EHLO x~; S SA; S A; S RA", "tcprefuse wire.early-talker" },
	{ "a client that speaks after the first of two lines of the greeting",
	    SHAKE "S '220-x~; C 'EHLO x~; S '220 x~; S '250 x~;" SESSION, "wire.early-talker" },
	{ "octets that differ the second time", SHAKE "S '220 hello~; S q-11 '554 hello~;" SESSION,
	    "accepted/no_mail low greeting=220 wire.conflicting-data" },
	{ "octets damaged on the way, and sent again",
	    SHAKE "S b '220 no~; C A k-8; S q-8 +300 '554 no~; S FA; C A; C FA; S A",
	    "reject low greeting=554 again=1 wire.conflicting-data" },
	{ "these sent again in pieces",
	    SHAKE "S b '220 no~; C A k-8; S q-8 +300 '55; S q-6 '4 no~; S FA; C A; C FA; S A",
	    "reject low greeting=554 wire.conflicting-data" },
	{ "those of the client",
	    SHAKE "S '220 x~; C b 'EHLO x~; S A k-8; C q-8 +300 'QUIT~; S '221 bye~ ; S FA; C FA;"
		  "S A",
	    "accepted/no_mail low !helo=x wire.conflicting-data" },
	{ "damaged in the capture, for the receiver took them",
	    SHAKE "S b '554 no~; C A; S q-8 +300 '220 no~; S FA; C A; C FA; S A",
	    "reject low greeting=554 wire.conflicting-data" },
	{ "likewise, and nothing was sent again", SHAKE "S b '554 no~; S FA; C A; C FA; S A",
	    "reject high greeting=554 profile=pass:PPPPPPPP" },
	{ "likewise, of the client, and in a session",
	    SHAKE "S '220 x~; C b 'EHLO x~; S b '250 x~;" SESSION,
	    "accepted/no_mail high helo=x !wire.early-talker" },
	{ "all checksums of the server wrong",
	    "C S; S SA b; C A; S b '554 no~; S b q-8 '220 no~;"
	    "S FA b; C A; C FA; S A b",
	    "reject low greeting=554 wire.conflicting-data" },
	{ "no ACK of them captured", SHAKE "S b '220 x~; S b '250 x~; S '221 bye~; S FA",
	    "accepted/no_mail high greeting=220" },
	{ "octets that do not", SHAKE "S '220 hello~; S q-11 +300 '220 hello~;" SESSION,
	    "accepted/no_mail high again=1 !wire.conflicting-data" },
	{ "octets of the client that differ while they wait for others",
	    SHAKE "S '220 x~; -C 'HE; C 'LO x~; C q-6 'LO y~; S '250 x~;" SESSION,
	    "wire.conflicting-data" },
	{ "a keep-alive probe", SHAKE "S '220 x~; C A; S q-1 '^;" SESSION,
	    "accepted/no_mail high !wire.conflicting-data" },
	{ "keep-alive probes at two times",
	    SHAKE "S '220 x~; C A; S q-1 '^; C 'HELO y~; S '250 x~;"
		  "S q-1 '^; C A;" SESSION,
	    "accepted/no_mail high !wire.conflicting-data" },
	{ "octets next to each other that differ, one in a segment",
	    SHAKE "S '220 x~; C A; S q-7 '5; S q-6 '5; C A;" SESSION, "wire.conflicting-data" },
	{ "a keep-alive probe of a client whose start was not captured",
	    "C 'HELO x~; C q-1 '^; S '250 x~;" SESSION, "!wire.conflicting-data" },
	{ "a keep-alive probe behind octets that were not captured",
	    SHAKE "S '220 x~; -C 'HE; C 'LO x~; C q-1 '^; S '250 x~;" SESSION,
	    "!wire.conflicting-data" },
};

ROWS(wire, rows, rows)

ParameterizedTest(size_t *i, wire, rows)
{
	scene_check(rows[*i].why, rows[*i].script, rows[*i].said);
}
