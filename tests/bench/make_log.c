/*
 * make_log: a mail log of any size, for measuring how fast it is read.
 *
 *   make_log OCTETS [SEED [PERCENT]]      the log goes to standard output
 *
 * PERCENT of the connections (45) are refused at the greeting; the others bring mail with all its
 * lines of scanning and delivery, are refused at RCPT TO, get lost, or leave TCPREFUSE lines.
 * Thirty connections a second, each line where its second is, so that sessions interleave as on
 * a gateway. The same arguments give the same octets.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECONDS 64 /* the longest session is shorter */
#define PER_SECOND 30
#define START 1247787000 /* 2009-07-16 23:30:00 UTC */

struct bucket {
	char *text;
	size_t n, room;
};

static struct bucket buckets[SECONDS];
static int64_t now = START;
static uint64_t state = 1;
static unsigned long icid = 4000, mid = 900, dcid = 700;
static unsigned long percent = 45;

/* xorshift64*: quality is not the point, sameness is. */
static unsigned
pick(unsigned n)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (unsigned)(state * UINT64_C(0x2545F4914F6CDD1D) >> 33) % n;
}

static void
append(struct bucket *b, const char *text, size_t n)
{
	if (b->n + n > b->room) {
		b->room = (b->n + n) * 2;
		b->text = realloc(b->text, b->room);
		if (b->text == NULL) {
			fprintf(stderr, "make_log: no memory\n");
			exit(2);
		}
	}
	memcpy(b->text + b->n, text, n);
	b->n += n;
}

/* A line `after` seconds from now. */
static void __attribute__((format(printf, 2, 3))) line(unsigned after, const char *fmt, ...)
{
	char text[1024];
	time_t at = (time_t)(now + after);
	struct tm tm;
	va_list ap;
	size_t n;

	gmtime_r(&at, &tm);
	n = strftime(text, sizeof text, "%a %b %e %H:%M:%S %Y Info: ", &tm);
	va_start(ap, fmt);
	n += (size_t)vsnprintf(text + n, sizeof text - n - 1, fmt, ap);
	va_end(ap);
	text[n++] = '\n';
	append(&buckets[(uint64_t)(now + after) % SECONDS], text, n);
}

static void
message(unsigned at, unsigned user)
{
	mid++;
	line(at, "Start MID %lu ICID %lu", mid, icid);
	line(at, "MID %lu ICID %lu From: <sender%u@example.com>", mid, icid, user);
	for (unsigned i = pick(3) + 1; i > 0; i--)
		line(at, "MID %lu ICID %lu RID %u To: <user%u@example.org>", mid, icid, i - 1,
		    pick(5000));
	line(at, "MID %lu Message-ID '<%08x.%u@mail.example.com>'", mid, pick(1u << 30), user);
	line(at, "MID %lu Subject 'A subject of number %u'", mid, pick(1000000));
	line(at, "MID %lu SPF: mailfrom identity sender%u@example.com Pass (v=spf1)", mid, user);
	line(at, "MID %lu DKIM: pass signature verified (d=example.com s=s1 i=@example.com)", mid);
	line(at + 1, "MID %lu ready %u bytes from <sender%u@example.com>", mid, pick(90000), user);
	line(at + 1,
	    "MID %lu matched all recipients for per-recipient policy DEFAULT in the inbound table",
	    mid);
	line(at + 2, "MID %lu interim verdict using engine: CASE spam negative", mid);
	line(at + 2, "MID %lu using engine: CASE spam negative", mid);
	line(at + 2, "MID %lu interim AV verdict using Sophos CLEAN", mid);
	line(at + 2, "MID %lu antivirus negative", mid);
	line(at + 2, "MID %lu Outbreak Filters: verdict negative", mid);
	line(at + 2, "MID %lu queued for delivery", mid);
	dcid++;
	line(at + 2, "New SMTP DCID %lu interface 192.0.2.25 address 198.51.100.7 port 25", dcid);
	line(at + 2, "Delivery start DCID %lu MID %lu to RID [0]", dcid, mid);
	line(at + 3, "Message done DCID %lu MID %lu to RID [0]", dcid, mid);
	line(at + 3, "MID %lu RID [0] Response 'ok:  Message %u accepted'", mid, pick(1000000));
	line(at + 3, "Message finished MID %lu done", mid);
	line(at + 8, "DCID %lu close", dcid);
}

