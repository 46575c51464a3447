#include <criterion/criterion.h>
#include <fcntl.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "fixtures/responder/mail_log.h"
#include "tests/unit/rows.h"

static bool
matches(const char *text, const char *pattern)
{
	regex_t re;
	bool found;

	cr_assert_eq(regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB), 0);
	found = regexec(&re, text, 0, NULL, 0) == 0;
	regfree(&re);
	return found;
}

/* The whole file, with a NUL. */
static char *
read_all(int fd)
{
	off_t n = lseek(fd, 0, SEEK_END);
	char *text = calloc(1, (size_t)n + 1);

	cr_assert_not_null(text);
	cr_assert_eq(pread(fd, text, (size_t)n, 0), n);
	return text;
}

static struct mail_log *
open_log(int *fd)
{
	struct mail_log *log;
	struct fault fault;
	char path[64];

	*fd = memfd_create("log", 0);
	snprintf(path, sizeof path, "/proc/self/fd/%d", *fd);
	cr_assert_eq(mail_log_open(&log, path, &fault), STATUS_OK, "%s", fault.text);
	return log;
}

#define STAMP "[A-Z][a-z]{2} [A-Z][a-z]{2} [ 1-3][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2} [0-9]{4} Info: "

static const struct {
	const char *zone;
	long offset_s; /* local minus UTC */
} zones[] = {
	{ "UTC0", 0 },
	{ "XXX8", -28800 },
	{ "XXX-5:30", 19800 },
};

ROWS(responder_mail_log, zone, zones)

ParameterizedTest(size_t *i, responder_mail_log, zone)
{
	char want[1024], *text;
	struct mail_log *log;
	struct tm tm;
	time_t now, told;
	int fd;

	setenv("TZ", zones[*i].zone, 1);
	tzset();
	log = open_log(&fd);
	mail_log_begin(log, "mx.test");
	now = time(NULL);
	mail_log_line(log, "ICID %d close", 5);
	cr_assert_eq(mail_log_close(log, NULL), STATUS_OK);
	text = read_all(fd);
	snprintf(want, sizeof want,
	    "^" STAMP "Begin Logfile\n" STAMP
	    "Version: [0-9]+\\.[0-9]+\\.[^ ]{1,6} SN: [^ ]{20,}\n" STAMP
	    "Time offset from UTC: %ld seconds\n" STAMP "ICID 5 close\n" STAMP "End Logfile\n$",
	    zones[*i].offset_s);
	cr_assert(matches(text, want), "%s", text);
	cr_assert_not_null(strptime(text, "%a %b %e %H:%M:%S %Y", &tm));
	told = timegm(&tm) - zones[*i].offset_s;
	cr_assert(told >= now - 5 && told <= now, "the stamp is local, the offset leads to UTC");
	free(text);
	close(fd);
}

Test(responder_mail_log, nothing_is_written_before_it_begins)
{
	int fd;
	struct mail_log *log = open_log(&fd);

	cr_assert_eq(mail_log_close(log, NULL), STATUS_OK);
	cr_assert_eq(lseek(fd, 0, SEEK_END), 0);
	mail_log_line(NULL, "nothing");
	cr_assert_eq(mail_log_flush(NULL, NULL), STATUS_OK);
	cr_assert_eq(mail_log_close(NULL, NULL), STATUS_OK);
	close(fd);
}

Test(responder_mail_log, long_lines_are_cut_and_end)
{
	char line[3000], *text;
	int fd;
	struct mail_log *log = open_log(&fd);

	memset(line, 'x', sizeof line - 1);
	line[sizeof line - 1] = '\0';
	mail_log_line(log, "%s", line);
	mail_log_line(log, "next");
	cr_assert_eq(mail_log_close(log, NULL), STATUS_OK);
	text = read_all(fd);
	cr_assert_eq(strchr(text, '\n') - text, MAIL_LOG_LINE - 1);
	cr_assert(matches(text, "xxx\n" STAMP "next\n$"));
	free(text);
	close(fd);
}

/* A pipe that nobody empties: lines wait, then are dropped whole, and that is told. */
Test(responder_mail_log, what_cannot_be_written)
{
	const size_t lines = 4000, room = 4 << 20;
	char path[64], line[500], *text = calloc(1, room), *at = text;
	struct fault fault = { "" };
	struct mail_log *log;
	unsigned long dropped, whole = 0;
	size_t n = 0;
	ssize_t got;
	int fd[2];

	cr_assert_eq(pipe2(fd, O_NONBLOCK), 0);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd[1]);
	cr_assert_eq(mail_log_open(&log, path, &fault), STATUS_OK);
	memset(line, 'x', sizeof line - 1);
	line[sizeof line - 1] = '\0';
	for (size_t i = 0; i < lines; i++)
		mail_log_line(log, "%s", line);
	cr_assert_eq(mail_log_flush(log, &fault), STATUS_IO);
	cr_assert_eq(mail_log_flush(log, &fault), STATUS_OK, "it is said once");
	while ((got = read(fd[0], text + n, room - 1 - n)) > 0) {
		n += (size_t)got;
		(void)mail_log_flush(log, NULL);
	}
	cr_assert_eq(mail_log_close(log, &fault), STATUS_IO);
	cr_assert_eq(sscanf(strstr(fault.text, "missing: "), "missing: %lu were", &dropped), 1);
	for (char *end; (end = strchr(at, '\n')) != NULL; at = end + 1, whole++)
		cr_assert_eq((size_t)(end - at), strlen("Fri Jul 17 23:39:36 2009 Info: ") + 499);
	cr_assert_eq(*at, '\0', "no line is cut");
	cr_assert_eq(whole + dropped, lines, "%lu and %lu", whole, dropped);
	cr_assert(whole * sizeof line > MAIL_LOG_KEEP / 2 && dropped > 0);
	free(text);
	close(fd[0]);
	close(fd[1]);
}
