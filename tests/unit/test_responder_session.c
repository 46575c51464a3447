#include <criterion/criterion.h>

#include "tests/unit/desk.h"
#include "tests/unit/rows.h"

#define HELLO "EHLO c\r\n"
#define HELLO_OK "250-mx.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 10485760\r\n"
#define MAIL "MAIL FROM:<a@b>\r\n"
#define MAIL_OK "250 sender <a@b> ok\r\n"
#define RCPT "RCPT TO:<c@d>\r\n"
#define RCPT_OK "250 recipient <c@d> ok\r\n"
#define DATA_OK "354 go ahead\r\n"
#define UNKNOWN "500 #5.5.1 Command not recognized\r\n"
#define FIRST HELLO_OK MAIL_OK RCPT_OK DATA_OK

static const char one_message[] = "ALL\n ACCEPT { max_msgs_per_session = 1 }\n";
static const char two_recipients[] = "ALL\n ACCEPT { max_rcpts_per_msg = 2 }\n";
static const char ten_octets[] = "ALL\n ACCEPT { max_message_size = 10 }\n";
static const char hourly[] =
    "ALL\n ACCEPT { max_rcpts_per_hour = 1, max_rcpts_per_hour_code = 451, "
    "max_rcpts_per_hour_text = \"$RemoteIP: wait\" }\n";
static const char unlimited[] = "ALL\n ACCEPT { max_message_size = -1 }\n";
static const char named[] =
    "ALL\n ACCEPT { use_override_hostname = 1, override_hostname = \"other.test\" }\n";

