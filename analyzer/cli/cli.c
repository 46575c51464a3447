#include "analyzer/cli/cli.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/base/escape.h"

static const char *const when_words[] = { "auto", "always", "never" };

static enum status
take_when(void *field, const char *value, struct fault *fault)
{
	int index = CLI_AUTO;
	enum status status = options_word(&index, when_words, 3, value, fault);

	*(enum cli_when *)field = (enum cli_when)index;
	return status;
}

struct option_group
cli_options(struct cli *cli)
{
	static const struct option_row rows[] = {
		{ "quiet", 'q', NULL, "the summary only, and no progress bar", options_flag,
		    offsetof(struct cli, quiet) },
		{ "verbose", 'v', NULL, "every connection, and the steps of its profile",
		    options_flag, offsetof(struct cli, verbose) },
		{ "color", 0, "WHEN",
		    "auto, always or never (default auto: on a terminal,\n"
		    "unless NO_COLOR is set)",
		    take_when, offsetof(struct cli, color) },
		{ "progress", 0, "WHEN",
		    "a bar on standard error: auto, always or never\n"
		    "(default auto: on a terminal)",
		    take_when, offsetof(struct cli, progress) },
		{ "help", 'h', NULL, "this text", options_flag, offsetof(struct cli, help) },
		{ "version", 0, NULL, "the version", options_flag, offsetof(struct cli, version) },
	};

	return (struct option_group){ "Common options", rows, sizeof rows / sizeof rows[0], cli };
}

static struct {
	void (*call)(void *ctx);
	void *ctx;
} before_message;

void
cli_before_message(void (*call)(void *ctx), void *ctx)
{
	before_message.call = call;
	before_message.ctx = ctx;
}

void
cli_message(const char *fmt, ...)
{
	char line[1024], safe[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	escape_text(safe, sizeof safe, bytes_str(line));
	if (before_message.call != NULL)
		before_message.call(before_message.ctx);
	fprintf(stderr, "hatcheck: %s\n", safe);
}

void
cli_say(void *ctx, const char *text)
{
	(void)ctx;
	cli_message("%s", text);
}

int
cli_usage(const char *command, const struct fault *fault)
{
	cli_message("%s", fault->text);
	fprintf(stderr, "Try 'hatcheck %s%s--help'.\n", command, command[0] != '\0' ? " " : "");
	return CLI_UNUSABLE;
}

int
cli_printed(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return CLI_CLEAN;
	cli_message("standard output: %s", strerror(errno));
	return CLI_UNUSABLE;
}

int
cli_version(void)
{
	printf("hatcheck %s\n", HATCHECK_VERSION);
	return cli_printed();
}

bool
cli_color(const struct cli *cli, FILE *stream)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (cli->color != CLI_AUTO)
		return cli->color == CLI_ALWAYS;
	return (no_color == NULL || no_color[0] == '\0') && term != NULL &&
	       strcmp(term, "dumb") != 0 && isatty(fileno(stream)) == 1;
}

bool
cli_progress(const struct cli *cli)
{
	if (cli->progress != CLI_AUTO)
		return cli->progress == CLI_ALWAYS;
	return !cli->quiet && isatty(STDERR_FILENO) == 1;
}

static bool
same_file(const struct stat *a, const struct stat *b)
{
	return S_ISREG(a->st_mode) && a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* The folder of a path, and the name in it. */
static const char *
split(const char *path, struct stat *folder)
{
	const char *slash = strrchr(path, '/');
	char room[PATH_MAX];

	snprintf(room, sizeof room, "%.*s.", slash == NULL ? 0 : (int)(slash + 1 - path), path);
	if (stat(room, folder) != 0)
		folder->st_ino = 0;
	return slash == NULL ? path : slash + 1;
}

/* One file, however it is written, and if it is to be made yet. */
static bool
same_output(const char *a, const char *b)
{
	struct stat file[2], folder[2];
	const char *name[2];
	bool there;

	if (strcmp(a, b) == 0)
		return true;
	if (strcmp(a, "-") == 0 || strcmp(b, "-") == 0)
		return false;
	there = stat(a, &file[0]) == 0;
	if (there != (stat(b, &file[1]) == 0))
		return false;
	if (there)
		return same_file(&file[0], &file[1]);
	name[0] = split(a, &folder[0]);
	name[1] = split(b, &folder[1]);
	return strcmp(name[0], name[1]) == 0 && folder[0].st_ino != 0 &&
	       folder[0].st_dev == folder[1].st_dev && folder[0].st_ino == folder[1].st_ino;
}

enum status
cli_outputs_differ(const char *const *outputs, size_t count, struct fault *fault)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < i; k++)
			if (outputs[i] != NULL && outputs[k] != NULL &&
			    same_output(outputs[i], outputs[k]))
				return fault_set(fault, STATUS_USAGE, "two outputs to %s",
				    strcmp(outputs[i], "-") == 0 ? "standard output" : outputs[i]);
	return STATUS_OK;
}

enum status
cli_outputs_spare(const char *const *outputs, size_t count, const char *input, struct fault *fault)
{
	struct stat in, out;
	bool there = input != NULL &&
	             (strcmp(input, "-") == 0 ? fstat(STDIN_FILENO, &in) : stat(input, &in)) == 0;

	if (!there)
		return STATUS_OK;
	for (size_t i = 0; i < count; i++)
		if (outputs[i] != NULL && stat(outputs[i], &out) == 0 && same_file(&out, &in))
			return fault_set(fault, STATUS_USAGE,
			    "%s is an input, and would be overwritten by a report", outputs[i]);
	return STATUS_OK;
}
