#include "analyzer/cli/interim.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "analyzer/cli/cli.h"

bool
interim_running(struct interim *i)
{
	if (i->child != 0 && waitpid(i->child, NULL, WNOHANG) != 0)
		i->child = 0;
	return i->child != 0;
}

__attribute__((noreturn)) static void
write_report(struct report *r, const struct report_run *run)
{
	struct fault fault;

	cli_before_message(NULL, NULL);
	if (report_interim(r, run, &fault) != STATUS_OK) {
		cli_message("%s", fault.text);
		_exit(1);
	}
	_exit(0);
}

void
interim_start(struct interim *i, struct report *r, const struct report_run *run)
{
	pid_t child;

	if (interim_running(i)) {
		cli_message("a report is being written; the next one has to wait for it");
		return;
	}
	report_settle(r);
	child = fork();
	if (child == 0)
		write_report(r, run);
	if (child < 0)
		cli_message("no report: fork: %s", strerror(errno));
	else
		i->child = child;
}

void
interim_finish(struct interim *i)
{
	const struct timespec pause = { 0, 20 * 1000000L };

	for (int waited = 0; interim_running(i) && waited < INTERIM_PATIENCE_MS; waited += 20)
		nanosleep(&pause, NULL);
}
