/*
 * status: whose fault is it, when it is the machine's or the caller's.
 *
 * What the wire or a log did wrong is data and never a status. A function that
 * can fail for the machine's sake returns an enum status and, where a person
 * has to be told more than its name, fills the struct fault of its caller.
 * The command says it once, on standard error.
 */
#ifndef HATCHECK_STATUS_H
#define HATCHECK_STATUS_H

enum status {
	STATUS_OK,
	STATUS_END,    /* nothing more to read: the orderly end */
	STATUS_NOMEM,  /* the machine has no memory left */
	STATUS_IO,     /* a file or stream could not be opened, read or written */
	STATUS_FORMAT, /* the input is not what it should be */
	STATUS_USAGE   /* the caller of the program asked for what cannot be */
};

/* One sentence without a line end: the input, the offset or line, the cause. */
struct fault {
	char text[512];
};

/* Fills *f (NULL is allowed: the text is dropped) and returns `code`. */
enum status fault_set(struct fault *f, enum status code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
