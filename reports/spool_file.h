/*
 * spool_file: a file without a name, for what has no room in memory.
 *
 * Its place on the disk is given back when it is closed, however the process ends.
 * Fails: -1 or false, with errno.
 */
#ifndef HATCHECK_SPOOL_FILE_H
#define HATCHECK_SPOOL_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A descriptor, which close(2) ends. */
int spool_file_new(const char *folder);
bool spool_file_write(int fd, const void *from, size_t n, uint64_t offset);
/* Octets read: n, or less at the end of the file; -1. */
ssize_t spool_file_read(int fd, void *to, size_t n, uint64_t offset);
/* The place of all octets before an offset, which read as zeroes from now on. */
bool spool_file_give_back(int fd, uint64_t before);

#endif
