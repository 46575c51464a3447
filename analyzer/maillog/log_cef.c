#include "analyzer/maillog/log_cef.h"

#include "analyzer/maillog/log_stamp.h"

#define HEADER_FIELDS 7 /* version, vendor, product, version, id, name, severity */

enum field {
	FIELD_SERIAL,
	FIELD_ICID,
	FIELD_MID,
	FIELD_STARTED,
	FIELD_ADDRESS,
	FIELD_HOST,
	FIELD_ACTION,
	FIELD_GROUP,
	FIELD_SENDER,
	FIELD_RECIPIENTS,
	FIELD_SBRS,
	FIELD_COUNTRY,
	FIELD_TLS,
	FIELDS
};

static const char *const keys[FIELDS] = {
	[FIELD_SERIAL] = "deviceExternalId",
	[FIELD_ICID] = "ESAICID",
	[FIELD_MID] = "ESAMID",
	[FIELD_STARTED] = "startTime",
	[FIELD_ADDRESS] = "sourceAddress",
	[FIELD_HOST] = "sourceHostName",
	[FIELD_ACTION] = "ESAMailFlowPolicy",
	[FIELD_GROUP] = "ESASenderGroup",
	[FIELD_SENDER] = "suser",
	[FIELD_RECIPIENTS] = "duser",
	[FIELD_SBRS] = "cfp1",
	[FIELD_COUNTRY] = "cs2",
	[FIELD_TLS] = "ESATLSInConnStatus",
};

/* Behind the n-th '|' of the header, in which "\|" is none. */
static struct bytes
skip_header(struct bytes text)
{
	size_t bars = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\\')
			i++;
		else if (text.p[i] == '|' && ++bars == HEADER_FIELDS)
			return bytes_skip(text, i + 1);
	}
	return bytes_of(NULL, 0);
}

static bool
is_key_octet(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Octets of a key at the front, with a '=' behind it; 0 if there is none. */
static size_t
key_length(struct bytes b)
{
	size_t n = 0;

	while (n < b.n && is_key_octet(b.p[n]))
		n++;
	return n < b.n && b.p[n] == '=' ? n : 0;
}

/* Where the value at the front ends: at the space before the next key. */
static size_t
value_length(struct bytes b)
{
	for (size_t i = 0; i < b.n; i++)
		if (b.p[i] == ' ' && key_length(bytes_skip(b, i + 1)) > 0)
			return i;
	return b.n;
}

static struct bytes
trim_end(struct bytes b)
{
	while (b.n > 0 && b.p[b.n - 1] == ' ')
		b.n--;
	return b;
}

/* The first value of each key that matters: later ones may be from the message's subject. */
static void
take_fields(struct bytes at, struct bytes values[static FIELDS])
{
	while (at.n > 0) {
		size_t key = key_length(at), value;

		if (key == 0) {
			at = bytes_skip(at, 1);
			continue;
		}
		value = value_length(bytes_skip(at, key + 1));
		for (int f = 0; f < FIELDS; f++)
			if (values[f].p == NULL &&
			    bytes_eq(bytes_head(at, key), bytes_str(keys[f])))
				values[f] = trim_end(bytes_head(bytes_skip(at, key + 1), value));
		at = bytes_skip(at, key + 1 + value);
	}
}

/* 0 for what is no number. */
static uint64_t
number_of(struct bytes b)
{
	uint64_t v = 0;

	for (size_t i = 0; i < b.n; i++) {
		if (b.p[i] < '0' || b.p[i] > '9' || i == 19)
			return 0;
		v = v * 10 + (uint64_t)(b.p[i] - '0');
	}
	return v;
}

void
log_cef_parse(struct log_event *out, struct bytes text)
{
	struct bytes values[FIELDS] = { { NULL, 0 } };
	struct log_stamp started;

	out->kind = LOG_OTHER;
	out->ending = LOG_ENDING_WHOLE;
	out->understood = text.n;
	take_fields(skip_header(text), values);
	out->icid = number_of(values[FIELD_ICID]);
	out->mid = number_of(values[FIELD_MID]);
	if (out->icid == 0)
		return;
	out->kind = LOG_SUMMARY;
	out->summary.serial = values[FIELD_SERIAL];
	out->summary.address = values[FIELD_ADDRESS];
	out->summary.host = values[FIELD_HOST];
	out->summary.action = log_action_of(values[FIELD_ACTION]);
	out->summary.group = values[FIELD_GROUP];
	out->summary.sender = values[FIELD_SENDER];
	out->summary.recipients = values[FIELD_RECIPIENTS];
	out->summary.sbrs = values[FIELD_SBRS];
	out->summary.country = values[FIELD_COUNTRY];
	out->summary.tls = values[FIELD_TLS].n == 0                            ? LOG_TLS_NONE
	                   : bytes_eq(values[FIELD_TLS], BYTES_LIT("Success")) ? LOG_TLS_SUCCESS
	                                                                       : LOG_TLS_FAILED;
	/* These stamps have their year. */
	out->summary.started_ns = log_stamp_parse(&started, values[FIELD_STARTED], 0) > 0
	                              ? started.local_ns
	                              : LOG_TIME_NONE;
}
