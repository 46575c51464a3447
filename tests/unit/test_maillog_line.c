#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>

#include "analyzer/maillog/log_line.h"

/* A row is a line of the grammar; `says` is what is printed of its event. */
static const struct {
	const char *why, *text, *says;
} rows[] = {
	{ "a new connection",
	    "New SMTP ICID 4 interface Management (192.0.2.1) address 198.51.100.9 reverse dns "
	    "host "
	    "unknown verified no",
	    "NEW 4 [Management] [192.0.2.1] [198.51.100.9] [unknown] [no] whole" },
	{ "an interface with spaces",
	    "New SMTP ICID 4 interface Data 1 (192.0.2.1) address 198.51.100.9 reverse dns host "
	    "a.example verified yes",
	    "NEW 4 [Data 1] [192.0.2.1] [198.51.100.9] [a.example] [yes] whole" },
	{ "an interface called like a host",
	    "New SMTP ICID 4 interface ps305.us.example.com (192.0.2.1) address 198.51.100.9 "
	    "reverse "
	    "dns host unknown verified yes",
	    "NEW 4 [ps305.us.example.com] [192.0.2.1] [198.51.100.9] [unknown] [yes] whole" },
	{ "IPv6",
	    "New SMTP ICID 4 interface Data (2001:db8::1) address 2001:db8::9 reverse dns host "
	    "unknown "
	    "verified no",
	    "NEW 4 [Data] [2001:db8::1] [2001:db8::9] [unknown] [no] whole" },
	{ "the old, short form", "New SMTP ICID 10292815 interface private address 198.51.100.223",
	    "NEW 10292815 [private] [] [198.51.100.223] [] [] open" },
	{ "two spaces before the host",
	    "New SMTP ICID 4 interface M (192.0.2.1) address 198.51.100.9 reverse dns host  "
	    "a.example "
	    "verified no",
	    "NEW 4 [M] [192.0.2.1] [198.51.100.9] [a.example] [no] whole" },
	{ "no host at all",
	    "New SMTP ICID 4 interface M (192.0.2.1) address 198.51.100.9 reverse dns host  "
	    "verified no",
	    "NEW 4 [M] [192.0.2.1] [198.51.100.9] [] [no] whole" },
	{ "capitalised",
	    "New SMTP ICID 4 Interface M (192.0.2.1) address 198.51.100.9 reverse dns host a "
	    "verified "
	    "yes",
	    "NEW 4 [M] [192.0.2.1] [198.51.100.9] [a] [yes] whole" },
	{ "masked addresses",
	    "New SMTP ICID 4 interface M (x.x.x.x) address y.y.y.y reverse dns host unknown "
	    "verified no",
	    "NEW 4 [M] [x.x.x.x] [y.y.y.y] [unknown] [no] whole" },
	{ "cut behind the address",
	    "New SMTP ICID 4 interface M (192.0.2.1) address 198.51.100.9 reverse dns",
	    "NEW 4 [M] [192.0.2.1] [198.51.100.9] [] [] cut" },
	{ "no number", "New SMTP ICID four interface M", "UNPARSED 0 cut" },
	{ "a number beyond all bounds", "New SMTP ICID 99999999999999999999 interface M",
	    "UNPARSED 0 cut" },
	{ "no address", "New SMTP ICID 12345 from 203.0.113.10", "UNPARSED 12345 cut" },
	{ "a delivery is no connection of a client",
	    "New SMTP DCID 8 interface 192.0.2.1 address 198.51.100.9 port 25", "OTHER 0 whole" },

	{ "rejected", "ICID 4 REJECT SG BLACKLIST match sbrs[-10.0:-3.0] SBRS -9.9",
	    "HAT 4 REJECT [BLACKLIST] [sbrs[-10.0:-3.0]] [-9.9] [] open" },
	{ "with a country of several words",
	    "ICID 4 ACCEPT SG UNKNOWNLIST match sbrs[none] SBRS None country United States",
	    "HAT 4 ACCEPT [UNKNOWNLIST] [sbrs[none]] [None] [United States] names" },
	{ "the country not enabled",
	    "ICID 4 RELAY SG RELAYLIST match 192.0.2.0/24 SBRS not enabled "
	    "country not enabled",
	    "HAT 4 RELAY [RELAYLIST] [192.0.2.0/24] [not enabled] [not enabled] names" },
	{ "refused, without a number of its own",
	    "ICID 0 TCPREFUSE SG BLACKLIST match dnslist[sbl.example.org] SBRS None",
	    "HAT 0 TCPREFUSE [BLACKLIST] [dnslist[sbl.example.org]] [None] [] open" },
	{ "refused, with one", "ICID 77 TCPREFUSE SG BLACKLIST match sbrs[-10.0:-0.5] SBRS -9.9",
	    "HAT 77 TCPREFUSE [BLACKLIST] [sbrs[-10.0:-0.5]] [-9.9] [] open" },
	{ "a group called like an action, and nothing behind match",
	    "ICID 2106327021 REJECT SG TCP-REFUSE match",
	    "HAT 2106327021 REJECT [TCP-REFUSE] [] [] [] open" },
	{ "a group called REJECT", "ICID 4 ACCEPT SG REJECT match ALL SBRS None",
	    "HAT 4 ACCEPT [REJECT] [ALL] [None] [] open" },
	{ "no match", "ICID 3 ACCEPT SG None SBRS rfc1918",
	    "HAT 3 ACCEPT [None] [] [rfc1918] [] open" },
	{ "an empty match", "ICID 2 REJECT SG None match  SBRS None",
	    "HAT 2 REJECT [None] [] [None] [] open" },
	{ "no score", "ICID 4 ACCEPT SG GOOD match 198.51.100.0/24",
	    "HAT 4 ACCEPT [GOOD] [198.51.100.0/24] [] [] open" },
	{ "the score could not be had",
	    "ICID 4 ACCEPT SG S match sbrs[none] SBRS unable to retrieve",
	    "HAT 4 ACCEPT [S] [sbrs[none]] [unable to retrieve] [] open" },
	{ "a rule of several words", "ICID 4 REJECT SG B match etf-source: some source SBRS -1.0",
	    "HAT 4 REJECT [B] [etf-source: some source] [-1.0] [] open" },
	{ "a country and no score", "ICID 4 REJECT SG B match ALL country New Zealand",
	    "HAT 4 REJECT [B] [ALL] [] [New Zealand] names" },
	{ "an action that is none", "ICID 4 THROTTLE SG S match ALL SBRS None", "UNPARSED 4 cut" },
	{ "prose behind the action", "ICID 4 REJECT SG of the second kind", "UNPARSED 4 open" },
	{ "cut behind the keyword", "ICID 4 REJECT SG B match ALL SBRS",
	    "HAT 4 REJECT [B] [ALL] [] [] cut" },
	{ "cut within the score", "ICID 4 REJECT SG B match ALL SBRS unable to",
	    "HAT 4 REJECT [B] [ALL] [unable to] [] cut" },
	{ "the line of AsyncOS 3, without an action", "ICID 4 SBRS None", "SCORE 4 [None] whole" },

	{ "delayed",
	    "ICID 4 Delayed HAT REJECT continuing session for recipient logging (192.0.2.9)",
	    "DELAYED 4 [192.0.2.9] whole" },
	{ "delayed, the sender",
	    "ICID 4 Delayed HAT REJECT Message from: a@example.com (192.0.2.9)",
	    "SENDER 4 0 [a@example.com] delayed_hat_reject whole" },
	{ "delayed, the null sender", "ICID 4 Delayed HAT REJECT Message from:  (192.0.2.9)",
	    "SENDER 4 0 [] delayed_hat_reject whole" },
	{ "delayed, a recipient",
	    "ICID 4 Delayed HAT REJECT Message recipient: <b@example.org> (2001:db8::9)",
	    "RECIPIENT 4 0 [b@example.org] delayed_hat_reject whole" },
	{ "delayed, a recipient with a bracket in it",
	    "ICID 4 Delayed HAT REJECT Message recipient: <\"b (c)\"@example.org> (192.0.2.9)",
	    "RECIPIENT 4 0 [\"b (c)\"@example.org] delayed_hat_reject whole" },
	{ "delayed, cut", "ICID 4 Delayed HAT REJECT continuing session for", "UNPARSED 4 cut" },

	{ "closed", "ICID 4 close", "CLOSE 4 whole" },
	{ "closed, capitalised", "ICID 4 Close", "CLOSE 4 whole" },
	{ "lost", "ICID 4 lost", "LOST 4 [] [] whole" },
	{ "lost before the first command",
	    "ICID 4 Connection from 198.51.100.9 on interface Public Net (192.0.2.1) lost after "
	    "139 "
	    "seconds (DNS query took 139 seconds), before any commands were received",
	    "LOST 4 [198.51.100.9] [Public Net] whole" },
	{ "disconnected",
	    "ICID 4 disconnected address 198.51.100.9, no messages injected within timeout period",
	    "DISCONNECTED 4 [198.51.100.9] whole" },
	{ "disconnected for its time",
	    "ICID 4 disconnected address 198.51.100.9, exceeded allowable connection time",
	    "DISCONNECTED 4 [198.51.100.9] whole" },
	{ "killed", "SMTP server connection killed ICID: 629531", "DISCONNECTED 629531 [] whole" },
	{ "TLS", "ICID 4 TLS success protocol TLSv1.2 cipher ECDHE-RSA-AES256-GCM-SHA384",
	    "TLS 4 success whole" },
	{ "TLS, the old form", "ICID 4 TLS success", "TLS 4 success whole" },
	{ "TLS failed", "ICID 4 TLS failed", "TLS 4 failed whole" },
	{ "TLS required", "ICID 4 TLS was required but remote host did not initiate it",
	    "TLS 4 required whole" },
	{ "AUTH",
	    "SMTP Auth: (ICID 4) succeeded for user: u using AUTH mechanism: PLAIN with profile: p",
	    "AUTH 4 succeeded whole" },
	{ "AUTH, the old form",
	    "SMTP Auth (ICID 4) failed for user: u using AUTH mechanism: LOGIN with profile: p",
	    "AUTH 4 failed whole" },
	{ "AUTH required", "SMTP Auth (ICID 4) was required but remote host did not initiate it",
	    "AUTH 4 required whole" },
	{ "AUTH, of the directory", "SMTP Auth: (ICID 4) LDAP query/user lookup failed for user: u",
	    "NOTE 4 whole" },
	{ "receiving failed", "ICID 4 Receiving Failed: Message size exceeds limit",
	    "FAILED 4 whole" },
	{ "the same before", "ICID 4 Injection Failed: Message loop", "FAILED 4 whole" },
	{ "the sender's domain",
	    "ICID 4 Address: <a@example.com> sender rejected, envelope sender domain does not "
	    "exist",
	    "SENDER 4 0 [a@example.com] sender_domain whole" },
	{ "the sender's domain, an exception",
	    "ICID 4 Address: <a@example.com> sender allowed, envelope sender matched domain "
	    "exception",
	    "NOTE 4 whole" },
	{ "no sender address", "ICID 4 Invalid sender address: Unsupported domain literal: '[]'",
	    "NOTE 4 whole" },
	{ "no recipient address", "ICID 6 MID 9 Invalid recipient address:  \"RCPT TO: <a> b\"",
	    "NOTE 6 whole" },
	{ "no recipient address, the other way round",
	    "MID 9 ICID 6 Invalid recipient address: Invalid character in address: '!'",
	    "NOTE 6 whole" },
	{ "bad syntax", "ICID 4 Bad syntax for command: MAIL FROM", "NOTE 4 whole" },
	{ "no command", "ICID 4 Unknown command: GET /", "NOTE 4 whole" },
	{ "no address", "Incoming SMTP connection undetermined IP on interface Data 1",
	    "NOTE 0 whole" },
	{ "a harvest attack",
	    "Dropping connection due to potential Directory Harvest Attack from "
	    "host=('198.51.100.9', "
	    "'h.example'), dhap_limit=25, sender_group=S, listener=L, reverse_dns=h.example",
	    "HARVEST 0 [198.51.100.9] whole" },
	{ "a harvest attack, by the directory",
	    "LDAP: Potential Directory Harvest Attack from host=('198.51.100.9','d'), "
	    "dhap_limit=25",
	    "HARVEST 0 [198.51.100.9] whole" },
	{ "what is not known of an ICID", "ICID 4 did something new", "UNPARSED 4 cut" },
	{ "an ICID and nothing else", "ICID 4", "UNPARSED 4 cut" },

	{ "a message begins", "Start MID 9 ICID 4", "MID_START 4 9 whole" },
	{ "a message of the gateway's own", "Start MID 9 ICID 0 (ISQ Notification)",
	    "MID_START 0 9 whole" },
	{ "the sender", "MID 9 ICID 4 From: <a@example.com>",
	    "SENDER 4 9 [a@example.com] - whole" },
	{ "the null sender", "MID 9 ICID 4 From: <>", "SENDER 4 9 [] - whole" },
	{ "a recipient", "MID 9 ICID 4 RID 0 To: <b@example.org>",
	    "RECIPIENT 4 9 [b@example.org] - open" },
	{ "a recipient with a > in it", "MID 9 ICID 4 RID 0 To: <\"b>c\"@example.org>",
	    "RECIPIENT 4 9 [\"b>c\"@example.org] - open" },
	{ "refused by the RAT", "MID 9 ICID 4 To: <b@example.org> Rejected by RAT",
	    "RECIPIENT 4 9 [b@example.org] rat whole" },
	{ "refused by the directory", "MID 9 ICID 4 To: <b@example.org> Rejected by LDAPACCEPT",
	    "RECIPIENT 4 9 [b@example.org] ldap whole" },
	{ "refused for the rate", "MID 9 ICID 4 To: <b@example.org> Rejected by Injection Control",
	    "RECIPIENT 4 9 [b@example.org] rate_limit whole" },
	{ "the same under its later name",
	    "MID 9 ICID 4 To: <b@example.org> Rejected by Receiving Control",
	    "RECIPIENT 4 9 [b@example.org] rate_limit whole" },
	{ "refused by something else", "MID 9 ICID 4 To: <b@example.org> Rejected by Fate",
	    "RECIPIENT 4 9 [b@example.org] other whole" },
	{ "refused as a bounce of nothing",
	    "MID 9 ICID 4 invalid bounce, rcpt address <b@example.org> rejected by bounce "
	    "verification.",
	    "RECIPIENT 4 9 [b@example.org] bounce_verification whole" },
	{ "a bounce that is only tagged", "MID 9 ICID 4 invalid bounce, tagging", "NOTE 4 whole" },
	{ "received", "MID 9 ready 100 bytes from <a@example.com>", "MID_READY 0 9 whole" },
	{ "aborted", "Message aborted MID 9 Receiving aborted", "MID_ABORTED 0 9 whole" },
	{ "aborted, before", "Message aborted MID 9 Injection aborted", "MID_ABORTED 0 9 whole" },
	{ "dropped by a filter, which is later", "Message aborted MID 9 Dropped by filter 'F'",
	    "OTHER 0 whole" },
	{ "finished", "Message finished MID 9 done", "MID_DONE 0 9 whole" },
	{ "finished without being received", "Message finished MID 9 aborted",
	    "MID_ABORTED 0 9 whole" },
	{ "scanned", "MID 9 using engine: CASE spam negative", "OTHER 0 whole" },
	{ "delivered", "MID 9 RID [0] Response '2.0.0 ok'", "OTHER 0 whole" },
	{ "delivery", "Delivery start DCID 8 MID 9 to RID [0]", "OTHER 0 whole" },
	{ "the end of a delivery", "DCID 8 close", "OTHER 0 whole" },
	{ "an ICID in a subject", "MID 9 Subject 'ICID 4 close'", "OTHER 0 whole" },

	{ "the version", "Version: 12.0.0-478 SN: 420D4B6FA42E-CE7D1234",
	    "VERSION [420D4B6FA42E-CE7D1234] whole" },
	{ "the offset", "Time offset from UTC: -25200 seconds", "OFFSET -25200 whole" },
	{ "an offset that is none", "Time offset from UTC: 99999999 seconds", "OTHER 0 whole" },
	{ "the beginning", "Begin Logfile", "OTHER 0 whole" },
	{ "a head cut in two", "New SMTP", "OTHER 0 cut" },
	{ "nothing", "", "OTHER 0 cut" },
};

