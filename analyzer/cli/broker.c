#include "analyzer/cli/broker.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum operation { OP_READ, OP_APPEND, OP_CREATE, OP_COMMIT, OP_KEEP, OP_REMOVE };

struct request {
	uint32_t operation, path, number;
};

void
broker_init(struct broker *b)
{
	*b = (struct broker){ .socket = -1 };
}

size_t
broker_add(struct broker *b, const char *path, enum broker_use use)
{
	assert(b->count < BROKER_MAX_PATHS);
	b->path[b->count] = path;
	b->use[b->count] = (uint8_t)use;
	return b->count++;
}

/* --- doing it ---------------------------------------------------------------------------- */

#define NAME_ROOM 4096
#define TAIL_ROOM 16

/* PATH and what is put behind it: ".new", or a number. */
static bool
join(char room[static NAME_ROOM], const char *path, const char *tail)
{
	return snprintf(room, NAME_ROOM, "%s%s", path, tail) < NAME_ROOM;
}

static int
open_at(const char *path, int flags, mode_t mode, int *fd)
{
	*fd = open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, mode);
	return *fd < 0 ? errno : 0;
}

static int
result(int returned)
{
	return returned == 0 ? 0 : errno;
}

/* What is put in a file's place, or moved away, is never a device or a folder. */
static bool
is_replaceable(const char *path)
{
	struct stat st;

	return stat(path, &st) != 0 || S_ISREG(st.st_mode);
}

static int
do_write(const char *path, mode_t mode, const struct request *r, int *fd)
{
	char fresh[NAME_ROOM], numbered[NAME_ROOM], tail[TAIL_ROOM];

	snprintf(tail, sizeof tail, ".%u", r->number);
	if (!join(fresh, path, ".new") || !join(numbered, path, tail))
		return ENAMETOOLONG;
	if (r->operation != OP_APPEND && !is_replaceable(path))
		return EINVAL;
	switch (r->operation) {
	case OP_APPEND:
		return open_at(path, O_WRONLY | O_CREAT | O_APPEND, mode, fd);
	case OP_CREATE:
		(void)unlink(fresh);
		return open_at(fresh, O_RDWR | O_CREAT | O_EXCL, mode, fd);
	case OP_COMMIT:
		return result(rename(fresh, path));
	case OP_KEEP:
		return result(renameat2(AT_FDCWD, path, AT_FDCWD, numbered, RENAME_NOREPLACE));
	case OP_REMOVE:
		return result(unlink(numbered));
	default:
		return EINVAL;
	}
}

/* Only what the path is for. */
static int
perform(const struct broker *b, const struct request *r, int *fd)
{
	*fd = -1;
	if (r->path >= b->count)
		return EINVAL;
	if (b->use[r->path] != BROKER_LOG)
		return do_write(
		    b->path[r->path], b->use[r->path] == BROKER_CAPTURE ? 0640 : 0644, r, fd);
	return r->operation == OP_READ ? open_at(b->path[r->path], O_RDONLY, 0, fd) : EINVAL;
}

/* --- the helper ------------------------------------------------------------------------------ */

union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int))];
};

static void
reply(int to, int error, int fd)
{
	struct iovec v = { &error, sizeof error };
	union control control = { 0 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };

	if (fd >= 0) {
		m.msg_control = control.room;
		m.msg_controllen = sizeof control.room;
		control.head = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof fd),
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(&control.head), &fd, sizeof fd);
	}
	(void)sendmsg(to, &m, MSG_NOSIGNAL);
	if (fd >= 0)
		close(fd);
}

/* Until the run ends, which closes its side. What ends the run is no matter of ours. */
__attribute__((noreturn)) static void
serve(const struct broker *b, int from, const struct rights *rights, enum rights_of which)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1 };
	struct fault fault;
	struct request r;

	for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
		signal(ignored[i], SIG_IGN);
	prctl(PR_SET_NAME, "hatcheck-files", 0, 0, 0);
	if (rights_drop(rights, which, &fault) != STATUS_OK) {
		reply(from, EPERM, -1);
		_exit(1);
	}
	reply(from, 0, -1);
	for (;;) {
		struct iovec v = { &r, sizeof r };
		struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
		ssize_t n = recvmsg(from, &m, 0);
		int fd, error;

		if (n < 0 && errno == EINTR)
			continue;
		if (n != (ssize_t)sizeof r)
			_exit(0);
		error = perform(b, &r, &fd);
		reply(from, error, fd);
	}
}

