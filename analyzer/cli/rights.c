#include "analyzer/cli/rights.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

/* --- who -------------------------------------------------------------------------------- */

/* A name of digits only is a number. */
static bool
number(const char *text, unsigned *value)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(text, &end, 10);
	*value = (unsigned)n;
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && n < UINT32_MAX;
}

static enum status
find_user(struct rights *r, const char *user, struct fault *fault)
{
	const struct passwd *entry = getpwnam(user);

	if (entry == NULL && number(user, &r->uid))
		entry = getpwuid(r->uid);
	else if (entry == NULL)
		return fault_set(
		    fault, STATUS_USAGE, "there is no user %s; --user names another", user);
	if (entry != NULL) {
		r->uid = entry->pw_uid;
		r->gid = entry->pw_gid;
	} else {
		r->gid = r->uid;
	}
	return STATUS_OK;
}

static enum status
find_group(struct rights *r, const char *group, struct fault *fault)
{
	const struct group *entry = getgrnam(group);

	if (entry != NULL)
		r->gid = entry->gr_gid;
	else if (!number(group, &r->gid))
		return fault_set(fault, STATUS_USAGE, "there is no group %s", group);
	return STATUS_OK;
}

enum status
rights_find(struct rights *r, const char *user, const char *group, struct fault *fault)
{
	enum status status;

	*r = (struct rights){ .change = geteuid() == 0, .uid = getuid(), .gid = getgid() };
	if (!r->change)
		return user == NULL && group == NULL
		           ? STATUS_OK
		           : fault_set(fault, STATUS_USAGE, "only root can become another user");
	status = find_user(r, user != NULL ? user : RIGHTS_USER, fault);
	if (status == STATUS_OK && group != NULL)
		status = find_group(r, group, fault);
	if (status == STATUS_OK && r->uid == 0)
		return fault_set(fault, STATUS_USAGE, "--user: it must not be root");
	return status;
}

/* --- capabilities --------------------------------------------------------------------------- */

static enum status
failed(const char *doing, struct fault *fault)
{
	return fault_set(
	    fault, STATUS_IO, "the rights cannot be given up: %s: %s", doing, strerror(errno));
}

enum status
rights_become(const struct rights *r, struct fault *fault)
{
	const struct passwd *entry = getpwuid(r->uid);

	if (!r->change)
		return STATUS_OK;
	if ((entry != NULL ? initgroups(entry->pw_name, r->gid) : setgroups(1, &r->gid)) != 0)
		return failed("setgroups", fault);
	if (setresgid(r->gid, r->gid, r->gid) != 0)
		return failed("setresgid", fault);
	if (setresuid(r->uid, r->uid, r->uid) != 0)
		return failed("setresuid", fault);
	return STATUS_OK;
}

/*
 * Root's capabilities go with its user id, but for those that are kept; the bounding set first,
 * while there is the right to empty it.
 */
static enum status
drop_capabilities(const struct rights *r, enum rights_of which, struct fault *fault)
{
	static const unsigned kept[] = { CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE, CAP_FOWNER };
	const size_t count = which == RIGHTS_WATCH ? 0 : which == RIGHTS_READ ? 1 : 3;
	enum status status;

	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) == 1) {
		capng_clear(CAPNG_SELECT_BOUNDS);
		if (capng_apply(CAPNG_SELECT_BOUNDS) != 0)
			return failed("bounding set", fault);
	}
	if (prctl(PR_SET_KEEPCAPS, count > 0, 0, 0, 0) != 0)
		return failed("PR_SET_KEEPCAPS", fault);
	status = rights_become(r, fault);
	if (status != STATUS_OK)
		return status;
	capng_clear(CAPNG_SELECT_CAPS);
	for (size_t i = 0; i < count; i++)
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, kept[i]);
	if (capng_apply(CAPNG_SELECT_CAPS) != 0)
		return failed("capabilities", fault);
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) != 0)
		return failed("PR_SET_KEEPCAPS", fault);
	return STATUS_OK;
}

/* --- system calls ----------------------------------------------------------------------------- */

/* What everything does that runs (sigaltstack: under a sanitizer), and what the helper needs. */
static const char *const always[] = { "read", "write", "close", "openat", "fstat", "newfstatat",
	"statx", "lseek", "brk", "mmap", "munmap", "mremap", "mprotect", "madvise", "futex",
	"getrandom", "sendmsg", "recvmsg", "rename", "renameat", "renameat2", "unlink", "unlinkat",
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall", "exit",
	"exit_group", "getpid", "gettid", "tgkill", "sched_yield" };

/*
 * What the run needs beside: waiting, the clock, the ring of libpcap and an interface that comes
 * back (bind), outputs that do not block, and a child that writes a report (wait4 and below).
 */
static const char *const watching[] = { "poll", "ppoll", "clock_gettime", "clock_nanosleep",
	"gettimeofday", "nanosleep", "fcntl", "pread64", "pwrite64", "readv", "writev", "fsync",
	"ftruncate", "fallocate", "getsockopt", "setsockopt", "sendto", "recvfrom", "bind",
	"getuid", "geteuid", "getgid", "getegid", "access", "faccessat", "faccessat2", "readlink",
	"readlinkat", "getdents64", "wait4", "set_robust_list", "rseq" };

static bool
allow(scmp_filter_ctx filter, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int call = seccomp_syscall_resolve_name(names[i]);

		/* Not every machine has them all. */
		if (call != __NR_SCMP_ERROR &&
		    seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0) != 0)
			return false;
	}
	return true;
}

/* Of ioctl what is asked of interfaces and terminals; of clone only what fork makes of it. */
static bool
allow_some(scmp_filter_ctx filter)
{
	static const unsigned long requests[] = { SIOCGIFFLAGS, SIOCGIFINDEX, TCGETS, TIOCGWINSZ };
	const scmp_datum_t shared = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
	                            CLONE_THREAD | CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
	                            CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

	for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
		if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
			SCMP_A1(SCMP_CMP_EQ, requests[i], 0)) != 0)
			return false;
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
		   SCMP_A0(SCMP_CMP_MASKED_EQ, shared, 0)) == 0;
}

static enum status
filter_calls(enum rights_of which, struct fault *fault)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	bool ok = filter != NULL && allow(filter, always, sizeof always / sizeof always[0]);
	int error = ENOMEM;

	if (ok && which == RIGHTS_WATCH)
		ok = allow(filter, watching, sizeof watching / sizeof watching[0]) &&
		     allow_some(filter);
	if (ok)
		error = -seccomp_load(filter);
	if (filter != NULL)
		seccomp_release(filter);
	errno = error;
	return error == 0 ? STATUS_OK : failed("seccomp", fault);
}

enum status
rights_drop(const struct rights *r, enum rights_of which, struct fault *fault)
{
	enum status status = drop_capabilities(r, which, fault);

	if (status != STATUS_OK)
		return status;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return failed("PR_SET_NO_NEW_PRIVS", fault);
	/* Trust none of it: look. */
	capng_get_caps_process();
	if (getuid() == 0 || geteuid() == 0 ||
	    (which == RIGHTS_WATCH && capng_have_capabilities(CAPNG_SELECT_CAPS) != CAPNG_NONE)) {
		errno = EPERM;
		return failed("some are still there", fault);
	}
	return filter_calls(which, fault);
}
