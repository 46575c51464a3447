#include <criterion/criterion.h>

#include "analyzer/verdict/refusal.h"
#include "tests/unit/rows.h"

struct row {
	const char *why;
	uint16_t code;
	const char *enhanced, *text;
	enum rcpt_class class;
};

#define LONG                                                                 \
	"the quick brown fox jumps over the lazy dog, then it turns round, " \
	"and it jumps over the lazy dog once more, because there is room for it: "

/* In this order with one reader, where each follows a reply that differs in one thing only. */
static const struct row rows[] = {
	{ "not seen", 0, "", "", RCPT_UNKNOWN },
	{ "a reply", 550, "5.7.1", "no", RCPT_ACCESS },
	{ "the same", 550, "5.7.1", "no", RCPT_ACCESS },
	{ "another code", 450, "5.7.1", "no", RCPT_TEMPORARY },
	{ "the first again", 550, "5.7.1", "no", RCPT_ACCESS },
	{ "another enhanced code", 550, "5.1.1", "no", RCPT_RECIPIENT },
	{ "as many octets, divided otherwise", 550, "5.1.", "1no", RCPT_RECIPIENT },
	{ "the first once more", 550, "5.7.1", "no", RCPT_ACCESS },
	{ "its front as the text", 550, "", "5.", RCPT_OTHER },
	{ "no enhanced code", 550, "", "no", RCPT_OTHER },
	{ "another text", 550, "", "banned", RCPT_ACCESS },
	{ "the front of it", 550, "", "ban", RCPT_OTHER },
	{ "no text", 550, "", "", RCPT_OTHER },
	{ "accepted between", 250, "", "", RCPT_ACCEPTED },
	{ "a long text", 550, "", LONG "banned", RCPT_ACCESS },
	{ "that differs far behind", 550, "", LONG "bonned", RCPT_OTHER },
	{ "a host's name is no reason", 554, "5.7.1",
	    "<relay1.example.com[192.0.2.10]>: Client host rejected: Access denied", RCPT_ACCESS },
	{ "nor one without brackets", 550, "",
	    "Your access from mail-relay.example.com is rejected", RCPT_ACCESS },
	{ "but the word is", 554, "5.7.1", "<user@example.com>: Relay access denied",
	    RCPT_RECIPIENT },
	{ "nor an address", 550, "", "<policy@example.com>: Unrouteable address", RCPT_OTHER },
	{ "nor an address of two words", 550, "", "<\"access denied\"@example.com>: Unrouteable",
	    RCPT_OTHER },
	{ "nor a link", 550, "", "no, see http://www.example.com/blocked?ip=192.0.2.10",
	    RCPT_OTHER },
	{ "a dot at the end of a sentence", 550, "", "Access denied. Goodbye.", RCPT_ACCESS },
	{ "RFC 7504 with its enhanced code", 521, "5.3.2", "Host does not accept mail",
	    RCPT_ACCESS },
	{ "the sender cannot be verified", 550, "",
	    "Verification failed for <a@example.com>\nIt may be on a blacklist\nSender verify "
	    "failed",
	    RCPT_OTHER },
	{ "a list of senders' domains", 554, "5.7.1",
	    "Service unavailable; Sender address [a@example.com] blocked using dbl.example.net",
	    RCPT_OTHER },
	{ "a sender, not a recipient", 554, "5.7.1",
	    "<a@example.com>: Sender address rejected: Access denied", RCPT_OTHER },
	{ "another's sender", 550, "5.7.60",
	    "SMTP; Client does not have permissions to send as this sender", RCPT_OTHER },
	{ "SPF, in full", 550, "5.7.23", "Rejected because of a Sender Policy Framework violation",
	    RCPT_OTHER },
	{ "SPF, by its code alone", 550, "5.7.23", "no", RCPT_OTHER },
	{ "no name in DNS, by its code", 550, "5.7.25", "no", RCPT_ACCESS },
	{ "no TLS, by its code", 550, "5.7.10", "denied", RCPT_OTHER },
	{ "no TLS", 554, "5.7.1", "Encryption needed to deliver", RCPT_OTHER },
	{ "what it holds", 550, "5.7.1", "Message rejected due to content", RCPT_OTHER },
	{ "an address that takes no mail", 550, "", "Delivery is not allowed to this address.",
	    RCPT_RECIPIENT },
	{ "a recipient who may not", 554, "5.7.1", "<a@example.com>: Recipient access denied",
	    RCPT_RECIPIENT },
	{ "a recipient who is shut out", 550, "", "Recipient is blocked", RCPT_RECIPIENT },
	{ "an account", 550, "", "Account has been blocked", RCPT_RECIPIENT },
	{ "and a short one", 550, "5.7.1", "no", RCPT_ACCESS },
};

Test(refusal, no_reply_is_classed_as_another)
{
	struct refusal_reader together = { NULL };

	cr_assert_gt(strlen(LONG), REFUSAL_MAX_SAID);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct refusal_reader alone = { NULL };
		struct bytes enhanced = bytes_str(rows[i].enhanced), text = bytes_str(rows[i].text);

		cr_expect_eq(refusal_class(&alone, rows[i].code, enhanced, text), rows[i].class,
		    "%s, alone", rows[i].why);
		cr_expect_eq(refusal_class(&together, rows[i].code, enhanced, text), rows[i].class,
		    "%s", rows[i].why);
	}
}
