#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "analyzer/cli/rights.h"
#include "tests/unit/rows.h"

/* Who is meant, for root. */
static const struct {
	const char *why, *user, *group;
	enum status status;
	uid_t uid;
	gid_t gid;
} rows[] = {
	{ "unless told otherwise", NULL, NULL, STATUS_OK, 65534, 65534 },
	{ "a name", "daemon", NULL, STATUS_OK, 1, 1 },
	{ "a number with an entry", "1", NULL, STATUS_OK, 1, 1 },
	{ "a number without one: the group of that number", "54321", NULL, STATUS_OK, 54321,
	    54321 },
	{ "another group", "daemon", "65534", STATUS_OK, 1, 65534 },
	{ "a group by its name", "daemon", "bin", STATUS_OK, 1, 2 },
	{ "nobody of that name", "no-such-user", NULL, STATUS_USAGE, 0, 0 },
	{ "no group of that name", NULL, "no-such-group", STATUS_USAGE, 0, 0 },
	{ "root is no other user", "root", NULL, STATUS_USAGE, 0, 0 },
	{ "nor by its number", "0", NULL, STATUS_USAGE, 0, 0 },
	{ "a number too large", "99999999999", NULL, STATUS_USAGE, 0, 0 },
	{ "no number", "12x", NULL, STATUS_USAGE, 0, 0 },
};

ROWS(rights, rows, rows)

ParameterizedTest(size_t *i, rights, rows)
{
	struct rights r;
	struct fault fault = { "" };
	enum status status = rights_find(&r, rows[*i].user, rows[*i].group, &fault);

	if (geteuid() != 0) {
		cr_expect_eq(status,
		    rows[*i].user == NULL && rows[*i].group == NULL ? STATUS_OK : STATUS_USAGE);
		return;
	}
	cr_assert_eq(status, rows[*i].status, "%s: %s", rows[*i].why, fault.text);
	if (status != STATUS_OK)
		return;
	cr_expect_eq(r.uid, rows[*i].uid, "%s: %u", rows[*i].why, r.uid);
	cr_expect_eq(r.gid, rows[*i].gid, "%s: %u", rows[*i].why, r.gid);
}

/* What still works in a process that gave its rights up, and what does not. */
static int
try_all(void)
{
	int pipe_fd[2], fd;
	char octet;
	pid_t child;

	fd = open("/proc/self/status", O_RDONLY);
	if (fd < 0 || read(fd, &octet, 1) != 1)
		return 1;
	if (setuid(0) == 0 || geteuid() == 0)
		return 2;
	if (socket(AF_INET, SOCK_STREAM, 0) >= 0 || errno != EPERM)
		return 3;
	if (pipe2(pipe_fd, 0) == 0 || errno != EPERM)
		return 4;
	execl("/bin/true", "true", (char *)NULL);
	if (errno != EPERM)
		return 5;
	child = fork();
	if (child == 0)
		_exit(7);
	if (child < 0 || waitpid(child, &fd, 0) != child || WEXITSTATUS(fd) != 7)
		return 6;
	return 0;
}

Test(rights, given_up_for_good)
{
	struct rights r;
	struct fault fault;
	int status;
	pid_t child;

	cr_assert_eq(rights_find(&r, NULL, NULL, &fault), STATUS_OK, "%s", fault.text);
	child = fork();
	if (child == 0)
		_exit(rights_drop(&r, RIGHTS_WATCH, &fault) == STATUS_OK ? try_all() : 100);
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFEXITED(status));
	/* Who was root to begin with and cannot become another is told so, and does not go on. */
	cr_expect_eq(WEXITSTATUS(status), 0, "the step that should not have gone so: %d",
	    WEXITSTATUS(status));
}

/* A helper has its one right, and no child. */
Test(rights, of_a_helper)
{
	struct rights r;
	struct fault fault;
	char folder[] = "/tmp/hatcheck-test-XXXXXX", path[64];
	int status;
	pid_t child;

	if (geteuid() != 0)
		cr_skip_test("only root has it to keep");
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/file", folder);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	cr_assert_eq(rights_find(&r, NULL, NULL, &fault), STATUS_OK);
	child = fork();
	if (child == 0) {
		if (rights_drop(&r, RIGHTS_READ, &fault) != STATUS_OK)
			_exit(100);
		if (open(path, O_RDONLY) < 0)
			_exit(1);
		if (open(path, O_WRONLY) >= 0)
			_exit(2);
		_exit(fork() >= 0 ? 3 : 0);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%d", WEXITSTATUS(status));
	unlink(path);
	rmdir(folder);
}
