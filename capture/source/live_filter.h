/*
 * live_filter: what the kernel hands up of an interface.        Inside capture/source/ only.
 *
 * The expression is made from the server ports and lets through what packet.h can walk
 * to them: their segments, and what may hold one that the kernel cannot see into: later
 * fragments, IPv6 extension headers, tunnels, MPLS, PPPoE, and all of it once more behind one
 * and two VLAN tags. `vlan` moves every offset behind it (pcap-filter(7)), so the expression nests.
 * A link type that has no tags, or no Ethernet types, gets a poorer one.
 */
#ifndef HATCHECK_LIVE_FILTER_H
#define HATCHECK_LIVE_FILTER_H

#include <pcap/pcap.h>

#include "capture/base/status.h"
#include "capture/packet/packet.h"

/*
 * The program for the activated (or dead) handle, which pcap_freecode frees. What passes also
 * passes `further`, unless that is NULL; the two are compiled apart, so that neither's
 * `vlan` moves the other's offsets. STATUS_USAGE when `further` does not compile.
 */
enum status live_filter_compile(pcap_t *handle, const struct port_set *ports, const char *further,
    struct bpf_program *out, struct fault *fault);

#endif
