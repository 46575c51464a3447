/*
 * refusal: why was a recipient refused? One table, and a user may put rows before it.
 *
 * A reply to RCPT tells its reason by its code, its enhanced status code (RFC 3463) and its
 * text, and the three do not always agree: `554 5.7.1 Relay access denied` is about the recipient,
 * `550 5.7.1 Your access ... rejected` about the client. So texts stand before codes, and
 * what the table does not know is `other`: never a reason of access.
 *
 * A file of further rows has one row a line: CLASS CODE ENHANCED TEXT. CLASS is access,
 * recipient, temporary or other; CODE three digits or x for any (`5xx`); ENHANCED the front of an
 * enhanced code (`5.7.`) or `-` for any; TEXT, up to the end of the line, what the reply's
 * text must contain, in any case of letters; none for any text. `#` begins a comment.
 */
#ifndef HATCHECK_REFUSAL_H
#define HATCHECK_REFUSAL_H

#include "analyzer/verdict/record.h"
#include "capture/base/status.h"

#define REFUSAL_MAX_ROWS 1000 /* of a file */
#define REFUSAL_MAX_TEXT 512  /* octets of a reply that are looked at */

struct refusal_table;

/* NULL stands for the built-in rows alone. `enhanced` may be empty, and may begin with `#`. */
enum rcpt_class refusal_class(
    const struct refusal_table *table, uint16_t code, struct bytes enhanced, struct bytes text);

/* STATUS_IO, STATUS_FORMAT (file, line and what was expected in *fault), STATUS_NOMEM. */
enum status refusal_load(struct refusal_table **out, const char *path, struct fault *fault);
void refusal_free(struct refusal_table *table);

#endif
