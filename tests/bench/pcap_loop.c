/*
 * pcap_loop FILE: libpcap with an empty callback, the least that reading a capture
 * can cost with it. What hatcheck takes is told as a ratio to this.
 */
#include <pcap/pcap.h>
#include <stdio.h>

static void
nothing(u_char *ctx, const struct pcap_pkthdr *h, const u_char *data)
{
	(void)ctx;
	(void)h;
	(void)data;
}

int
main(int argc, char **argv)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *p;
	int end;

	if (argc != 2) {
		fprintf(stderr, "usage: pcap_loop FILE\n");
		return 2;
	}
	p = pcap_open_offline(argv[1], error);
	if (p == NULL) {
		fprintf(stderr, "pcap_loop: %s\n", error);
		return 2;
	}
	end = pcap_loop(p, -1, nothing, NULL);
	if (end < 0)
		fprintf(stderr, "pcap_loop: %s\n", pcap_geterr(p));
	pcap_close(p);
	return end < 0 ? 3 : 0;
}
