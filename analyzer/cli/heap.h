/*
 * heap: how malloc gets its memory, for all commands.
 *
 * One heap for all threads, its first HEAP_LARGE octets in large pages where the system has them.
 * What is free at its end is kept up to twice that.
 * Fails: never; where there is no room for it, malloc goes on as it does by itself.
 * Cost:  addresses; memory only once it is used, 2 MiB at a time.
 */
#ifndef HATCHECK_HEAP_H
#define HATCHECK_HEAP_H

#include <stddef.h>

#define HEAP_LARGE ((size_t)256 << 20)

/* Before any thread, once. */
void heap_prepare(void);

#endif
