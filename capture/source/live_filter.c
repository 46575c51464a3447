#include "capture/source/live_filter.h"

#include <stdio.h>
#include <stdlib.h>

/* Parted runs of ports that are named one by one; of more, all TCP is handed up. */
#define MAX_RUNS 64
#define PORTS_ROOM (MAX_RUNS * sizeof " or tcp portrange 65535-65535")

/* What holds a segment, or a part of one, without its ports where the kernel looks for them. */
#define LATER_FRAGMENTS "(ip proto 6 and ip[6:2] & 0x1fff != 0)"
#define TUNNELS                                                       \
	"ip proto 47 or ip proto 4 or ip proto 41 or ip proto 51 or " \
	"ip proto 137 or udp dst port 4789 or udp dst port 8472 or "  \
	"udp dst port 6081 or (ip proto 17 and ip[6:2] & 0x1fff != 0)"
#define IPV6_HEADERS                                                   \
	"ip6[6] = 0 or ip6[6] = 4 or ip6[6] = 41 or ip6[6] = 43 or "   \
	"ip6[6] = 44 or ip6[6] = 47 or ip6[6] = 51 or ip6[6] = 60 or " \
	"ip6[6] = 135 or ip6[6] = 137 or ip6[6] = 139 or ip6[6] = 140"
#define ETHERTYPES                                                           \
	"ether proto 0x8847 or ether proto 0x8848 or ether proto 0x8864 or " \
	"ether proto 0x880b or ether proto 0x893f or ether proto 0x9200"

/* The ports' text is the argument, as often as it is asked for. The richest first. */
#define ON_IP "%1$s or " LATER_FRAGMENTS " or " TUNNELS " or " IPV6_HEADERS
#define ON_ETHERNET ON_IP " or " ETHERTYPES
#define ROOM (3 * (PORTS_ROOM + sizeof ON_ETHERNET) + 64)

static const char *const forms[] = {
	ON_ETHERNET " or (vlan and (" ON_ETHERNET " or (vlan and (" ON_ETHERNET "))))",
	ON_ETHERNET,
	ON_IP,
};

/* "tcp port 25 or tcp portrange 2500-2599" */
static void
print_ports(char room[static PORTS_ROOM], const struct port_set *ports)
{
	size_t runs = 0, n = 0;

	room[0] = '\0';
	for (uint32_t first = 0; first <= UINT16_MAX; first++) {
		uint32_t last = first;

		if (!port_set_has(ports, (uint16_t)first))
			continue;
		while (last < UINT16_MAX && port_set_has(ports, (uint16_t)(last + 1)))
			last++;
		if (++runs > MAX_RUNS) {
			snprintf(room, PORTS_ROOM, "tcp");
			return;
		}
		n += (size_t)snprintf(room + n, PORTS_ROOM - n, "%stcp portrange %u-%u",
		    n > 0 ? " or " : "", first, last);
		first = last;
	}
}

static enum status
compile_ports(
    pcap_t *handle, const struct port_set *ports, struct bpf_program *out, struct fault *fault)
{
	char *text = malloc(ROOM), *range = malloc(PORTS_ROOM);
	enum status status = STATUS_NOMEM;

	if (text == NULL || range == NULL) {
		fault_set(fault, STATUS_NOMEM, "no memory left");
		goto out;
	}
	print_ports(range, ports);
	for (size_t i = 0; i < sizeof forms / sizeof forms[0] && status != STATUS_OK; i++) {
		snprintf(text, ROOM, forms[i], range);
		if (pcap_compile(handle, out, text, 1, PCAP_NETMASK_UNKNOWN) == 0)
			status = STATUS_OK;
		else
			status = fault_set(fault, STATUS_FORMAT, "%s", pcap_geterr(handle));
	}
out:
	free(text);
	free(range);
	return status;
}

/*
 * Both in one program: where the first would let a packet pass, it goes on to the second. The
 * offsets inside each are relative, and stay as they are.
 */
static enum status
join(struct bpf_program *first, const struct bpf_program *second, struct fault *fault)
{
	size_t n = first->bf_len, total = n + second->bf_len;
	struct bpf_insn *insns = realloc(first->bf_insns, total * sizeof *insns);

	if (insns == NULL)
		return fault_set(fault, STATUS_NOMEM, "no memory left");
	first->bf_insns = insns;
	first->bf_len = (unsigned)total;
	memcpy(insns + n, second->bf_insns, second->bf_len * sizeof *insns);
	for (size_t i = 0; i < n; i++) {
		if (insns[i].code == (BPF_RET | BPF_K) && insns[i].k != 0)
			insns[i] = (struct bpf_insn){ .code = BPF_JMP | BPF_JA,
				.k = (bpf_u_int32)(n - i - 1) };
	}
	return STATUS_OK;
}

enum status
live_filter_compile(pcap_t *handle, const struct port_set *ports, const char *further,
    struct bpf_program *out, struct fault *fault)
{
	struct bpf_program second;
	enum status status = compile_ports(handle, ports, out, fault);

	if (status != STATUS_OK || further == NULL)
		return status;
	if (pcap_compile(handle, &second, further, 1, PCAP_NETMASK_UNKNOWN) == 0) {
		status = join(out, &second, fault);
		pcap_freecode(&second);
	} else {
		status = fault_set(fault, STATUS_USAGE, "--filter: %s", pcap_geterr(handle));
	}
	if (status != STATUS_OK)
		pcap_freecode(out);
	return status;
}
