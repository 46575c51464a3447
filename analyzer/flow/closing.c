#include "analyzer/flow/closing.h"

/* Of a peer whose window scale was not seen; four times what is usual. */
#define WINDOW_UNKNOWN (UINT32_C(1) << 20)

/* Behind a direction's octets and its FIN, as far as either was seen. */
static uint64_t
behind_fin(const struct conn_half *h, uint64_t octets_end)
{
	return h->fin.frame_no != 0 && h->fin_off >= octets_end ? h->fin_off + 1 : octets_end;
}

enum fit
closing_fit(const struct conn *c, enum dir dir, const struct conn_close *rst)
{
	const struct conn_half *h = &c->half[dir];
	const struct conn_half *peer = &c->half[dir == DIR_CLIENT ? DIR_SERVER : DIR_CLIENT];
	uint64_t off, end = behind_fin(h, conn_known_end(h));
	uint32_t window = peer->window;

	if (!h->seq_set)
		return FIT_WINDOW;
	off = conn_off(h, rst->seq);
	if (off == conn_known_end(h) || off == end || (peer->acked_set && off == peer->acked))
		return FIT_EXACT;
	if (peer->acked_set && off < peer->acked)
		return FIT_NONE;
	if (off < end)
		return FIT_WINDOW;
	if (peer->acked_set && peer->acked > end)
		end = peer->acked;
	if (window == 0 || peer->syn_frame_no == 0)
		window = window > WINDOW_UNKNOWN ? window : WINDOW_UNKNOWN;
	return off - end <= window ? FIT_WINDOW : FIT_NONE;
}

/* The first valid close of one side. */
static bool
side(const struct conn *c, enum dir dir, struct closing *out)
{
	const struct conn_half *h = &c->half[dir];
	const struct conn_close *rst = &h->rst, *fin = &h->fin;
	bool reset = rst->frame_no != 0 && closing_fit(c, dir, rst) != FIT_NONE;

	if (fin->frame_no == 0 && !reset)
		return false;
	/* A FIN counts before an RST of the same side: the RST only follows it. */
	*out = (struct closing){
		.by = fin->frame_no != 0 ? fin : rst,
		.dir = dir,
		.rst = fin->frame_no == 0,
		.off = fin->frame_no != 0 ? h->fin_off
		       : h->seq_set       ? conn_off(h, rst->seq)
		                          : 0,
	};
	return true;
}

/* The sender of `a` had received the close `b` when it sent it. */
static bool
covers(const struct conn *c, const struct closing *a, const struct closing *b)
{
	if (b->rst || (a->by->flags & TCP_ACK) == 0)
		return false;
	return conn_off(&c->half[b->dir], a->by->ack) > b->off;
}

static bool
before(const struct conn *c, const struct closing *a, const struct closing *b)
{
	if (covers(c, b, a))
		return true;
	if (covers(c, a, b))
		return false;
	if (a->by->ts_ns != b->by->ts_ns)
		return a->by->ts_ns < b->by->ts_ns;
	return a->by->frame_no < b->by->frame_no;
}

void
closing_first(const struct conn *c, struct closing *out)
{
	struct closing client, server;
	bool client_closed = side(c, DIR_CLIENT, &client),
	     server_closed = side(c, DIR_SERVER, &server);
	const struct conn_half *peer;

	*out = (struct closing){ 0 };
	if (!client_closed && !server_closed)
		return;
	*out = !client_closed || (server_closed && before(c, &server, &client)) ? server : client;
	peer = &c->half[out->dir == DIR_CLIENT ? DIR_SERVER : DIR_CLIENT];
	/* Only what was seen counts here: that more is known of is the question. */
	out->peer_unseen = (out->by->flags & TCP_ACK) != 0 && peer->seq_set &&
	                   conn_off(peer, out->by->ack) > behind_fin(peer, peer->stream.end);
}
