#include "analyzer/cli/options.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>

#define OPTIONS_MAX 64
#define LONG_BASE 256 /* getopt's value of the row 0; below it are letters */

struct flat {
	const struct option_row *row[OPTIONS_MAX];
	void *field[OPTIONS_MAX];
	int count;
	struct option longs[OPTIONS_MAX + 1];
	char letters[2 * OPTIONS_MAX + 3];
};

/* The rows of all groups in the form that getopt_long wants. */
static void
flatten(struct flat *f, const struct option_group *groups, size_t count, bool in_order)
{
	size_t n = 0;

	memset(f, 0, sizeof *f);
	if (in_order)
		f->letters[n++] = '+';
	f->letters[n++] = ':'; /* a missing value is told apart from an unknown option */
	for (size_t g = 0; g < count; g++) {
		for (size_t i = 0; i < groups[g].count; i++) {
			const struct option_row *row = &groups[g].rows[i];
			int at = f->count++;

			assert(at < OPTIONS_MAX);
			f->row[at] = row;
			f->field[at] = (char *)groups[g].fields + row->offset;
			f->longs[at] = (struct option){ row->name,
				row->arg != NULL ? required_argument : no_argument, NULL,
				LONG_BASE + at };
			if (row->letter == 0)
				continue;
			f->letters[n++] = row->letter;
			if (row->arg != NULL)
				f->letters[n++] = ':';
		}
	}
}

/* The row of a value of getopt, -1 for none. */
static int
find(const struct flat *f, int value)
{
	if (value >= LONG_BASE)
		return value - LONG_BASE;
	for (int i = 0; i < f->count; i++)
		if (value != 0 && f->row[i]->letter == value)
			return i;
	return -1;
}

static enum status
refuse(const struct flat *f, int value, const char *word, struct fault *fault)
{
	int at = find(f, optopt);

	if (value == ':' && at >= 0)
		return fault_set(fault, STATUS_USAGE, "option --%s needs a value: %s",
		    f->row[at]->name, f->row[at]->arg);
	if (at >= 0)
		return fault_set(
		    fault, STATUS_USAGE, "option --%s takes no value", f->row[at]->name);
	if (optopt != 0)
		return fault_set(fault, STATUS_USAGE, "unknown option -%c", optopt);
	return fault_set(fault, STATUS_USAGE, "unknown or ambiguous option %s", word);
}

enum status
options_parse(const struct option_group *groups, size_t count, bool in_order, int argc, char **argv,
    int *operand, struct fault *fault)
{
	struct flat flat;
	enum status status = STATUS_OK;
	int value;

	flatten(&flat, groups, count, in_order);
	opterr = 0;
	optind = 0; /* glibc: start afresh */
	while (status == STATUS_OK &&
	       (value = getopt_long(argc, argv, flat.letters, flat.longs, NULL)) != -1) {
		int at = value == '?' || value == ':' ? -1 : find(&flat, value);
		struct fault why;

		if (at < 0) {
			status = refuse(&flat, value, argv[optind - 1], fault);
			break;
		}
		status = flat.row[at]->take(flat.field[at], optarg, &why);
		if (status != STATUS_OK)
			fault_set(fault, status, "--%s: %s", flat.row[at]->name, why.text);
	}
	*operand = optind;
	return status;
}

/* "  -p, --port LIST" */
static size_t
head(const struct option_row *row, char room[static 64])
{
	int n = snprintf(room, 64, row->letter != 0 ? "  -%c, --%s%s%s" : "   %c  --%s%s%s",
	    row->letter != 0 ? row->letter : ' ', row->name, row->arg != NULL ? " " : "",
	    row->arg != NULL ? row->arg : "");

	return (size_t)n;
}

void
options_print(const struct option_group *groups, size_t count, FILE *out)
{
	char room[64];
	size_t wide = 0;

	for (size_t g = 0; g < count; g++)
		for (size_t i = 0; i < groups[g].count; i++)
			if (head(&groups[g].rows[i], room) > wide)
				wide = head(&groups[g].rows[i], room);
	for (size_t g = 0; g < count; g++) {
		fprintf(out, "\n%s:\n", groups[g].title);
		for (size_t i = 0; i < groups[g].count; i++) {
			const char *help = groups[g].rows[i].help;
			size_t line = strcspn(help, "\n");

			head(&groups[g].rows[i], room);
			fprintf(out, "%-*s  %.*s\n", (int)wide, room, (int)line, help);
			for (help += line; *help != '\0'; help += line) {
				line = strcspn(++help, "\n");
				fprintf(out, "%*s  %.*s\n", (int)wide, "", (int)line, help);
			}
		}
	}
}

enum status
options_flag(void *field, const char *value, struct fault *fault)
{
	(void)value;
	(void)fault;
	*(bool *)field = true;
	return STATUS_OK;
}

enum status
options_text(void *field, const char *value, struct fault *fault)
{
	const char **text = field;

	if (*text != NULL)
		return fault_set(fault, STATUS_USAGE, "given twice");
	if (value[0] == '\0')
		return fault_set(fault, STATUS_USAGE, "the value is empty");
	*text = value;
	return STATUS_OK;
}