static const struct {
	const char *why, *hat, *in, *out;
	enum session_next next;
} rows[] = {
	{ "a message", NULL, HELLO MAIL RCPT "DATA\r\nhi\r\n.\r\nQUIT\r\n",
	    FIRST "250 ok: message 1 accepted\r\n221 mx.test\r\n", SESSION_END },
	{ "two messages, and RSET between them", NULL,
	    HELLO MAIL RCPT "DATA\r\n.\r\nRSET\r\n" MAIL RCPT "DATA\r\n.\r\n",
	    FIRST "250 ok: message 1 accepted\r\n250 reset\r\n" MAIL_OK RCPT_OK DATA_OK
		  "250 ok: message 2 accepted\r\n",
	    SESSION_GO_ON },
	{ "HELO", NULL, "HELO c\r\n", "250 mx.test\r\n", SESSION_GO_ON },
	{ "verbs in any case, spaces at the end, bare LF", NULL, "helo c  \nnoop\r\nQuit \n",
	    "250 mx.test\r\n250 ok\r\n221 mx.test\r\n", SESSION_END },
	{ "NOOP may have an argument, HELP too", NULL, "NOOP x\r\nHELP MAIL\r\n",
	    "250 ok\r\n214-Commands:\r\n214-auth data ehlo helo help mail noop\r\n"
	    "214 quit rcpt rset starttls vrfy\r\n",
	    SESSION_GO_ON },
	{ "VRFY knows nobody and says so with 252", NULL, "VRFY x\r\n",
	    "252 #2.1.5 Not verified, but a message for it will be tried\r\n", SESSION_GO_ON },
	{ "a verb that nobody knows, and no verb at all", NULL, "FOO\r\n\r\n", UNKNOWN UNKNOWN,
	    SESSION_GO_ON },
	{ "verbs that are known and not served", NULL, "EXPN x\r\nETRN x\r\nBDAT 1 LAST\r\n",
	    "502 #5.5.1 Command not implemented\r\n502 #5.5.1 Command not implemented\r\n"
	    "502 #5.5.1 Command not implemented\r\n",
	    SESSION_GO_ON },
	{ "the fifth bad command is the last", NULL, "A\r\nB\r\nC\r\nNOOP\r\nD\r\nE\r\nNOOP\r\n",
	    UNKNOWN UNKNOWN UNKNOWN "250 ok\r\n" UNKNOWN
				    "421 Too many bad commands, disconnecting\r\n",
	    SESSION_END },
	{ "arguments that are missing or too many", NULL,
	    "EHLO\r\nQUIT now\r\nDATA x\r\nRSET x\r\n",
	    "501 #5.5.4 An argument is missing\r\n501 #5.5.4 This command has no argument\r\n"
	    "501 #5.5.4 This command has no argument\r\n501 #5.5.4 This command has no "
	    "argument\r\n",
	    SESSION_GO_ON },
	{ "control characters", NULL, "HELO a\001b\r\n",
	    "501 #5.5.2 Control characters in the argument\r\n", SESSION_GO_ON },
	{ "MAIL before HELO", NULL, MAIL, "503 #5.5.1 HELO or EHLO first\r\n", SESSION_GO_ON },
	{ "RCPT and DATA before MAIL", NULL, HELLO RCPT "DATA\r\n",
	    HELLO_OK "503 #5.5.1 MAIL first\r\n503 #5.5.1 MAIL first\r\n", SESSION_GO_ON },
	{ "MAIL in MAIL", NULL, HELLO MAIL MAIL,
	    HELLO_OK MAIL_OK "503 #5.5.1 Not in a transaction\r\n", SESSION_GO_ON },
	{ "DATA before RCPT", NULL, HELLO MAIL "DATA\r\n",
	    HELLO_OK MAIL_OK "503 #5.5.1 RCPT first\r\n", SESSION_GO_ON },
	{ "EHLO ends a transaction", NULL, HELLO MAIL HELLO MAIL, HELLO_OK MAIL_OK HELLO_OK MAIL_OK,
	    SESSION_GO_ON },
	{ "what follows a refused MAIL does not count", NULL,
	    HELLO "MAIL FROM:<a@b> SIZE=99999999\r\n" RCPT RCPT RCPT RCPT RCPT RCPT
		  "DATA\r\nNOOP\r\n",
	    HELLO_OK "552 #5.3.4 message size exceeds limit\r\n"
		     "503 #5.5.1 The sender was refused\r\n503 #5.5.1 The sender was refused\r\n"
		     "503 #5.5.1 The sender was refused\r\n503 #5.5.1 The sender was refused\r\n"
		     "503 #5.5.1 The sender was refused\r\n503 #5.5.1 The sender was refused\r\n"
		     "503 #5.5.1 The sender was refused\r\n250 ok\r\n",
	    SESSION_GO_ON },
	{ "a path without brackets", NULL, HELLO "MAIL FROM:a@b\r\n",
	    HELLO_OK "501 #5.5.2 Syntax: MAIL FROM:<address> or RCPT TO:<address>\r\n",
	    SESSION_GO_ON },
	{ "a parameter that is not known", NULL, HELLO "MAIL FROM:<a@b> RET=FULL\r\n",
	    HELLO_OK "555 #5.5.4 A parameter is not recognized\r\n", SESSION_GO_ON },
	{ "BODY=BINARYMIME", NULL, HELLO "MAIL FROM:<a@b> BODY=BINARYMIME\r\n",
	    HELLO_OK "504 #5.5.4 BODY=BINARYMIME is not implemented\r\n", SESSION_GO_ON },
	{ "a message without dots is not a command", NULL,
	    HELLO MAIL RCPT "DATA\r\nQUIT\r\n\n.\n..\r\n.\r\nNOOP\r\n",
	    FIRST "250 ok: message 1 accepted\r\n250 ok\r\n", SESSION_GO_ON },
	{ "STARTTLS, AUTH that are not offered", NULL, HELLO "STARTTLS\r\nAUTH PLAIN =\r\n",
	    HELLO_OK "502 #5.5.1 STARTTLS is not offered\r\n502 #5.5.1 AUTH is not offered\r\n",
	    SESSION_GO_ON },
	{ "no more messages than the policy lets in", one_message,
	    HELLO MAIL RCPT "DATA\r\n.\r\n" MAIL "NOOP\r\n",
	    FIRST "250 ok: message 1 accepted\r\n421 #4.5.3 Too many messages for this session\r\n",
	    SESSION_END },
	{ "no more recipients either", two_recipients, HELLO MAIL RCPT RCPT RCPT "DATA\r\n.\r\n",
	    HELLO_OK MAIL_OK RCPT_OK RCPT_OK "452 #4.5.3 Too many recipients\r\n" DATA_OK
					     "250 ok: message 1 accepted\r\n",
	    SESSION_GO_ON },
	{ "nor in an hour, with the policy's own code and text", hourly,
	    HELLO MAIL RCPT RCPT "RSET\r\n" MAIL RCPT "DATA\r\n",
	    HELLO_OK MAIL_OK RCPT_OK "451 127.0.0.9: wait\r\n250 reset\r\n" MAIL_OK
				     "451 127.0.0.9: wait\r\n554 #5.5.1 No valid recipients\r\n",
	    SESSION_GO_ON },
	{ "a message of the size that is allowed", ten_octets,
	    "HELO c\r\n" MAIL RCPT "DATA\r\n12345678\r\n.\r\n",
	    "250 mx.test\r\n" MAIL_OK RCPT_OK DATA_OK "250 ok: message 1 accepted\r\n",
	    SESSION_GO_ON },
	{ "one octet more", ten_octets,
	    "HELO c\r\n" MAIL RCPT "DATA\r\n123456789\r\n.\r\nRSET\r\n" MAIL,
	    "250 mx.test\r\n" MAIL_OK RCPT_OK DATA_OK
	    "552 #5.3.4 message size exceeds limit\r\n250 reset\r\n" MAIL_OK,
	    SESSION_GO_ON },
	{ "one octet more, announced", ten_octets, "HELO c\r\nMAIL FROM:<a@b> SIZE=11\r\n",
	    "250 mx.test\r\n552 #5.3.4 message size exceeds limit\r\n", SESSION_GO_ON },
	{ "any size", unlimited, HELLO,
	    "250-mx.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 0\r\n", SESSION_GO_ON },
	{ "the policy's own name", named, "HELO c\r\nQUIT\r\n",
	    "250 other.test\r\n221 other.test\r\n", SESSION_END },
};

