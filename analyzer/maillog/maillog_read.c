#include "analyzer/maillog/maillog_read.h"

#include <stdio.h>

#include "analyzer/maillog/log_inputs.h"
#include "capture/source/stream.h"

struct run {
	struct maillog *m;
	const struct maillog_source *source;
	uint64_t done, total; /* octets on the disk; total 0: it cannot be known */
	bool understood;      /* a log was */
	bool stopped;         /* by the caller */
};

static uint64_t
total_of(const struct log_inputs *in)
{
	uint64_t total = 0;

	for (size_t n = 0; n < in->count; n++) {
		if (!in->all[n].regular)
			return 0;
		total += in->all[n].size;
	}
	return total;
}

static void
feed(struct run *r, struct stream *s)
{
	struct bytes block;

	while (!r->stopped && (block = stream_peek(s, 1)).n > 0) {
		maillog_feed(r->m, block);
		stream_take(s, block.n);
		r->stopped =
		    r->source->progress != NULL &&
		    !r->source->progress(r->source->progress_ctx, r->done + s->consumed, r->total);
	}
	r->done += s->consumed;
	if (s->problem[0] != '\0') {
		char why[256];

		snprintf(why, sizeof why, "after %llu octets: %s",
		    (unsigned long long)stream_offset(s), s->problem);
		maillog_damaged(r->m, why);
	}
}

static enum status
read_one(struct run *r, struct log_input *i)
{
	const struct maillog_file *f;
	bool open = log_inputs_start(i);
	const struct maillog_start start = { .path = i->path,
		.compression = open ? stream_compression(i->stream) : "none",
		.near_ns = i->near_ns,
		.utc_offset_s = i->utc_offset_s };
	size_t count;

	if (maillog_begin(r->m, &start) != STATUS_OK)
		return STATUS_NOMEM;
	if (open)
		feed(r, i->stream);
	else
		maillog_damaged(r->m, i->problem);
	maillog_end(r->m);
	log_inputs_stop(i);
	f = maillog_files(r->m, &count);
	f += count - 1;
	if (open && f->lines > 0 && f->understood == 0 && f->damaged[0] == '\0')
		maillog_damaged(r->m, "no line of a mail log in it");
	/* An empty log is a log. */
	r->understood |= f->understood > 0 || f->damaged[0] == '\0';
	return STATUS_OK;
}

enum status
maillog_read(struct maillog *m, const struct maillog_source *source, struct fault *fault)
{
	struct run r = { .m = m, .source = source };
	struct log_inputs in;
	enum status status =
	    log_inputs_find(&in, source->paths, source->path_count, source->near_ns, fault);

	r.total = status == STATUS_OK ? total_of(&in) : 0;
	for (size_t n = 0; status == STATUS_OK && n < in.count && !r.stopped; n++)
		if (read_one(&r, &in.all[n]) != STATUS_OK)
			status = fault_set(fault, STATUS_NOMEM,
			    "%s: no memory left for another log", in.all[n].path);
	if (status == STATUS_OK && !r.understood) {
		size_t count;
		const struct maillog_file *f = maillog_files(m, &count);

		status = fault_set(fault, STATUS_FORMAT, "%s: %s",
		    strcmp(f->path, "-") == 0 ? "standard input" : f->path, f->damaged);
	}
	log_inputs_clear(&in);
	return status;
}
