#include "analyzer/cli/damage.h"

#include "analyzer/cli/cli.h"
#include "analyzer/hat/hat.h"
#include "analyzer/maillog/maillog.h"

#define LINES_SAID 10 /* of a table */

bool
damage_say_logs(const struct maillog *m)
{
	size_t count;
	const struct maillog_file *files = maillog_files(m, &count);
	bool damaged = false;

	for (size_t i = 0; i < count; i++) {
		if (files[i].damaged[0] == '\0')
			continue;
		cli_message("%s: %s",
		    strcmp(files[i].path, "-") == 0 ? "standard input" : files[i].path,
		    files[i].damaged);
		damaged = true;
	}
	return damaged;
}

bool
damage_say_hat(const struct hat *h, const char *path)
{
	size_t count, damaged = 0;
	const struct hat_message *m = hat_messages(h, &count, NULL);

	for (size_t i = 0; i < count; i++)
		if (m[i].syntax && damaged++ < LINES_SAID)
			cli_message("%s: line %u: %s", path, m[i].line, m[i].text);
	if (damaged > LINES_SAID)
		cli_message("%s: and %zu more", path, damaged - LINES_SAID);
	return damaged > 0;
}
