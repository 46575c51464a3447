#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "reports/queue.h"
#include "tests/unit/rows.h"

/*
 * Steps, a space between two: a word is a line of itself, one with a hyphen behind it is its
 * beginning only;
 * `*N` a line of N octets and its end; `w` writes while the reader takes nothing, `r` writes
 * and reads all.
 */
static const struct {
	const char *why;
	size_t room;
	const char *steps, *read;
	uint64_t dropped;
} rows[] = {
	{ "lines in order", 64, "one two r three r", "one,two,three,", 0 },
	{ "a line waits for its end", 64, "one- r two r", "onetwo,", 0 },
	{ "one that does not fit is dropped whole", 8, "abc *20 de r", "abc,de,", 1 },
	{ "also when its beginning fitted", 8, "abc- *20 de r", "de,", 1 },
	{ "a full queue drops the newest", 8, "abc def ghi r jkl r", "abc,def,jkl,", 1 },
	{ "as long as all of it", 8, "*7 r a r", "xxxxxxx,a,", 0 },
	{ "one octet longer", 8, "*8 r a r", "a,", 1 },
	{ "round the end of the room", 8, "abcd r efgh r ijkl r mnop r", "abcd,efgh,ijkl,mnop,",
	    0 },
	{ "a beginning in one piece, the end beyond the room", 8, "ab cd- r *9 ef r", "ab,ef,", 1 },
	{ "an empty line is one", 8, "*0 a r", ",a,", 0 },
};

static int
write_end(int pipe_fd[static 2])
{
	cr_assert_eq(pipe(pipe_fd), 0);
	cr_assert_geq(fcntl(pipe_fd[0], F_SETFL, O_NONBLOCK), 0);
	return pipe_fd[1];
}

/* What the pipe holds, with commas for line ends. */
static void
read_all(int fd, char *to)
{
	size_t n = strlen(to);
	ssize_t got;

	while ((got = read(fd, to + n, 64)) > 0)
		n += (size_t)got;
	to[n] = '\0';
	for (char *p = to; (p = strchr(p, '\n')) != NULL;)
		*p = ',';
}

static void
add_word(struct queue *q, const char *word)
{
	char text[64];
	size_t n = strlen(word);

	if (word[0] == '*') {
		n = (size_t)atoi(word + 1);
		memset(text, 'x', n);
	} else {
		memcpy(text, word, n);
	}
	if (word[0] == '*' || word[n - 1] != '-')
		text[n++] = '\n';
	else
		n--;
	queue_add(q, bytes_of(text, n));
}

ROWS(queue, rows, rows)

ParameterizedTest(size_t *i, queue, rows)
{
	char got[256] = "", *steps = strdup(rows[*i].steps), *save = NULL;
	int fd[2];
	struct queue q;

	cr_assert(queue_init(&q, write_end(fd), rows[*i].room));
	for (char *word = strtok_r(steps, " ", &save); word != NULL;
	     word = strtok_r(NULL, " ", &save)) {
		if (strcmp(word, "r") == 0) {
			cr_assert_eq(queue_write(&q), 0);
			cr_assert(!queue_waits(&q), "%s", rows[*i].why);
			read_all(fd[0], got);
		} else {
			add_word(&q, word);
		}
	}
	cr_expect_str_eq(got, rows[*i].read, "%s: %s", rows[*i].why, got);
	cr_expect_eq(q.dropped, rows[*i].dropped, "%s: %lu", rows[*i].why, q.dropped);
	queue_clear(&q);
	free(steps);
	close(fd[0]);
	close(fd[1]);
}

/* Nobody reads for long, then somebody does: whole lines in order, and every other one counted. */
Test(queue, a_reader_that_stops)
{
	const unsigned lines = 20000;
	unsigned last = 0, seen = 0, k;
	char text[32], *got = calloc(1, lines * sizeof text), *save = NULL;
	int fd[2];
	struct queue q;

	cr_assert(got != NULL && queue_init(&q, write_end(fd), 32768));
	for (k = 1; k <= lines; k++) {
		int n = snprintf(text, sizeof text, "line %u\n", k);

		queue_add(&q, bytes_of(text, (size_t)n));
		cr_assert_eq(queue_write(&q), 0, "a full pipe is no failure");
	}
	cr_assert(queue_waits(&q) && q.dropped > 0);
	while (queue_waits(&q)) {
		read_all(fd[0], got);
		cr_assert_eq(queue_write(&q), 0);
	}
	read_all(fd[0], got);
	for (char *line = strtok_r(got, ",", &save); line != NULL;
	     line = strtok_r(NULL, ",", &save)) {
		cr_assert_eq(sscanf(line, "line %u", &k), 1, "half a line: %s", line);
		cr_assert_gt(k, last);
		last = k;
		seen++;
	}
	cr_expect_eq(seen + q.dropped, lines, "%u read, %lu dropped", seen, q.dropped);
	queue_clear(&q);
	free(got);
}

Test(queue, who_shares_the_pipe_may_still_block)
{
	int fd[2];
	struct queue q;

	cr_assert(queue_init(&q, write_end(fd), 64));
	cr_expect_eq(fcntl(fd[1], F_GETFL) & O_NONBLOCK, 0);
	queue_clear(&q);
}

Test(queue, a_reader_that_is_gone)
{
	int fd[2];
	struct queue q;

	signal(SIGPIPE, SIG_IGN);
	cr_assert(queue_init(&q, write_end(fd), 64));
	close(fd[0]);
	queue_add(&q, BYTES_LIT("line\n"));
	cr_expect_eq(queue_write(&q), EPIPE);
	queue_clear(&q);
}

Test(queue, what_is_slow_and_what_is_not)
{
	char path[] = "/tmp/hatcheck-test-XXXXXX", got[16] = "";
	int file = mkstemp(path), fd[2];
	struct queue q;

	cr_expect(!queue_needed(file), "a file of a disk");
	cr_expect(queue_needed(write_end(fd)), "a pipe");
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	cr_expect(queue_needed(fd[0]), "a socket");
	cr_assert(queue_init(&q, fd[0], 64));
	queue_add(&q, BYTES_LIT("line\n"));
	cr_expect_eq(queue_write(&q), 0);
	cr_expect_eq(recv(fd[1], got, sizeof got, MSG_DONTWAIT), 5);
	queue_clear(&q);
	unlink(path);
}
