/*
 * rights: what the process may still do once everything is open.
 *
 * Started by root, it becomes another user; started with file capabilities, it stays who it
 * is. Either way it then has no capability, can gain none (no_new_privs), and may make only the
 * system calls that watching needs (seccomp); any other fails with EPERM.
 */
#ifndef HATCHECK_RIGHTS_H
#define HATCHECK_RIGHTS_H

#include <stdbool.h>
#include <sys/types.h>

#include "capture/base/status.h"

#define RIGHTS_USER "nobody" /* who root becomes unless told otherwise */

struct rights {
	bool change; /* the process becomes uid and gid */
	uid_t uid;
	gid_t gid;
};

enum rights_of {
	RIGHTS_WATCH, /* the run */
	RIGHTS_READ,  /* a helper that opens any file to be read */
	RIGHTS_WRITE  /* or to be written */
};

/*
 * Who to become: `user` and `group` by name or number, NULL for the defaults (RIGHTS_USER, and the
 * user's own group). STATUS_USAGE when there is no such one, or the process is not root's.
 */
enum status rights_find(struct rights *r, const char *user, const char *group, struct fault *fault);
/* Becomes the user only, with its groups: to try what it may do. */
enum status rights_become(const struct rights *r, struct fault *fault);
/* Irrevocably. STATUS_IO when one part of it cannot be had: nothing must be done then. */
enum status rights_drop(const struct rights *r, enum rights_of which, struct fault *fault);

#endif
