#include "reports/output.h"

#include <errno.h>
#include <stdarg.h>

#include "capture/base/escape.h"

static enum status
failure(const struct output *o, struct fault *fault)
{
	char path[256];

	escape_text(path, sizeof path, bytes_str(o->path));
	return fault_set(fault, STATUS_IO, "%s: %s",
	    strcmp(o->path, "-") == 0 ? "standard output" : path, strerror(o->error));
}

enum status
output_open(struct output *o, const char *path, bool lines, struct fault *fault)
{
	*o = (struct output){ .path = path };
	o->file = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
	if (o->file == NULL) {
		o->error = errno;
		return failure(o, fault);
	}
	setvbuf(o->file, NULL, lines ? _IOLBF : _IOFBF, 1 << 16);
	return STATUS_OK;
}

static void
note(struct output *o)
{
	if (o->error == 0)
		o->error = errno != 0 ? errno : EIO;
}

void
output_bytes(struct output *o, struct bytes b)
{
	/* glibc counts a line as written although its flush failed. */
	if (o->error == 0 && (fwrite(b.p, 1, b.n, o->file) != b.n || ferror(o->file)))
		note(o);
}

void
output_format(struct output *o, const char *fmt, ...)
{
	va_list ap;

	if (o->error != 0)
		return;
	va_start(ap, fmt);
	if (vfprintf(o->file, fmt, ap) < 0 || ferror(o->file))
		note(o);
	va_end(ap);
}

void
output_escaped(struct output *o, struct bytes raw)
{
	while (raw.n > 0) {
		char one[ESCAPE_CHARACTER];
		size_t n = escape_character(&raw, one);

		output_bytes(o, bytes_of(one, n));
	}
}

enum status
output_close(struct output *o, struct fault *fault)
{
	if (o->file == NULL)
		return STATUS_OK;
	if (fflush(o->file) != 0)
		note(o);
	if (o->file != stdout && fclose(o->file) != 0)
		note(o);
	o->file = NULL;
	return o->error == 0 ? STATUS_OK : failure(o, fault);
}
