/*
 * hat_address: the address forms of a HAT host (see hat_host.h), to and from text.
 *
 * Pure. hat_address_parse fills kind, family, group, lo and hi, and is for texts that consist
 * of the characters of addresses only; false: *remark says what was expected.
 */
#ifndef HATCHECK_HAT_ADDRESS_H
#define HATCHECK_HAT_ADDRESS_H

#include "analyzer/hat/hat_host.h"

/* A text of digits, dots, `-` and `/` only; one of hexadecimal digits, colons and these. */
bool hat_address_looks_v4(struct bytes text);
bool hat_address_looks_v6(struct bytes text);
bool hat_address_parse(struct hat_host *out, struct bytes text, const char **remark);
size_t hat_address_format(const struct hat_host *host, char room[static HAT_HOST_ROOM]);

#endif
