#include "analyzer/verdict/profile.h"

#include <stdio.h>

#include "analyzer/verdict/findings.h"

/* How one step was seen. `seen` is what stood in its place when it failed. */
struct sight {
	enum step_result result;
	uint64_t frame_no;
	const char *seen;
};

static struct sight
pass(uint64_t frame_no)
{
	return (struct sight){ STEP_PASS, frame_no, NULL };
}

static struct sight
fail(uint64_t frame_no, const char *seen)
{
	return (struct sight){ STEP_FAIL, frame_no, seen };
}

static struct sight
seen_or_unknown(uint64_t frame_no)
{
	return (struct sight){ frame_no != 0 ? STEP_PASS : STEP_UNKNOWN, frame_no, NULL };
}

static struct sight
see_syn(const struct facts *f)
{
	return seen_or_unknown(f->client->syn_frame_no);
}

static struct sight
see_syn_ack(const struct facts *f)
{
	return seen_or_unknown(f->server->syn_frame_no);
}

static struct sight
see_ack(const struct facts *f)
{
	return seen_or_unknown(f->conn->ack_late ? 0 : f->conn->ack_frame_no);
}

static struct sight
see_greeting(const struct facts *f)
{
	return pass(f->greeting->frame_no);
}

static bool
valid_rst(const struct facts *f, enum dir dir)
{
	const struct conn_close *rst = &f->conn->half[dir].rst;

	return rst->frame_no != 0 && closing_fit(f->conn, dir, rst) != FIT_NONE;
}

static const char *
rst_word(const struct conn_close *rst)
{
	return rst->flags & TCP_ACK ? "RST,ACK" : "RST without ACK";
}

/* Its numbers, or the client's, tell of octets or a FIN that was not captured. */
static bool
end_hidden(const struct facts *f)
{
	const struct conn_half *s = f->server;

	return s->fin.frame_no == 0 &&
	       (conn_known_end(s) > s->stream.end || s->rst_off > s->stream.end ||
		   (f->client->acked_set && f->client->acked > s->stream.end));
}

/* The gateway closes first. One that goes on to reply until the client closes has waited for it. */
static struct sight
see_server_fin(const struct facts *f)
{
	const struct conn_half *s = f->server;

	if (end_hidden(f))
		return seen_or_unknown(0);
	if (f->closing.by != NULL && f->closing.dir == DIR_CLIENT && !f->closing.peer_unseen &&
	    f->dialog->greeting_sure && !f->greeting->cut &&
	    s->stream.end - s->origin > f->greeting->end_off)
		return fail(s->fin.frame_no, "further replies, as of a server that waits for QUIT");
	if (s->fin.frame_no != 0)
		return s->fin.flags & TCP_ACK ? pass(s->fin.frame_no)
		                              : fail(s->fin.frame_no, "FIN without ACK");
	/* One without ACK may answer what came after a close. */
	if (valid_rst(f, DIR_SERVER) && conn_off(s, s->rst.seq) == s->stream.end &&
	    (s->rst.flags & TCP_ACK) != 0)
		return fail(s->rst.frame_no, rst_word(&s->rst));
	return seen_or_unknown(0);
}

static struct sight
see_ack_of(const struct conn_half *h, const struct conn_half *peer)
{
	bool acked = h->fin.frame_no != 0 && peer->acked_set && peer->acked > h->fin_off;

	return (struct sight){ acked ? STEP_PASS : STEP_UNKNOWN, h->fin_ack_frame_no, NULL };
}

static struct sight
see_ack_of_server_fin(const struct facts *f)
{
	return see_ack_of(f->server, f->client);
}

static struct sight
see_client_fin(const struct facts *f)
{
	const struct conn_half *c = f->client;

	if (c->fin.frame_no != 0 && f->closing.dir == DIR_CLIENT && f->server->fin.frame_no != 0)
		return fail(c->fin.frame_no, "FIN before the gateway's");
	/* It acknowledges none: the gateway's, which was not captured, may have crossed it. */
	if (c->fin.frame_no != 0 && f->closing.dir == DIR_CLIENT && !f->closing.peer_unseen)
		return seen_or_unknown(0);
	if (c->fin.frame_no != 0)
		return pass(c->fin.frame_no);
	if (valid_rst(f, DIR_CLIENT))
		return fail(c->rst.frame_no, rst_word(&c->rst));
	return seen_or_unknown(0);
}