static const char *
show(const struct log_event *e, char *out, size_t room)
{
	static const char *const kinds[] = { [LOG_OTHER] = "OTHER",
		[LOG_UNPARSED] = "UNPARSED",
		[LOG_NEW] = "NEW",
		[LOG_HAT] = "HAT",
		[LOG_SCORE] = "SCORE",
		[LOG_DELAYED] = "DELAYED",
		[LOG_SENDER] = "SENDER",
		[LOG_RECIPIENT] = "RECIPIENT",
		[LOG_TLS] = "TLS",
		[LOG_AUTH] = "AUTH",
		[LOG_CLOSE] = "CLOSE",
		[LOG_LOST] = "LOST",
		[LOG_FAILED] = "FAILED",
		[LOG_DISCONNECTED] = "DISCONNECTED",
		[LOG_HARVEST] = "HARVEST",
		[LOG_NOTE] = "NOTE",
		[LOG_MID_START] = "MID_START",
		[LOG_MID_READY] = "MID_READY",
		[LOG_MID_DONE] = "MID_DONE",
		[LOG_MID_ABORTED] = "MID_ABORTED",
		[LOG_SUMMARY] = "SUMMARY",
		[LOG_VERSION] = "VERSION",
		[LOG_OFFSET] = "OFFSET" };
	static const char *const endings[] = { [LOG_ENDING_WHOLE] = "whole",
		[LOG_ENDING_OPEN] = "open",
		[LOG_ENDING_NAMES] = "names",
		[LOG_ENDING_CUT] = "cut" };
	const char *refusal;
	FILE *f = fmemopen(out, room, "w");

#define SHOW(run) fprintf(f, " [%.*s]", (int)(run).n, (const char *)(run).p)
	fprintf(f, "%s", kinds[e->kind]);
	if (e->kind != LOG_VERSION && e->kind != LOG_OFFSET)
		fprintf(f, " %llu", (unsigned long long)e->icid);
	switch (e->kind) {
	case LOG_NEW:
		SHOW(e->peer.interface);
		SHOW(e->peer.interface_address);
		SHOW(e->peer.address);
		SHOW(e->peer.host);
		SHOW(e->peer.verified);
		break;
	case LOG_HAT:
		fprintf(f, " %s", log_action_name(e->hat.action));
		SHOW(e->hat.group);
		SHOW(e->hat.match);
		SHOW(e->hat.sbrs);
		SHOW(e->hat.country);
		break;
	case LOG_SCORE:
		SHOW(e->hat.sbrs);
		break;
	case LOG_SENDER:
	case LOG_RECIPIENT:
		refusal = log_refusal_name(e->party.refusal);
		fprintf(f, " %llu", (unsigned long long)e->mid);
		SHOW(e->party.address);
		fprintf(f, " %s", refusal == NULL ? "-" : refusal);
		break;
	case LOG_LOST:
		SHOW(e->peer.address);
		SHOW(e->peer.interface);
		break;
	case LOG_DELAYED:
	case LOG_DISCONNECTED:
	case LOG_HARVEST:
		SHOW(e->peer.address);
		break;
	case LOG_TLS:
		fprintf(f, " %s", log_tls_name(e->tls));
		break;
	case LOG_AUTH:
		fprintf(f, " %s", log_auth_name(e->auth));
		break;
	case LOG_MID_START:
	case LOG_MID_READY:
	case LOG_MID_DONE:
	case LOG_MID_ABORTED:
		fprintf(f, " %llu", (unsigned long long)e->mid);
		break;
	case LOG_VERSION:
		SHOW(e->serial);
		break;
	case LOG_OFFSET:
		fprintf(f, " %d", e->utc_offset_s);
		break;
	default:
		break;
	}
	fprintf(f, " %s", endings[e->ending]);
	fclose(f);
	return out;
}

