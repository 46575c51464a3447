#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyzer/maillog/log_tail.h"
#include "tests/unit/rows.h"
#include "folder.h"

#define MS INT64_C(1000000)

/*
 * What becomes of a file, and what is told of it. Steps, a space between two: `+TEXT` adds to the
 * file and `-TEXT` to the one that was renamed last; `mv` renames, `rm` removes, `cut` truncates,
 * `=TEXT` writes anew in place; `N` lets N ms pass and reads. Told: TEXT, `|` rotated, `^`
 * truncated, `!` a problem.
 */
static const struct {
	const char *why, *steps, *told;
} rows[] = {
	{ "what is there, then what comes", "+a; 0 +b; 300 +c; 300", "a;b;c;" },
	{ "a file that is not there yet", "0 300 +a; 300", "!a;" },
	{ "renamed: the rest of the old one, then the new one", "+a; 0 +b; mv +c; 300 1200 +d; 300",
	    "a;b;|c;d;" },
	{ "its writer has not noticed yet", "+a; 0 mv +c; 300 -b; 500 1200 300", "a;b;|c;" },
	{ "no file for a while", "+a; 0 mv 300 2000 +b; 300 1200 300", "a;|b;" },
	{ "renamed twice between two looks", "+a; 0 mv +b; 300 mv +c; 300 1200 1200 1200 +d; 300",
	    "a;|b;|c;d;" },
	{ "removed and made anew", "+a; 0 rm +b; 300 1200 300", "a;|b;" },
	{ "truncated", "+a;b; 0 cut 300 +c; 300", "a;b;^c;" },
	{ "truncated and longer than before at once", "+a; 0 =cccccc; 300", "a;^cccccc;" },
	{ "truncated and as long as before: what follows shows it", "+a; 0 =b; 300 +c; 300",
	    "a;^b;c;" },
	{ "removed, and read on meanwhile", "+a; 0 +b; rm 300", "a;b;" },
};

struct play {
	char folder[32], path[64], old[80];
	char told[256];
	int renamed;
	int64_t now_ns;
	struct log_tail tail;
};

static int
open_path(void *ctx, int *fd)
{
	const struct play *p = ctx;

	*fd = open(p->path, O_RDONLY | O_CLOEXEC);
	return *fd < 0 ? errno : 0;
}

static void
on_news(void *ctx, const struct log_tail_news *news)
{
	static const char *const marks[] = { [LOG_TAIL_SKIPPED] = "~",
		[LOG_TAIL_ROTATED] = "|",
		[LOG_TAIL_TRUNCATED] = "^",
		[LOG_TAIL_PROBLEM] = "!" };
	struct play *p = ctx;
	size_t n = strlen(p->told);

	if (news->event == LOG_TAIL_BLOCK)
		snprintf(p->told + n, sizeof p->told - n, "%.*s", (int)news->block.n,
		    (const char *)news->block.p);
	else
		snprintf(p->told + n, sizeof p->told - n, "%s", marks[news->event]);
}

static void
put(const char *path, int flags, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | flags, 0600);

	cr_assert(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static void
step(struct play *p, const char *word)
{
	if (word[0] == '+') {
		put(p->path, O_APPEND, word + 1);
	} else if (word[0] == '-') {
		put(p->old, O_APPEND, word + 1);
	} else if (word[0] == '=') {
		put(p->path, O_TRUNC, word + 1);
	} else if (strcmp(word, "cut") == 0) {
		put(p->path, O_TRUNC, "");
	} else if (strcmp(word, "rm") == 0) {
		cr_assert_eq(unlink(p->path), 0);
	} else if (strcmp(word, "mv") == 0) {
		snprintf(p->old, sizeof p->old, "%s.%d", p->path, ++p->renamed);
		cr_assert_eq(rename(p->path, p->old), 0);
	} else {
		p->now_ns += strtol(word, NULL, 10) * MS;
		while (log_tail_poll(&p->tail, p->now_ns, 1 << 20, on_news, p))
			;
	}
}

static void
begin(struct play *p)
{
	*p = (struct play){ .folder = "/tmp/hatcheck-test-XXXXXX", .now_ns = 5000 * MS };
	cr_assert_not_null(mkdtemp(p->folder));
	snprintf(p->path, sizeof p->path, "%s/log", p->folder);
	log_tail_init(&p->tail, open_path, p);
}

static void
end(struct play *p)
{
	log_tail_clear(&p->tail);
	cr_assert_eq(folder_remove(p->folder), 0);
}

ROWS(log_tail, rows, rows)

ParameterizedTest(size_t *i, log_tail, rows)
{
	char *steps = strdup(rows[*i].steps), *save = NULL;
	struct play p;

	begin(&p);
	for (char *word = strtok_r(steps, " ", &save); word != NULL;
	     word = strtok_r(NULL, " ", &save))
		step(&p, word);
	cr_expect_str_eq(p.told, rows[*i].told, "%s: %s", rows[*i].why, p.told);
	end(&p);
	free(steps);
}

static void
count_news(void *ctx, const struct log_tail_news *news)
{
	uint64_t *seen = ctx; /* octets, lines skipped, blocks that do not end a line */

	if (news->event == LOG_TAIL_BLOCK) {
		seen[0] += news->block.n;
		seen[2] += news->block.p[news->block.n - 1] != '\n';
	}
	seen[1] += news->lines;
}

/* Of a long log the beginning and the end are read, and no line is torn where a part is left out.
 */
Test(log_tail, a_long_backlog)
{
	const uint64_t line = 64, lines = (LOG_TAIL_BACKLOG + (16 << 20)) / line;
	char text[65] = "";
	uint64_t seen[3] = { 0 };
	struct play p;
	FILE *f;

	begin(&p);
	f = fopen(p.path, "w");
	memset(text, 'x', line - 1);
	text[line - 1] = '\n';
	for (uint64_t k = 0; k < lines; k++)
		cr_assert_eq(fwrite(text, line, 1, f), 1);
	fclose(f);
	while (log_tail_poll(&p.tail, p.now_ns, 1 << 20, count_news, seen))
		;
	cr_expect_eq(
	    seen[0] / line + seen[1], lines, "%lu read, %lu skipped", seen[0] / line, seen[1]);
	cr_expect_gt(seen[1], 0);
	cr_expect_geq(seen[0], LOG_TAIL_BACKLOG);
	cr_expect_eq(seen[0] % line, 0);
	end(&p);
}

/* What it reads at once is bounded, so that nobody else waits for a log. */
Test(log_tail, no_more_at_once_than_was_asked_for)
{
	uint64_t seen[3] = { 0 };
	char block[4096];
	struct play p;
	FILE *f;

	begin(&p);
	memset(block, '\n', sizeof block);
	f = fopen(p.path, "w");
	for (int k = 0; k < 256; k++)
		cr_assert_eq(fwrite(block, sizeof block, 1, f), 1);
	fclose(f);
	cr_expect(log_tail_poll(&p.tail, p.now_ns, 1 << 17, count_news, seen), "there is more");
	cr_expect_lt(seen[0], 1 << 19);
	while (log_tail_poll(&p.tail, p.now_ns, 1 << 17, count_news, seen))
		;
	cr_expect_eq(seen[0], 256 * sizeof block);
	end(&p);
}
