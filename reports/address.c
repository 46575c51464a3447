#include "reports/address.h"

#include <arpa/inet.h>

#include "capture/base/decimal.h"

/* Returns the place of the NUL. */
static char *
put(char *at, const struct addr *a)
{
	if (a->family == 6) {
		/* Cannot fail: the room is INET6_ADDRSTRLEN. */
		inet_ntop(AF_INET6, a->octet, at, ADDRESS_ROOM);
		return at + strlen(at);
	}
	for (int i = 0; i < 4; i++) {
		at = decimal_put(at, a->octet[i]);
		*at++ = '.';
	}
	*--at = '\0';
	return at;
}

const char *
address_format(char room[static ADDRESS_ROOM], const struct addr *a)
{
	put(room, a);
	return room;
}

const char *
address_endpoint(char room[static ADDRESS_ENDPOINT_ROOM], const struct endpoint *e)
{
	char *at = room;

	if (e->addr.family == 6)
		*at++ = '[';
	at = put(at, &e->addr);
	if (e->addr.family == 6)
		*at++ = ']';
	*at++ = ':';
	at = decimal_put(at, e->port);
	*at = '\0';
	return room;
}
