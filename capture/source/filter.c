#include "capture/source/filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

#include "capture/packet/packet.h"

/* Link types of one run; those beyond it are compiled again whenever they alternate. */
#define KEPT 16

struct program {
	int link_type;
	bool compiled;
	struct bpf_program code;
	char reason[PCAP_ERRBUF_SIZE];
};

struct filter {
	const char *expression;
	struct program kept[KEPT];
	size_t count, last; /* last: the one used before, most often the one used next */
};

struct filter *
filter_new(const char *expression)
{
	struct filter *f = calloc(1, sizeof *f);

	if (f != NULL)
		f->expression = expression;
	return f;
}

void
filter_free(struct filter *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < f->count; i++)
		if (f->kept[i].compiled)
			pcap_freecode(&f->kept[i].code);
	free(f);
}

static void
compile(struct program *p, const char *expression, int link_type)
{
	pcap_t *dead = pcap_open_dead(link_type, FRAME_MAX);

	p->link_type = link_type;
	p->compiled =
	    dead != NULL && pcap_compile(dead, &p->code, expression, 1, PCAP_NETMASK_UNKNOWN) == 0;
	if (!p->compiled)
		snprintf(p->reason, sizeof p->reason, "%s",
		    dead == NULL ? "no memory left" : pcap_geterr(dead));
	if (dead != NULL)
		pcap_close(dead);
}

static const struct program *
program_of(struct filter *f, int link_type)
{
	struct program *p;

	if (f->last < f->count && f->kept[f->last].link_type == link_type)
		return &f->kept[f->last];
	for (f->last = 0; f->last < f->count; f->last++)
		if (f->kept[f->last].link_type == link_type)
			return &f->kept[f->last];
	if (f->count == KEPT) {
		f->last = KEPT - 1;
		if (f->kept[f->last].compiled)
			pcap_freecode(&f->kept[f->last].code);
	} else {
		f->count++;
	}
	p = &f->kept[f->last];
	compile(p, f->expression, link_type);
	return p;
}

bool
filter_fits(struct filter *f, int link_type)
{
	return program_of(f, link_type)->compiled;
}

enum status
filter_check(struct filter *f, const int *link_types, size_t count, struct fault *fault)
{
	static const int ethernet = DLT_EN10MB;

	if (count == 0) {
		link_types = &ethernet;
		count = 1;
	}
	for (size_t i = 0; i < count; i++)
		if (filter_fits(f, link_types[i]))
			return STATUS_OK;
	return fault_set(fault, STATUS_USAGE, "--filter: %s", program_of(f, link_types[0])->reason);
}

/*
 * libpcap takes the family in front of a packet of NULL to be in this machine's order. In the
 * other, that of networks, it is LOOP's: a big-endian machine's captures, read on any other.
 */
static int
link_type_of(const struct frame *frame)
{
	uint32_t family;

	if (frame->link_type != DLT_NULL || frame->data.n < sizeof family)
		return frame->link_type;
	memcpy(&family, frame->data.p, sizeof family);
	return family > UINT16_MAX ? DLT_LOOP : DLT_NULL;
}

bool
filter_passes(struct filter *f, const struct frame *frame)
{
	const struct program *p = program_of(f, link_type_of(frame));
	const struct pcap_pkthdr h = { .caplen = (bpf_u_int32)frame->data.n,
		.len = frame->wire_len };

	return p->compiled && pcap_offline_filter(&p->code, &h, frame->data.p) != 0;
}
