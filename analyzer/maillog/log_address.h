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

/* The last text and its address. Start with zeroes. */
struct log_address_memo {
	char text[48];
	size_t n;
	struct addr addr;
};

/* The same where one text comes again and again, as that of an interface does. */
void log_address_again(struct log_address_memo *memo, struct addr *out, struct bytes text);

#endif
