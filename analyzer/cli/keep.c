#include "analyzer/cli/keep.h"

#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <unistd.h>

#include "analyzer/cli/cli.h"
#include "capture/source/pcapng_put.h"
#include "capture/source/source.h"

#define MAX_NUMBER (UINT32_MAX / 2)
#define TRIES 1000 /* for a number that nobody else has taken meanwhile */

struct keep {
	struct keep_config config;
	size_t path;     /* the broker's number of it */
	uint32_t number; /* the last PATH.n */
	int fd;          /* -1: there is none */
	int links[SOURCE_MAX_LINK_TYPES];
	uint32_t link_count; /* of the file */
	uint64_t octets;     /* of the file, with those that wait */
	size_t used, done;   /* of room: filled, and of those written */
	int64_t begun_ns;    /* the file */
	int64_t flush_ns;    /* when it is due */
	int64_t retry_ns;    /* after a failure */
	int error;           /* told */
	uint64_t lost;
	uint8_t room[KEEP_ROOM];
};

/* --- numbers ------------------------------------------------------------------------------ */

/* The number in "name.17"; 0: another file. */
static uint32_t
number_of(const char *file, const char *name)
{
	size_t n = strlen(name);
	unsigned long number;
	char *end;

	if (strncmp(file, name, n) != 0 || file[n] != '.' || file[n + 1] < '1' || file[n + 1] > '9')
		return 0;
	number = strtoul(file + n + 1, &end, 10);
	return *end == '\0' && number <= MAX_NUMBER ? (uint32_t)number : 0;
}

/* The highest number that is there; 0 where there is none, or the folder cannot be read. */
static uint32_t
last_number(const char *path)
{
	char *copy = strdup(path), *copy_too = strdup(path);
	DIR *folder = copy == NULL ? NULL : opendir(dirname(copy));
	const char *name = copy_too == NULL ? "" : basename(copy_too);
	const struct dirent *entry;
	uint32_t last = 0;

	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		uint32_t number = number_of(entry->d_name, name);

		last = number > last ? number : last;
	}
	if (folder != NULL)
		closedir(folder);
	free(copy);
	free(copy_too);
	return last;
}

/* --- files --------------------------------------------------------------------------------- */

static void
say(struct keep *k, int error)
{
	if (error == k->error)
		return;
	if (error != 0)
		cli_message("%s: %s; packets are not kept until it works again", k->config.path,
		    strerror(error));
	else
		cli_message("%s: it works again, %llu packets were not kept", k->config.path,
		    (unsigned long long)k->lost);
	k->error = error;
}

/* What PATH holds becomes the next PATH.n. */
static int
put_aside(struct keep *k)
{
	int error = EEXIST;

	for (int i = 0; i < TRIES && error == EEXIST; i++) {
		k->number = k->number < MAX_NUMBER ? k->number + 1 : 1;
		error = broker_keep(k->config.broker, k->path, k->number);
	}
	if (error == ENOENT) { /* a first start, or it was moved away */
		k->number--;
		return 0;
	}
	if (error == 0 && k->number >= k->config.files)
		(void)broker_remove(
		    k->config.broker, k->path, k->number - (uint32_t)k->config.files + 1);
	return error;
}

static int
begin_file(struct keep *k, int64_t now_ns)
{
	int error = put_aside(k);

	if (error == 0)
		error = broker_create(k->config.broker, k->path, &k->fd);
	if (error == 0)
		error = broker_commit(k->config.broker, k->path);
	if (error != 0 && k->fd >= 0) {
		close(k->fd);
		k->fd = -1;
	}
	if (error != 0)
		return error;
	k->begun_ns = now_ns;
	k->link_count = 0;
	k->done = 0;
	k->used = pcapng_put_section(k->room);
	k->octets = k->used;
	return 0;
}

