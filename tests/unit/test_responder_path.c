#include <criterion/criterion.h>

#include "fixtures/responder/path.h"
#include "tests/unit/rows.h"

#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct {
	const char *why, *arg;
	bool auth;
	enum path_fault fault;
	const char *address; /* if there is no fault */
	uint64_t size;
} senders[] = {
	{ "a path", "FROM:<a@b.example>", false, PATH_OK, "a@b.example", 0 },
	{ "the null path", "FROM:<>", false, PATH_OK, "", 0 },
	{ "any case, and a space behind the colon", "From: <a@b>", false, PATH_OK, "a@b", 0 },
	{ "a source route is passed over", "FROM:<@x,@y:a@b>", false, PATH_OK, "a@b", 0 },
	{ "a quoted local part may hold what it likes", "FROM:<\"a> \\\"@b\"@c>", false, PATH_OK,
	    "\"a> \\\"@b\"@c", 0 },
	{ "an address literal", "FROM:<a@[IPv6:2001:db8::1]>", false, PATH_OK,
	    "a@[IPv6:2001:db8::1]", 0 },
	{ "every character of an atom", "FROM:<!#$%&'*+-/=?^_`{|}~@b>", false, PATH_OK,
	    "!#$%&'*+-/=?^_`{|}~@b", 0 },
	{ "parameters", "FROM:<a@b> size=10 BODY=8bitmime", false, PATH_OK, "a@b", 10 },
	{ "a size beyond all numbers", "FROM:<a@b> SIZE=99999999999999999999", false, PATH_OK,
	    "a@b", UINT64_MAX },
	{ "AUTH= where AUTH is offered", "FROM:<a@b> AUTH=<>", true, PATH_OK, "a@b", 0 },
	{ "and where it is not", "FROM:<a@b> AUTH=<>", false, PATH_UNKNOWN_PARAMETER, NULL, 0 },
	{ "nothing", "", false, PATH_SYNTAX, NULL, 0 },
	{ "another word", "TO:<a@b>", false, PATH_SYNTAX, NULL, 0 },
	{ "no brackets", "FROM:a@b", false, PATH_SYNTAX, NULL, 0 },
	{ "a bracket that does not close", "FROM:<a@b", false, PATH_SYNTAX, NULL, 0 },
	{ "something glued to the bracket", "FROM:<a@b>x", false, PATH_SYNTAX, NULL, 0 },
	{ "no domain", "FROM:<a>", false, PATH_SYNTAX, NULL, 0 },
	{ "an empty domain", "FROM:<a@>", false, PATH_SYNTAX, NULL, 0 },
	{ "an empty local part", "FROM:<@b>", false, PATH_SYNTAX, NULL, 0 },
	{ "two dots in a local part", "FROM:<a..b@c>", false, PATH_SYNTAX, NULL, 0 },
	{ "a dot at its end", "FROM:<a.@c>", false, PATH_SYNTAX, NULL, 0 },
	{ "two dots in a domain", "FROM:<a@b..c>", false, PATH_SYNTAX, NULL, 0 },
	{ "a dot at its end", "FROM:<a@b.>", false, PATH_SYNTAX, NULL, 0 },
	{ "a space", "FROM:<a b@c>", false, PATH_SYNTAX, NULL, 0 },
	{ "an octet that is no ASCII", "FROM:<\xc3\xa4@c>", false, PATH_SYNTAX, NULL, 0 },
	{ "a local part of 64 octets", "FROM:<" X64 "@c>", false, PATH_OK, X64 "@c", 0 },
	{ "of 65", "FROM:<x" X64 "@c>", false, PATH_TOO_LONG, NULL, 0 },
	{ "a path of 256 with its brackets",
	    "FROM:<" X64 "@" X64 X64
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx>",
	    false, PATH_OK,
	    X64 "@" X64 X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 0 },
	{ "of 257",
	    "FROM:<" X64 "@" X64 X64
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx>",
	    false, PATH_TOO_LONG, NULL, 0 },
	{ "a size twice", "FROM:<a@b> SIZE=1 SIZE=1", false, PATH_BAD_PARAMETER, NULL, 0 },
	{ "no number", "FROM:<a@b> SIZE=x", false, PATH_BAD_PARAMETER, NULL, 0 },
	{ "no value", "FROM:<a@b> SIZE", false, PATH_BAD_PARAMETER, NULL, 0 },
	{ "a body of no kind", "FROM:<a@b> BODY=9BIT", false, PATH_BAD_PARAMETER, NULL, 0 },
	{ "a binary body", "FROM:<a@b> BODY=BinaryMIME", false, PATH_NO_BINARY, NULL, 0 },
	{ "what is not offered", "FROM:<a@b> SMTPUTF8", false, PATH_UNKNOWN_PARAMETER, NULL, 0 },
};

ROWS(responder_path, sender, senders)

ParameterizedTest(size_t *i, responder_path, sender)
{
	struct path path;
	enum path_fault fault =
	    path_parse_sender(&path, bytes_str(senders[*i].arg), senders[*i].auth);

	cr_assert_eq(fault, senders[*i].fault, "%s: %d", senders[*i].why, (int)fault);
	if (fault != PATH_OK)
		return;
	cr_assert(bytes_eq(path.address, bytes_str(senders[*i].address)), "%s: %.*s",
	    senders[*i].why, (int)path.address.n, (const char *)path.address.p);
	cr_assert_eq(path.size, senders[*i].size, "%s", senders[*i].why);
	cr_assert_eq(path.has_size, senders[*i].size > 0, "%s", senders[*i].why);
}

static const struct {
	const char *why, *arg;
	enum path_fault fault;
} recipients[] = {
	{ "a path", "TO:<a@b>", PATH_OK },
	{ "the postmaster has no domain", "TO:<PostMaster>", PATH_OK },
	{ "everybody else has one", "TO:<root>", PATH_SYNTAX },
	{ "the null path is nobody", "TO:<>", PATH_SYNTAX },
	{ "no parameter is known", "TO:<a@b> NOTIFY=NEVER", PATH_UNKNOWN_PARAMETER },
	{ "spaces are none", "TO:<a@b>  ", PATH_OK },
};

ROWS(responder_path, recipient, recipients)

ParameterizedTest(size_t *i, responder_path, recipient)
{
	struct path path;

	cr_assert_eq(path_parse_recipient(&path, bytes_str(recipients[*i].arg)),
	    recipients[*i].fault, "%s", recipients[*i].why);
}
