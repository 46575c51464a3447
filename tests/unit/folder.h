/*
 * folder: what a test leaves in a folder of its own goes with it.
 */
#ifndef HATCHECK_FOLDER_H
#define HATCHECK_FOLDER_H

#include <ftw.h>
#include <stdio.h>

static inline int
folder_forget(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

/* The folder and all in it, links not followed; 0, or -1 when something stays. */
static inline int
folder_remove(const char *path)
{
	return nftw(path, folder_forget, 8, FTW_DEPTH | FTW_PHYS);
}

#endif
