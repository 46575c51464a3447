#include <criterion/criterion.h>
#include <string.h>

#include "fixtures/responder/sasl.h"
#include "tests/unit/rows.h"

#define LINES 3

/* The account is user:pass:word. The first line is the argument of AUTH. */
static const struct {
	const char *why, *lines[LINES];
	enum sasl_result result; /* of the last */
	const char *user;
} rows[] = {
	{ "PLAIN with its response", { "PLAIN AHVzZXIAcGFzczp3b3Jk" }, SASL_SUCCEEDED, "user" },
	{ "PLAIN, asked for its response", { "plain", "AHVzZXIAcGFzczp3b3Jk" }, SASL_SUCCEEDED,
	    "user" },
	{ "PLAIN for itself", { "PLAIN dXNlcgB1c2VyAHBhc3M6d29yZA==" }, SASL_SUCCEEDED, "user" },
	{ "PLAIN for another", { "PLAIN cm9vdAB1c2VyAHBhc3M6d29yZA==" }, SASL_FAILED, "user" },
	{ "PLAIN with another password", { "PLAIN AHVzZXIAcGFzcw==" }, SASL_FAILED, "user" },
	{ "PLAIN, another user", { "PLAIN AHJvb3QAcGFzczp3b3Jk" }, SASL_FAILED, "root" },
	{ "PLAIN, nothing in it", { "PLAIN =" }, SASL_MALFORMED, "" },
	{ "PLAIN, one NUL only", { "PLAIN AHVzZXI=" }, SASL_MALFORMED, "" },
	{ "LOGIN", { "LOGIN", "dXNlcg==", "cGFzczp3b3Jk" }, SASL_SUCCEEDED, "user" },
	{ "LOGIN with the user at once", { "login dXNlcg==", "cGFzczp3b3Jk" }, SASL_SUCCEEDED,
	    "user" },
	{ "LOGIN, another user", { "LOGIN", "cm9vdA==", "cGFzczp3b3Jk" }, SASL_FAILED, "root" },
	{ "LOGIN, another password", { "LOGIN", "dXNlcg==", "cGFzcw==" }, SASL_FAILED, "user" },
	{ "LOGIN, empty answers", { "LOGIN", "", "" }, SASL_FAILED, "" },
	{ "cancelled", { "LOGIN", "*" }, SASL_CANCELLED, "" },
	{ "no base64", { "LOGIN", "dXN$" }, SASL_MALFORMED, "" },
	{ "base64 of a wrong length", { "LOGIN", "dXNlc" }, SASL_MALFORMED, "" },
	{ "padding in the middle", { "LOGIN", "dX==dXNl" }, SASL_MALFORMED, "" },
	{ "padding alone", { "LOGIN", "====" }, SASL_MALFORMED, "" },
	{ "a mechanism that is not offered", { "CRAM-MD5" }, SASL_NO_MECHANISM, "" },
	{ "the front of one", { "PLAI" }, SASL_NO_MECHANISM, "" },
};

ROWS(responder_sasl, exchange, rows)

ParameterizedTest(size_t *i, responder_sasl, exchange)
{
	const struct bytes account = BYTES_LIT("user:pass:word");
	struct sasl s = { SASL_NONE, NULL, NULL, false, 0, "" };
	enum sasl_result result = sasl_start(&s, bytes_str(rows[*i].lines[0]), account);

	for (int k = 1; k < LINES && rows[*i].lines[k] != NULL; k++) {
		cr_assert_eq(result, SASL_CHALLENGE, "%s: before line %d", rows[*i].why, k);
		cr_assert_neq(s.step, SASL_NONE);
		result = sasl_line(&s, bytes_str(rows[*i].lines[k]), account);
	}
	cr_assert_eq(result, rows[*i].result, "%s: %d", rows[*i].why, (int)result);
	cr_assert_eq(s.step, SASL_NONE, "%s: the exchange is over", rows[*i].why);
	cr_assert_eq(s.user_n, strlen(rows[*i].user), "%s", rows[*i].why);
	cr_assert_eq(memcmp(s.user, rows[*i].user, s.user_n), 0, "%s", rows[*i].why);
}

Test(responder_sasl, a_long_name_is_cut)
{
	char line[6000] = "PLAIN ";
	struct sasl s = { SASL_NONE, NULL, NULL, false, 0, "" };

	memset(line + 6, 'A', 4); /* three NULs, then letters */
	for (size_t i = 10; i + 4 < 4006; i += 4)
		memcpy(line + i, "eHh4", 4);
	cr_assert_eq(sasl_start(&s, bytes_str(line), BYTES_LIT("u:p")), SASL_FAILED);
	s = (struct sasl){ .step = SASL_NONE };
	cr_assert_eq(sasl_start(&s, BYTES_LIT("LOGIN"), BYTES_LIT("u:p")), SASL_CHALLENGE);
	cr_assert_eq(sasl_line(&s, bytes_str(line + 10), BYTES_LIT("u:p")), SASL_CHALLENGE);
	cr_assert_eq(s.user_n, SASL_USER_MAX);
	cr_assert_eq(s.user[SASL_USER_MAX - 1], 'x');
}
