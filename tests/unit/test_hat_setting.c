#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "analyzer/hat/hat.h"
#include "analyzer/hat/hat_setting.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const char settings[] =
    "<config><listener><listener_name>In</listener_name>\n"
    "<hat_default_max_rcpts_per_msg>50</hat_default_max_rcpts_per_msg>\n"
    "<hat_default_max_message_size>10M</hat_default_max_message_size>\n"
    "<hat_default_smtp_banner_text>gw &amp; co</hat_default_smtp_banner_text>\n"
    "<hat_default_reject_banner_code>553</hat_default_reject_banner_code>\n"
    "<hat>\n"
    "$P ACCEPT { max_rcpts_per_msg = 20, max_msgs_per_session = -1 smtp_banner_code = 220 }\n"
    "$R REJECT { smtp_banner_code = 521 smtp_banner_text = \"no\" }\n"
    "$S REJECT { smtp_banner_code = 220 smtp_banner_text = \"yes\" }\n"
    "$T REJECT { reject_banner_code = 450 smtp_banner_code = 521 max_rcpts_per_msg = default }\n"
    "A: 10.0.0.1 $P\nB: 10.0.0.2 $R\nC: 10.0.0.3 $S\nD: 10.0.0.4 $T\n"
    "E: 10.0.0.5 ACCEPT { max_message_size = 20k max_msgs_per_session = many }\n"
    "ALL REJECT\n</hat></listener></config>";

/* -2: not set. code 0 and text NULL: not set. */
static const struct setting {
	const char *why;
	uint32_t group;
	int64_t recipients, messages, size;
	uint16_t greeting, refusal;
	const char *greeting_text, *refusal_text;
} table[] = {
	{ "the policy's, before the default", 0, 20, HAT_UNLIMITED, 10 << 20, 220, 553, "gw & co",
	    NULL },
	{ "a REJECT policy's banner is its refusal", 1, 50, -2, 10 << 20, 521, 521, "no", "no" },
	{ "unless it has the code of a greeting", 2, 50, -2, 10 << 20, 220, 553, "yes", NULL },
	{ "or a reject banner of its own", 3, 50, -2, 10 << 20, 521, 450, "gw & co", NULL },
	{ "a rule of its own; a number that is none", 4, 50, -2, 20 << 10, 0, 553, "gw & co",
	    NULL },
	{ "only the defaults", HAT_NO_INDEX, 50, -2, 10 << 20, 0, 553, "gw & co", NULL },
};

static int64_t
number(const struct hat *h, uint32_t group, enum hat_setting which)
{
	int64_t v;

	return hat_setting_number(h, group, which, &v) ? v : -2;
}

static void
check_banner(const char *why, struct hat_banner b, uint16_t code, const char *text)
{
	cr_assert_eq(b.code, code, "%s: %u", why, b.code);
	cr_assert(text == NULL ? b.text.p == NULL : bytes_eq(b.text, bytes_str(text)), "%s: %.*s",
	    why, (int)b.text.n, (const char *)b.text.p);
}

ParameterizedTestParameters(hat_setting, table)
{
	static size_t index[COUNT(table)];

	for (size_t i = 0; i < COUNT(table); i++)
		index[i] = i;
	return cr_make_param_array(size_t, index, COUNT(table));
}

ParameterizedTest(size_t *i, hat_setting, table)
{
	const struct setting *row = &table[*i];
	struct fault fault;
	struct hat *h;

	cr_assert_eq(
	    hat_parse(&h, bytes_str(settings), "c", NULL, &fault), STATUS_OK, "%s", fault.text);
	cr_assert_eq(
	    number(h, row->group, HAT_SETTING_MAX_RECIPIENTS), row->recipients, "%s", row->why);
	cr_assert_eq(
	    number(h, row->group, HAT_SETTING_MAX_MESSAGES), row->messages, "%s", row->why);
	cr_assert_eq(
	    number(h, row->group, HAT_SETTING_MAX_MESSAGE_SIZE), row->size, "%s", row->why);
	check_banner(
	    row->why, hat_setting_greeting(h, row->group), row->greeting, row->greeting_text);
	check_banner(row->why, hat_setting_refusal(h, row->group), row->refusal, row->refusal_text);
	hat_free(h);
}

Test(hat_setting, the_defaults_that_a_table_is_printed_with)
{
	struct fault fault;
	struct hat_banner b;
	struct hat *h;

	cr_assert_eq(hat_parse(&h,
			 BYTES_LIT("ALL REJECT\nDefault Policy Parameters\n====\n"
				   "Maximum Message Size: 10M\n"
				   "Maximum Number Of Recipients Per Message: 50\n"
				   "Custom SMTP Reject Banner Code: 550\n"
				   "Custom SMTP Reject Banner Text: \"Go: away\"\n"
				   "Something Of Tomorrow: 1\n"),
			 "t", NULL, &fault),
	    STATUS_OK);
	cr_assert_eq(number(h, 0, HAT_SETTING_MAX_MESSAGE_SIZE), 10 << 20);
	cr_assert_eq(number(h, 0, HAT_SETTING_MAX_RECIPIENTS), 50);
	b = hat_setting_refusal(h, 0);
	check_banner("printed", b, 550, "Go: away");
	hat_free(h);
}
