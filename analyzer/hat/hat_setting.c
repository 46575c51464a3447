#include "analyzer/hat/hat_setting.h"

#include "analyzer/hat/hat_table.h"

static const struct {
	const char *key, *other, *label;
} settings[HAT_SETTING_COUNT] = {
#define X(id, key, other, label) { key, other, label },
	HAT_SETTINGS(X)
#undef X
};

static bool
is_key(struct bytes key, enum hat_setting which)
{
	return bytes_case_eq(key, bytes_str(settings[which].key)) ||
	       (settings[which].other != NULL &&
		   bytes_case_eq(key, bytes_str(settings[which].other))) ||
	       bytes_case_eq(key, bytes_str(settings[which].label));
}

/* The last of that key: a later line is the correction of an earlier. */
static const struct hat_param *
find_in(const struct hat_param *params, size_t count, enum hat_setting which)
{
	for (size_t i = count; i > 0; i--)
		if (is_key(params[i - 1].key, which))
			return &params[i - 1];
	return NULL;
}

/* In the group's rule or its policy. */
static const struct hat_param *
find_own(const struct hat *h, uint32_t group, enum hat_setting which)
{
	const struct hat_group *g = &hat_table_groups(h)[group];
	const struct hat_param *p = find_in(hat_params(h, g->params), g->params.count, which);

	if (p == NULL && g->policy_index != HAT_NO_INDEX) {
		struct hat_block block = hat_table_policies(h)[g->policy_index].params;

		p = find_in(hat_params(h, block), block.count, which);
	}
	return p != NULL && bytes_case_eq(p->value, BYTES_LIT("default")) ? NULL : p;
}

const struct hat_param *
hat_setting_find(const struct hat *h, uint32_t group, enum hat_setting which)
{
	const struct hat_param *p = group == HAT_NO_INDEX ? NULL : find_own(h, group, which);

	return p != NULL ? p : find_in(h->defaults.at, h->defaults.count, which);
}

static bool
parse_number(struct bytes text, int64_t *out)
{
	int64_t v = 0, unit = 1;
	size_t i = 0;

	if (bytes_eq(text, BYTES_LIT("-1")) || bytes_case_eq(text, BYTES_LIT("unlimited"))) {
		*out = HAT_UNLIMITED;
		return true;
	}
	for (; i < text.n && i < 15 && text.p[i] >= '0' && text.p[i] <= '9'; i++)
		v = v * 10 + (text.p[i] - '0');
	if (i == 0)
		return false;
	if (i + 1 == text.n && (text.p[i] | 32) == 'k')
		unit = 1 << 10;
	if (i + 1 == text.n && (text.p[i] | 32) == 'm')
		unit = 1 << 20;
	*out = v * unit;
	return i + (unit > 1) == text.n && v <= INT64_MAX / unit;
}

bool
hat_setting_number(const struct hat *h, uint32_t group, enum hat_setting which, int64_t *out)
{
	const struct hat_param *p = hat_setting_find(h, group, which);

	return p != NULL && parse_number(p->value, out);
}

static struct hat_banner
banner(const struct hat_param *code, const struct hat_param *text)
{
	struct hat_banner b = { 0, bytes_of(NULL, 0) };
	int64_t v;

	if (code != NULL && parse_number(code->value, &v) && v >= 200 && v <= 599)
		b.code = (uint16_t)v;
	if (text != NULL)
		b.text = text->value;
	return b;
}

struct hat_banner
hat_setting_greeting(const struct hat *h, uint32_t group)
{
	return banner(hat_setting_find(h, group, HAT_SETTING_BANNER_CODE),
	    hat_setting_find(h, group, HAT_SETTING_BANNER_TEXT));
}

struct hat_banner
hat_setting_refusal(const struct hat *h, uint32_t group)
{
	struct hat_banner b = banner(hat_setting_find(h, group, HAT_SETTING_REJECT_CODE),
			      hat_setting_find(h, group, HAT_SETTING_REJECT_TEXT)),
			  own;

	if (group == HAT_NO_INDEX || hat_table_groups(h)[group].action != HAT_ACTION_REJECT ||
	    find_own(h, group, HAT_SETTING_REJECT_CODE) != NULL ||
	    find_own(h, group, HAT_SETTING_REJECT_TEXT) != NULL)
		return b;
	own = banner(find_own(h, group, HAT_SETTING_BANNER_CODE),
	    find_own(h, group, HAT_SETTING_BANNER_TEXT));
	if (own.code != 0 && own.code < 400)
		return b;
	if (own.code != 0)
		b.code = own.code;
	if (own.text.p != NULL)
		b.text = own.text;
	return b;
}
