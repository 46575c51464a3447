#include <criterion/criterion.h>

#include "tests/unit/desk.h"
#include "tests/unit/rows.h"

static const struct {
	const char *why, *hat, *greeting, *refusal;
} rows[] = {
	{ "without a HAT", NULL, "220 mx.test ESMTP\r\n", "554-mx.test\r\n554 go away\r\n" },
	{ "a policy's own text, with variables in any case",
	    "BAD:\n 127.0.0.9\n REJECT { smtp_banner_text = \"$group, $REMOTEIP, $HatEntry, "
	    "$Hostname, $OrgID, $other\" }\n",
	    "220-mx.test ESMTP\r\n220 BAD, 127.0.0.9, 127.0.0.9, Unknown, None, $other\r\n",
	    "554-mx.test\r\n554 BAD, 127.0.0.9, 127.0.0.9, Unknown, None, $other\r\n" },
	{ "several lines", "ALL\n ACCEPT { smtp_banner_text = \"one\\ntwo\" }\n",
	    "220-mx.test ESMTP\r\n220-one\r\n220 two\r\n", "554-mx.test\r\n554 go away\r\n" },
	{ "a policy's own reject code and text",
	    "ALL\n REJECT { reject_banner_code = 451, reject_banner_text = \"later\" }\n",
	    "220 mx.test ESMTP\r\n", "451-mx.test\r\n451 later\r\n" },
	{ "its own name",
	    "ALL\n REJECT { use_override_hostname = 1, override_hostname = \"other.test\" }\n",
	    "220 other.test ESMTP\r\n", "554-other.test\r\n554 go away\r\n" },
	{ "no name", "ALL\n REJECT { use_override_hostname = 1, override_hostname = \"\" }\n",
	    "220 ESMTP\r\n", "554 go away\r\n" },
	{ "a name that is not used", "ALL\n REJECT { override_hostname = \"other.test\" }\n",
	    "220 mx.test ESMTP\r\n", "554-mx.test\r\n554 go away\r\n" },
	{ "what cannot stand in a reply",
	    "ALL\n REJECT { reject_banner_text = \"a\tb\xc3\xa4\" }\n", "220 mx.test ESMTP\r\n",
	    "554-mx.test\r\n554 a?b??\r\n" },
};

ROWS(responder_banner, text, rows)

ParameterizedTest(size_t *i, responder_banner, text)
{
	char room[OUTBOX_REPLY + 1];
	struct outbox out = { room, 0, sizeof room - 1 };
	struct desk d = { .said_n = 0 };

	desk_open(&d, rows[*i].hat, MANNER_ACCEPT, MANNER_ACCEPT, false);
	banner_greet(&out, &d.house, &d.decision);
	room[out.n] = '\0';
	cr_assert_str_eq(room, rows[*i].greeting, "%s: %s", rows[*i].why, room);
	out.n = 0;
	banner_refuse(&out, &d.house, &d.decision);
	room[out.n] = '\0';
	cr_assert_str_eq(room, rows[*i].refusal, "%s: %s", rows[*i].why, room);
	free(desk_close(&d));
}

/* Whatever a policy says, a reply is of lines of 512 octets, and few of them. */
Test(responder_banner, bounds)
{
	char room[OUTBOX_REPLY], hat[10000] = "ALL\n REJECT { reject_banner_text = \"";
	struct outbox out = { room, 0, sizeof room };
	struct desk d = { .said_n = 0 };
	size_t n = strlen(hat);

	memset(hat + n, 'x', 4000);
	for (size_t i = n + 3000; i < n + 4000; i += 100)
		memcpy(hat + i, "\\n", 2);
	strcpy(hat + n + 4000, "\" }\n");
	desk_open(&d, hat, MANNER_ACCEPT, MANNER_ACCEPT, false);
	banner_refuse(&out, &d.house, &d.decision);
	cr_assert(out.n > 500 && out.n <= sizeof room);
	for (char *at = room, *end = room + out.n; at < end;) {
		char *lf = memchr(at, '\n', (size_t)(end - at));

		cr_assert_not_null(lf);
		cr_assert(lf - at < OUTBOX_LINE);
		cr_assert_eq(lf[-1], '\r');
		cr_assert_eq(at[3], lf + 1 == end ? ' ' : '-', "only the last line ends the reply");
		at = lf + 1;
	}
	free(desk_close(&d));
}

Test(responder_outbox, what_does_not_fit_is_left_out_whole)
{
	char room[20];
	struct outbox out = { room, 0, sizeof room };

	outbox_reply(&out, 250, "%s", "ok");
	cr_assert_eq(out.n, 8);
	outbox_reply(&out, 250, "%s", "a longer one");
	cr_assert_eq(out.n, 8);
	cr_assert(outbox_full(&out));
}