/* errno of the answer; EPIPE when the helper is gone. */
static int
receive(int from, int *fd)
{
	int error = EPIPE;
	struct iovec v = { &error, sizeof error };
	union control control = { 0 };
	struct msghdr m = { .msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof control.room };
	const struct cmsghdr *c;
	ssize_t n;

	do
		n = recvmsg(from, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
	if (fd != NULL && c != NULL && c->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(c), sizeof *fd);
	return n == (ssize_t)sizeof error ? error : EPIPE;
}

static int
ask(struct broker *b, enum operation operation, size_t path, uint32_t number, int *fd)
{
	struct request r = { operation, (uint32_t)path, number };
	struct iovec v = { &r, sizeof r };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	int none;

	if (fd != NULL)
		*fd = -1;
	if (b->socket < 0)
		return perform(b, &r, fd != NULL ? fd : &none);
	if (sendmsg(b->socket, &m, MSG_NOSIGNAL) != (ssize_t)sizeof r)
		return EPIPE;
	return receive(b->socket, fd);
}

/* --- whether one is needed --- */

static bool
may_write_in(const char *folder, const char *path)
{
	struct stat in, file;

	if (access(folder, W_OK | X_OK) != 0 || stat(folder, &in) != 0)
		return false;
	if (stat(path, &file) != 0)
		return true;
	/* In a sticky folder others' files cannot be renamed. */
	if ((in.st_mode & S_ISVTX) != 0 && file.st_uid != getuid() && in.st_uid != getuid())
		return false;
	return access(path, W_OK) == 0;
}

static bool
may_write(const char *path)
{
	char *copy = strdup(path);
	bool may = copy != NULL && may_write_in(dirname(copy), path);

	free(copy);
	return may;
}

/* In a process of its own, as the user that the run will be. */
static int
try_as(const struct broker *b, const struct rights *rights)
{
	int need = RIGHTS_WATCH;

	if (rights_become(rights, NULL) != STATUS_OK)
		return RIGHTS_WATCH;
	for (size_t i = 0; i < b->count; i++) {
		if ((b->use[i] == BROKER_OUTPUT || b->use[i] == BROKER_CAPTURE) &&
		    !may_write(b->path[i]))
			return RIGHTS_WRITE;
		if (b->use[i] == BROKER_LOG && access(b->path[i], R_OK) != 0 && errno == EACCES)
			need = RIGHTS_READ;
	}
	return need;
}

static enum rights_of
needed(const struct broker *b, const struct rights *rights)
{
	int status = 0;
	pid_t child;

	if (!rights->change || b->count == 0)
		return RIGHTS_WATCH;
	child = fork();
	if (child == 0)
		_exit(try_as(b, rights));
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return RIGHTS_WATCH;
	return (enum rights_of)WEXITSTATUS(status);
}

enum status
broker_start(struct broker *b, const struct rights *rights, struct fault *fault)
{
	enum rights_of which = needed(b, rights);
	int pair[2], error;

	if (which == RIGHTS_WATCH)
		return STATUS_OK;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return fault_set(fault, STATUS_IO, "socketpair: %s", strerror(errno));
	b->helper = fork();
	if (b->helper == 0) {
		if (dup2(pair[1], STDERR_FILENO + 1) < 0)
			_exit(1);
		(void)close_range(STDERR_FILENO + 2, UINT_MAX, 0);
		serve(b, STDERR_FILENO + 1, rights, which);
	}
	close(pair[1]);
	b->socket = pair[0];
	error = b->helper < 0 ? errno : receive(b->socket, NULL);
	if (error == 0)
		return STATUS_OK;
	return fault_set(
	    fault, STATUS_IO, "the helper that opens files cannot be started: %s", strerror(error));
}

void
broker_stop(struct broker *b)
{
	if (b->socket < 0)
		return;
	close(b->socket);
	b->socket = -1;
	if (b->helper > 0)
		(void)waitpid(b->helper, NULL, 0);
}

/* --- asking --- */

int
broker_read(struct broker *b, size_t path, int *fd)
{
	return ask(b, OP_READ, path, 0, fd);
}

int
broker_append(struct broker *b, size_t path, int *fd)
{
	return ask(b, OP_APPEND, path, 0, fd);
}

int
broker_create(struct broker *b, size_t path, int *fd)
{
	return ask(b, OP_CREATE, path, 0, fd);
}

int
broker_commit(struct broker *b, size_t path)
{
	return ask(b, OP_COMMIT, path, 0, NULL);
}

int
broker_keep(struct broker *b, size_t path, uint32_t number)
{
	return ask(b, OP_KEEP, path, number, NULL);
}

int
broker_remove(struct broker *b, size_t path, uint32_t number)
{
	return ask(b, OP_REMOVE, path, number, NULL);
}