ROWS(responder_session, dialogue, rows)

ParameterizedTest(size_t *i, responder_session, dialogue)
{
	static const size_t steps[] = { 0, 1, 2, 7 };

	for (size_t k = 0; k < COUNT(steps); k++) {
		struct desk d = { .said_n = 0 };

		desk_open(&d, rows[*i].hat, MANNER_ACCEPT, MANNER_ACCEPT, false);
		(void)desk_feed(&d, bytes_str(rows[*i].in), steps[k]);
		d.said[d.said_n] = '\0';
		cr_assert_str_eq(
		    d.said, rows[*i].out, "%s, by %zu octets:\n%s", rows[*i].why, steps[k], d.said);
		cr_assert_eq(d.next, rows[*i].next, "%s", rows[*i].why);
		free(desk_close(&d));
	}
}

/* A line of n octets and CRLF, its front given. */
static size_t
pad(char *out, const char *front, size_t n)
{
	memset(out, 'x', n);
	memcpy(out, front, strlen(front));
	memcpy(out + n, "\r\n", 2);
	return n + 2;
}

static const struct {
	const char *why, *front;
	size_t n; /* octets without CRLF */
	unsigned code;
} lines[] = {
	{ "512 octets with CRLF", "NOOP ", 510, 250 },
	{ "513 octets", "NOOP ", 511, 500 },
	{ "MAIL, which may be longer by its parameters, to the last octet",
	    "MAIL FROM:<a@b> X=", 512 + 26 + 17 + 500 - 2, 555 },
	{ "MAIL, one octet too long", "MAIL FROM:<a@b> X=", 512 + 26 + 17 + 500 - 1, 500 },
	{ "longer than is kept", "NOOP ", 100000, 500 },
};

ROWS(responder_session, line_length, lines)

