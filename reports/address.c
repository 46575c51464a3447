#include "reports/address.h"

#include <arpa/inet.h>
#include <stdio.h>

const char *
address_format(char room[static ADDRESS_ROOM], const struct addr *a)
{
	/* Cannot fail: the family is one of two and the room is INET6_ADDRSTRLEN. */
	inet_ntop(a->family == 6 ? AF_INET6 : AF_INET, a->octet, room, ADDRESS_ROOM);
	return room;
}

const char *
address_endpoint(char room[static ADDRESS_ENDPOINT_ROOM], const struct endpoint *e)
{
	char address[ADDRESS_ROOM];

	snprintf(room, ADDRESS_ENDPOINT_ROOM, e->addr.family == 6 ? "[%s]:%u" : "%s:%u",
	    address_format(address, &e->addr), (unsigned)e->port);
	return room;
}
