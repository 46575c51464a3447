/*
 * log_address: an address as a log writes it.
 *
 * IPv4 in dotted decimals, IPv6 in every form of RFC 4291 2.2, with or without a zone
 * (%em0, dropped). An IPv4-mapped one is the IPv4 address that the wire shows.
 */
#ifndef HATCHECK_LOG_ADDRESS_H
#define HATCHECK_LOG_ADDRESS_H

#include "capture/packet/segment.h"

/* False if the text is no address, as a masked one is none (x.x.x.x); *out has family 0 then. */
bool log_address_parse(struct addr *out, struct bytes text);

#endif
