#include "scene.h"

#include "rows.h"

#define SHAKE "C S; S SA; C A;"

/* Who closed first, and how; what an RST or a FIN is worth. */
static const struct {
	const char *why, *script, *said;
} rows[] = {
	{ "RST,ACK where the server stands", SHAKE "S RA", "tcprefuse close=server:rst" },
	{ "the same, and acknowledged by none", "C S; S SA; S RA",
	    "tcprefuse low close=server:rst" },
	{ "the server's RST, then the client's", SHAKE "S RA; C R", "tcprefuse close=server:rst" },
	{ "the client's ACK after the RST", "C S; S SA; S RA; C A",
	    "tcprefuse high close=server:rst" },
	{ "a client that says something before it", SHAKE "C 'EHLO x~; S RA",
	    "tcprefuse wire.early-talker" },
	{ "an RST without ACK", SHAKE "S R", "tcprefuse profile=fail:PPPF" },
	{ "an RST with text", SHAKE "S RA 'go away~", "tcprefuse octets=0/0 profile=fail:PPPF" },
	{ "the RST comes in twice", SHAKE "S RA; S RA +300", "tcprefuse packets=2/3" },
	{ "an RST one octet beyond: one octet was not seen", SHAKE "S RA q+1",
	    "incomplete close=server:rst" },
	{ "an RST far beyond any window", SHAKE "S RA q+90000000",
	    "incomplete close=none:none wire.rst-origin" },
	{ "an RST before what was acknowledged",
	    SHAKE "S '220 x~; C A; S RA q-4; S FA q=4294967298; C FA; S A",
	    "accepted/no_mail close=server:fin wire.rst-origin" },
	{ "an RST out of the window, then one in its place", SHAKE "S RA q+90000000; S RA",
	    "tcprefuse close=server:rst wire.rst-origin" },
	{ "an RST in its place, then octets: it was not the server's",
	    SHAKE "S RA t99; C A; S '220 x~; C 'QUIT~; S '221 bye~; S FA; C FA; S A",
	    "accepted/no_mail close=server:fin wire.rst-origin" },
	{ "a FIN of the server", SHAKE "S FA; C FA; S A", "dropped high close=server:fin" },
	{ "a FIN of the server, and an RST because the client spoke", SHAKE "S FA; C 'EHLO x~; S R",
	    "dropped close=server:fin" },
	{ "FIN and RST of the client", SHAKE "C FA; S A; S FA; C A",
	    "client_abort high close=client:fin" },
	{ "the client's RST", SHAKE "C RA", "client_abort high close=client:rst" },
	{ "the client's RST to the SYN,ACK", "C S; S SA; C R", "client_abort close=client:rst" },
	{ "the client's FIN, which the server's RST acknowledges", SHAKE "C FA; S RA",
	    "client_abort close=client:fin" },
	{ "the same, the RST first in the file", SHAKE "S RA k+1; C FA",
	    "client_abort close=client:fin" },
	{ "FINs that cross: the stamps tell", SHAKE "S FA; C FA k-1; C A; S A",
	    "dropped close=server:fin" },
	{ "FINs that cross, the client's first", SHAKE "C FA; S FA k-1; S A; C A",
	    "client_abort close=client:fin" },
	{ "a FIN behind octets that were not captured", SHAKE "-S '554 no~; S FA; C FA; S A",
	    "incomplete close=server:fin gaps=1" },
	{ "an RST that had received a FIN which was not captured", SHAKE "-C FA; S RA",
	    "incomplete close=server:rst" },
	{ "a FIN with octets in it", SHAKE "S FA '554 no~; C FA; S A",
	    "reject close=server:fin profile=pass:PPPPPPPP" },
	{ "an RST of the client after the greeting", SHAKE "S '554 no~; C RA",
	    "reject close=client:rst" },
	{ "an RST in its place, then the server acknowledges more: it was not the server's",
	    SHAKE "S RA; C 'EHLO x~; S A", "incomplete close=none:none wire.rst-origin" },
	{ "the same of the client", SHAKE "S '554 no~; C RA k-8; C A; S FA; C FA; S A",
	    "reject close=server:fin" },
	{ "an RST in its place, then what was sent before it", SHAKE "C 'EHLO x~; S RA; S A k-8",
	    "tcprefuse close=server:rst" },
	{ "a FIN, then octets in its place: it was not the server's",
	    SHAKE
	    "S FA; S q-1 '220 x~; C k=2 'QUIT~; S q=2 '221 bye~; S FA q=11; C FA k=12; S A q=12",
	    "accepted/no_mail high close=server:fin gaps=0 packets=4/6" },
	{ "a FIN, then a keep-alive probe", SHAKE "S FA; S q-1 'x; C FA; S A",
	    "dropped close=server:fin" },
	{ "an RST out of the window before anything else of the server",
	    "C S; S RA q=900000000 k=1001; S SA q=4294967290; C A; S '220 x~; C 'QUIT~; S '221~;"
	    "S FA; C FA; S A",
	    "accepted/no_mail octets=6/12 wire.rst-origin" },
	{ "a FIN where no window reaches is none", SHAKE "S FA q+1500000000; S RA",
	    "tcprefuse close=server:rst" },
};

ROWS(closing, rows, rows)

ParameterizedTest(size_t *i, closing, rows)
{
	scene_check(rows[*i].why, rows[*i].script, rows[*i].said);
}
