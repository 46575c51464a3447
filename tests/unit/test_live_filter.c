#include <criterion/criterion.h>

#include "capture/source/live_filter.h"
#include "tests/unit/frame_build.h"
#include "tests/unit/rows.h"

/* Whether the kernel would hand up a frame: from port 40001 to 25, or what may hold such a one. */
static const struct {
	const char *why;
	int link_type;
	const char *layers;
	uint16_t first, last; /* the ports watched */
	const char *further;
	bool passes;
} rows[] = {
	{ "a segment", DLT_EN10MB, "eth ip4 tcp", 25, 25, NULL, true },
	{ "of IPv6", DLT_EN10MB, "eth ip6 tcp", 25, 25, NULL, true },
	{ "of other ports", DLT_EN10MB, "eth ip4 tcp", 587, 587, NULL, false },
	{ "of other ports, IPv6", DLT_EN10MB, "eth ip6 tcp", 587, 600, NULL, false },
	{ "in a range", DLT_EN10MB, "eth ip4 tcp", 20, 30, NULL, true },
	{ "by the port of its source", DLT_EN10MB, "eth ip4 tcp", 40000, 40001, NULL, true },
	{ "no TCP", DLT_EN10MB, "eth ip4 udp53", 25, 25, NULL, false },
	{ "a VLAN", DLT_EN10MB, "eth vlan ip4 tcp", 25, 25, NULL, true },
	{ "a VLAN, IPv6", DLT_EN10MB, "eth vlan ip6 tcp", 25, 25, NULL, true },
	{ "a VLAN, other ports", DLT_EN10MB, "eth vlan ip4 tcp", 587, 587, NULL, false },
	{ "two tags", DLT_EN10MB, "eth vlan_88a8 vlan ip4 tcp", 25, 25, NULL, true },
	{ "two tags, other ports", DLT_EN10MB, "eth vlan_88a8 vlan ip4 tcp", 587, 587, NULL,
	    false },
	{ "IPv4 options", DLT_EN10MB, "eth ip4_options tcp", 25, 25, NULL, true },
	{ "IPv6 extension headers", DLT_EN10MB, "eth ip6 hop_by_hop tcp", 25, 25, NULL, true },
	{ "the same in a VLAN", DLT_EN10MB, "eth vlan ip6 destination tcp", 25, 25, NULL, true },
	{ "GRE", DLT_EN10MB, "eth ip4 gre ip4 tcp", 25, 25, NULL, true },
	{ "VXLAN in a VLAN", DLT_EN10MB, "eth vlan ip4 udp4789 vxlan eth ip4 tcp", 25, 25, NULL,
	    true },
	{ "MPLS", DLT_EN10MB, "eth mpls ip4 tcp", 25, 25, NULL, true },
	{ "PPPoE", DLT_EN10MB, "eth pppoe ppp ip4 tcp", 25, 25, NULL, true },
	{ "IP in IP", DLT_EN10MB, "eth ip4 ip6 tcp", 25, 25, NULL, true },
	{ "cooked", DLT_LINUX_SLL, "sll ip4 tcp", 25, 25, NULL, true },
	{ "cooked, other ports", DLT_LINUX_SLL, "sll ip4 tcp", 587, 587, NULL, false },
	{ "cooked, second version", DLT_LINUX_SLL2, "sll2 ip6 tcp", 25, 25, NULL, true },
	{ "cooked, second version, other ports", DLT_LINUX_SLL2, "sll2 ip4 tcp", 587, 587, NULL,
	    false },
	{ "raw", DLT_RAW, "ip4 tcp", 25, 25, NULL, true },
	{ "raw, other ports", DLT_RAW, "ip6 tcp", 587, 587, NULL, false },
	{ "a further expression that holds", DLT_EN10MB, "eth ip4 tcp", 25, 25, "host 192.0.2.10",
	    true },
	{ "one that does not", DLT_EN10MB, "eth ip4 tcp", 25, 25, "host 192.0.2.11", false },
	{ "one that holds alone", DLT_EN10MB, "eth ip4 udp53", 25, 25, "udp", false },
	{ "one of a VLAN moves no offset of ours", DLT_EN10MB, "eth vlan ip4 tcp", 25, 25,
	    "vlan 100", true },
	{ "of another VLAN", DLT_EN10MB, "eth vlan ip4 tcp", 25, 25, "vlan 7", false },
};

static bool
passes(const struct bpf_program *program, const struct build *b)
{
	struct pcap_pkthdr h = { .caplen = (bpf_u_int32)build_octets(b),
		.len = (bpf_u_int32)build_octets(b) };

	return pcap_offline_filter(program, &h, b->p) != 0;
}

static enum status
compile(int link_type, const struct port_set *ports, const char *further,
    struct bpf_program *program, struct fault *fault)
{
	pcap_t *handle = pcap_open_dead(link_type, 262144);
	enum status status = live_filter_compile(handle, ports, further, program, fault);

	pcap_close(handle);
	return status;
}

ROWS(live_filter, rows, rows)

ParameterizedTest(size_t *i, live_filter, rows)
{
	static struct build b;
	struct port_set ports = { 0 };
	struct bpf_program program;
	struct fault fault;

	for (uint16_t p = rows[*i].first; p <= rows[*i].last; p++)
		port_set_add(&ports, p);
	build_start(&b, BYTES_LIT("EHLO x\r\n"));
	build_layers(&b, rows[*i].layers);
	cr_assert_eq(compile(rows[*i].link_type, &ports, rows[*i].further, &program, &fault),
	    STATUS_OK, "%s: %s", rows[*i].why, fault.text);
	cr_expect_eq(passes(&program, &b), rows[*i].passes, "%s", rows[*i].why);
	pcap_freecode(&program);
}

/* A later fragment has no ports: each may be a part of what is wanted. */
Test(live_filter, later_fragments)
{
	static const char *const around[] = { "eth ", "eth vlan " };
	struct port_set ports = { 0 };
	struct bpf_program program;
	struct fault fault;

	port_set_add(&ports, 25);
	cr_assert_eq(compile(DLT_EN10MB, &ports, NULL, &program, &fault), STATUS_OK);
	for (size_t i = 0; i < COUNT(around); i++) {
		static struct build b;

		build_start(&b, BYTES_LIT("the rest of a segment"));
		build_is(&b, 0, 6, 0, 0);
		build_ip4(&b, "", false, 100, 7);
		build_layers(&b, around[i][4] == 'v' ? "eth vlan" : "eth");
		cr_expect(passes(&program, &b), "%s", around[i]);
	}
	pcap_freecode(&program);
}

/* More runs of ports than are worth naming: all TCP is handed up. */
Test(live_filter, every_other_port)
{
	static struct build b;
	struct port_set ports = { 0 };
	struct bpf_program program;
	struct fault fault;

	for (uint16_t p = 1000; p < 1400; p += 2)
		port_set_add(&ports, p);
	cr_assert_eq(
	    compile(DLT_EN10MB, &ports, NULL, &program, &fault), STATUS_OK, "%s", fault.text);
	build_start(&b, BYTES_LIT(""));
	build_layers(&b, "eth ip4 tcp");
	cr_expect(passes(&program, &b));
	pcap_freecode(&program);
}

Test(live_filter, an_expression_that_is_none)
{
	struct port_set ports = { 0 };
	struct bpf_program program;
	struct fault fault = { "" };

	port_set_add(&ports, 25);
	cr_expect_eq(compile(DLT_EN10MB, &ports, "tcp port (", &program, &fault), STATUS_USAGE);
	cr_expect_not_null(strstr(fault.text, "--filter"), "%s", fault.text);
}
