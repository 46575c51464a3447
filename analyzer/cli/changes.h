/*
 * changes: when to look at files again that others write, rename and truncate.
 *
 * The kernel tells of changes in their folders (inotify(7)). Not every file system does: who must
 * not miss one looks now and then all the same.
 */
#ifndef HATCHECK_CHANGES_H
#define HATCHECK_CHANGES_H

#include <stdbool.h>

/* A descriptor to wait for (POLLIN), which close(2) ends; -1: there is none to be had. */
int changes_open(void);
/* The folder of the path, and of the file that it leads to if it is a link. */
void changes_watch(int changes, const char *path);
/* Takes what was told. True when a path may name another file now. */
bool changes_read(int changes);

#endif