static struct sight
see_ack_of_client_fin(const struct facts *f)
{
	struct sight ack = see_ack_of(f->client, f->server);

	if (ack.result != STEP_PASS && f->server->fin.frame_no != 0 &&
	    f->client->fin.frame_no != 0 && valid_rst(f, DIR_SERVER))
		return fail(f->server->rst.frame_no, rst_word(&f->server->rst));
	return ack;
}

static struct sight
see_server_rst(const struct facts *f)
{
	const struct conn_close *rst = &f->server->rst;

	if (rst->len > 0)
		return fail(rst->frame_no, "RST with text in it");
	/* To octets that come after it a host that has reset answers so. */
	if ((rst->flags & TCP_ACK) == 0 && f->octets[DIR_CLIENT] > 0)
		return seen_or_unknown(0);
	if ((rst->flags & TCP_ACK) == 0)
		return fail(rst->frame_no, "RST without ACK");
	return pass(rst->frame_no);
}

static struct sight
see_greeting_220(const struct facts *f)
{
	if (f->greeting->code != 220)
		return fail(f->greeting->frame_no, "another 2xx greeting");
	return pass(f->greeting->frame_no);
}

/* The first MAIL that was accepted. */
static const struct dialog_path *
first_mail(const struct dialog *d)
{
	for (uint32_t i = 0; i < d->senders.count; i++)
		if (d->senders.v[i].code / 100 == 2)
			return &d->senders.v[i];
	return NULL;
}

/* The first RCPT that was refused, and not because its MAIL was. */
static const struct dialog_path *
first_rcpt(const struct dialog *d)
{
	for (uint32_t i = 0; i < d->recipients.count; i++) {
		const struct dialog_path *rcpt = &d->recipients.v[i];

		if (rcpt->code / 100 == 5 && dialog_judged(d, rcpt))
			return rcpt;
	}
	return NULL;
}

static struct sight
see_mail(const struct facts *f)
{
	const struct dialog_path *mail = first_mail(f->dialog);

	return seen_or_unknown(mail != NULL ? mail->frame_no : 0);
}

static struct sight
see_mail_2xx(const struct facts *f)
{
	const struct dialog_path *mail = first_mail(f->dialog);

	return seen_or_unknown(mail != NULL ? mail->reply_frame_no : 0);
}

static struct sight
see_rcpt(const struct facts *f)
{
	const struct dialog_path *rcpt = first_rcpt(f->dialog);

	return seen_or_unknown(rcpt != NULL ? rcpt->frame_no : 0);
}

static struct sight
see_rcpt_5xx(const struct facts *f)
{
	const struct dialog_path *rcpt = first_rcpt(f->dialog);

	return seen_or_unknown(rcpt != NULL ? rcpt->reply_frame_no : 0);
}

/* The verdict holds only where no body was accepted, and the server's every reply was seen. */
static struct sight
see_no_data(const struct facts *f)
{
	(void)f;
	return pass(0);
}

struct step {
	const char *name;
	enum dir from;
	struct sight (*see)(const struct facts *f);
	const char *documented;
};

static const struct step reject_steps[] = {
	{ "syn", DIR_CLIENT, see_syn, "SYN from the client" },
	{ "syn_ack", DIR_SERVER, see_syn_ack, "SYN,ACK from the gateway" },
	{ "ack", DIR_CLIENT, see_ack, "ACK from the client" },
	{ "reply_5xx", DIR_SERVER, see_greeting, "a 5xx reply as the greeting" },
	{ "fin_ack", DIR_SERVER, see_server_fin, "FIN,ACK from the gateway, before the client's" },
	{ "ack", DIR_CLIENT, see_ack_of_server_fin, "ACK of the gateway's FIN" },
	{ "fin_ack", DIR_CLIENT, see_client_fin, "FIN,ACK from the client after the gateway's" },
	{ "ack", DIR_SERVER, see_ack_of_client_fin, "ACK of the client's FIN" },
};