ParameterizedTest(size_t *i, responder_session, line_length)
{
	static const size_t steps[] = { 0, 1, 1000 };
	char *in = malloc(lines[*i].n + 100);
	size_t n = pad(in, lines[*i].front, lines[*i].n);

	memcpy(in + n, "NOOP\r\n", 6);
	for (size_t k = 0; k < COUNT(steps); k++) {
		struct desk d = { .said_n = 0 };

		desk_open(&d, NULL, MANNER_ACCEPT, MANNER_ACCEPT, false);
		d.session.hello = true;
		(void)desk_feed(&d, bytes_of(in, n + 6), steps[k]);
		d.said[d.said_n] = '\0';
		cr_assert_eq(
		    (unsigned)atoi(d.said), lines[*i].code, "%s: %s", lines[*i].why, d.said);
		cr_assert_str_eq(
		    strchr(d.said, '\n') + 1, "250 ok\r\n", "%s: the next command", lines[*i].why);
		free(desk_close(&d));
	}
	free(in);
}

/* What the log says of a session, and in which manner it is. */
static const struct {
	const char *why;
	enum manner honest, acts;
	bool other_recipient, nothing;
	const char *account, *in, *out, *log;
} logs[] = {
	{ "accepted", MANNER_ACCEPT, MANNER_ACCEPT, false, false, NULL,
	    "HELO c\r\n" MAIL RCPT "DATA\r\nhi\r\n.\r\n",
	    "250 mx.test\r\n" MAIL_OK RCPT_OK DATA_OK "250 ok: message 1 accepted\r\n",
	    "ICID 1 REJECT SG BAD match 127.0.0.9 SBRS None\n"
	    "Start MID 1 ICID 1\nMID 1 ICID 1 From: <a@b>\nMID 1 ICID 1 RID 0 To: <c@d>\n"
	    "MID 1 ready 4 bytes from <a@b>\nMessage finished MID 1 done\nICID 1 close\n" },
	{ "a message that is given up", MANNER_ACCEPT, MANNER_ACCEPT, false, false, NULL,
	    "HELO c\r\nMAIL FROM:<>\r\n" RCPT "DATA\r\nhi\r\n",
	    "250 mx.test\r\n250 sender <> ok\r\n" RCPT_OK DATA_OK,
	    "ICID 1 REJECT SG BAD match 127.0.0.9 SBRS None\n"
	    "Start MID 1 ICID 1\nMID 1 ICID 1 From: <>\nMID 1 ICID 1 RID 0 To: <c@d>\n"
	    "Message aborted MID 1 Receiving aborted\nMessage finished MID 1 aborted\n"
	    "ICID 1 close\n" },
	{ "delayed: MAIL is accepted, every recipient refused", MANNER_DELAY, MANNER_DELAY, false,
	    false, NULL, "HELO c\r\n" MAIL RCPT "RCPT TO:<e@f>\r\nDATA\r\nMAIL FROM:<>\r\n",
	    "250 mx.test\r\n" MAIL_OK "550 #5.7.1 access refused\r\n550 #5.7.1 access refused\r\n"
	    "554 #5.5.1 No valid recipients\r\n503 #5.5.1 Not in a transaction\r\n",
	    "ICID 1 REJECT SG BAD match 127.0.0.9 SBRS None\n"
	    "ICID 1 Delayed HAT REJECT continuing session for recipient logging (127.0.0.9)\n"
	    "ICID 1 Delayed HAT REJECT Message from: a@b (127.0.0.9)\n"
	    "ICID 1 Delayed HAT REJECT Message recipient: <c@d> (127.0.0.9)\n"
	    "ICID 1 Delayed HAT REJECT Message recipient: <e@f> (127.0.0.9)\nICID 1 close\n" },
	{ "delayed, then authenticated", MANNER_DELAY, MANNER_DELAY, false, false, "user:secret",
	    "EHLO c\r\n" MAIL RCPT "RSET\r\nAUTH PLAIN AHVzZXIAc2VjcmV0\r\n" MAIL RCPT
	    "DATA\r\n.\r\n",
	    "250-mx.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-AUTH PLAIN LOGIN\r\n"
	    "250 SIZE 10485760\r\n" MAIL_OK
	    "550 #5.7.1 access refused\r\n250 reset\r\n235 #2.7.0 Authenticated\r\n" MAIL_OK RCPT_OK
		DATA_OK "250 ok: message 1 accepted\r\n",
	    "ICID 1 REJECT SG BAD match 127.0.0.9 SBRS None\n"
	    "ICID 1 Delayed HAT REJECT continuing session for recipient logging (127.0.0.9)\n"
	    "ICID 1 Delayed HAT REJECT Message from: a@b (127.0.0.9)\n"
	    "ICID 1 Delayed HAT REJECT Message recipient: <c@d> (127.0.0.9)\n"
	    "SMTP Auth: (ICID 1) succeeded for user: user using AUTH mechanism: PLAIN with "
	    "profile: respond\n"
	    "Start MID 1 ICID 1\nMID 1 ICID 1 From: <a@b>\nMID 1 ICID 1 RID 0 To: <c@d>\n"
	    "MID 1 ready 0 bytes from <a@b>\nMessage finished MID 1 done\nICID 1 close\n" },
	{ "accepted in spite of REJECT: the log says what should have been", MANNER_REJECT,
	    MANNER_ACCEPT, false, false, NULL, "HELO c\r\n" MAIL RCPT "DATA\r\n.\r\n",
	    "250 mx.test\r\n" MAIL_OK RCPT_OK DATA_OK "250 ok: message accepted\r\n",
	    "ICID 1 REJECT SG BAD match 127.0.0.9 SBRS None\nICID 1 close\n" },
	{ "delayed in spite of plain", MANNER_REJECT, MANNER_DELAY, false, false, NULL,
	    "HELO c\r\n" MAIL RCPT, "250 mx.test\r\n" MAIL_OK "550 #5.7.1 access refused\r\n",
	    "ICID 1 REJECT SG BAD match 127.0.0.9 SBRS None\nICID 1 close\n" },
	{ "another recipient in the log", MANNER_DELAY, MANNER_DELAY, true, false, NULL,
	    "HELO c\r\n" MAIL RCPT, "250 mx.test\r\n" MAIL_OK "550 #5.7.1 access refused\r\n",
	    "ICID 1 REJECT SG BAD match 127.0.0.9 SBRS None\n"
	    "ICID 1 Delayed HAT REJECT continuing session for recipient logging (127.0.0.9)\n"
	    "ICID 1 Delayed HAT REJECT Message from: a@b (127.0.0.9)\n"
	    "ICID 1 Delayed HAT REJECT Message recipient: <another-c@d> (127.0.0.9)\n"
	    "ICID 1 close\n" },
	{ "nothing in the log", MANNER_ACCEPT, MANNER_ACCEPT, false, true, NULL, "HELO c\r\n" MAIL,
	    "250 mx.test\r\n" MAIL_OK, "" },
};