/* 0, or why what waits could not be written. A block that was begun is ended first, later. */
static int
flush(struct keep *k)
{
	while (k->done < k->used) {
		ssize_t n = write(k->fd, k->room + k->done, k->used - k->done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		k->done += (size_t)n;
	}
	k->done = k->used = 0;
	return 0;
}

static void
try_flush(struct keep *k, int64_t now_ns)
{
	int error;

	if (k->fd < 0 || (k->error != 0 && now_ns < k->retry_ns))
		return;
	k->flush_ns = now_ns + KEEP_FLUSH_NS;
	k->retry_ns = now_ns + KEEP_RETRY_NS;
	error = flush(k);
	say(k, error);
}

void
keep_rotate(struct keep *k, int64_t now_ns)
{
	int error;

	try_flush(k, now_ns);
	if (k->used > 0 || (k->fd < 0 && now_ns < k->retry_ns))
		return; /* a file is never left in the middle of a block */
	if (k->fd >= 0)
		close(k->fd);
	k->fd = -1;
	k->retry_ns = now_ns + KEEP_RETRY_NS;
	error = begin_file(k, now_ns);
	say(k, error);
}

/* --- frames -------------------------------------------------------------------------------- */

/* The number of the interface with that link type, whose block is written if it is new. */
static bool
find_interface(struct keep *k, int link_type, uint32_t *number)
{
	for (*number = 0; *number < k->link_count; ++*number)
		if (k->links[*number] == link_type)
			return true;
	if (k->link_count == SOURCE_MAX_LINK_TYPES)
		return false;
	k->links[k->link_count++] = link_type;
	k->used += pcapng_put_interface(k->room + k->used, link_type);
	return true;
}

static bool
is_full(const struct keep *k, size_t more, int64_t now_ns)
{
	if (k->link_count == 0)
		return false; /* nothing is in it yet */
	return k->octets + more > k->config.max_octets ||
	       (k->config.max_ns > 0 && now_ns - k->begun_ns >= k->config.max_ns);
}

void
keep_frame(struct keep *k, const struct frame *frame, int64_t now_ns)
{
	size_t most = frame->data.n + 2 * PCAPNG_BLOCK_ROOM, before;
	uint32_t interface;

	if (k->fd < 0 || is_full(k, most, now_ns))
		keep_rotate(k, now_ns);
	if (k->fd >= 0 && most > KEEP_ROOM - k->used)
		try_flush(k, now_ns);
	if (k->link_count == 0)
		k->begun_ns = now_ns;
	before = k->used;
	if (k->fd < 0 || most > KEEP_ROOM - k->used ||
	    !find_interface(k, frame->link_type, &interface)) {
		k->lost++;
		return;
	}
	k->used += pcapng_put_frame(k->room + k->used, interface, frame);
	k->octets += k->used - before;
}

void
keep_tick(struct keep *k, int64_t now_ns)
{
	if (k->fd < 0 || is_full(k, 0, now_ns))
		keep_rotate(k, now_ns);
	else if (now_ns >= k->flush_ns)
		try_flush(k, now_ns);
}

uint64_t
keep_lost(const struct keep *k)
{
	return k == NULL ? 0 : k->lost;
}

/* --- life ---------------------------------------------------------------------------------- */

enum status
keep_open(struct keep **out, const struct keep_config *config, struct fault *fault)
{
	struct keep *k = calloc(1, sizeof *k);

	*out = k;
	if (k == NULL)
		return fault_set(fault, STATUS_NOMEM, "out of memory");
	k->config = *config;
	k->fd = -1;
	k->number = last_number(config->path);
	k->path = broker_add(config->broker, config->path, BROKER_CAPTURE);
	return STATUS_OK;
}

enum status
keep_begin(struct keep *k, int64_t now_ns, struct fault *fault)
{
	int error = begin_file(k, now_ns);

	if (error == 0)
		error = flush(k);
	return error == 0 ? STATUS_OK
	                  : fault_set(fault, STATUS_IO, "%s: %s", k->config.path, strerror(error));
}

void
keep_close(struct keep *k)
{
	if (k == NULL)
		return;
	if (k->fd >= 0) {
		say(k, flush(k));
		close(k->fd);
	}
	free(k);
}
