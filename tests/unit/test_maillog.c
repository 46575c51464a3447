#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "tests/unit/log_dump.h"

#define NEAR (INT64_C(1247873976) * LOG_NS_PER_S) /* 2009-07-17 23:39:36 */
#define T "Fri Jul 17 23:39:36 2009 Info: "
#define T2 "Fri Jul 17 23:40:04 2009 Info: "
#define NEW                                                                                \
	"New SMTP ICID 4 interface M (192.0.2.1) address 198.51.100.9 reverse dns host h " \
	"verified yes\n"
#define AUTUMN "Sun Oct 25 "
#define AT36 "2009-07-17T23:39:36"
#define AT04 "2009-07-17T23:40:04"
#define PEER "if=M host=h"
#define WHERE " peer=198.51.100.9 on=192.0.2.1 verified=1"

/* A row is a log, in up to three files, and its sessions. */
static const struct row {
	const char *why, *files[3], *sessions;
	uint64_t unparsed;
} rows[] = {
	{ "rejected at the greeting",
	    { T NEW T "ICID 4 REJECT SG B match 198.51.100.9 SBRS None\n" T "ICID 4 close\n" },
	    "4 REJECT " PEER " sg=B match=198.51.100.9 sbrs=None" WHERE " opened=" AT36
	    " closed=" AT36 " how=close @0:1,2,3\n",
	    0 },
	{ "the decision before the connection it is of",
	    { T "ICID 4 REJECT SG B match ALL SBRS None\n" T NEW T "ICID 4 close\n" },
	    "4 REJECT " PEER " sg=B match=ALL sbrs=None" WHERE " opened=" AT36 " closed=" AT36
	    " how=close @0:1,1,3\n",
	    0 },
	{ "the lines of a session upside down",
	    { T2 "ICID 4 close\n" T2 "ICID 4 lost\n" T
		 "ICID 4 REJECT SG B match ALL SBRS None\n" T NEW },
	    "4 REJECT " PEER " sg=B match=ALL sbrs=None" WHERE " opened=" AT36 " closed=" AT04
	    " how=lost @0:1,3,2\n",
	    0 },
	{ "CRLF, and a last line without its end",
	    { T "ICID 4 REJECT SG B match ALL SBRS None\r\n" T2 "ICID 4 close\r" },
	    "4 REJECT sg=B match=ALL sbrs=None opened=" AT36 " closed=" AT04
	    " how=close @0:1,1,2\n",
	    0 },
	{ "a last line without its end: an action and its group are not sure to be whole",
	    { T NEW T "ICID 4 REJECT SG BLACK" }, "4 " PEER WHERE " opened=" AT36 " @0:1,0,0\n",
	    1 },
	{ "a space may be one within the group", { T "ICID 4 close\n" T "ICID 4 REJECT SG BLACK " },
	    "4 closed=" AT36 " how=close @0:1,0,1\n", 1 },
	{ "with the next keyword the group is whole, and the score is not",
	    { T "ICID 4 REJECT SG B match sbrs[-10.0:-3.0] SBRS -1" },
	    "4 REJECT sg=B match=sbrs[-10.0:-3.0] opened=" AT36 " @0:1,1,0\n", 0 },
	{ "half a keyword is of the value before it",
	    { T "ICID 4 REJECT SG B match 198.51.100. SBR" }, "", 1 },
	{ "a group without what it matched", { T "ICID 4 ACCEPT SG None match" }, "", 1 },
	{ "a country without its end",
	    { T "ICID 4 REJECT SG B match ALL SBRS 1.0 country United St" },
	    "4 REJECT sg=B match=ALL sbrs=1.0 opened=" AT36 " @0:1,1,0\n", 0 },
	{ "the rest of a wrapped line without its end",
	    { T "ICID 4 REJECT SG B match\nALL SBRS -1" },
	    "4 REJECT sg=B match=ALL opened=" AT36 " @0:1,1,0\n", 0 },
	{ "a refusal without a number, and without its end", { T "ICID 0 TCPREFUSE SG BLACK" }, "",
	    0 },
	{ "a score without its end", { T "ICID 4 close\n" T "ICID 4 SBRS -1" },
	    "4 closed=" AT36 " how=close @0:1,0,1\n", 1 },
	{ "a peer without its end",
	    { T "New SMTP ICID 4 interface M (192.0.2.1) address 198.51.100.9" }, "", 1 },
	{ "a host without its end, of a peer that is whole",
	    { T "New SMTP ICID 4 interface M (192.0.2.1) address 198.51.100.9 reverse dns host "
		"mx" },
	    "4 if=M peer=198.51.100.9 on=192.0.2.1 opened=" AT36 " @0:1,0,0\n", 0 },
	{ "half a word is no word",
	    { T "New SMTP ICID 4 interface M (192.0.2.1) address 198.51.100.9 reverse dns host h "
		"verified ye" },
	    "4 " PEER " peer=198.51.100.9 on=192.0.2.1 opened=" AT36 " @0:1,0,0\n", 0 },
	{ "fixed words are whole without an end",
	    { T "New SMTP ICID 4 interface M (192.0.2.1) address 198.51.100.9 reverse dns host h "
		"verified yes" },
	    "4 " PEER WHERE " opened=" AT36 " @0:1,0,0\n", 0 },
	{ "a number without its end is nobody's", { T "ICID 4 close\n" T "Start MID 9 ICID 4" },
	    "4 closed=" AT36 " how=close @0:1,0,1\n", 1 },
	{ "nor is that of a connection killed", { T "SMTP server connection killed ICID: 4" }, "",
	    1 },
	{ "an address without its end",
	    { T "ICID 4 Delayed HAT REJECT Message from: a@example.co" }, "", 1 },
	{ "an address with its end", { T "MID 9 ICID 4 From: <a@example.com>" },
	    "4 from<a@example.com> mid=9:started @0:1,0,0\n", 0 },
	{ "a recipient may have been refused behind the end",
	    { T "MID 9 ICID 4 To: <b@example.org>" }, "", 1 },
	{ "and by whom is not sure", { T "MID 9 ICID 4 To: <b@example.org> Rejected by R" }, "",
	    1 },
	{ "a serial number without its end", { T "ICID 4 close\n" T "Version: 12.0.0 SN: A" },
	    "4 closed=" AT36 " how=close @0:1,0,1\n", 0 },
	{ "an offset without its end", { T "Time offset from UTC: 36", T "ICID 4 close\n" },
	    "4 closed=" AT36 " how=close @1:1,0,1\n", 0 },
	{ "an event without its end",
	    { "Jul 17 23:39:36 e: CEF:0|C|C|1|E|C|5|ESAMID=9 ESAICID=4 suser=a duser=b" }, "", 0 },

	{ "two sessions interleave",
	    { T "ICID 4 REJECT SG B match ALL SBRS None\n" T
		"ICID 5 ACCEPT SG U match ALL SBRS 1.0\n" T "ICID 4 close\n" T2 "ICID 5 close\n" },
	    "4 REJECT sg=B match=ALL sbrs=None opened=" AT36 " closed=" AT36 " how=close @0:1,1,3\n"
	    "5 ACCEPT sg=U match=ALL sbrs=1.0 opened=" AT36 " closed=" AT04 " how=close @0:2,2,4\n",
	    0 },
	{ "delayed rejection",
	    { T "ICID 4 REJECT SG B match ALL SBRS None\n" T
		"ICID 4 Delayed HAT REJECT continuing session for recipient logging "
		"(198.51.100.9)\n" T
		"ICID 4 Delayed HAT REJECT Message from: a@example.com (198.51.100.9)\n" T
		"ICID 4 Delayed HAT REJECT Message recipient: <b@example.org> (198.51.100.9)\n" T2
		"ICID 4 Close\n" },
	    "4 REJECT sg=B match=ALL sbrs=None peer=198.51.100.9 delayed opened=" AT36
	    " closed=" AT04
	    " how=close from<a@example.com> to<b@example.org>!delayed_hat_reject @0:1,1,5\n",
	    0 },
	{ "mail",
	    { T "ICID 4 ACCEPT SG U match ALL SBRS 1.0\n" T
		"ICID 4 TLS success protocol P cipher C\n" T "Start MID 9 ICID 4\n" T
		"MID 9 ICID 4 From: <a@example.com>\n" T
		"MID 9 ICID 4 RID 0 To: <b@example.org>\n" T
		"MID 9 ICID 4 To: <c@example.org> Rejected by RAT\n" T
		"MID 9 ready 100 bytes from <a@example.com>\n" T2 "Start MID 10 ICID 4\n" T2
		"MID 10 ICID 4 From: <>\n" T2 "Message aborted MID 10 Receiving aborted\n" T2
		"ICID 4 close\n" T2 "Message finished MID 9 aborted\n" },
	    "4 ACCEPT sg=U match=ALL sbrs=1.0 tls=success opened=" AT36 " closed=" AT04
	    " how=close from<a@example.com> from<> to<b@example.org> to<c@example.org>!rat "
	    "mid=9:received "
	    "mid=10:aborted @0:1,1,11\n",
	    0 },
	{ "ICID 0: each refusal is a session, messages of the gateway's own are none",
	    { T "ICID 0 TCPREFUSE SG B match sbrs[-10.0:-3.0] SBRS -9.9\n" T
		"Start MID 9 ICID 0\n" T "MID 9 ICID 0 From: <>\n" T
		"MID 9 ICID 0 RID 0 To: <x>\n" T2
		"ICID 0 TCPREFUSE SG B match dnslist[l.example] SBRS None\n" },
	    "0 TCPREFUSE sg=B match=sbrs[-10.0:-3.0] sbrs=-9.9 opened=" AT36 " @0:1,1,0\n"
	    "0 TCPREFUSE sg=B match=dnslist[l.example] sbrs=None opened=" AT04 " @0:5,5,0\n",
	    0 },
	{ "TCPREFUSE with a number", { T NEW T "ICID 4 TCPREFUSE SG B match ALL SBRS None\n" },
	    "4 TCPREFUSE " PEER " sg=B match=ALL sbrs=None" WHERE " opened=" AT36 " @0:1,2,0\n",
	    0 },
	{ "summer time ends within a session",
	    { AUTUMN "02:59:50 2009 Info: ICID 4 REJECT SG B match ALL SBRS None\n" AUTUMN
		     "02:00:10 2009 Info: ICID 4 close\n" },
	    "4 REJECT sg=B match=ALL sbrs=None opened=2009-10-25T02:59:50"
	    " closed=2009-10-25T03:00:10 how=close @0:1,1,2\n",
	    0 },
	{ "two hosts whose clocks lie apart",
	    { "Oct 25 02:59:50 a x: Info: ICID 4 REJECT SG B match ALL SBRS None\n"
	      "Oct 25 02:10:00 b x: Info: ICID 5 REJECT SG B match ALL SBRS None\n"
	      "Oct 25 02:59:51 a x: Info: ICID 4 close\n" },
	    "4 REJECT sg=B match=ALL sbrs=None opened=2009-10-25T02:59:50"
	    " closed=2009-10-25T02:59:51 how=close @0:1,1,3\n"
	    "5 REJECT sg=B match=ALL sbrs=None opened=2009-10-25T02:10:00 @0:2,2,0\n",
	    0 },
	{ "and the next log says so",
	    { AUTUMN "02:59:49 2009 Info: Time offset from UTC: 7200 seconds\n" AUTUMN
		     "02:59:50 2009 Info: ICID 4 REJECT SG B match ALL SBRS None\n",
		AUTUMN "02:00:00 2009 Info: Time offset from UTC: 3600 seconds\n" AUTUMN
		       "02:00:10 2009 Info: ICID 4 close\n" },
	    "4 REJECT sg=B match=ALL sbrs=None opened=2009-10-25T00:59:50"
	    " closed=2009-10-25T01:00:10 how=close @0:2,2,2\n",
	    0 },
	{ "a header in the same log says what it has now",
	    { AUTUMN "02:59:49 2009 Info: Time offset from UTC: 7200 seconds\n" AUTUMN
		     "02:00:00 2009 Info: Time offset from UTC: 3600 seconds\n" AUTUMN
		     "02:00:10 2009 Info: ICID 4 close\n" },
	    "4 closed=2009-10-25T01:00:10 how=close @0:3,0,3\n", 0 },
	{ "began before the log", { T "ICID 4 close\n" }, "4 closed=" AT36 " how=close @0:1,0,1\n",
	    0 },
	{ "a score without an action", { T "ICID 4 SBRS None\n" }, "4 sbrs=None @0:1,0,0\n", 0 },
	{ "CONTINUE leaves it to a later group",
	    { T "ICID 4 CONTINUE SG A match ALL SBRS None\n" T
		"ICID 4 ACCEPT SG B match ALL SBRS None\n" },
	    "4 ACCEPT sg=B match=ALL sbrs=None opened=" AT36 " @0:1,2,0\n", 0 },
	{ "AUTH that succeeds in the end",
	    { T "SMTP Auth: (ICID 4) failed for user: u using AUTH mechanism: PLAIN\n" T
		"SMTP Auth: (ICID 4) succeeded for user: u using AUTH mechanism: PLAIN\n" },
	    "4 auth=succeeded @0:1,0,0\n", 0 },
	{ "receiving failed, and closed",
	    { T "ICID 4 Receiving Failed: Message loop\n" T "ICID 4 close\n" },
	    "4 closed=" AT36 " how=receiving_failed @0:1,0,2\n", 0 },
	{ "disconnected, and closed",
	    { T "ICID 4 disconnected address 198.51.100.9, exceeded allowable connection time\n" T2
		"ICID 4 close\n" },
	    "4 peer=198.51.100.9 closed=" AT04 " how=disconnected @0:1,0,2\n", 0 },
	{ "a harvest attack of the only connection from there",
	    { T NEW T "Dropping connection due to potential Directory Harvest Attack from "
		      "host=('198.51.100.9', 'h'), dhap_limit=2\n" },
	    "4 " PEER WHERE " harvest opened=" AT36 " @0:1,0,0\n", 0 },

	{ "the offset of the header, west",
	    { T "Begin Logfile\n" T "Version: 12.0.0-478 SN: A-1\n" T
		"Time offset from UTC: -25200 seconds\n" T "ICID 4 close\n" },
	    "4 closed=2009-07-18T06:39:36 how=close sn=A-1 @0:4,0,4\n", 0 },
	{ "a header is of its log, and lasts until the next",
	    { T "Time offset from UTC: 3600 seconds\n" T "ICID 4 lost\n", T "ICID 5 lost\n",
		T "Time offset from UTC: 7200 seconds\n" T "ICID 6 lost\n" },
	    "4 closed=2009-07-17T22:39:36 how=lost @0:2,0,2\n"
	    "5 closed=2009-07-17T22:39:36 how=lost @1:1,0,1\n"
	    "6 closed=2009-07-17T21:39:36 how=lost @2:2,0,2\n",
	    0 },
	{ "a stamp that knows its zone",
	    { "2009-07-17T23:39:36+09:00 h mail_logs: Info: ICID 4 close\n" },
	    "4 closed=2009-07-17T14:39:36 how=close @0:1,0,1\n", 0 },
	{ "a session from one log to the next",
	    { T "Version: 12.0.0 SN: A\n" T NEW, T "Version: 12.0.0 SN: A\n" T2 "ICID 4 close\n" },
	    "4 " PEER WHERE " opened=" AT36 " closed=" AT04 " how=close sn=A @0:2,0,2\n", 0 },
	{ "the next log without a header",
	    { T "Version: 12.0.0 SN: A\n" T NEW, T2 "ICID 4 close\n" },
	    "4 " PEER WHERE " opened=" AT36 " closed=" AT04 " how=close sn=A @0:2,0,1\n", 0 },
	{ "the first log without a header",
	    { T NEW, T2 "Version: 12.0.0 SN: A\n" T2 "ICID 4 close\n" },
	    "4 " PEER WHERE " opened=" AT36 " closed=" AT04 " how=close sn=A @0:1,0,2\n", 0 },
	{ "the same number at another appliance",
	    { T "Version: 12.0.0 SN: A\n" T NEW, T "Version: 12.0.0 SN: B\n" T2 "ICID 4 close\n" },
	    "4 closed=" AT04 " how=close sn=B @1:2,0,2\n"
	    "4 " PEER WHERE " opened=" AT36 " sn=A @0:2,0,0\n",
	    0 },
	{ "the same number of two hosts in one log",
	    { "Jul 17 23:39:36 esa1 m: Info: " NEW "Jul 17 23:39:36 esa2 m: Info: ICID 4 close\n"
	      "Jul 17 23:39:36 esa1 m: Info: Version: 8.7.2-001 SN: A\n"
	      "Jul 17 23:40:04 esa1 m: Info: ICID 4 lost\n" },
	    "4 closed=" AT36 " how=close @0:2,0,2\n"
	    "4 " PEER WHERE " opened=" AT36 " closed=" AT04 " how=lost sn=A @0:1,0,4\n",
	    0 },
	{ "the offset of one host is not the other's",
	    { "Jul 17 23:39:36 esa1 m: Info: Time offset from UTC: 3600 seconds\n"
	      "Jul 17 23:39:36 esa1 m: Info: ICID 4 lost\n"
	      "Jul 17 23:39:36 esa2 m: Info: ICID 5 lost\n" },
	    "4 closed=2009-07-17T22:39:36 how=lost @0:2,0,2\n5 closed=" AT36 " how=lost @0:3,0,3\n",
	    0 },
	{ "a number begins again after a reboot",
	    { T NEW T "ICID 4 REJECT SG B match ALL SBRS None\n"
		      "Fri Jul 17 23:45:00 2009 Info: " NEW
		      "Fri Jul 17 23:45:00 2009 Info: ICID 4 ACCEPT SG C match ALL SBRS None\n" },
	    "4 REJECT " PEER " sg=B match=ALL sbrs=None" WHERE " opened=" AT36 " @0:1,2,0\n"
	    "4 ACCEPT " PEER " sg=C match=ALL sbrs=None" WHERE
	    " opened=2009-07-17T23:45:00 @0:3,4,0\n",
	    0 },
	{ "the same, with the decision first",
	    { T NEW T "ICID 4 REJECT SG B match ALL SBRS None\n"
		      "Fri Jul 17 23:45:00 2009 Info: ICID 4 ACCEPT SG C match ALL SBRS None\n"
		      "Fri Jul 17 23:45:00 2009 Info: " NEW },
	    "4 REJECT " PEER " sg=B match=ALL sbrs=None" WHERE " opened=" AT36 " @0:1,2,0\n"
	    "4 ACCEPT " PEER " sg=C match=ALL sbrs=None" WHERE
	    " opened=2009-07-17T23:45:00 @0:3,3,0\n",
	    0 },
	{ "what was there twice counts once",
	    { T NEW T NEW T "ICID 4 REJECT SG B match ALL SBRS None\n" T
			    "ICID 4 REJECT SG B match ALL SBRS None\n" },
	    "4 REJECT " PEER " sg=B match=ALL sbrs=None" WHERE " opened=" AT36 " @0:1,3,0\n", 0 },
	{ "a slow DNS between the two first lines",
	    { T NEW "Fri Jul 17 23:41:55 2009 Info: ICID 4 REJECT SG B match ALL SBRS None\n" },
	    "4 REJECT " PEER " sg=B match=ALL sbrs=None" WHERE " opened=" AT36 " @0:1,2,0\n", 0 },
	{ "an hour of silence ends a session",
	    { T NEW "Sat Jul 18 00:39:37 2009 Info: ICID 9 close\nSat Jul 18 00:39:37 2009 Info: "
		    "ICID 4 "
		    "close\n" },
	    "4 " PEER WHERE " opened=" AT36 " @0:1,0,0\n"
	    "9 closed=2009-07-18T00:39:37 how=close @0:2,0,2\n"
	    "4 closed=2009-07-18T00:39:37 how=close @0:3,0,3\n",
	    0 },
	{ "the year of a stamp without one goes on at New Year",
	    { "Dec 31 23:59:59 m: Info: " NEW "Jan  1 00:00:01 m: Info: ICID 4 close\n" },
	    "4 " PEER WHERE
	    " opened=2009-12-31T23:59:59 closed=2010-01-01T00:00:01 how=close @0:1,0,2\n",
	    0 },

	{ "the first excerpt of the seed, wrapped and without its first stamp",
	    { "Info: New SMTP ICID 4160 interface Management (x.x.x.x) address y.y.y.y reverse\n"
	      "dns host unknown verified no\n" T
	      "ICID 4160 REJECT SG BLACKLIST match y.y.y.y SBRS None\n" T
	      "ICID 4160 Delayed HAT REJECT continuing session for\nrecipient logging (y.y.y.y)\n" T
	      "ICID 4160 Delayed HAT REJECT Message from: user1@example.com\n(y.y.y.y)\n" T
	      "ICID 4160 Delayed HAT REJECT Message recipient:\n<xyz@example.org> (y.y.y.y)\n" T2
	      "ICID 4160 Close\n" },
	    "4160 REJECT masked=y.y.y.y if=Management host=unknown sg=BLACKLIST match=y.y.y.y "
	    "sbrs=None "
	    "verified=0 delayed opened=" AT36 " closed=" AT04
	    " how=close from<user1@example.com> to<xyz@example.org>!delayed_hat_reject @0:1,3,10\n",
	    0 },
	{ "the second, in prose",
	    { "\xe6\x8b\x92\xe5\x90\xa6 HAT REJECT\n" T
	      "New SMTP ICID 4155 interface Management (x.x.x.x)\naddress y.y.y.y reverse dns host "
	      "unknown "
	      "verified no\n" T "ICID 4155 REJECT SG BLACKLIST match y.y.y.y SBRS None\n" T
	      "ICID 4155 close\nESA\xe3\x81\xa7 HAT\n" },
	    "4155 REJECT masked=y.y.y.y if=Management host=unknown sg=BLACKLIST match=y.y.y.y "
	    "sbrs=None "
	    "verified=0 opened=" AT36 " closed=" AT36 " how=close @0:2,4,5\n",
	    0 },
	{ "wrapped into many lines, quoted by a mail",
	    { "> " T "ICID\n> 4 REJECT\n> SG B\n> match etf-source:\n> one two SBRS not\n> enabled "
	      "country\n> "
	      "New Zealand\n> " T "ICID 4\n> close\n" },
	    "4 REJECT sg=B match=etf-source: one two sbrs=not enabled country=New Zealand "
	    "opened=" AT36 " closed=" AT36 " how=close @0:1,1,8\n",
	    0 },
	{ "a word broken by a terminal",
	    { T "New SMTP ICID 4 interface M (192.0.2.1) address 198.51\n.100.9 reverse dns host h "
		"verifi\ned "
		"yes\n" },
	    "4 " PEER WHERE " opened=" AT36 " @0:1,0,0\n", 0 },
	{ "a country broken at the end of a long line",
	    { T "ICID 4 REJECT SG B match ALL SBRS None country United\nStates\n" },
	    "4 REJECT sg=B match=ALL sbrs=None country=United States opened=" AT36 " @0:1,1,0\n",
	    0 },
	{ "prose behind a line that is whole, and behind one that need not be",
	    { T "ICID 4 REJECT SG B match ALL SBRS None\nThis country, match or not, is all "
		"prose.\n" T "ICID 4 close\nSome more prose.\n" },
	    "4 REJECT sg=B match=ALL sbrs=None opened=" AT36 " closed=" AT36
	    " how=close @0:1,1,3\n",
	    0 },
	{ "a MID line wrapped",
	    { T "MID 9 ICID 4 RID 0 To:\n  <b@example.org>\n" T "Start MID 10\nICID 4\n" },
	    "4 to<b@example.org> mid=9:started mid=10:started @0:1,0,0\n", 0 },
	{ "a stamp alone on its line", { "Fri Jul 17 23:39:36 2009\nInfo: ICID 4 close\n" },
	    "4 closed=" AT36 " how=close @0:2,0,2\n", 0 },
	{ "no stamp anywhere", { "Info: " NEW "Info: ICID 4 close\n" },
	    "4 " PEER WHERE " how=close @0:1,0,2\n", 0 },

	{ "what cannot be read is counted, the rest is used",
	    { T "ICID 4 did something new\n" T "New SMTP ICID x\n" T
		"MID 5 ICID 4 what\nICID 4 close\n" T "ICID 4 close\n" T "Starting up\n" },
	    "4 closed=" AT36 " how=close @0:5,0,5\n", 4 },
	{ "deliveries are nothing of a client's",
	    { T "New SMTP DCID 8 interface 192.0.2.1 address 198.51.100.7 port 25\n" T
		"Delivery start DCID 8 MID 9 to RID [0]\n" T "DCID 8 close\n" },
	    "", 0 },

	{ "the consolidated event log",
	    { "Fri Jul 17 23:40:04 2009: "
	      "CEF:0|Cisco|C100V|14.0|ESA_CONSOLIDATED_LOG_EVENT|Consolidated Log "
	      "Event|5|deviceExternalId=A-1 ESAMID=9 ESAICID=4 startTime=Fri Jul 17 23:39:36 2009 "
	      "ESAMailFlowPolicy=ACCEPT suser=a@example.com cs2Label=SenderCountry cs2=United "
	      "States "
	      "duser=b@example.org;c@example.org cfp1Label=SBRSScore cfp1=5.2 sourceHostName=h "
	      "ESASenderGroup=U sourceAddress=198.51.100.9 msg='suser=evil' "
	      "ESATLSInConnStatus=Success\n" },
	    "4 ACCEPT host=h sg=U sbrs=5.2 country=United States peer=198.51.100.9 event "
	    "tls=success opened=" AT36 " from<a@example.com> to<b@example.org> to<c@example.org> "
	    "mid=9:started sn=A-1 @0:1,0,0\n",
	    0 },
	{ "two messages of one connection in it",
	    { "Jul 17 23:39:36 e: CEF:0|C|C|1|E|C|5|ESAMID=9 ESAICID=4 suser=a duser=b\n"
	      "Jul 17 23:40:04 e: CEF:0|C|C|1|E|C|5|ESAMID=10 ESAICID=4 suser=c duser=d\n" },
	    "4 event opened=" AT36
	    " from<a> from<c> to<b> to<d> mid=9:started mid=10:started @0:1,0,0\n",
	    0 },
	{ "of a connection that the mail log told of it says nothing new",
	    { T NEW T "ICID 4 close\nFri Jul 17 23:50:00 2009: CEF:0|C|C|1|E|C|5|ESAMID=9 "
		      "ESAICID=4 suser=a\n" },
	    "4 " PEER WHERE " opened=" AT36 " closed=" AT36 " how=close @0:1,0,2\n", 0 },
	{ "another event, and one without a connection",
	    { "Fri Jul 17 23:40:04 2009: CEF:0|Cisco|ESAICID=4\n"
	      "Fri Jul 17 23:40:04 2009: CEF:0|C|C|1|E|C|5|ESAMID=9 ESAICID=0\n" },
	    "", 0 },
};

