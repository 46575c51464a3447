/*
 * community_id: the Community ID flow hash, version 1, seed 0.
 *
 * The same text that Zeek, Suricata and Wireshark print for a connection, so that its
 * record can be found there: "1:" and the base64 of SHA-1 over seed, addresses, protocol
 * and ports, the lower endpoint first. https://github.com/corelight/community-id-spec
 */
#ifndef HATCHECK_COMMUNITY_ID_H
#define HATCHECK_COMMUNITY_ID_H

#include "capture/packet/segment.h"

#define COMMUNITY_ID_ROOM 31 /* "1:", 28 of base64, NUL */

/* Either order of the TCP endpoints (of one family). False: the library has no SHA-1. */
bool community_id_format(
    char room[static COMMUNITY_ID_ROOM], const struct endpoint *a, const struct endpoint *b);

#endif
