#include "analyzer/maillog/log_origin.h"

static void
set_name(struct log_name *name, struct bytes text)
{
	name->n = text.n < sizeof name->text ? text.n : sizeof name->text - 1;
	if (name->n > 0)
		memcpy(name->text, text.p, name->n);
	name->text[name->n] = '\0';
}

static bool
is_name(const struct log_name *name, struct bytes text)
{
	return bytes_eq(bytes_of(name->text, name->n), bytes_head(text, sizeof name->text - 1));
}

static uint16_t
new_origin(struct log_origins *o)
{
	struct log_origin *at;

	if (o->count == LOG_ORIGINS) {
		limits_hit(o->limits, LIMIT_LOG_APPLIANCES_MERGED, 1);
		return 0;
	}
	at = &o->at[o->count];
	memset(at, 0, sizeof *at);
	at->utc_offset_s = LOG_OFFSET_NONE;
	return o->count++;
}

void
log_origins_init(struct log_origins *o, struct limits *limits)
{
	o->count = 0;
	o->last = 0;
	o->limits = limits;
	(void)new_origin(o);
}

uint16_t
log_origins_of_host(struct log_origins *o, struct bytes host)
{
	uint16_t i = o->last;

	if (is_name(&o->at[i].host, host))
		return i;
	for (i = 1; i < o->count; i++)
		if (is_name(&o->at[i].host, host))
			break;
	if (i == o->count) {
		i = new_origin(o);
		if (i != 0)
			set_name(&o->at[i].host, host);
	}
	o->last = i;
	return i;
}

uint16_t
log_origins_of_serial(struct log_origins *o, struct bytes serial, uint16_t current)
{
	uint16_t i;

	for (i = 1; i < o->count; i++)
		if (o->at[i].serial.n > 0 && is_name(&o->at[i].serial, serial))
			return i;
	i = current;
	if (current == 0 || o->at[current].serial.n > 0)
		i = new_origin(o);
	if (i != 0)
		set_name(&o->at[i].serial, serial);
	return i;
}
