#include "analyzer/maillog/log_draft.h"

#include <stdlib.h>

#define FIRST_ROOM 192   /* the texts of most sessions */
#define REUSED_ROOM 4096 /* what an ended session may leave to the next */

static const struct log_text absent = { 0, LOG_ABSENT };

static void
clear_buffer(struct log_buffer *b, struct log_keep *k)
{
	free(b->at);
	budget_give(&k->budget, b->room);
	*b = (struct log_buffer){ .at = NULL };
}

static bool
grow(struct log_buffer *b, struct log_keep *k, size_t n)
{
	size_t room = b->room == 0 ? FIRST_ROOM : b->room;
	void *at;

	while (room < b->used + n)
		room *= 2;
	if (!budget_take(&k->budget, room - b->room))
		return false;
	at = realloc(b->at, room);
	if (at == NULL) {
		budget_give(&k->budget, room - b->room);
		return false;
	}
	b->at = at;
	b->room = room;
	return true;
}

/* Room for n octets at the end of a buffer, or NULL. */
static void *
add(struct log_draft *d, struct log_keep *k, struct log_buffer *b, size_t n)
{
	void *at;

	/* LOG_ABSENT is no length, nor may an offset be beyond 16 bits. */
	if (d->size + n >= LOG_SESSION_MAX || (b->used + n > b->room && !grow(b, k, n))) {
		d->s.incomplete = true;
		return NULL;
	}
	at = (uint8_t *)b->at + b->used;
	b->used += n;
	d->size += n;
	return at;
}

void
log_draft_reset(struct log_draft *d)
{
	struct log_session *s = &d->s;

	memset(s, 0, sizeof *s);
	s->first_ns = s->last_ns = s->closed_ns = d->touched_ns = LOG_TIME_NONE;
	s->verified = -1;
	for (int i = 0; i < LOG_TEXT_COUNT; i++)
		s->text[i] = absent;
	d->has_new = d->closed = false;
	d->size = sizeof d->s;
	d->text.used = d->senders.used = d->recipients.used = d->messages.used = 0;
}

void
log_draft_clear(struct log_draft *d, struct log_keep *k)
{
	clear_buffer(&d->text, k);
	clear_buffer(&d->senders, k);
	clear_buffer(&d->recipients, k);
	clear_buffer(&d->messages, k);
}

void
log_draft_shrink(struct log_draft *d, struct log_keep *k)
{
	struct log_buffer *const buffers[] = { &d->text, &d->senders, &d->recipients,
		&d->messages };

	for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
		if (buffers[i]->room > REUSED_ROOM)
			clear_buffer(buffers[i], k);
}

/* The text as far as it can be kept; absent when it cannot. */
static struct log_text
keep_part(struct log_draft *d, struct log_keep *k, struct bytes raw)
{
	struct bytes kept = bytes_head(raw, LOG_TEXT_MAX);
	uint8_t *at = add(d, k, &d->text, kept.n);

	if (at == NULL)
		kept.n = 0;
	else if (kept.n > 0)
		memcpy(at, kept.p, kept.n);
	if (kept.n < raw.n) {
		d->s.incomplete = true;
		limits_hit(k->limits, LIMIT_TEXT_NOT_KEPT, raw.n - kept.n);
	}
	if (at == NULL)
		return absent;
	return (struct log_text){ (uint16_t)(at - (uint8_t *)d->text.at), (uint16_t)kept.n };
}

/* Nearly always there is room for all of it; a session has half a dozen. */
static struct log_text
keep_text(struct log_draft *d, struct log_keep *k, struct bytes raw)
{
	struct log_text t = { (uint16_t)d->text.used, (uint16_t)raw.n };

	if (raw.n == 0 || raw.n > LOG_TEXT_MAX || raw.n > d->text.room - d->text.used ||
	    d->size + raw.n >= LOG_SESSION_MAX)
		return keep_part(d, k, raw);
	memcpy((uint8_t *)d->text.at + d->text.used, raw.p, raw.n);
	d->text.used += raw.n;
	d->size += raw.n;
	return t;
}

