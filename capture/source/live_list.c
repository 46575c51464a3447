#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>

#include <pcap/pcap.h>

#include "capture/source/live.h"

static void
tell(const pcap_if_t *i, live_list_sink *sink, void *ctx)
{
	char about[512];
	const char *state = (i->flags & PCAP_IF_UP) == 0        ? "down"
	                    : (i->flags & PCAP_IF_RUNNING) == 0 ? "up, no link"
	                                                        : "up";
	int n = snprintf(about, sizeof about, "%s", state);

	for (const pcap_addr_t *a = i->addresses; a != NULL; a = a->next) {
		char text[INET6_ADDRSTRLEN];
		const void *octets =
		    a->addr == NULL ? NULL
		    : a->addr->sa_family == AF_INET
			? (const void *)&((struct sockaddr_in *)(void *)a->addr)->sin_addr
		    : a->addr->sa_family == AF_INET6
			? (const void *)&((struct sockaddr_in6 *)(void *)a->addr)->sin6_addr
			: NULL;

		if (octets != NULL &&
		    inet_ntop(a->addr->sa_family, octets, text, sizeof text) != NULL &&
		    n < (int)sizeof about)
			n += snprintf(about + n, sizeof about - (size_t)n, ", %s", text);
	}
	if (i->description != NULL && n < (int)sizeof about)
		snprintf(about + n, sizeof about - (size_t)n, ", %s", i->description);
	sink(ctx, i->name, about);
}

enum status
live_list(live_list_sink *sink, void *ctx, struct fault *fault)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_if_t *all;

	if (pcap_findalldevs(&all, error) != 0)
		return fault_set(fault, STATUS_IO, "%s", error);
	/* Not what libpcap captures beside: Bluetooth, netfilter's queues, D-Bus. */
	for (const pcap_if_t *i = all; i != NULL; i = i->next)
		if (if_nametoindex(i->name) != 0 || strcmp(i->name, "any") == 0)
			tell(i, sink, ctx);
	pcap_freealldevs(all);
	return STATUS_OK;
}
