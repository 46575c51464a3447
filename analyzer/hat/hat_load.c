#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "analyzer/hat/hat_reader.h"
#include "analyzer/hat/hat_table.h"
#include "analyzer/hat/hat_xml.h"

static enum status
take_text(struct hat *h, struct bytes text)
{
	h->text = malloc(text.n + 1);
	if (h->text == NULL)
		return STATUS_NOMEM;
	if (text.n > 0)
		memcpy(h->text, text.p, text.n);
	h->text_len = text.n;
	return STATUS_OK;
}

/* Nothing in it decides anything. Words of any text, and a rule, are no statement yet. */
static bool
is_empty(const struct hat *h)
{
	for (size_t i = 0; i < h->policies.count; i++)
		if (hat_table_policies(h)[i].action != HAT_ACTION_UNKNOWN)
			return false;
	for (size_t i = 0; i < h->groups.count; i++) {
		const struct hat_group *g = &hat_table_groups(h)[i];

		if ((g->policy.p != NULL || g->action != HAT_ACTION_UNKNOWN) &&
		    (!g->anonymous || hat_table_understood(h, g) > 0))
			return false;
	}
	return true;
}

static enum status
say_empty(const struct hat *h, const char *name, struct fault *fault)
{
	const struct hat_message *m = h->messages.at;

	for (size_t i = 0; i < h->messages.count; i++)
		if (m[i].syntax)
			return fault_set(fault, STATUS_FORMAT, "%s: this is no HAT: line %u: %s",
			    name, m[i].line, m[i].text);
	return fault_set(fault, STATUS_FORMAT,
	    "%s: this is no HAT: expected $POLICY, GROUP: or hosts with an access rule, found none",
	    name);
}

enum status
hat_parse(struct hat **out, struct bytes text, const char *name, const char *listener,
    struct fault *fault)
{
	struct hat *h = calloc(1, sizeof *h);
	enum status status = STATUS_NOMEM;
	uint32_t line = 1;
	size_t from = 0;

	*out = NULL;
	if (h == NULL)
		return fault_set(fault, status, "%s: no memory", name);
	if (text.n > HAT_MAX_OCTETS)
		status = fault_set(
		    fault, STATUS_FORMAT, "%s: longer than %d octets", name, HAT_MAX_OCTETS);
	else if (hat_xml_is(text))
		status = hat_xml_read(h, text, name, listener, &from, &line, fault);
	else if (take_text(h, text) == STATUS_OK)
		status = STATUS_OK;
	if (status == STATUS_OK) {
		hat_reader_run(h, from, line);
		if (!hat_table_finish(h))
			status = STATUS_NOMEM;
		else if (is_empty(h))
			status = say_empty(h, name, fault);
	}
	if (status == STATUS_NOMEM)
		fault_set(fault, status, "%s: no memory", name);
	if (status != STATUS_OK) {
		hat_free(h);
		return status;
	}
	*out = h;
	return STATUS_OK;
}

/* All of a stream, to free; NULL with *fault. One octet more than the bound shows its excess. */
static char *
read_all(FILE *f, const char *path, size_t *len, enum status *status, struct fault *fault)
{
	char *text = NULL;
	size_t room = 0, n;

	*len = 0;
	do {
		if (*len == room) {
			char *more = realloc(text, room == 0 ? 65536 : room * 2);

			if (more == NULL) {
				free(text);
				*status = fault_set(fault, STATUS_NOMEM, "%s: no memory", path);
				return NULL;
			}
			room = room == 0 ? 65536 : room * 2;
			text = more;
		}
		n = fread(text + *len, 1, room - *len, f);
		*len += n;
	} while (n > 0 && *len <= HAT_MAX_OCTETS);
	if (ferror(f)) {
		*status = fault_set(fault, STATUS_IO, "%s: %s", path, strerror(errno));
		free(text);
		return NULL;
	}
	return text;
}

enum status
hat_load(struct hat **out, const char *path, const char *listener, struct fault *fault)
{
	bool standard = strcmp(path, "-") == 0;
	FILE *f = standard ? stdin : fopen(path, "rb");
	enum status status = STATUS_OK;
	size_t len;
	char *text;

	*out = NULL;
	if (f == NULL)
		return fault_set(fault, STATUS_IO, "%s: %s", path, strerror(errno));
	text = read_all(f, path, &len, &status, fault);
	if (text != NULL)
		status = hat_parse(out, bytes_of(text, len), path, listener, fault);
	free(text);
	if (!standard)
		fclose(f);
	return status;
}
