/*
 * json_put: values into JSON objects and arrays, by json-c.
 *
 * Each call makes one value and hands it to `to`: an object, under `key` (a literal,
 * borrowed for the object's life, not used before), or an array, at its end, with key NULL.
 * Integers and strings only, never a float.
 * Fails: without memory `failed` is set and what was to be added is missing or null; `to`
 *        may be NULL then, so that a caller builds on and asks once.
 */
#ifndef HATCHECK_JSON_PUT_H
#define HATCHECK_JSON_PUT_H

#include <json-c/json.h>

#include "capture/base/bytes.h"
#include "reports/output.h"

struct json_put {
	bool failed;
};

/* The new, empty value, borrowed from `to`. */
struct json_object *json_put_object(struct json_put *p, struct json_object *to, const char *key);
struct json_object *json_put_array(struct json_put *p, struct json_object *to, const char *key);
void json_put_null(struct json_put *p, struct json_object *to, const char *key);
void json_put_bool(struct json_put *p, struct json_object *to, const char *key, bool value);
void json_put_number(struct json_put *p, struct json_object *to, const char *key, uint64_t number);
void json_put_signed(struct json_put *p, struct json_object *to, const char *key, int64_t number);
/* A word of our own; NULL puts null. */
void json_put_word(struct json_put *p, struct json_object *to, const char *key, const char *word);
/* Octets of the wire, a log or a file name, escaped. */
void json_put_text(struct json_put *p, struct json_object *to, const char *key, struct bytes raw);
/* RFC 3339 with `digits` decimals. */
void json_put_time(
    struct json_put *p, struct json_object *to, const char *key, int64_t ts_ns, unsigned digits);

/* The object on one line, without a line end. */
void json_put_print(struct json_put *p, struct json_object *o, struct output *out);

#endif
