#include "analyzer/cli/signals.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t end, report, renew;
static sigset_t waiting; /* what is blocked while we wait */

static void
on_end(int number)
{
	(void)number;
	end = 1;
}

static void
on_report(int number)
{
	(void)number;
	report = 1;
}

static void
on_renew(int number)
{
	(void)number;
	renew = 1;
}

void
signals_open(void)
{
	const struct {
		int number;
		void (*handler)(int number);
	} rows[] = {
		{ SIGINT, on_end },
		{ SIGTERM, on_end },
		{ SIGUSR1, on_report },
		{ SIGHUP, isatty(STDOUT_FILENO) == 1 ? on_end : on_renew },
	};
	sigset_t ours;

	sigemptyset(&ours);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sigaction action = { .sa_handler = rows[i].handler };

		sigaction(rows[i].number, &action, NULL);
		sigaddset(&ours, rows[i].number);
	}
	sigprocmask(SIG_BLOCK, &ours, &waiting);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		sigdelset(&waiting, rows[i].number);
}

/* The second time as if there were no handler. */
static void
let_go(void)
{
	static const int numbers[] = { SIGINT, SIGTERM };
	sigset_t ours;

	sigemptyset(&ours);
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		signal(numbers[i], SIG_DFL);
		sigaddset(&ours, numbers[i]);
	}
	sigprocmask(SIG_UNBLOCK, &ours, NULL);
}

int
signals_wait(struct pollfd *fds, size_t count, int timeout_ms)
{
	struct timespec timeout = { timeout_ms / 1000, timeout_ms % 1000 * 1000000L };
	bool was = end;
	int ready = ppoll(fds, count, timeout_ms < 0 ? NULL : &timeout, &waiting);

	if (end && !was)
		let_go();
	return ready;
}

bool
signals_end(void)
{
	return end != 0;
}

bool
signals_report(void)
{
	bool wanted = report != 0;

	report = 0;
	return wanted;
}

bool
signals_renew(void)
{
	bool wanted = renew != 0;

	renew = 0;
	return wanted;
}
