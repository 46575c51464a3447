/*
 * hat_xml: the HAT of one listener out of a saved XML configuration.
 *
 * In:    the whole file. <hat> is looked for wherever it stands; the listener's name and
 *        hat_default_* elements are its siblings. libxml2 is used in this module only.
 * Safe:  no network, no external DTD or entity is loaded, entities of the file's own are not
 *        expanded; the depth and the size of a text are bounded by libxml2's own limits.
 * Fails: STATUS_FORMAT if there is no <hat>, STATUS_USAGE if `listener` is not there, or NULL
 *        with several: *fault lists the names. A file that is damaged further on is used as
 *        far as it goes, with an error among the messages.
 */
#ifndef HATCHECK_HAT_XML_H
#define HATCHECK_HAT_XML_H

#include "analyzer/hat/hat_table.h"

/* True when the text, after a byte order mark and space, begins as XML does. */
bool hat_xml_is(struct bytes text);
/*
 * Fills h->text, h->listener and the defaults. The table is what of h->text comes after *from;
 * its first line is *line of the file.
 */
enum status hat_xml_read(struct hat *h, struct bytes xml, const char *name, const char *listener,
    size_t *from, uint32_t *line, struct fault *fault);

#endif
