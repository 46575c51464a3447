#include "analyzer/cli/metrics_file.h"

#include <errno.h>
#include <unistd.h>

#include "analyzer/cli/cli.h"

void
metrics_file_init(struct metrics_file *f, const char *path, struct broker *broker)
{
	*f = (struct metrics_file){ .path = path, .broker = broker };
	if (path != NULL)
		f->broker_path = broker_add(broker, path, BROKER_OUTPUT);
}

bool
metrics_file_due(const struct metrics_file *f, int64_t now_ns)
{
	return f->path != NULL && now_ns >= f->due_ns;
}

static int
write_all(int fd, const char *text, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, text, n);

		if (done < 0 && errno != EINTR)
			return errno;
		if (done > 0) {
			text += done;
			n -= (size_t)done;
		}
	}
	return 0;
}

static int
replace(const struct metrics_file *f, const struct line *l)
{
	int fd, error;

	if (l->failed)
		return ENOMEM;
	error = broker_create(f->broker, f->broker_path, &fd);
	if (error != 0)
		return error;
	error = write_all(fd, l->text, l->n);
	if (close(fd) != 0 && error == 0)
		error = errno;
	return error == 0 ? broker_commit(f->broker, f->broker_path) : error;
}

int
metrics_file_write(struct metrics_file *f, const struct metrics *m, int64_t now_ns)
{
	struct line l = { 0 };
	int error;

	f->due_ns = now_ns + METRICS_FILE_NS;
	metrics_print(&l, m);
	error = replace(f, &l);
	line_clear(&l);
	if (error != f->error)
		cli_message("%s: %s", f->path, error != 0 ? strerror(error) : "it works again");
	f->error = error;
	return error;
}