ParameterizedTestParameters(log_line, table)
{
	static size_t index[sizeof rows / sizeof rows[0]];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		index[i] = i;
	return cr_make_param_array(size_t, index, sizeof rows / sizeof rows[0]);
}

ParameterizedTest(size_t *i, log_line, table)
{
	struct log_event e;
	char out[512] = "";

	log_line_parse(&e, bytes_str(rows[*i].text));
	cr_assert_str_eq(show(&e, out, sizeof out), rows[*i].says, "%s: %s", rows[*i].why, out);
}

/* Of a line that was cut, never more is understood than of the whole, and never beyond its end. */
ParameterizedTestParameters(log_line, cuts)
{
	static size_t index[sizeof rows / sizeof rows[0]];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		index[i] = i;
	return cr_make_param_array(size_t, index, sizeof rows / sizeof rows[0]);
}

ParameterizedTest(size_t *i, log_line, cuts)
{
	struct bytes text = bytes_str(rows[*i].text);
	struct log_event whole, cut;

	log_line_parse(&whole, text);
	cr_assert_leq(whole.understood, text.n, "%s", rows[*i].why);
	for (size_t n = 0; n < text.n; n++) {
		log_line_parse(&cut, bytes_head(text, n));
		cr_assert_leq(cut.understood, n, "%s at %zu", rows[*i].why, n);
	}
}
