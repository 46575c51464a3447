/*
 * repeat N FILE...: a capture of N packets, or a few more, on standard output: those of SMTP in the
 * captures, over Ethernet and IPv4, again and again, each round with addresses of its own. What a
 * capture cut off is left out. 20 us from one to the next; a checksum stays as right as it was.
 */
#include <pcap/pcap.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/base/bytes.h"

#define IP_SUM 24 /* where they are in a frame whose IP header has no options */
#define SOURCE 26
#define DESTINATION 30
#define TCP_SUM 50
#define LEAST 54
#define ROUNDS 65536 /* as many addresses as there are for each */

struct frame {
	uint8_t *octets;
	uint32_t n;
};

static struct frame *frames;
static size_t count, room;

static void *
some(void *p)
{
	if (p == NULL) {
		fprintf(stderr, "repeat: no memory left\n");
		exit(1);
	}
	return p;
}

static void
keep(u_char *ctx, const struct pcap_pkthdr *h, const u_char *data)
{
	(void)ctx;
	if (h->caplen != h->len || h->len < LEAST)
		return;
	if (count == room) {
		room = room == 0 ? 1024 : room * 2;
		frames = some(realloc(frames, room * sizeof *frames));
	}
	frames[count] = (struct frame){ some(malloc(h->len)), h->len };
	memcpy(frames[count++].octets, data, h->len);
}

/* A capture that cannot be read, or is of another link type, has none. */
static void
take(const char *path)
{
	char error[PCAP_ERRBUF_SIZE];
	struct bpf_program smtp;
	pcap_t *p = pcap_open_offline(path, error);

	if (p == NULL)
		return;
	if (pcap_datalink(p) == DLT_EN10MB &&
	    pcap_compile(p, &smtp, "ip[0] == 0x45 and tcp port 25", 1, PCAP_NETMASK_UNKNOWN) == 0) {
		if (pcap_setfilter(p, &smtp) == 0)
			(void)pcap_loop(p, -1, keep, NULL);
		pcap_freecode(&smtp);
	}
	pcap_close(p);
}

/* Two octets of what a checksum covers become other ones. RFC 1624 */
static void
mend(uint8_t *sum, uint32_t was, uint32_t is)
{
	uint32_t s = (~bytes_be16(sum) & 0xffff) + (~was & 0xffff) + is;

	s = (s & 0xffff) + (s >> 16);
	s = (s & 0xffff) + (s >> 16);
	bytes_put_be16(sum, ~s & 0xffff);
}

static void
move(uint8_t *frame, size_t address)
{
	uint32_t was = bytes_be16(frame + address), is = (was + 1) & 0xffff;

	bytes_put_be16(frame + address, is);
	mend(frame + IP_SUM, was, is);
	mend(frame + TCP_SUM, was, is);
}

static void
write_record(const struct frame *f, uint64_t now_us)
{
	uint32_t head[4] = { (uint32_t)(now_us / 1000000), (uint32_t)(now_us % 1000000), f->n,
		f->n };

	fwrite(head, sizeof head, 1, stdout);
	fwrite(f->octets, f->n, 1, stdout);
}

int
main(int argc, char **argv)
{
	static const uint32_t header[6] = { 0xa1b2c3d4, 2 | 4 << 16, 0, 0, 262144, 1 };
	unsigned long wanted = argc > 2 ? strtoul(argv[1], NULL, 10) : 0, written = 0;
	uint64_t now_us = UINT64_C(1767225600000000);

	if (wanted == 0) {
		fprintf(stderr, "usage: repeat N FILE...\n");
		return 2;
	}
	for (int i = 2; i < argc; i++)
		take(argv[i]);
	if (count == 0 || wanted / count >= ROUNDS) {
		fprintf(stderr, "repeat: they have too few packets\n");
		return 1;
	}
	setvbuf(stdout, NULL, _IOFBF, 1 << 20);
	fwrite(header, sizeof header, 1, stdout);
	while (written < wanted)
		for (size_t i = 0; i < count; i++, written++) {
			write_record(&frames[i], now_us += 20);
			move(frames[i].octets, SOURCE);
			move(frames[i].octets, DESTINATION);
		}
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