ROWS(responder_session, log, logs)

ParameterizedTest(size_t *i, responder_session, log)
{
	static const char first[] = "New SMTP ICID 1 interface Management (127.0.0.1) address "
				    "127.0.0.9 reverse dns host unknown verified no\n";
	struct desk d = { .house.account = logs[*i].account,
		.conduct.log_other_recipient = logs[*i].other_recipient,
		.conduct.log_nothing = logs[*i].nothing };
	char *log, want[2048];

	desk_open(&d, "BAD:\n 127.0.0.9\n REJECT\n", logs[*i].honest, logs[*i].acts, true);
	(void)desk_feed(&d, bytes_str(logs[*i].in), 3);
	d.said[d.said_n] = '\0';
	cr_assert_str_eq(d.said, logs[*i].out, "%s:\n%s", logs[*i].why, d.said);
	log = desk_close(&d);
	snprintf(want, sizeof want, "%s%s", logs[*i].nothing ? "" : first, logs[*i].log);
	cr_assert_str_eq(log, want, "%s:\n%s", logs[*i].why, log);
	free(log);
}

Test(responder_session, starttls_leaves_the_rest)
{
	struct desk d = { .house.tls = true };
	struct bytes rest;

	desk_open(&d, NULL, MANNER_ACCEPT, MANNER_ACCEPT, false);
	rest = desk_feed(&d, BYTES_LIT("EHLO c\r\n" MAIL "STARTTLS\r\nRSET\r\n"), 0);
	cr_assert_eq(d.next, SESSION_STARTTLS);
	cr_assert_eq(rest.n, 6, "what is behind STARTTLS is the caller's to throw away");
	session_encrypted(&d.session);
	d.said_n = 0;
	(void)desk_feed(&d, BYTES_LIT(RCPT MAIL "STARTTLS\r\nEHLO c\r\n"), 0);
	d.said[d.said_n] = '\0';
	cr_assert_str_eq(d.said,
	    "503 #5.5.1 MAIL first\r\n503 #5.5.1 HELO or EHLO first\r\n"
	    "503 #5.5.1 STARTTLS is not allowed any more\r\n" HELLO_OK,
	    "nothing of before is known, and it is not offered again: %s", d.said);
	free(desk_close(&d));
}