static void
feed(struct maillog *m, const char *text, size_t step)
{
	const struct maillog_start start = { .path = "log",
		.compression = "none",
		.near_ns = NEAR,
		.utc_offset_s = LOG_OFFSET_NONE };
	struct bytes rest = bytes_str(text);

	cr_assert_eq(maillog_begin(m, &start), STATUS_OK);
	while (rest.n > 0) {
		struct bytes part = bytes_head(rest, step);
		/* An allocation of its own, gone before the next one comes. */
		uint8_t *block = malloc(part.n);

		memcpy(block, part.p, part.n);
		maillog_feed(m, bytes_of(block, part.n));
		memset(block, 'x', part.n);
		free(block);
		rest = bytes_skip(rest, part.n);
	}
	maillog_end(m);
}

/* The sessions of a row, read in blocks of `step` octets; to be freed. */
static char *
read_row(const struct row *r, struct maillog_config config, size_t step, uint64_t *unparsed)
{
	struct log_dump d;
	const struct maillog_file *files;
	size_t count;

	log_dump_open(&d, config);
	for (size_t i = 0; i < 3 && r->files[i] != NULL; i++)
		feed(d.m, r->files[i], step);
	*unparsed = 0;
	files = maillog_files(d.m, &count);
	for (size_t i = 0; i < count; i++)
		*unparsed += files[i].unparsed;
	log_dump_close(&d);
	return d.text;
}

