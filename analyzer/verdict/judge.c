#include "analyzer/verdict/judge.h"

#include "analyzer/smtp/reply.h"
#include "analyzer/verdict/classify.h"
#include "analyzer/verdict/profile.h"
#include "analyzer/verdict/wire.h"

static enum handshake
handshake_of(const struct facts *f)
{
	if (f->syn_ack)
		return f->ack ? HANDSHAKE_COMPLETE : HANDSHAKE_SYN_ACK;
	return f->syn ? HANDSHAKE_SYN_ONLY : HANDSHAKE_UNSEEN;
}

static void
store_tcp(const struct facts *f, struct record_builder *b)
{
	const struct conn *c = f->conn;
	struct text history = record_add_text(b, bytes_of(c->history, c->history_n));
	struct record *r = b->rec;

	r->id = c->id;
	r->client = c->key.client;
	r->server = c->key.server;
	r->start_ns = c->first_ts_ns;
	r->end_ns = c->last_ts_ns;
	r->ts_digits = c->ts_digits;
	r->first_frame = c->first_frame_no;
	r->last_frame = c->last_frame_no;
	r->handshake = (uint8_t)handshake_of(f);
	r->closed_by = f->closing.by != NULL ? (uint8_t)f->closing.dir : DIR_COUNT;
	r->close = f->closing.by == NULL ? CLOSE_NONE : f->closing.rst ? CLOSE_RST : CLOSE_FIN;
	r->history = history;
	for (int dir = 0; dir < DIR_COUNT; dir++) {
		const struct conn_half *h = &c->half[dir];

		r->packets[dir] = h->packets;
		r->octets[dir] = f->octets[dir];
		r->retransmitted += h->stream.retransmitted;
		r->reordered += h->stream.reordered;
		r->gaps += h->stream.gaps;
	}
}

static struct text
store_piece(const struct dialog *d, struct piece p, struct record_builder *b)
{
	if (p.len == DIALOG_ABSENT)
		return (struct text){ 0, RECORD_NONE };
	return record_add_text(b, dialog_text(d, p));
}

static void
store_senders(const struct dialog *d, struct record_builder *b)
{
	struct span span =
	    record_add_array(b, NULL, sizeof(struct record_sender), d->senders.count);

	b->rec->senders = span;
	for (uint32_t i = 0; i < span.count; i++) {
		struct text address = store_piece(d, d->senders.v[i].address, b);
		struct record_sender *s = record_element(b, span, sizeof *s, i);

		s->address = address;
		s->code = d->senders.v[i].code;
	}
}

static void
store_recipients(struct facts *f, struct refusal_reader *refusals, struct record_builder *b)
{
	const struct dialog *d = f->dialog;
	struct span span =
	    record_add_array(b, NULL, sizeof(struct record_recipient), d->recipients.count);

	b->rec->recipients = span;
	for (uint32_t i = 0; i < d->recipients.count; i++) {
		const struct dialog_path *from = &d->recipients.v[i];
		struct record_recipient to = { .code = from->code };
		struct bytes rest,
		    enhanced = reply_enhanced(from->code, dialog_text(d, from->reply), &rest);

		to.address = store_piece(d, from->address, b);
		to.enhanced = enhanced.n == 0
		                  ? (struct text){ 0, RECORD_NONE }
		                  : record_add_text(b, bytes_skip(enhanced, enhanced.p[0] == '#'));
		to.reply = from->reply.len == DIALOG_ABSENT ? (struct text){ 0, RECORD_NONE }
		                                            : record_add_text(b, rest);
		to.class = (uint8_t)facts_recipient(f, from, enhanced, rest, refusals);
		if (i < span.count) /* where there was no memory they still count */
			*(struct record_recipient *)record_element(b, span, sizeof to, i) = to;
	}
}

static struct text
store_try(uint8_t tried, struct record_builder *b, const char *accepted, const char *refused)
{
	if (tried == TRY_NONE)
		return (struct text){ 0, RECORD_NONE };
	return record_add_text(b, bytes_str(tried == TRY_ACCEPTED ? accepted : refused));
}

static void
store_smtp(struct facts *f, struct refusal_reader *refusals, struct record_builder *b)
{
	const struct dialog *d = f->dialog;
	struct text greeting, helo, tls, auth;

	if (!d->client_spoke && !d->server_spoke)
		return;
	greeting = f->greeting->code != 0 ? store_piece(d, d->first_text, b)
	                                  : (struct text){ 0, RECORD_NONE };
	helo = store_piece(d, d->helo, b);
	tls = store_try(d->tls, b, "accepted", "refused");
	auth = store_try(d->auth, b, "succeeded", "failed");
	b->rec->smtp = true;
	b->rec->greeting_code = f->greeting->code;
	b->rec->greeting = greeting;
	b->rec->helo = helo;
	b->rec->tls = tls;
	b->rec->auth = auth;
	b->rec->messages = d->messages;
	store_senders(d, b);
	store_recipients(f, refusals, b);
}

void
judge(const struct conn *conn, struct refusal_reader *refusals, struct record_builder *b)
{
	struct findings found;
	struct facts f;

	record_builder_reset(b);
	findings_init(&found, NULL);
	facts_of(conn, &f);
	store_tcp(&f, b);
	store_smtp(&f, refusals, b);
	classify(&f, b);
	wire_check(&f, b, &found);
	profile_check(&f, b, &found);
	findings_store(&found, b);
}
