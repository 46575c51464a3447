/*
 * cli: what all commands of the program share.
 */
#ifndef HATCHECK_CLI_H
#define HATCHECK_CLI_H

#include <stdio.h>

#include "analyzer/cli/options.h"

/* The exit statuses that scripts rely on. */
enum {
	CLI_CLEAN = 0,    /* nothing at or above --fail-on */
	CLI_FINDINGS = 1, /* something was */
	CLI_UNUSABLE = 2, /* usage; nothing could be judged, or the report not be written */
	CLI_DAMAGED = 3   /* an input was damaged; what could be read was judged, and is clean */
};

enum cli_when { CLI_AUTO, CLI_ALWAYS, CLI_NEVER };

struct cli {
	bool quiet, verbose, help, version;
	enum cli_when color, progress;
};

struct cli_command {
	const char *name, *summary;
	/* argv[0] is the command's name. Common options given before it are already in *cli. */
	int (*run)(struct cli *cli, int argc, char **argv);
};

int analyze_command(struct cli *cli, int argc, char **argv);
int hat_command(struct cli *cli, int argc, char **argv);
int live_command(struct cli *cli, int argc, char **argv);
int rules_command(struct cli *cli, int argc, char **argv);
int log_command(struct cli *cli, int argc, char **argv);
int respond_command(struct cli *cli, int argc, char **argv);
int lab_command(struct cli *cli, int argc, char **argv);

/* The options of every command. */
struct option_group cli_options(struct cli *cli);
/* "hatcheck: ..." on standard error, one line. */
void cli_message(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same, for who asks for a function to say something with. */
void cli_say(void *ctx, const char *text);
/* Called before each message, by who draws on the terminal to which it goes; NULL: nobody does. */
void cli_before_message(void (*call)(void *ctx), void *ctx);
/* The same for a mistake in the arguments, with a hint at `command`'s --help. Returns CLI_UNUSABLE.
 */
int cli_usage(const char *command, const struct fault *fault);
/* Flushes standard output after a help text: CLI_CLEAN, or CLI_UNUSABLE when it could not be
 * written. */
int cli_printed(void);
/* Prints the version likewise. */
int cli_version(void);
/* Whether what goes to `stream` may be coloured: --color, NO_COLOR, TERM, a terminal. */
bool cli_color(const struct cli *cli, FILE *stream);
/* Whether a bar may be drawn on standard error. */
bool cli_progress(const struct cli *cli);

/* No two of the outputs (NULL: not asked for) go to the same place, however it is written. */
enum status cli_outputs_differ(const char *const *outputs, size_t count, struct fault *fault);
/* None of them would overwrite that input (NULL: there is none). */
enum status cli_outputs_spare(
    const char *const *outputs, size_t count, const char *input, struct fault *fault);

#endif
