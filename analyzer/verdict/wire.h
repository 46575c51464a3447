/*
 * wire: findings that the packets alone give, whatever the verdict.       contract: Findings
 */
#ifndef HATCHECK_WIRE_H
#define HATCHECK_WIRE_H

#include "analyzer/verdict/facts.h"
#include "analyzer/verdict/findings.h"

#define WIRE_LATE_NS (INT64_C(30) * 1000000000)

/* rule, severity, meaning, source */
#define WIRE_RULES(X)                                                                           \
	X("wire.rst-origin", SEVERITY_WARNING,                                                  \
	    "an RST whose TTL or sequence number does not fit the server's other packets: "     \
	    "perhaps a middlebox",                                                              \
	    "RFC 5961, RFC 9293 3.5.3")                                                         \
	X("wire.late-refusal", SEVERITY_WARNING,                                                \
	    "a tcprefuse whose RST came more than 30 s after the handshake",                    \
	    "IronPort logfuncs.pl: DNS took 139 s")                                             \
	X("wire.early-talker", SEVERITY_INFO, "the client sent data before the greeting",       \
	    "RFC 5321 3.1, 4.3.1")                                                              \
	X("wire.conflicting-data", SEVERITY_WARNING,                                            \
	    "octets of a stream came twice with different content; the first copy was judged, " \
	    "or the second where only the first one's checksum is wrong",                       \
	    "RFC 9293 3.10.7.4")

/* After classify. */
void wire_check(const struct facts *f, struct record_builder *b, struct findings *found);

#endif