ParameterizedTestParameters(maillog, table)
{
	static size_t index[sizeof rows / sizeof rows[0]];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		index[i] = i;
	return cr_make_param_array(size_t, index, sizeof rows / sizeof rows[0]);
}

ParameterizedTest(size_t *i, maillog, table)
{
	static const size_t steps[] = { SIZE_MAX, 1, 7, 64 };
	const struct maillog_config config = { .utc_offset_s = LOG_OFFSET_NONE };

	for (size_t k = 0; k < sizeof steps / sizeof steps[0]; k++) {
		uint64_t unparsed;
		char *sessions = read_row(&rows[*i], config, steps[k], &unparsed);

		cr_assert_str_eq(sessions, rows[*i].sessions, "%s, in steps of %zu:\n%s",
		    rows[*i].why, steps[k], sessions);
		cr_assert_eq(unparsed, rows[*i].unparsed, "%s: %llu unparsed", rows[*i].why,
		    (unsigned long long)unparsed);
		free(sessions);
	}
}

Test(maillog, the_offset_that_is_given_rules)
{
	static const struct row row = { .files = { T "Time offset from UTC: 3600 seconds\n" T
						     "ICID 4 lost\n" } };
	const struct maillog_config config = { .utc_offset_s = -7200 };
	uint64_t unparsed;
	char *sessions = read_row(&row, config, SIZE_MAX, &unparsed);

	cr_assert_str_eq(
	    sessions, "4 closed=2009-07-18T01:39:36 how=lost @0:2,0,2\n", "%s", sessions);
	free(sessions);
}

