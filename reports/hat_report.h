/*
 * hat_report: what the command hat says of a table, or of one peer, in its two forms.
 *
 * json_hat and text_hat write the same facts. Everything from the table is escaped.
 */
#ifndef HATCHECK_HAT_REPORT_H
#define HATCHECK_HAT_REPORT_H

#include "analyzer/hat/hat.h"

struct hat_report {
	const char *path;
	const struct hat *hat;
	const struct hat_peer *peer;         /* NULL: the table itself is reported */
	const struct hat_decision *decision; /* of the peer */
	bool color;
	int verbose; /* -1 quiet, 0, 1: every host, and what is only worth knowing */
};

#endif
