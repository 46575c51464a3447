/*
 * filter: a libpcap expression over frames of several link types. Inside capture/source/ only.
 *
 * An expression is compiled once for each link type, when its first frame comes. One that
 * does not compile for a link type asks for what such frames do not have (`vlan` of
 * raw IP), so none of them passes. One that compiles for none is a fault.
 */
#ifndef HATCHECK_FILTER_H
#define HATCHECK_FILTER_H

#include "capture/base/status.h"
#include "capture/packet/packet.h"

struct filter;

/* `expression` is borrowed. NULL without memory. */
struct filter *filter_new(const char *expression);
void filter_free(struct filter *f);
/* Whether it compiles for a link type. */
bool filter_fits(struct filter *f, int link_type);
/*
 * Whether it compiles for one of the link types (for Ethernet if there are none). If
 * not, STATUS_USAGE and libpcap's reason for the first in *fault.
 */
enum status filter_check(
    struct filter *f, const int *link_types, size_t count, struct fault *fault);
bool filter_passes(struct filter *f, const struct frame *frame);

#endif
