#include "capture/source/source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <pcap/pcap.h>

struct source {
	struct source_input *inputs;
	size_t count, at;
	pcap_t *pcap;
	struct bpf_program filter;
	bool filtered;
	const char *expression;
	uint64_t frame_no;
};

static enum status
open_input(struct source *s, struct fault *fault)
{
	struct source_input *in = &s->inputs[s->at];
	char error[PCAP_ERRBUF_SIZE];
	FILE *f = strcmp(in->path, "-") == 0 ? stdin : fopen(in->path, "rb");

	if (f == NULL)
		return fault_set(fault, STATUS_IO, "%s: %s", in->path, strerror(errno));
	s->pcap = pcap_fopen_offline_with_tstamp_precision(f, PCAP_TSTAMP_PRECISION_NANO, error);
	if (s->pcap == NULL) {
		fclose(f);
		return fault_set(fault, STATUS_FORMAT, "%s: %s", in->path, error);
	}
	in->format = "pcap";
	in->link_types[0] = pcap_datalink(s->pcap);
	in->link_type_count = 1;
	if (s->expression == NULL)
		return STATUS_OK;
	if (pcap_compile(s->pcap, &s->filter, s->expression, 1, PCAP_NETMASK_UNKNOWN) != 0)
		return fault_set(fault, STATUS_FORMAT, "--filter: %s", pcap_geterr(s->pcap));
	s->filtered = true;
	return STATUS_OK;
}

static void
close_input(struct source *s)
{
	if (s->filtered)
		pcap_freecode(&s->filter);
	if (s->pcap != NULL)
		pcap_close(s->pcap);
	s->filtered = false;
	s->pcap = NULL;
}

enum status
source_open(struct source **out, const struct source_config *config, struct fault *fault)
{
	struct source *s = calloc(1, sizeof *s);
	enum status status;

	*out = NULL;
	if (s == NULL)
		return STATUS_NOMEM;
	s->inputs = calloc(config->path_count, sizeof *s->inputs);
	if (s->inputs == NULL) {
		free(s);
		return STATUS_NOMEM;
	}
	s->expression = config->filter;
	for (s->count = 0; s->count < config->path_count; s->count++)
		s->inputs[s->count] = (struct source_input){ .path = config->paths[s->count],
			.format = "unknown",
			.compression = "none",
			.ts_digits = 6 };
	status = open_input(s, fault);
	if (status != STATUS_OK) {
		source_close(s);
		return status;
	}
	*out = s;
	return STATUS_OK;
}

static enum status
next_input(struct source *s, int end)
{
	struct source_input *in = &s->inputs[s->at];
	struct fault fault;

	if (end != PCAP_ERROR_BREAK)
		snprintf(in->damaged, sizeof in->damaged, "%s", pcap_geterr(s->pcap));
	close_input(s);
	while (++s->at < s->count) {
		if (open_input(s, &fault) == STATUS_OK)
			return STATUS_OK;
		snprintf(s->inputs[s->at].damaged, sizeof in->damaged, "%.255s", fault.text);
		close_input(s);
	}
	return STATUS_END;
}

enum status
source_next(struct source *s, struct frame *frame)
{
	while (s->at < s->count) {
		struct source_input *in = &s->inputs[s->at];
		struct pcap_pkthdr *h;
		const uint8_t *data;
		int got = pcap_next_ex(s->pcap, &h, &data);

		if (got != 1) {
			if (next_input(s, got) == STATUS_END)
				break;
			continue;
		}
		frame->ts_ns = h->ts.tv_sec * INT64_C(1000000000) + h->ts.tv_usec;
		frame->frame_no = ++s->frame_no;
		frame->data = bytes_of(data, h->caplen);
		frame->wire_len = h->len;
		frame->link_type = in->link_types[0];
		frame->ts_digits = in->ts_digits;
		if (in->packets++ == 0)
			in->first_ns = frame->ts_ns;
		in->last_ns = frame->ts_ns;
		in->bytes += h->caplen;
		in->snaplen_cut += h->len > h->caplen;
		if (s->filtered && pcap_offline_filter(&s->filter, h, data) == 0)
			continue;
		return STATUS_OK;
	}
	return STATUS_END;
}

const struct source_input *
source_inputs(const struct source *s, size_t *count)
{
	*count = s->count;
	return s->inputs;
}

const char *
source_link_name(int link_type, char room[static 16])
{
	const char *name = pcap_datalink_val_to_name(link_type);

	if (name != NULL)
		return name;
	snprintf(room, 16, "%d", link_type);
	return room;
}

void
source_close(struct source *s)
{
	if (s == NULL)
		return;
	close_input(s);
	free(s->inputs);
	free(s);
}
