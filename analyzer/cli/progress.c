#include "analyzer/cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define BAR 30
#define MS INT64_C(1000000)
#define MIB (UINT64_C(1) << 20)

static int64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 * MS + now.tv_nsec;
}

void
progress_init(struct progress *p, bool wanted)
{
	*p = (struct progress){ .wanted = wanted };
	if (!wanted)
		return;
	p->start_ns = now_ns();
	p->next_ns = p->start_ns + 500 * MS;
}

static void
draw_bar(uint64_t done, uint64_t total)
{
	char bar[BAR + 1];

	done = done < total ? done : total;
	memset(bar, ' ', BAR);
	memset(bar, '=', (size_t)(done * BAR / total));
	bar[BAR] = '\0';
	fprintf(stderr, "[%s] %3u %%  ", bar, (unsigned)(done * 100 / total));
}

void
progress_step(void *ctx, uint64_t done, uint64_t total)
{
	struct progress *p = ctx;
	int64_t now, passed_ms;

	if (!p->wanted)
		return;
	now = now_ns();
	if (now < p->next_ns)
		return;
	p->next_ns = now + 100 * MS;
	passed_ms = (now - p->start_ns) / MS;
	p->drawn = true;
	fprintf(stderr, "\r\033[K");
	if (total > 0)
		draw_bar(done, total);
	fprintf(stderr, "%llu MiB, %llu MiB/s", (unsigned long long)(done / MIB),
	    (unsigned long long)(done * 1000 / MIB / (uint64_t)passed_ms));
	fflush(stderr);
}

void
progress_finish(struct progress *p)
{
	if (p->drawn)
		fprintf(stderr, "\r\033[K");
	p->drawn = false;
}