/* New connections without an end, and what the table does about them. */
static void
open_many(struct log_dump *d, size_t count)
{
	char *text;
	size_t n;
	FILE *to = open_memstream(&text, &n);

	for (size_t i = 0; i < count; i++)
		fprintf(to, T "New SMTP ICID %zu interface M (192.0.2.1) address 198.51.100.9\n",
		    i + 1);
	fclose(to);
	feed(d->m, text, 4096);
	free(text);
}

Test(maillog, more_sessions_than_are_kept_open_end_early)
{
	struct log_dump d;

	log_dump_open(
	    &d, (struct maillog_config){ .max_open = 10, .utc_offset_s = LOG_OFFSET_NONE });
	open_many(&d, 25);
	cr_assert_eq(maillog_limits(d.m)->reached[LIMIT_LOG_SESSIONS_EVICTED], 15);
	log_dump_close(&d);
	cr_assert(strncmp(d.text, "1 ", 2) == 0, "the one that was silent longest goes first");
	free(d.text);
}

Test(maillog, memory_is_bounded_too)
{
	struct log_dump d;

	log_dump_open(
	    &d, (struct maillog_config){ .max_memory = 65536, .utc_offset_s = LOG_OFFSET_NONE });
	open_many(&d, 1000);
	cr_assert_gt(maillog_limits(d.m)->reached[LIMIT_LOG_SESSIONS_EVICTED], 800);
	log_dump_close(&d);
	free(d.text);
}

