/*
 * make_capture sessions N [OPEN [REFUSED]] | flood N: a capture on standard output, always the
 * same.
 *
 * sessions: N SMTP connections from distinct clients, OPEN of them at a time (96), of which
 * REFUSED in a hundred (25) are in turns a reject, a delayed reject and a tcprefuse, 8, 20 and 4
 * packets; the rest is accepted with a mail, 28 packets, some with a body of four full segments
 * more. With time stamps and valid checksums, as on Ethernet.
 * flood: N SYNs, each from a source of its own.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/base/bytes.h"

#define OPEN 96       /* sessions at a time */
#define REFUSED 25    /* in a hundred */
#define OPEN_MAX 4096 /* of those that may be asked for */
#define MSS 1448
#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define PSH 0x08
#define ACK 0x10

struct step {
	char from; /* 'C' or 'S', 0 ends the script; 'B': the client's body, if it has one */
	uint8_t flags;
	const char *text;
};

#define HANDSHAKE                                 \
	{ 'C', SYN, "" }, { 'S', SYN | ACK, "" }, \
	{                                         \
		'C', ACK, ""                      \
	}
#define SAY(from, text)                      \
	{                                    \
		from, PSH | ACK, text "\r\n" \
	}
#define HEARD(from)           \
	{                     \
		from, ACK, "" \
	}
#define CLOSE                                                                               \
	{ 'S', FIN | ACK, "" }, { 'C', ACK, "" }, { 'C', FIN | ACK, "" }, { 'S', ACK, "" }, \
	{                                                                                   \
		0, 0, NULL                                                                  \
	}
#define OPENING                                                                                    \
	HANDSHAKE, SAY('S', "220 mx.example.org ESMTP"), HEARD('C'),                               \
	    SAY('C', "EHLO client.example.com"), HEARD('S'),                                       \
	    SAY('S', "250-mx.example.org\r\n250-8BITMIME\r\n250-PIPELINING\r\n250 SIZE 33554432"), \
	    SAY('C', "MAIL FROM:<sender@example.com> SIZE=2048"),                                  \
	    SAY('S', "250 sender <sender@example.com> ok"), SAY('C', "RCPT TO:<user@example.org>")
#define ENDING SAY('C', "QUIT"), HEARD('S'), SAY('S', "221 mx.example.org"), HEARD('C'), CLOSE

static const struct step accepted[] = {
	OPENING,
	SAY('S', "250 recipient <user@example.org> ok"),
	SAY('C', "DATA"),
	SAY('S', "354 go ahead"),
	SAY('C', "From: sender@example.com\r\nTo: user@example.org\r\nSubject: a message of a few "
		 "lines\r\nDate: Thu, 01 Jan 2026 00:00:00 +0000\r\nMessage-ID: "
		 "<20260101000000.1@example.com>\r\n\r\nThe quick brown fox jumps over the lazy "
		 "dog.\r\nThe quick brown fox jumps over the lazy dog.\r\n"),
	HEARD('S'),
	{ 'B', PSH | ACK, "" },
	SAY('C', "."),
	HEARD('S'),
	SAY('S', "250 ok:  Message 12345 accepted"),
	ENDING,
};

static const struct step delayed[] = {
	OPENING,
	SAY('S',
	    "550 #5.7.1 Your access to submit messages to this e-mail system has been rejected."),
	ENDING,
};

static const struct step reject[] = {
	HANDSHAKE,
	SAY('S', "554 mx.example.org"),
	CLOSE,
};

static const struct step refuse[] = {
	HANDSHAKE,
	{ 'S', RST | ACK, "" },
	{ 0, 0, NULL },
};

struct session {
	const struct step *at;
	uint32_t client, next[2], echo; /* next sequence numbers of client and server */
	uint16_t port;
	unsigned body; /* full segments still to come */
};

static uint64_t now_us = UINT64_C(1767225600000000);
static uint16_t ip_id;
static uint8_t body[MSS]; /* whole lines */

static void
fill_body(void)
{
	for (size_t i = 0; i < MSS; i++)
		body[i] = (uint8_t)(i % 74 == 72 ? '\r' : i % 74 == 73 ? '\n' : 'a' + i % 26);
	body[MSS - 2] = '\r';
	body[MSS - 1] = '\n';
}

static uint32_t
sum16(uint32_t sum, const uint8_t *p, size_t n)
{
	for (; n > 1; n -= 2, p += 2)
		sum += (uint32_t)(p[0] << 8 | p[1]);
	return n == 1 ? sum + ((uint32_t)p[0] << 8) : sum;
}

