#include "analyzer/verdict/wire.h"

#define NS_PER_S 1000000000

/*
 * A host that has forgotten a connection answers a late segment with an RST that has the
 * segment's ACK number as its own, and no ACK flag (RFC 9293 3.10.7.1): old, but not foreign. Its
 * FIN need not have been captured; but it sends nothing else any more.
 */
static bool
answers_straggler(const struct facts *f, const struct conn_close *rst)
{
	const struct conn_half *client = f->client, *server = f->server;
	uint64_t off = conn_off(server, rst->seq);

	if ((rst->flags & TCP_ACK) != 0)
		return false;
	if (server->fin.frame_no != 0)
		return rst->ts_ns >= server->fin.ts_ns;
	return !server->overruled && client->acked_set && off >= server->origin &&
	       off <= client->acked;
}

static void
check_rst_origin(const struct facts *f, struct record_builder *b, struct findings *found)
{
	const struct conn_half *s = f->server;
	const struct conn_close *rst = s->odd_rst.frame_no != 0 ? &s->odd_rst : &s->rst;

	if (rst->frame_no == 0)
		return;
	if ((rst == &s->odd_rst || closing_fit(f->conn, DIR_SERVER, rst) == FIT_NONE) &&
	    !answers_straggler(f, rst) && b->rec->verdict != VERDICT_PORT_CLOSED)
		findings_add(found, b, SEVERITY_WARNING, "wire.rst-origin",
		    FINDING_FRAMES(rst->frame_no),
		    "the sequence number of the RST in frame %llu does not fit the server's other "
		    "packets: perhaps a middlebox sent it",
		    (unsigned long long)rst->frame_no);
	else if (s->ttl_min != 0 && (rst->ttl < s->ttl_min || rst->ttl > s->ttl_max))
		findings_add(found, b, SEVERITY_WARNING, "wire.rst-origin",
		    FINDING_FRAMES(rst->frame_no),
		    "the RST in frame %llu has TTL %u, the server's other packets have %u: perhaps "
		    "a middlebox sent it",
		    (unsigned long long)rst->frame_no, rst->ttl, s->ttl_max);
}

static void
check_late_refusal(const struct facts *f, struct record_builder *b, struct findings *found)
{
	int64_t from = f->ack ? f->conn->ack_ts_ns : f->server->syn_ts_ns;
	int64_t after_ns = b->rec->verdict == VERDICT_TCPREFUSE ? f->closing.by->ts_ns - from : 0;

	if (after_ns > WIRE_LATE_NS)
		findings_add(found, b, SEVERITY_WARNING, "wire.late-refusal",
		    FINDING_FRAMES(f->conn->ack_frame_no, f->closing.by->frame_no),
		    "the RST came %lld s after the handshake: the gateway may have waited for DNS, "
		    "or a "
		    "timer ran out",
		    (long long)(after_ns / NS_PER_S));
}

/* Told by what the client had received when it spoke, not by the order of the file. */
static void
check_early_talker(const struct facts *f, struct record_builder *b, struct findings *found)
{
	const struct dialog *d = f->dialog;
	uint64_t greeting_end = f->greeting->code != 0 ? f->greeting->end_off : 1;

	if (d->client_spoke && f->client->start_seen && f->server->start_seen &&
	    (f->greeting->code == 0 || d->greeting_sure) && d->first_peer_off < greeting_end &&
	    b->rec->verdict != VERDICT_NOT_SMTP)
		findings_add(found, b, SEVERITY_INFO, "wire.early-talker",
		    FINDING_FRAMES(d->first_frame_no),
		    "the client sent data in frame %llu before it had the greeting",
		    (unsigned long long)d->first_frame_no);
}

static void
check_conflict(const struct facts *f, struct record_builder *b, struct findings *found)
{
	for (int dir = 0; dir < DIR_COUNT; dir++) {
		const struct stream *s = &f->conn->half[dir].stream;

		if (s->conflict_frame_no != 0)
			findings_add(found, b, SEVERITY_WARNING, "wire.conflicting-data",
			    FINDING_FRAMES(s->conflict_frame_no),
			    "frame %llu repeats octets of the %s with different content; %s",
			    (unsigned long long)s->conflict_frame_no, dir_name((enum dir)dir),
			    s->conflict_won
				? "it was judged, for the first copy's checksum is wrong"
				: "the first copy was judged");
	}
}

void
wire_check(const struct facts *f, struct record_builder *b, struct findings *found)
{
	check_rst_origin(f, b, found);
	check_late_refusal(f, b, found);
	check_early_talker(f, b, found);
	check_conflict(f, b, found);
}