static const struct step tcprefuse_steps[] = {
	{ "syn", DIR_CLIENT, see_syn, "SYN from the client" },
	{ "syn_ack", DIR_SERVER, see_syn_ack, "SYN,ACK from the gateway" },
	{ "ack", DIR_CLIENT, see_ack, "ACK from the client" },
	{ "rst_ack", DIR_SERVER, see_server_rst, "RST,ACK from the gateway, without text" },
};

static const struct step delayed_reject_steps[] = {
	{ "syn", DIR_CLIENT, see_syn, "SYN from the client" },
	{ "syn_ack", DIR_SERVER, see_syn_ack, "SYN,ACK from the gateway" },
	{ "ack", DIR_CLIENT, see_ack, "ACK from the client" },
	{ "greeting_220", DIR_SERVER, see_greeting_220, "220 as the greeting" },
	{ "mail_from", DIR_CLIENT, see_mail, "MAIL FROM" },
	{ "mail_2xx", DIR_SERVER, see_mail_2xx, "2xx to MAIL FROM" },
	{ "rcpt_to", DIR_CLIENT, see_rcpt, "RCPT TO" },
	{ "rcpt_5xx", DIR_SERVER, see_rcpt_5xx, "5xx to each RCPT TO" },
	{ "no_data", DIR_SERVER, see_no_data, "no DATA or BDAT accepted" },
};

static const struct profile {
	enum verdict verdict; /* its name is the profile's */
	const struct step *steps;
	size_t count;
} profiles[] = {
#define STEPS(v) v, sizeof v / sizeof *v
	{ VERDICT_REJECT, STEPS(reject_steps) },
	{ VERDICT_TCPREFUSE, STEPS(tcprefuse_steps) },
	{ VERDICT_DELAYED_REJECT, STEPS(delayed_reject_steps) },
};

#define PROFILES (sizeof profiles / sizeof *profiles)
#define PROFILE_MAX_STEPS 9

/* Where the start was not seen it may be another exchange, which is not held to this one. */
static struct sight
held_to(const struct facts *f, struct sight sight)
{
	return sight.result == STEP_FAIL && !f->syn && !f->syn_ack ? seen_or_unknown(0) : sight;
}

static void
report_step(const struct profile *p, const struct step *step, const struct sight *sight,
    struct record_builder *b, struct findings *found)
{
	char rule[64];

	snprintf(rule, sizeof rule, "profile.%s.%s", verdict_name(p->verdict), step->name);
	findings_add(found, b, step->from == DIR_SERVER ? SEVERITY_WARNING : SEVERITY_INFO, rule,
	    FINDING_FRAMES(sight->frame_no), "documented is %s; seen was %s", step->documented,
	    sight->seen);
}

void
profile_check(const struct facts *f, struct record_builder *b, struct findings *found)
{
	struct record_step steps[PROFILE_MAX_STEPS];
	const struct profile *p = profiles;
	struct span span;
	struct text profile_name;

	while (p < profiles + PROFILES && p->verdict != b->rec->verdict)
		p++;
	if (p == profiles + PROFILES)
		return;
	b->rec->profile = true;
	memset(steps, 0, sizeof steps);
	for (size_t i = 0; i < p->count; i++) {
		struct sight sight = held_to(f, p->steps[i].see(f));
		struct text name = record_add_text(b, bytes_str(p->steps[i].name));

		steps[i].step = name;
		steps[i].from = (uint8_t)p->steps[i].from;
		steps[i].result = (uint8_t)sight.result;
		steps[i].frame_no = sight.frame_no;
		if (sight.result > b->rec->profile_result)
			b->rec->profile_result = (uint8_t)sight.result;
		if (sight.result == STEP_FAIL)
			report_step(p, &p->steps[i], &sight, b, found);
	}
	span = record_add_array(b, steps, sizeof *steps, p->count);
	b->rec->steps = span;
	profile_name = record_add_text(b, bytes_str(verdict_name(p->verdict)));
	b->rec->profile_name = profile_name;
}

bool
profile_step_at(size_t i, struct profile_step *out)
{
	for (size_t p = 0; p < PROFILES; p++) {
		if (i < profiles[p].count) {
			const struct step *step = &profiles[p].steps[i];

			*out = (struct profile_step){ verdict_name(profiles[p].verdict), step->name,
				step->from, step->documented };
			return true;
		}
		i -= profiles[p].count;
	}
	return false;
}
