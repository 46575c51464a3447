#include "reports/tally.h"

void
tally_add(struct tally *t, const struct record *rec)
{
	const struct record_finding *f = record_array(rec, rec->findings);

	t->connections++;
	t->verdicts[rec->verdict]++;
	for (uint32_t i = 0; i < rec->findings.count; i++)
		t->findings[f[i].severity]++;
}

void
tally_add_session(void *tally, const struct log_session *s, const char *missing)
{
	struct tally *t = tally;

	(void)s;
	t->findings[SEVERITY_WARNING] += missing != NULL;
}