void
log_draft_set(struct log_draft *d, struct log_keep *k, enum log_text_id which, struct bytes raw)
{
	if (raw.n > 0)
		d->s.text[which] = keep_text(d, k, raw);
}

static void
add_party(struct log_draft *d, struct log_keep *k, struct log_buffer *list, struct bytes address,
    enum log_refusal refusal)
{
	struct log_party party = { .refusal = (uint8_t)refusal };
	struct log_party *at;

	party.address = keep_text(d, k, address);
	at = log_text_present(party.address) ? add(d, k, list, sizeof *at) : NULL;
	if (at == NULL)
		limits_hit(k->limits, LIMIT_RECIPIENTS_NOT_KEPT, 1);
	else
		*at = party;
}

void
log_draft_sender(
    struct log_draft *d, struct log_keep *k, struct bytes address, enum log_refusal refusal)
{
	add_party(d, k, &d->senders, address, refusal);
}

void
log_draft_recipient(
    struct log_draft *d, struct log_keep *k, struct bytes address, enum log_refusal refusal)
{
	add_party(d, k, &d->recipients, address, refusal);
}

struct log_message *
log_draft_message(struct log_draft *d, uint64_t mid)
{
	struct log_message *m = d->messages.at;

	/* From the last: it is the one that lines are about. */
	for (size_t i = d->messages.used / sizeof *m; i-- > 0;)
		if (m[i].mid == mid)
			return &m[i];
	return NULL;
}

struct log_message *
log_draft_add_message(struct log_draft *d, struct log_keep *k, uint64_t mid)
{
	struct log_message *m = add(d, k, &d->messages, sizeof *m);

	if (m == NULL)
		limits_hit(k->limits, LIMIT_LOG_MESSAGES_NOT_KEPT, 1);
	else
		*m = (struct log_message){ .mid = mid, .receipt = LOG_RECEIPT_STARTED };
	return m;
}

struct bytes
log_draft_text(const struct log_draft *d, enum log_text_id which)
{
	struct log_text t = d->s.text[which];

	if (!log_text_present(t))
		return bytes_of(NULL, 0);
	return bytes_of((const uint8_t *)d->text.at + t.off, t.len);
}

/* A buffer's octets behind what is there; its offset and the count of its elements. */
static struct log_list
lay_list(union log_room *room, const struct log_buffer *b, size_t element)
{
	struct log_list list = { (uint16_t)room->s.size, (uint16_t)(b->used / element) };

	if (b->used > 0)
		memcpy(room->octets + room->s.size, b->at, b->used);
	room->s.size += (uint32_t)b->used;
	return list;
}

static void
move_text(struct log_text *t, uint32_t by)
{
	if (log_text_present(*t))
		t->off = (uint16_t)(t->off + by);
}

static void
move_parties(union log_room *room, struct log_list list, uint32_t by)
{
	struct log_party *p = (struct log_party *)(void *)(room->octets + list.off);

	for (uint16_t i = 0; i < list.count; i++)
		move_text(&p[i].address, by);
}

const struct log_session *
log_draft_session(const struct log_draft *d, union log_room *room)
{
	struct log_session *s = &room->s;
	uint32_t by;

	*s = d->s;
	s->size = sizeof *s;
	s->messages = lay_list(room, &d->messages, sizeof(struct log_message));
	s->senders = lay_list(room, &d->senders, sizeof(struct log_party));
	s->recipients = lay_list(room, &d->recipients, sizeof(struct log_party));
	by = s->size;
	(void)lay_list(room, &d->text, 1);
	move_parties(room, s->senders, by);
	move_parties(room, s->recipients, by);
	for (int i = 0; i < LOG_TEXT_COUNT; i++)
		move_text(&s->text[i], by);
	return s;
}