Test(maillog, a_session_with_too_much_in_it_says_so)
{
	char *text;
	size_t n;
	FILE *to = open_memstream(&text, &n);
	struct log_dump d;

	for (int i = 0; i < 3000; i++)
		fprintf(to, T "MID 9 ICID 4 RID %d To: <recipient%d@example.org>\n", i, i);
	fclose(to);
	log_dump_open(&d, (struct maillog_config){ .utc_offset_s = LOG_OFFSET_NONE });
	feed(d.m, text, SIZE_MAX);
	free(text);
	cr_assert_gt(maillog_limits(d.m)->reached[LIMIT_RECIPIENTS_NOT_KEPT], 0);
	log_dump_close(&d);
	cr_assert(strstr(d.text, " incomplete") != NULL);
	cr_assert(strstr(d.text, "<recipient1500@example.org>") != NULL);
	free(d.text);
}

Test(maillog, a_line_beyond_the_bound_is_cut_the_same_in_every_block_size)
{
	const size_t n = 3 * MAILLOG_MAX_LINE;
	char *text = malloc(n + 64), *first = NULL;

	memset(text, 'a', n);
	memcpy(text, T "MID 9 ICID 4 From: <", sizeof T + 19);
	strcpy(text + n, ">\n" T "ICID 5 close\n");
	for (size_t step = 1000; step < 4 * n; step *= 7) {
		struct log_dump d;

		log_dump_open(&d, (struct maillog_config){ .utc_offset_s = LOG_OFFSET_NONE });
		feed(d.m, text, step);
		cr_assert_eq(maillog_limits(d.m)->reached[LIMIT_LOG_LINES_CUT], 1);
		log_dump_close(&d);
		cr_assert(strstr(d.text, "5 closed=") != NULL);
		cr_assert(first == NULL || strcmp(first, d.text) == 0);
		free(first);
		first = d.text;
	}
	free(first);
	free(text);
}

Test(maillog, what_is_said_of_a_log)
{
	struct log_dump d;
	const struct maillog_file *f;
	size_t count;

	log_dump_open(&d, (struct maillog_config){ .utc_offset_s = LOG_OFFSET_NONE });
	feed(d.m,
	    T "Time offset from UTC: 3600 seconds\n" T2 "ICID 4 close\nprose\n" T "ICID 5 lost", 9);
	maillog_finish(d.m);
	f = maillog_files(d.m, &count);
	cr_assert_eq(count, 1);
	cr_assert_str_eq(f->path, "log");
	cr_assert_eq(f->lines, 4);
	cr_assert_eq(f->understood, 3);
	cr_assert_eq(f->sessions, 2);
	cr_assert_eq(f->unparsed, 0);
	cr_assert_eq(f->offset_from, LOG_OFFSET_FROM_HEADER);
	cr_assert_eq(f->utc_offset_s, 3600);
	cr_assert_eq(f->first_ns, NEAR);
	cr_assert_eq(f->last_ns, NEAR + 28 * LOG_NS_PER_S);
	log_dump_close(&d);
	free(d.text);
}
