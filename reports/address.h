/*
 * address: addresses and endpoints as text.      RFC 5952 for IPv6, RFC 3986 3.2.2 for [::1]:25
 */
#ifndef HATCHECK_ADDRESS_H
#define HATCHECK_ADDRESS_H

#include "capture/packet/segment.h"

#define ADDRESS_ROOM 46
#define ADDRESS_ENDPOINT_ROOM (ADDRESS_ROOM + sizeof "[]:65535")

/* "192.0.2.10", "2001:db8::1"; returns room. */
const char *address_format(char room[static ADDRESS_ROOM], const struct addr *a);
/* "192.0.2.10:25", "[2001:db8::1]:25"; returns room. */
const char *address_endpoint(char room[static ADDRESS_ENDPOINT_ROOM], const struct endpoint *e);

#endif
