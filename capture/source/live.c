#include "capture/source/live.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <pcap/pcap.h>

#include "capture/packet/packet.h"
#include "capture/source/live_filter.h"

#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)

struct interface {
	pcap_t *handle;
	const char *name;
	struct source_input *input;
	int64_t tick_ns; /* of the stamps' fractions */
	int index;       /* the kernel's number; 0 for "any" */
	bool dry;        /* nothing was there when last asked */
	bool full;       /* head holds a frame */
	bool broken;     /* not to be read until live_check has looked at it */
	enum live_state state;
	struct frame head;
	struct live_drops drops;
	unsigned last_drop, last_ifdrop; /* as libpcap counts: in 32 bits */
};

struct live {
	struct interface all[LIVE_MAX_INTERFACES];
	struct source_input inputs[LIVE_MAX_INTERFACES];
	size_t count;
	size_t used; /* the interface whose head was handed out, `count` for none */
	uint64_t frame_no;
};

/* --- opening ---------------------------------------------------------------------------- */

static enum status
explain(const struct interface *i, int code, struct fault *fault)
{
	switch (code) {
	case PCAP_ERROR_NO_SUCH_DEVICE:
		return fault_set(fault, STATUS_USAGE,
		    "%s: there is no such interface; --list-interfaces tells which there are",
		    i->name);
	case PCAP_ERROR_PERM_DENIED:
	case PCAP_ERROR_PROMISC_PERM_DENIED:
		return fault_set(fault, STATUS_IO,
		    "%s: no right to capture: start as root, or give the program the right once: "
		    "setcap cap_net_raw+ep /path/to/hatcheck",
		    i->name);
	case PCAP_ERROR_IFACE_NOT_UP:
		return fault_set(fault, STATUS_IO, "%s: the interface is down: ip link set %s up",
		    i->name, i->name);
	default:
		return fault_set(fault, STATUS_IO, "%s: %s", i->name,
		    i->handle != NULL && pcap_geterr(i->handle)[0] != '\0'
			? pcap_geterr(i->handle)
			: pcap_statustostr(code));
	}
}

/* 0 for "any", and for what has no number. */
static int
kernel_index(const struct interface *i)
{
	struct ifreq request = { 0 };

	snprintf(request.ifr_name, sizeof request.ifr_name, "%s", i->name);
	return ioctl(pcap_fileno(i->handle), SIOCGIFINDEX, &request) == 0 ? request.ifr_ifindex : 0;
}

static int
activate(struct interface *i, size_t buffer)
{
	pcap_set_snaplen(i->handle, FRAME_MAX);
	pcap_set_promisc(i->handle, strcmp(i->name, "any") != 0);
	pcap_set_buffer_size(i->handle, buffer > INT32_MAX ? INT32_MAX : (int)buffer);
	pcap_set_timeout(i->handle, (int)(LIVE_LATENCY_NS / NS_PER_MS));
	pcap_set_tstamp_precision(i->handle, PCAP_TSTAMP_PRECISION_NANO);
	return pcap_activate(i->handle);
}

static enum status
set_filter(struct interface *i, const struct live_config *config, struct fault *fault)
{
	struct bpf_program program;
	struct fault why;
	enum status status =
	    live_filter_compile(i->handle, config->ports, config->filter, &program, &why);

	if (status != STATUS_OK)
		return fault_set(fault, status, "%s: %s", i->name, why.text);
	if (pcap_setfilter(i->handle, &program) != 0)
		status = explain(i, PCAP_ERROR, fault);
	pcap_freecode(&program);
	return status;
}

static enum status
open_interface(struct interface *i, const struct live_config *config, struct fault *fault)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	bool nano;
	int code;

	i->handle = pcap_create(i->name, error);
	if (i->handle == NULL)
		return fault_set(fault, STATUS_IO, "%s: %s", i->name, error);
	code = activate(i, config->buffer);
	if (code < 0)
		return explain(i, code, fault);
	if (!packet_link_known(pcap_datalink(i->handle)))
		return fault_set(fault, STATUS_FORMAT, "%s: its link type %s is not understood",
		    i->name, pcap_datalink_val_to_name(pcap_datalink(i->handle)));
	if (pcap_setnonblock(i->handle, 1, error) != 0)
		return fault_set(fault, STATUS_IO, "%s: %s", i->name, error);
	nano = pcap_get_tstamp_precision(i->handle) == PCAP_TSTAMP_PRECISION_NANO;
	i->tick_ns = nano ? 1 : 1000;
	i->index = kernel_index(i);
	*i->input = (struct source_input){ .path = i->name,
		.format = "live",
		.compression = "none",
		.link_types = { pcap_datalink(i->handle) },
		.link_type_count = 1,
		.ts_digits = nano ? 9 : 6 };
	return set_filter(i, config, fault);
}

enum status
live_open(struct live **out, const struct live_config *config, struct fault *fault)
{
	struct live *l = calloc(1, sizeof *l);
	enum status status = STATUS_OK;

	*out = NULL;
	if (l == NULL)
		return fault_set(fault, STATUS_NOMEM, "no memory left");
	for (size_t n = 0; n < config->interface_count && status == STATUS_OK; n++) {
		l->all[n].name = config->interfaces[n];
		l->all[n].input = &l->inputs[n];
		l->count++;
		status = open_interface(&l->all[n], config, fault);
	}
	if (status != STATUS_OK) {
		live_close(l);
		return status;
	}
	l->used = l->count;
	*out = l;
	return STATUS_OK;
}

void
live_close(struct live *l)
{
	if (l == NULL)
		return;
	for (size_t n = 0; n < l->count; n++)
		if (l->all[n].handle != NULL)
			pcap_close(l->all[n].handle);
	free(l);
}

