/*
 * wire: findings that the packets alone give, whatever the verdict.       contract: Findings
 */
#ifndef HATCHECK_WIRE_H
#define HATCHECK_WIRE_H

#include "analyzer/verdict/facts.h"
#include "analyzer/verdict/findings.h"

#define WIRE_LATE_NS (INT64_C(30) * 1000000000)

/* rule, severity, meaning */
#define WIRE_RULES(X)                                                                             \
	X("wire.rst-origin", SEVERITY_WARNING,                                                    \
	    "an RST whose TTL or sequence number does not fit the server's other packets: "       \
	    "perhaps a middlebox")                                                                \
	X("wire.late-refusal", SEVERITY_WARNING,                                                  \
	    "a tcprefuse whose RST came more than 30 s after the handshake")                      \
	X("wire.early-talker", SEVERITY_INFO, "the client sent data before the greeting")         \
	X("wire.conflicting-data", SEVERITY_WARNING,                                              \
	    "the same octets of a stream were sent twice with different content; the first copy " \
	    "was judged")

/* After classify. */
void wire_check(const struct facts *f, struct record_builder *b, struct findings *found);

#endif
