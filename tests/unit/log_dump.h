/*
 * log_dump: the sessions that a log comes to, one line of text each.
 */
#ifndef HATCHECK_TEST_LOG_DUMP_H
#define HATCHECK_TEST_LOG_DUMP_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "analyzer/maillog/maillog.h"
#include "reports/address.h"

struct log_dump {
	char *text;
	size_t n;
	FILE *to;
	struct maillog *m;
};

static inline void
log_dump_time(FILE *to, const char *name, const struct log_session *s, int64_t local_ns)
{
	time_t at;
	struct tm tm;
	char text[32];

	if (local_ns == LOG_TIME_NONE)
		return;
	at = (time_t)(log_session_utc(s, local_ns) / LOG_NS_PER_S);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", gmtime_r(&at, &tm));
	fprintf(to, " %s=%s", name, text);
}

static inline void
log_dump_parties(FILE *to, const char *name, const struct log_session *s, struct log_list list)
{
	const struct log_party *p = log_session_list(s, list);

	for (uint16_t i = 0; i < list.count; i++) {
		struct bytes address = log_session_text(s, p[i].address);
		const char *refusal = log_refusal_name(p[i].refusal);

		fprintf(to, " %s<%.*s>%s%s", name, (int)address.n, (const char *)address.p,
		    refusal == NULL ? "" : "!", refusal == NULL ? "" : refusal);
	}
}

/* "4160 REJECT BLACKLIST match=y.y.y.y sbrs=None delayed peer=..." */
static inline void
log_dump_session(void *ctx, const struct log_session *s)
{
	static const char *const names[LOG_TEXT_COUNT] = { [LOG_TEXT_ADDRESS] = "masked",
		[LOG_TEXT_INTERFACE] = "if",
		[LOG_TEXT_HOST] = "host",
		[LOG_TEXT_GROUP] = "sg",
		[LOG_TEXT_MATCH] = "match",
		[LOG_TEXT_SBRS] = "sbrs",
		[LOG_TEXT_COUNTRY] = "country" };
	const struct log_message *m = log_session_list(s, s->messages);
	struct log_dump *d = ctx;
	char room[ADDRESS_ROOM];

	fprintf(d->to, "%llu", (unsigned long long)s->icid);
	if (s->action != LOG_ACTION_NONE)
		fprintf(d->to, " %s", log_action_name(s->action));
	for (int i = 0; i < LOG_TEXT_COUNT; i++) {
		struct bytes text = log_session_text(s, s->text[i]);

		if (log_text_present(s->text[i]))
			fprintf(d->to, " %s=%.*s", names[i], (int)text.n, (const char *)text.p);
	}
	if (s->peer.family != 0)
		fprintf(d->to, " peer=%s", address_format(room, &s->peer));
	if (s->interface_addr.family != 0)
		fprintf(d->to, " on=%s", address_format(room, &s->interface_addr));
	if (s->verified >= 0)
		fprintf(d->to, " verified=%d", s->verified);
	fprintf(d->to, "%s%s%s%s", s->delayed ? " delayed" : "", s->harvest ? " harvest" : "",
	    s->event ? " event" : "", s->incomplete ? " incomplete" : "");
	if (s->tls != LOG_TLS_NONE)
		fprintf(d->to, " tls=%s", log_tls_name(s->tls));
	if (s->auth != LOG_AUTH_NONE)
		fprintf(d->to, " auth=%s", log_auth_name(s->auth));
	log_dump_time(d->to, "opened", s, log_session_opened(s));
	log_dump_time(d->to, "closed", s, s->closed_ns);
	if (s->end != LOG_END_NONE)
		fprintf(d->to, " how=%s", log_end_name(s->end));
	log_dump_parties(d->to, "from", s, s->senders);
	log_dump_parties(d->to, "to", s, s->recipients);
	for (uint16_t i = 0; i < s->messages.count; i++)
		fprintf(d->to, " mid=%llu:%s", (unsigned long long)m[i].mid,
		    log_receipt_name(m[i].receipt));
	if (maillog_serial(d->m, s->appliance) != NULL)
		fprintf(d->to, " sn=%s", maillog_serial(d->m, s->appliance));
	fprintf(d->to, " @%u:%u,%u,%u\n", s->first_line.file, s->first_line.line, s->hat_line.line,
	    s->close_line.line);
}

/* The configuration's sink is this one. d->text is to be freed. */
static inline void
log_dump_open(struct log_dump *d, struct maillog_config config)
{
	d->to = open_memstream(&d->text, &d->n);
	config.sink = log_dump_session;
	config.ctx = d;
	d->m = maillog_new(&config);
}

static inline void
log_dump_close(struct log_dump *d)
{
	maillog_finish(d->m);
	fclose(d->to);
	maillog_free(d->m);
}

#endif