static void
opened(const char *host, const char *verified)
{
	icid++;
	line(0,
	    "New SMTP ICID %lu interface IncomingMail (192.0.2.25) address %u.%u.%u.%u reverse dns "
	    "host "
	    "%s verified %s",
	    icid, pick(223) + 1, pick(256), pick(256), pick(256), host, verified);
}

static void
rejected(const char *how)
{
	opened("unknown", "no");
	line(0,
	    "ICID %lu REJECT SG BLACKLIST match sbrs[-10.0:-3.0] SBRS -%u.%u country United States",
	    icid, pick(7) + 3, pick(10));
	if (how != NULL)
		line(pick(4), "ICID %lu %s", icid, how);
	line(4, "ICID %lu close", icid);
}

static void
rejected_later(void)
{
	opened("mail.example.net", "yes");
	line(
	    0, "ICID %lu REJECT SG BLACKLIST match sbrs[-10.0:-3.0] SBRS -4.5 country India", icid);
	line(0,
	    "ICID %lu Delayed HAT REJECT continuing session for recipient logging (203.0.113.9)",
	    icid);
	line(1, "ICID %lu Delayed HAT REJECT Message from: user%u@example.com (203.0.113.9)", icid,
	    pick(5000));
	line(1, "ICID %lu Delayed HAT REJECT Message recipient: <user%u@example.org> (203.0.113.9)",
	    icid, pick(5000));
	line(28, "ICID %lu close", icid);
}

static void
accepted(void)
{
	opened("mail.example.com", "yes");
	line(0,
	    "ICID %lu ACCEPT SG UNKNOWNLIST match sbrs[-1.0:10.0] SBRS %u.%u country United States",
	    icid, pick(6), pick(10));
	line(0, "ICID %lu TLS success protocol TLSv1.2 cipher ECDHE-RSA-AES256-GCM-SHA384", icid);
	for (unsigned n = pick(3) + 1; n > 0; n--)
		message(n, pick(5000));
	line(6, "ICID %lu close", icid);
}

static void
connection(void)
{
	unsigned kind = pick(100);

	if (kind < percent)
		rejected(NULL);
	else if (kind < percent + 5)
		rejected("lost");
	else if (kind < percent + 10)
		rejected_later();
	else if (kind < percent + 12)
		line(0, "ICID 0 TCPREFUSE SG BLACKLIST match sbrs[-10.0:-0.5] SBRS -9.9");
	else
		accepted();
}

int
main(int argc, char **argv)
{
	uint64_t want = argc > 1 ? strtoull(argv[1], NULL, 10) : 0, written = 0;

	if (want == 0) {
		fprintf(stderr, "make_log: wants the number of octets\n");
		return 2;
	}
	state = argc > 2 ? strtoull(argv[2], NULL, 10) * 2 + 1 : 1;
	percent = argc > 3 ? strtoul(argv[3], NULL, 10) : 45;
	line(0, "Begin Logfile");
	line(0, "Version: 14.0.0-657 SN: 564D4B6FA42E-CE7D12345678");
	line(0, "Time offset from UTC: 32400 seconds");
	while (written < want) {
		struct bucket *b = &buckets[(uint64_t)now % SECONDS];

		for (unsigned i = 0; i < PER_SECOND; i++)
			connection();
		if (fwrite(b->text, 1, b->n, stdout) != b->n) {
			perror("make_log");
			return 2;
		}
		written += b->n;
		b->n = 0;
		now++;
	}
	return 0;
}
