/*
 * make_pairs: connections and their log sessions, many and small, for measuring how they are
 * matched.
 *
 *   make_pairs N PEERS SECONDS CAPTURE LOG
 *
 * N connections of PEERS clients, spread over SECONDS: each is greeted and leaves with QUIT, or is
 * rejected; eight or ten packets, three lines of log. The log's clock is nine hours and 70.3 s
 * ahead. The same arguments give the same octets.
 */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "capture/base/bytes.h"

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define PSH 0x08
#define ACK 0x10
#define START UINT64_C(1767603600000000) /* microseconds */
#define AHEAD (UINT64_C(9) * 3600 * 1000000 + 70300000)
#define PACKET_US 60 /* from one packet of a connection to the next */
#define SERVER 0xc6336419u

struct step {
	bool server;
	uint8_t flags;
	const char *text;
};

static const struct step rejected[] = { { 0, SYN, "" }, { 1, SYN | ACK, "" }, { 0, ACK, "" },
	{ 1, PSH | ACK, "554 Access from your address is refused here.\r\n" }, { 1, FIN | ACK, "" },
	{ 0, ACK, "" }, { 0, FIN | ACK, "" }, { 1, ACK, "" } };
static const struct step greeted[] = { { 0, SYN, "" }, { 1, SYN | ACK, "" }, { 0, ACK, "" },
	{ 1, PSH | ACK, "220 esa.example.com ESMTP\r\n" }, { 0, PSH | ACK, "QUIT\r\n" },
	{ 1, PSH | ACK, "221 esa.example.com\r\n" }, { 1, FIN | ACK, "" }, { 0, FIN | ACK, "" },
	{ 1, ACK, "" } };

/* Link type RAW; checksums are left out, as by an interface that fills them in. */
static void
packet(
    FILE *out, uint64_t us, uint32_t client, uint16_t port, const struct step *s, uint32_t seq[2])
{
	size_t n = strlen(s->text);
	uint8_t p[160] = { 0x45, [6] = 0x40, [8] = 64, [9] = 6 };
	uint32_t header[4] = { (uint32_t)(us / 1000000), (uint32_t)(us % 1000000),
		(uint32_t)(40 + n), (uint32_t)(40 + n) };

	bytes_put_be16(p + 2, (unsigned)(40 + n));
	bytes_put_be32(p + 12, s->server ? SERVER : client);
	bytes_put_be32(p + 16, s->server ? client : SERVER);
	bytes_put_be16(p + 20, s->server ? 25 : port);
	bytes_put_be16(p + 22, s->server ? port : 25);
	bytes_put_be32(p + 24, seq[s->server]);
	bytes_put_be32(p + 28, s->flags & ACK ? seq[!s->server] : 0);
	p[32] = 0x50;
	p[33] = s->flags;
	bytes_put_be16(p + 34, 64240);
	memcpy(p + 40, s->text, n);
	fwrite(header, sizeof header, 1, out);
	fwrite(p, 40 + n, 1, out);
	seq[s->server] += (uint32_t)n + ((s->flags & (SYN | FIN)) != 0);
}

static void
session(FILE *out, uint64_t us, uint32_t client, unsigned long icid, bool reject)
{
	char stamp[32], ip[INET_ADDRSTRLEN];
	struct in_addr addr = { htonl(client) };
	time_t at = (time_t)((us + AHEAD) / 1000000);
	struct tm tm;

	gmtime_r(&at, &tm);
	strftime(stamp, sizeof stamp, "%a %b %e %H:%M:%S %Y", &tm);
	inet_ntop(AF_INET, &addr, ip, sizeof ip);
	fprintf(out,
	    "%s Info: New SMTP ICID %lu interface Data 1 (198.51.100.25) address %s reverse dns "
	    "host unknown verified no\n"
	    "%s Info: ICID %lu %s match ALL SBRS None\n%s Info: ICID %lu close\n",
	    stamp, icid, ip, stamp, icid, reject ? "REJECT SG BLACKLIST" : "ACCEPT SG None", stamp,
	    icid);
}

int
main(int argc, char **argv)
{
	static const uint32_t header[] = { 0xa1b2c3d4, 0x00040002, 0, 0, 65535, 101 };
	unsigned long n, peers, seconds;
	FILE *capture, *log;
	uint64_t state = 1;

	if (argc != 6) {
		fputs("usage: make_pairs N PEERS SECONDS CAPTURE LOG\n", stderr);
		return 2;
	}
	n = strtoul(argv[1], NULL, 10);
	peers = strtoul(argv[2], NULL, 10);
	seconds = strtoul(argv[3], NULL, 10);
	capture = fopen(argv[4], "w");
	log = fopen(argv[5], "w");
	if (capture == NULL || log == NULL || n == 0 || peers == 0 || seconds == 0)
		return 2;
	fwrite(header, sizeof header, 1, capture);
	for (unsigned long i = 0; i < n; i++) {
		uint64_t us = START + i * seconds * 1000000 / n;
		uint32_t seq[2] = { (uint32_t)i * 77, (uint32_t)i * 99 }, client;
		const struct step *steps;
		size_t count;
		bool reject;

		state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
		client = 0x0a000001u + (uint32_t)((state >> 33) % peers);
		reject = (state >> 20 & 3) == 0;
		steps = reject ? rejected : greeted;
		count =
		    reject ? sizeof rejected / sizeof *rejected : sizeof greeted / sizeof *greeted;
		for (size_t k = 0; k < count; k++)
			packet(capture, us + k * PACKET_US, client, (uint16_t)(1024 + i % 60000),
			    &steps[k], seq);
		session(log, us, client, 1000 + i, reject);
	}
	return fclose(capture) != 0 || fclose(log) != 0 ? 2 : 0;
}