enum status
options_size(void *field, const char *value, struct fault *fault)
{
	static const char units[] = "KMG";
	const char *unit = NULL;
	unsigned long long n;
	char *end;
	int shift = 0;

	errno = 0;
	n = isdigit((unsigned char)value[0]) ? strtoull(value, &end, 10) : 0;
	if (n == 0 || errno != 0)
		goto bad;
	if (*end != '\0') {
		unit = strchr(units, toupper((unsigned char)*end));
		if (unit == NULL || end[1] != '\0')
			goto bad;
		shift = 10 * (int)(unit - units + 1);
	}
	if (n > SIZE_MAX >> shift)
		goto bad;
	*(size_t *)field = (size_t)n << shift;
	return STATUS_OK;
bad:
	return fault_set(fault, STATUS_USAGE,
	    "%s is no size: expected a number from 1 with K, M or G after it, as in 256M", value);
}

enum status
options_count(void *field, const char *value, struct fault *fault)
{
	unsigned long long n;
	char *end;

	errno = 0;
	n = isdigit((unsigned char)value[0]) ? strtoull(value, &end, 10) : 0;
	if (n == 0 || errno != 0 || *end != '\0')
		return fault_set(fault, STATUS_USAGE, "%s is no number from 1", value);
	*(uint64_t *)field = n;
	return STATUS_OK;
}

enum status
options_seconds(void *field, const char *value, struct fault *fault)
{
	const int64_t most = INT64_C(1000000000);
	int64_t s = 0, ns = 0, digit_ns = 100000000;
	const char *at = value;

	for (; isdigit((unsigned char)*at) && s <= most; at++)
		s = s * 10 + (*at - '0');
	if (at > value && *at == '.' && isdigit((unsigned char)at[1]))
		for (at++; isdigit((unsigned char)*at); at++, digit_ns /= 10)
			ns += (*at - '0') * digit_ns;
	if (at == value || *at != '\0' || s > most || s + ns == 0)
		return fault_set(fault, STATUS_USAGE,
		    "%s is no number of seconds, as 90 or 0.5, up to %lld", value, (long long)most);
	*(int64_t *)field = s * INT64_C(1000000000) + ns;
	return STATUS_OK;
}

/* A port number at *at, which moves past it; 0 for none. */
static unsigned long
take_port(const char **at)
{
	unsigned long port;
	char *end;

	if (!isdigit((unsigned char)**at))
		return 0;
	port = strtoul(*at, &end, 10);
	*at = end;
	return port <= 65535 ? port : 0;
}

enum status
options_ports(void *field, const char *value, struct fault *fault)
{
	struct port_set *ports = field;
	const char *at = value;

	for (;;) {
		unsigned long first = take_port(&at), last = first;

		if (first != 0 && *at == '-') {
			at++;
			last = take_port(&at);
		}
		if (first == 0 || last < first || (*at != ',' && *at != '\0'))
			return fault_set(fault, STATUS_USAGE,
			    "%s is no list of ports: expected numbers from 1 to 65535, as in "
			    "25,587 or 2500-2599",
			    value);
		for (unsigned long p = first; p <= last; p++)
			port_set_add(ports, (uint16_t)p);
		if (*at == '\0')
			return STATUS_OK;
		at++;
	}
}

enum status
options_word(
    int *index, const char *const *words, size_t count, const char *value, struct fault *fault)
{
	char list[256] = "";
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (strcmp(words[i], value) == 0) {
			*index = (int)i;
			return STATUS_OK;
		}
		n += (size_t)snprintf(
		    list + n, n < sizeof list ? sizeof list - n : 0, " %s", words[i]);
	}
	return fault_set(fault, STATUS_USAGE, "%s is none of:%s", value, list);
}

enum status
options_utc_offset(void *field, const char *value, struct fault *fault)
{
	bool west = value[0] == '-';
	const char *at = value + (west || value[0] == '+');
	unsigned long hours, minutes = 0;
	char *end = NULL;

	if (at[0] < '0' || at[0] > '9')
		goto bad;
	hours = strtoul(at, &end, 10);
	if (*end == ':' && end[1] >= '0' && end[1] <= '9')
		minutes = strtoul(end + 1, &end, 10);
	if (*end != '\0' || hours > 23 || minutes > 59)
		goto bad;
	*(int32_t *)field = (int32_t)(hours * 3600 + minutes * 60) * (west ? -1 : 1);
	return STATUS_OK;
bad:
	return fault_set(fault, STATUS_USAGE,
	    "%s is no offset from UTC: expected hours and minutes, as in +09:00 or -7", value);
}

enum status
options_number(uint64_t *out, uint64_t least, uint64_t most, const char *value, struct fault *fault)
{
	char *end = NULL;

	errno = 0;
	*out = isdigit((unsigned char)value[0]) ? strtoull(value, &end, 10) : 0;
	if (end == NULL || *end != '\0' || errno != 0 || *out < least || *out > most)
		return fault_set(fault, STATUS_USAGE, "%s is no number from %llu to %llu", value,
		    (unsigned long long)least, (unsigned long long)most);
	return STATUS_OK;
}
