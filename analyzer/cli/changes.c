#include "analyzer/cli/changes.h"

#include <libgen.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define AT_ONCE 16 /* at least so many, with the longest names */

int
changes_open(void)
{
	return inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
}

void
changes_watch(int changes, const char *path)
{
	const uint32_t events = IN_MODIFY | IN_CREATE | IN_MOVED_FROM | IN_MOVED_TO;
	char *real = realpath(path, NULL);
	const char *const paths[] = { path, real };

	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		char *copy = paths[i] == NULL ? NULL : strdup(paths[i]);

		if (copy != NULL)
			(void)inotify_add_watch(changes, dirname(copy), events);
		free(copy);
	}
	free(real);
}

bool
changes_read(int changes)
{
	char room[AT_ONCE * (sizeof(struct inotify_event) + NAME_MAX + 1)]
	    __attribute__((aligned(__alignof__(struct inotify_event))));
	uint32_t what = 0;
	ssize_t n;

	while ((n = read(changes, room, sizeof room)) > 0) {
		for (const char *at = room; at < room + n;) {
			const struct inotify_event *e = (const void *)at;

			what |= e->mask;
			at += sizeof *e + e->len;
		}
	}
	return (what & ~(uint32_t)IN_MODIFY) != 0;
}
