#include "capture/source/savefile.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <pcap/dlt.h>

/* Where what a file says and what a machine calls it differ; elsewhere they are the same. */
static const struct {
	uint16_t linktype, dlt;
} renumbered[] = {
	{ 100, DLT_ATM_RFC1483 },
	{ 101, DLT_RAW },
	{ 102, DLT_SLIP_BSDOS },
	{ 103, DLT_PPP_BSDOS },
	{ 106, DLT_ATM_CLIP },
	{ 246, DLT_PFSYNC },
};

int
savefile_dlt(uint32_t link_type)
{
	for (size_t i = 0; i < sizeof renumbered / sizeof *renumbered; i++)
		if (renumbered[i].linktype == link_type)
			return renumbered[i].dlt;
	return (int)link_type;
}

uint32_t
savefile_linktype(int dlt)
{
	for (size_t i = 0; i < sizeof renumbered / sizeof *renumbered; i++)
		if (renumbered[i].dlt == dlt)
			return renumbered[i].linktype;
	return (uint32_t)dlt;
}

size_t
savefile_link_type(struct savefile *f, int link_type)
{
	struct source_input *in = f->input;
	size_t i = 0;

	while (i < in->link_type_count && in->link_types[i] != link_type)
		i++;
	if (i == in->link_type_count && i < SOURCE_MAX_LINK_TYPES)
		in->link_types[in->link_type_count++] = link_type;
	return i;
}

enum status
savefile_damaged(struct savefile *f, const char *fmt, ...)
{
	char *text = f->input->damaged;
	size_t room = sizeof f->input->damaged;
	int n = snprintf(text, room, "at offset %" PRIu64 ": ", f->at);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text + n, room - (size_t)n, fmt, ap);
	va_end(ap);
	return STATUS_END;
}

enum status
savefile_cut(struct savefile *f, const char *what)
{
	struct stream *s = f->stream;

	if (s->problem[0] == '\0' && s->end_offset == f->at)
		return STATUS_END;
	f->at = s->end_offset;
	if (s->problem[0] != '\0')
		return savefile_damaged(f, "%s", s->problem);
	return savefile_damaged(f, "the file ends in the middle of %s", what);
}

static enum status
open_format(struct savefile *f, struct fault *fault)
{
	struct bytes head = stream_peek(f->stream, 4);

	if (savefile_pcap_starts(head))
		return savefile_pcap_open(f, fault);
	if (savefile_pcapng_starts(head))
		return savefile_pcapng_open(f, fault);
	if (f->stream->problem[0] != '\0')
		return fault_set(fault, STATUS_IO, "%s", f->stream->problem);
	if (head.n == 0)
		return fault_set(fault, STATUS_FORMAT, "it is empty");
	return fault_set(fault, STATUS_FORMAT, "neither pcap nor pcapng");
}

enum status
savefile_open(struct savefile **out, struct source_input *input, const struct stream_wait *wait,
    struct fault *fault)
{
	struct savefile *f = calloc(1, sizeof *f);
	enum status status;

	*out = NULL;
	if (f == NULL)
		return fault_set(fault, STATUS_NOMEM, "no memory left");
	f->input = input;
	status = stream_open_waiting(&f->stream, input->path, wait, fault);
	if (status == STATUS_OK) {
		input->compression = stream_compression(f->stream);
		status = open_format(f, fault);
	}
	if (status != STATUS_OK) {
		savefile_close(f);
		return status;
	}
	*out = f;
	return STATUS_OK;
}

void
savefile_close(struct savefile *f)
{
	if (f == NULL)
		return;
	if (f->is_pcapng)
		savefile_pcapng_close(f);
	stream_close(f->stream);
	free(f);
}