Test(responder_session, required_tls)
{
	struct desk d = { .house.tls = true, .house.account = "u:p" };

	desk_open(&d, "ALL\n ACCEPT { tls = \"required\" }\n", MANNER_ACCEPT, MANNER_ACCEPT, false);
	(void)desk_feed(&d, BYTES_LIT("HELO c\r\n" MAIL "AUTH PLAIN =\r\nNOOP\r\n"), 0);
	d.said[d.said_n] = '\0';
	cr_assert_str_eq(d.said, "250 mx.test\r\n530 #5.7.0 Must issue a STARTTLS command first\r\n"
				 "530 #5.7.0 Must issue a STARTTLS command first\r\n250 ok\r\n");
	free(desk_close(&d));
}

/* A client that takes no replies, or whose message does not end, is stopped. */
Test(responder_session, bounds)
{
	size_t n = (size_t)SESSION_MESSAGE_OCTETS + (2 << 20), got;
	char *in = malloc(n), room[OUTBOX_REPLY + 100];
	struct outbox out = { room, 0, sizeof room };
	struct desk d = { .said_n = 0 };
	enum session_next next;

	desk_open(&d, NULL, MANNER_ACCEPT, MANNER_ACCEPT, false);
	for (size_t i = 0; i + 6 <= 6000; i += 6)
		memcpy(in + i, "NOOP\r\n", 6);
	got = session_feed(&d.session, bytes_of(in, 6000), &out, &next);
	cr_assert(got > 0 && got < 200, "it stops before the outbox is full");
	cr_assert_eq(out.n, got / 6 * 8);
	(void)desk_feed(&d, BYTES_LIT("HELO c\r\n" MAIL RCPT "DATA\r\n"), 0);
	memset(in, 'x', n);
	d.said_n = 0;
	cr_assert_neq(desk_feed(&d, bytes_of(in, n), 16384).n, 0);
	d.said[d.said_n] = '\0';
	cr_assert_str_eq(d.said, "552 #5.3.4 message size exceeds limit, disconnecting\r\n");
	cr_assert_eq(d.next, SESSION_END);
	free(desk_close(&d));
	free(in);
}

Test(responder_session, finishes_its_message_when_the_responder_ends)
{
	struct desk d = { .said_n = 0 };

	desk_open(&d, NULL, MANNER_ACCEPT, MANNER_ACCEPT, false);
	(void)desk_feed(&d, BYTES_LIT("HELO c\r\n" MAIL RCPT "DATA\r\nhi"), 0);
	cr_assert(session_in_body(&d.session));
	d.session.closing = true;
	d.said_n = 0;
	(void)desk_feed(&d, BYTES_LIT("\r\n.\r\nNOOP\r\n"), 0);
	d.said[d.said_n] = '\0';
	cr_assert_str_eq(d.said, "250 ok: message 1 accepted\r\n"
				 "421 mx.test is going down, closing the connection\r\n");
	cr_assert_eq(d.next, SESSION_END);
	free(desk_close(&d));
}
