#include "reports/json_put.h"

#include <stdlib.h>

#include "capture/base/escape.h"
#include "reports/rfc3339.h"

/* The key is new and a literal: json-c need neither look for it nor copy it. */
#define KEY_FLAGS (JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_ADD_CONSTANT_KEY)

/* Owns `value`; a NULL one is JSON's null. */
static bool
add(struct json_put *p, struct json_object *to, const char *key, struct json_object *value)
{
	int bad = -1;

	if (to != NULL && key != NULL)
		bad = json_object_object_add_ex(to, key, value, KEY_FLAGS);
	else if (to != NULL)
		bad = json_object_array_add(to, value);
	if (bad == 0)
		return true;
	json_object_put(value);
	p->failed = true;
	return false;
}

/* The same for a value that was just made: NULL is a failure. Returns it, borrowed. */
static struct json_object *
add_made(struct json_put *p, struct json_object *to, const char *key, struct json_object *value)
{
	if (value == NULL)
		p->failed = true;
	return value != NULL && add(p, to, key, value) ? value : NULL;
}

struct json_object *
json_put_object(struct json_put *p, struct json_object *to, const char *key)
{
	return add_made(p, to, key, json_object_new_object());
}

struct json_object *
json_put_array(struct json_put *p, struct json_object *to, const char *key)
{
	return add_made(p, to, key, json_object_new_array());
}

void
json_put_null(struct json_put *p, struct json_object *to, const char *key)
{
	add(p, to, key, NULL);
}

void
json_put_bool(struct json_put *p, struct json_object *to, const char *key, bool value)
{
	add_made(p, to, key, json_object_new_boolean(value));
}

void
json_put_number(struct json_put *p, struct json_object *to, const char *key, uint64_t number)
{
	add_made(p, to, key, json_object_new_uint64(number));
}

void
json_put_signed(struct json_put *p, struct json_object *to, const char *key, int64_t number)
{
	add_made(p, to, key, json_object_new_int64(number));
}

void
json_put_word(struct json_put *p, struct json_object *to, const char *key, const char *word)
{
	if (word == NULL)
		json_put_null(p, to, key);
	else
		add_made(p, to, key, json_object_new_string(word));
}

void
json_put_text(struct json_put *p, struct json_object *to, const char *key, struct bytes raw)
{
	char few[512], *text = few;
	size_t n = escape_text(few, sizeof few, raw);

	if (n >= sizeof few) {
		text = malloc(n + 1);
		if (text == NULL) {
			p->failed = true;
			return;
		}
		escape_text(text, n + 1, raw);
	}
	add_made(p, to, key, json_object_new_string_len(text, (int)n));
	if (text != few)
		free(text);
}

void
json_put_time(
    struct json_put *p, struct json_object *to, const char *key, int64_t ts_ns, unsigned digits)
{
	char stamp[RFC3339_ROOM];

	json_put_word(p, to, key, rfc3339_format(stamp, ts_ns, digits));
}

void
json_put_print(struct json_put *p, struct json_object *o, struct output *out)
{
	size_t n = 0;
	const char *line = json_object_to_json_string_length(
	    o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &n);

	if (line == NULL)
		p->failed = true;
	else
		output_bytes(out, bytes_of(line, n));
}