static uint32_t
folded(uint32_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

static void
write_record(const uint8_t *frame, size_t n)
{
	uint32_t head[4] = { (uint32_t)(now_us / 1000000), (uint32_t)(now_us % 1000000),
		(uint32_t)n, (uint32_t)n };

	fwrite(head, sizeof head, 1, stdout);
	fwrite(frame, n, 1, stdout);
}

/* Options: NOP NOP TS, and of a SYN also MSS, SACK permitted and a window scale. */
static size_t
put_options(uint8_t *p, uint8_t flags, uint32_t echo)
{
	static const uint8_t syn[] = { 2, 4, 0x05, 0xb4, 4, 2, 8, 10 };
	static const uint8_t other[] = { 1, 1, 8, 10 };
	size_t n = (flags & SYN) != 0 ? sizeof syn : sizeof other;

	memcpy(p, (flags & SYN) != 0 ? syn : other, n);
	bytes_put_be32(p + n, (uint32_t)(now_us / 1000));
	bytes_put_be32(p + n + 4, echo);
	n += 8;
	if ((flags & SYN) != 0) {
		memcpy(p + n, (const uint8_t[]){ 1, 3, 3, 7 }, 4);
		n += 4;
	}
	return n;
}

static void
put_segment(struct session *s, bool server, uint8_t flags, const uint8_t *text, size_t n)
{
	static const uint8_t ethernet[14] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0 };
	uint8_t frame[14 + 20 + 40 + MSS] = { 0 };
	uint8_t *ip = frame + 14, *tcp = ip + 20;
	size_t head = 20 + put_options(tcp + 20, flags, s->echo);

	memcpy(frame, ethernet, sizeof ethernet);
	bytes_put_be16(ip, 0x4500);
	bytes_put_be16(ip + 2, (uint32_t)(20 + head + n));
	bytes_put_be16(ip + 4, ip_id++);
	bytes_put_be16(ip + 6, 0x4000);
	bytes_put_be16(ip + 8, (server ? 64u : 57u) << 8 | 6);
	bytes_put_be32(ip + (server ? 16 : 12), s->client);
	bytes_put_be32(ip + (server ? 12 : 16), 0xc6336419); /* 198.51.100.25 */
	bytes_put_be16(ip + 10, folded(sum16(0, ip, 20)));

	bytes_put_be16(tcp, server ? 25 : s->port);
	bytes_put_be16(tcp + 2, server ? s->port : 25);
	bytes_put_be32(tcp + 4, s->next[server]);
	bytes_put_be32(tcp + 8, (flags & ACK) != 0 ? s->next[!server] : 0);
	tcp[12] = (uint8_t)(head / 4 << 4);
	tcp[13] = flags;
	bytes_put_be16(tcp + 14, 502);
	memcpy(tcp + head, text, n);
	bytes_put_be16(
	    tcp + 16, folded(sum16(sum16(6 + (uint32_t)(head + n), ip + 12, 8), tcp, head + n)));

	write_record(frame, 14 + 20 + head + n);
	s->next[server] += (uint32_t)n + ((flags & (SYN | FIN)) != 0);
	s->echo = (uint32_t)(now_us / 1000);
}

static void
start(struct session *s, uint32_t number, uint32_t refused)
{
	static const struct step *const others[] = { reject, delayed, refuse };

	uint64_t before = (uint64_t)number * refused / 100;
	bool is_refused = (uint64_t)(number + 1) * refused / 100 > before;

	*s = (struct session){ .at = is_refused ? others[before % 3] : accepted,
		.client = 0x0a000001 + number,
		.next = { number * 2654435761u, number * 2246822519u },
		.port = (uint16_t)(1024 + number % 60000),
		.body = number % 4 == 1 ? 4 : 0 };
}

/* One packet; false when the session was over before. */
static bool
advance(struct session *s)
{
	if (s->at->from == 'B' && s->body == 0)
		s->at++;
	if (s->at->from == 0)
		return false;
	if (s->at->from == 'B') {
		put_segment(s, false, s->at->flags, body, sizeof body);
		s->body--;
		return true;
	}
	put_segment(
	    s, s->at->from == 'S', s->at->flags, (const uint8_t *)s->at->text, strlen(s->at->text));
	s->at++;
	return true;
}

static void
sessions(uint32_t n, uint32_t at_a_time, uint32_t refused)
{
	static struct session open[OPEN_MAX];
	uint32_t started = 0, live = 0;

	for (; live < at_a_time && started < n; live++)
		start(&open[live], started++, refused);
	for (uint32_t i = 0; live > 0; i = (i + 1) % live) {
		now_us += 7;
		if (advance(&open[i]))
			continue;
		if (started < n)
			start(&open[i], started++, refused);
		else
			open[i] = open[--live];
		if (live == 0)
			break;
		i %= live;
	}
}

static void
flood(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct session s;

		start(&s, i, REFUSED);
		now_us += 3;
		put_segment(&s, false, SYN, NULL, 0);
	}
}

int
main(int argc, char **argv)
{
	static const uint32_t header[6] = { 0xa1b2c3d4, 2 | 4 << 16, 0, 0, 262144, 1 };
	unsigned long n = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	unsigned long at_a_time = argc > 3 ? strtoul(argv[3], NULL, 10) : OPEN;
	unsigned long refused = argc > 4 ? strtoul(argv[4], NULL, 10) : REFUSED;

	if (argc > 5 || refused > 100 || n == 0 || n > 16000000 || at_a_time == 0 ||
	    at_a_time > OPEN_MAX ||
	    (strcmp(argv[1], "sessions") != 0 && strcmp(argv[1], "flood") != 0)) {
		fprintf(stderr, "usage: make_capture sessions N [OPEN [REFUSED]] | flood N\n");
		return 2;
	}
	fill_body();
	setvbuf(stdout, NULL, _IOFBF, 1 << 20);
	fwrite(header, sizeof header, 1, stdout);
	if (argv[1][0] == 's')
		sessions((uint32_t)n, (uint32_t)at_a_time, (uint32_t)refused);
	else
		flood((uint32_t)n);
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
