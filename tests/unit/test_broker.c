#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "analyzer/cli/broker.h"
#include "folder.h"

static char folder[] = "/tmp/hatcheck-test-XXXXXX";
static char path[64], other[80];

static void
begin(struct broker *b)
{
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/file", folder);
	broker_init(b);
}

static void
end(void)
{
	cr_assert_eq(folder_remove(folder), 0);
}

static const char *
beside(const char *tail)
{
	snprintf(other, sizeof other, "%s%s", path, tail);
	return other;
}

static void
write_to(int fd, const char *text)
{
	cr_assert(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static void
expect_text(const char *file, const char *text)
{
	char got[64] = "";
	int fd = open(file, O_RDONLY);

	cr_assert_geq(fd, 0, "%s: %s", file, strerror(errno));
	cr_assert_geq(read(fd, got, sizeof got - 1), 0);
	cr_expect_str_eq(got, text, "%s", file);
	close(fd);
}

/* An output's whole life: made, filled, named, put aside, replaced, removed. */
static void
live_through(struct broker *b, size_t output)
{
	int fd;

	cr_assert_eq(broker_create(b, output, &fd), 0);
	write_to(fd, "one");
	cr_expect_neq(access(path, F_OK), 0, "it has no name before it is whole");
	cr_assert_eq(broker_commit(b, output), 0);
	expect_text(path, "one");
	cr_assert_eq(broker_keep(b, output, 7), 0);
	expect_text(beside(".7"), "one");
	cr_expect_eq(broker_keep(b, output, 8), ENOENT, "there is nothing to put aside");
	cr_assert_eq(broker_append(b, output, &fd), 0);
	write_to(fd, "two");
	cr_assert_eq(broker_append(b, output, &fd), 0);
	write_to(fd, "three");
	expect_text(path, "twothree");
	cr_expect_eq(broker_keep(b, output, 7), EEXIST, "no other file is overwritten");
	cr_assert_eq(broker_remove(b, output, 7), 0);
	cr_expect_neq(access(beside(".7"), F_OK), 0);
	cr_assert_eq(broker_create(b, output, &fd), 0);
	write_to(fd, "four");
	cr_assert_eq(broker_commit(b, output), 0);
	expect_text(path, "four");
}

Test(broker, without_a_helper)
{
	struct broker b;
	size_t output, log;
	int fd;

	begin(&b);
	output = broker_add(&b, path, BROKER_OUTPUT);
	log = broker_add(&b, path, BROKER_LOG);
	live_through(&b, output);
	cr_assert_eq(broker_read(&b, log, &fd), 0);
	close(fd);
	cr_expect_eq(broker_append(&b, log, &fd), EINVAL, "a log is only read");
	cr_expect_eq(broker_keep(&b, log, 1), EINVAL);
	cr_expect_eq(broker_read(&b, 2, &fd), EINVAL, "no such path");
	cr_expect_eq(fd, -1);
	end();
}

Test(broker, what_is_no_file_stays_where_it_is)
{
	struct broker b;
	size_t output;
	int fd;

	begin(&b);
	output = broker_add(&b, path, BROKER_CAPTURE);
	cr_assert_eq(mkdir(path, 0700), 0);
	cr_expect_eq(broker_keep(&b, output, 1), EINVAL);
	cr_expect_eq(broker_create(&b, output, &fd), EINVAL);
	cr_expect_eq(access(path, F_OK), 0);
	end();
}

Test(broker, who_may_read_what_is_made)
{
	static const struct {
		enum broker_use use;
		mode_t mode;
	} rows[] = { { BROKER_OUTPUT, 0644 }, { BROKER_CAPTURE, 0640 } };
	struct broker b;
	struct stat st;
	int fd;

	begin(&b);
	umask(0);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t output = broker_add(&b, path, rows[i].use);

		cr_assert_eq(broker_create(&b, output, &fd), 0);
		cr_assert_eq(fstat(fd, &st), 0);
		cr_expect_eq(st.st_mode & 0777, rows[i].mode, "%o", st.st_mode & 0777);
		close(fd);
	}
	end();
}

Test(broker, a_name_that_is_too_long)
{
	static char name[5000];
	struct broker b;
	int fd;

	memset(name, 'x', sizeof name - 1);
	broker_init(&b);
	cr_expect_eq(broker_create(&b, broker_add(&b, name, BROKER_OUTPUT), &fd), ENAMETOOLONG);
}

/* A folder that only root may enter: the run, which is nobody by then, asks its helper. */
Test(broker, with_a_helper)
{
	struct rights rights;
	struct broker b;
	struct fault fault;
	size_t output, log;
	int fd;

	if (geteuid() != 0)
		cr_skip_test("only root can become another user");
	begin(&b);
	output = broker_add(&b, path, BROKER_CAPTURE);
	log = broker_add(&b, path, BROKER_LOG);
	cr_assert_eq(rights_find(&rights, NULL, NULL, &fault), STATUS_OK, "%s", fault.text);
	cr_assert_eq(broker_start(&b, &rights, &fault), STATUS_OK, "%s", fault.text);
	cr_assert_geq(b.socket, 0, "a helper is needed");
	cr_assert_eq(rights_become(&rights, &fault), STATUS_OK);
	cr_expect_neq(access(folder, X_OK), 0, "we could do it ourselves");
	cr_assert_eq(broker_create(&b, output, &fd), 0);
	write_to(fd, "one");
	cr_assert_eq(broker_commit(&b, output), 0);
	cr_assert_eq(broker_keep(&b, output, 1), 0);
	cr_expect_eq(broker_read(&b, log, &fd), ENOENT);
	cr_assert_eq(broker_create(&b, output, &fd), 0);
	write_to(fd, "two");
	cr_assert_eq(broker_commit(&b, output), 0);
	cr_assert_eq(broker_read(&b, log, &fd), 0);
	close(fd);
	cr_expect_eq(broker_append(&b, log, &fd), EINVAL);
	broker_stop(&b);
	cr_expect_eq(broker_remove(&b, output, 1), EACCES, "without it nothing of the kind goes");
}

/* What everybody may do needs nobody's help. */
Test(broker, no_helper_that_is_not_needed)
{
	struct rights rights;
	struct broker b;
	struct fault fault;

	begin(&b);
	cr_assert_eq(chmod(folder, 0777), 0);
	broker_add(&b, path, BROKER_OUTPUT);
	cr_assert_eq(rights_find(&rights, NULL, NULL, &fault), STATUS_OK, "%s", fault.text);
	cr_assert_eq(broker_start(&b, &rights, &fault), STATUS_OK, "%s", fault.text);
	cr_expect_eq(b.socket, -1);
	end();
}
