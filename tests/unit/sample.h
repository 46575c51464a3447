/*
 * sample: a record made by hand, with something in every field that a report shows.
 */
#ifndef HATCHECK_TEST_SAMPLE_H
#define HATCHECK_TEST_SAMPLE_H

#include "analyzer/verdict/record.h"

#define SAMPLE_START_NS INT64_C(1247873976123456789) /* 2009-07-17T23:39:36.123456789Z */

static inline struct endpoint
sample_endpoint(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port)
{
	return (struct endpoint){ { { a, b, c, d }, 4 }, port };
}

/* An initialised builder becomes an accepted session of which nothing more is known. */
static inline void
sample_plain(struct record_builder *b, uint64_t id)
{
	struct text reason;

	record_builder_reset(b);
	reason = record_add_text(b, BYTES_LIT("greeting 220, and a recipient was accepted"));
	b->rec->id = id;
	b->rec->verdict = VERDICT_ACCEPTED;
	b->rec->outcome = OUTCOME_MAIL_ACCEPTED;
	b->rec->handshake = HANDSHAKE_COMPLETE;
	b->rec->closed_by = DIR_COUNT;
	b->rec->ts_digits = 6;
	b->rec->client = sample_endpoint(192, 0, 2, 10, 40001);
	b->rec->server = sample_endpoint(198, 51, 100, 25, 25);
	b->rec->start_ns = SAMPLE_START_NS;
	b->rec->end_ns = SAMPLE_START_NS + 1500000;
	b->rec->first_frame = id * 10;
	b->rec->reason = reason;
}

/* A delayed rejection with senders, recipients, a profile that fails, and hostile texts. */
static inline void
sample_full(struct record_builder *b, uint64_t id)
{
	struct record_sender sender = { .code = 250 };
	struct record_recipient rcpt[2] = { { .code = 550, .class = RCPT_ACCESS },
		{ .class = RCPT_UNKNOWN } };
	struct record_step steps[2] = { { .frame_no = 7, .from = DIR_CLIENT, .result = STEP_PASS },
		{ .from = DIR_SERVER, .result = STEP_FAIL } };
	struct record_finding finding = {
		.frames = { 7, 9 }, .frame_count = 2, .severity = SEVERITY_WARNING
	};
	struct text text[4];

	sample_plain(b, id);
	text[0] = record_add_text(b, BYTES_LIT("every recipient was refused: \xe2\x80\xae"
					       "550"));
	text[1] = record_add_text(b, BYTES_LIT("ShAaDdFf"));
	text[2] = record_add_text(b, BYTES_LIT("mx.example.org ESMTP\nready"));
	text[3] = record_add_text(b, BYTES_LIT("delayed_reject"));
	b->rec->reason = text[0];
	b->rec->history = text[1];
	b->rec->greeting = text[2];
	b->rec->profile_name = text[3];
	text[0] = record_add_text(b, BYTES_LIT("client\x1b[31m.example"));
	b->rec->helo = text[0];
	b->rec->verdict = VERDICT_DELAYED_REJECT;
	b->rec->outcome = OUTCOME_NONE;
	b->rec->confidence = CONFIDENCE_MEDIUM;
	b->rec->closed_by = DIR_SERVER;
	b->rec->close = CLOSE_FIN;
	b->rec->smtp = b->rec->profile = true;
	b->rec->profile_result = STEP_FAIL;
	b->rec->greeting_code = 220;
	sender.address = record_add_text(b, BYTES_LIT(""));
	b->rec->senders = record_add_array(b, &sender, sizeof sender, 1);
	rcpt[0].address = record_add_text(b, BYTES_LIT("a@example.org"));
	rcpt[0].enhanced = record_add_text(b, BYTES_LIT("5.7.1"));
	rcpt[0].reply = record_add_text(b, BYTES_LIT("access \"denied\""));
	rcpt[1].address = record_add_text(b, BYTES_LIT("b\xff@example.org"));
	rcpt[1].enhanced = rcpt[1].reply = (struct text){ 0, RECORD_NONE };
	b->rec->recipients = record_add_array(b, rcpt, sizeof rcpt[0], 2);
	steps[0].step = record_add_text(b, BYTES_LIT("syn"));
	steps[1].step = record_add_text(b, BYTES_LIT("greeting_220"));
	b->rec->steps = record_add_array(b, steps, sizeof steps[0], 2);
	finding.rule = record_add_text(b, BYTES_LIT("profile.delayed_reject.greeting_220"));
	finding.message = record_add_text(b, BYTES_LIT("the greeting came late"));
	b->rec->findings = record_add_array(b, &finding, sizeof finding, 1);
}

#endif