/* --- reading ---------------------------------------------------------------------------- */

/* Its next frame to head, if there is one. libpcap keeps a copy until it is asked again. */
static void
read_head(struct interface *i)
{
	struct pcap_pkthdr *h;
	const u_char *data;
	int got;

	if (i->dry || i->full || i->broken)
		return;
	got = pcap_next_ex(i->handle, &h, &data);
	i->broken = got < 0;
	i->dry = got <= 0;
	if (got != 1)
		return;
	i->head = (struct frame){ .ts_ns = h->ts.tv_sec * NS_PER_S + h->ts.tv_usec * i->tick_ns,
		.data = bytes_of(data, h->caplen),
		.wire_len = h->len < h->caplen ? h->caplen : h->len,
		.link_type = i->input->link_types[0],
		.ts_digits = i->input->ts_digits };
	i->full = true;
}

static void
count(struct source_input *info, const struct frame *frame)
{
	if (info->packets++ == 0)
		info->first_ns = frame->ts_ns;
	info->last_ns = frame->ts_ns;
	info->bytes += frame->data.n;
	info->snaplen_cut += frame->wire_len > frame->data.n;
}

/* The interface with the oldest frame; `count` for none. */
static size_t
oldest(const struct live *l)
{
	size_t first = l->count;

	for (size_t n = 0; n < l->count; n++)
		if (l->all[n].full &&
		    (first == l->count || l->all[n].head.ts_ns < l->all[first].head.ts_ns))
			first = n;
	return first;
}

/* An older frame than this may still come, of another interface. */
static bool
may_be_late(const struct live *l, int64_t now_ns, const struct frame *frame)
{
	if (frame->ts_ns <= live_horizon(l, now_ns))
		return false;
	for (size_t n = 0; n < l->count; n++)
		if (!l->all[n].full && !l->all[n].broken)
			return true;
	return false;
}

bool
live_next(struct live *l, int64_t now_ns, struct frame *frame)
{
	size_t first;

	if (l->used < l->count)
		l->all[l->used].full = false;
	l->used = l->count;
	for (size_t n = 0; n < l->count; n++)
		read_head(&l->all[n]);
	first = oldest(l);
	if (first == l->count || may_be_late(l, now_ns, &l->all[first].head))
		return false;
	l->used = first;
	count(l->all[first].input, &l->all[first].head);
	*frame = l->all[first].head;
	frame->frame_no = ++l->frame_no;
	return true;
}

int64_t
live_horizon(const struct live *l, int64_t now_ns)
{
	return l->count > 1 && now_ns != INT64_MAX ? now_ns - LIVE_HOLD_NS : now_ns;
}

size_t
live_poll(struct live *l, int64_t now_ns, struct pollfd *fds, int *timeout_ms)
{
	size_t first = oldest(l), n = 0;

	for (size_t k = 0; k < l->count; k++) {
		l->all[k].dry = false;
		if (!l->all[k].full && !l->all[k].broken)
			fds[n++] = (struct pollfd){ .fd = pcap_get_selectable_fd(l->all[k].handle),
				.events = POLLIN };
	}
	if (first < l->count) {
		int64_t wait_ns = l->all[first].head.ts_ns - live_horizon(l, now_ns);
		int wait_ms = wait_ns <= 0             ? 0
		              : wait_ns > LIVE_HOLD_NS ? (int)(LIVE_HOLD_NS / NS_PER_MS)
		                                       : (int)(wait_ns / NS_PER_MS) + 1;

		if (*timeout_ms < 0 || wait_ms < *timeout_ms)
			*timeout_ms = wait_ms;
	}
	return n;
}

/* --- the interfaces' health --------------------------------------------------------------- */

static enum live_state
ask_state(const struct interface *i)
{
	struct ifreq request = { 0 };

	if (i->index == 0)
		return LIVE_UP; /* "any" */
	snprintf(request.ifr_name, sizeof request.ifr_name, "%s", i->name);
	if (ioctl(pcap_fileno(i->handle), SIOCGIFFLAGS, &request) != 0)
		return LIVE_GONE;
	return (request.ifr_flags & IFF_UP) != 0 ? LIVE_UP : LIVE_DOWN;
}

/* The socket, with its ring and filter, to the interface that has the name now. */
static void
come_back(struct interface *i)
{
	int index = kernel_index(i);
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = index
	};

	if (index == 0 || (index == i->index && !i->broken))
		return;
	if (bind(pcap_fileno(i->handle), (const struct sockaddr *)&to, sizeof to) != 0)
		return;
	i->index = index;
	i->broken = false;
}

static void
count_drops(struct interface *i)
{
	struct pcap_stat stat;

	if (pcap_stats(i->handle, &stat) != 0)
		return;
	i->drops.kernel += stat.ps_drop - i->last_drop;
	i->drops.interface += stat.ps_ifdrop - i->last_ifdrop;
	i->last_drop = stat.ps_drop;
	i->last_ifdrop = stat.ps_ifdrop;
}

void
live_check(struct live *l)
{
	for (size_t n = 0; n < l->count; n++) {
		struct interface *i = &l->all[n];

		i->state = ask_state(i);
		if (i->state == LIVE_UP)
			come_back(i);
		count_drops(i);
	}
}

struct live_drops
live_drops(const struct live *l, size_t interface)
{
	return l->all[interface].drops;
}

enum live_state
live_state(const struct live *l, size_t interface)
{
	return l->all[interface].state;
}

const struct source_input *
live_inputs(const struct live *l, size_t *count)
{
	*count = l->count;
	return l->inputs;
}
