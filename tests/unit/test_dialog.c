#include "scene.h"

#include "rows.h"

#define OPEN "C S; S SA; C A; S '220 esa.example ESMTP~;"
#define MAIL "C 'MAIL FROM:<a@b>~; S '250 sender ok~;"
#define QUIT "C 'QUIT~; S '221 bye~; S FA; C FA; S A"

/* What both sides said, and what must and must not come of it. */
static const struct {
	const char *why, *script, *said;
} rows[] = {
	{ "one message",
	    OPEN "C 'EHLO mta.example~; S '250-esa.example~250 SIZE 10485760~;" MAIL
		 "C 'RCPT TO:<c@d>~; S '250 recipient ok~; C 'DATA~; S '354 go ahead~;"
		 "C 'Subject: x~~..~QUIT~.~; S '250 ok~;" QUIT,
	    "accepted/mail_accepted high greeting=220 helo=mta.example mail=a@b:250 "
	    "rcpt=c@d:250:accepted messages=1 gaps=0" },
	{ "a client that does not wait, and no SYN,ACK: 220 greets all the same",
	    "C S; -S SA; C A; C 'EHLO x~VRFY x~; S '220 hi~; S '250 fine~;"
	    "C 'MAIL FROM:<a@b>~RCPT TO:<c@d>~; S '550 fine~250 ok~; S '550 5.7.1 access~;" QUIT,
	    "incomplete greeting=220 mail=a@b:250 rcpt=c@d:550:access" },
	{ "likewise, and octets of the client behind it were not captured",
	    "C S; -S SA; C A; C 'EHLO x~VRFY x~; S '220 hi~; S '250 fine~;"
	    "C x32 'MAIL FROM:<a@b>~RCPT TO:<c@d>~RCPT TO:<e@f>~; S '550 fine~250 ok~;"
	    "S '550 5.7.1 access~550 5.7.1 access~;" QUIT,
	    "incomplete greeting=220 mail=a@b:250" },
	{ "not so where a command before it may be STARTTLS",
	    "C S; -S SA; -C A; -S '220 hi~; C 'EHLO x~STARTTLS~; -S '250 x~; S '220 go~;"
	    "C '\x16\x03\x01^^; S '^^; S FA; C FA; S A",
	    "greeting=0" },
	{ "two commands before it, one seen in part, and one reply: the next answers no RCPT yet",
	    "C S; S SA; C A; S x30 '220 esa.example ESMTP, at your service~;"
	    "C x20 'EHLO x~MAIL FROM:<a@b>~; S '250 fine~; C 'RCPT TO:<c@d>~; S '250 ok~;"
	    "S '550 5.7.1 access~;" QUIT,
	    "incomplete !rcpt=c@d:250:accepted" },
	{ "two replies: it does",
	    "C S; S SA; C A; S x30 '220 esa.example ESMTP, at your service~;"
	    "C x20 'EHLO x~MAIL FROM:<a@b>~; S '250 fine~250 ok~; C 'RCPT TO:<c@d>~; S '250 "
	    "ok~;" QUIT,
	    "accepted rcpt=c@d:250:accepted" },
	{ "chunks sent at once: the one that is open is not the one that was refused",
	    OPEN MAIL
	    "C 'BDAT 1 LAST~aRCPT TO:<c@d>~BDAT 1~b; S '503 no~250 ok~250 ok~; S FA; C FA",
	    "accepted/cut_off" },
	{ "a client that closes within the last reply that was seen: its reason is not known",
	    OPEN MAIL "C 'RCPT TO:<c@d>~; S '550 5.7.1 Acc; C FA",
	    "incomplete rcpt=c@d:550:other" },
	{ "a client that closes behind it",
	    OPEN MAIL "C 'RCPT TO:<c@d>~; S '550 5.1.1 no such user~; C FA",
	    "accepted/recipients_refused" },
	{ "a chunk that is refused ends the message, though it was not the last",
	    OPEN MAIL
	    "C 'RCPT TO:<c@d>~; S '550 5.1.1 no such user~; C 'BDAT 3~abc; S '503 no~;" QUIT,
	    "accepted/recipients_refused high rcpt=c@d:550:recipient messages=0" },
	{ "a chunk that nobody would have got, and no answer to it",
	    OPEN MAIL
	    "C 'RCPT TO:<c@d>~; S '550 5.1.1 no such user~; C 'BDAT 3~abc; S FA; C FA; S A",
	    "accepted/recipients_refused" },
	{ "a chunk that somebody would have got, and no answer to it",
	    OPEN MAIL "C 'RCPT TO:<c@d>~; S '250 ok~; C 'BDAT 3~abc; S FA; C FA; S A",
	    "accepted/cut_off" },
	{ "a chunk without a size is refused by its own reply; only what follows is in doubt",
	    OPEN MAIL "C 'RCPT TO:<c@d>~; S '250 ok~; C 'BDAT -1 LAST~; S '521 5.5.4 Syntax~; S FA;"
		      "C 'QUIT~; C FA; S A",
	    "accepted/content_refused high" },
	{ "TLS after what may be the greeting answers no STARTTLS",
	    "S q=9000 k=5000 '220 x~; C q=5000 k=9007 '\x16\x03\x01^^; S q=9007 k=5005 '502 no~;"
	    "S FA q=9015 k=5005; C FA q=5005 k=9016",
	    "incomplete !tls=accepted" },
	{ "TLS after a 220 to what was not seen: that was STARTTLS",
	    "C q=5000 k=9000 'EHLO x~; S q=9000 k=5008 '250 x~; S q=9007 k=5018 '220 x~;"
	    "C q=5018 k=9014 '\x16\x03\x01^^; S q=9014 k=5023 '^^; S FA q=9016 k=5023",
	    "accepted/encrypted low tls=accepted" },
	{ "octets that the client had acknowledged when it was first seen are not the server's "
	  "first",
	    "C A k=5000; S q=5020 '250 sender~; S q=4995 'e or not~; C A k=5032; S FA q=5032; C "
	    "FA; S A",
	    "incomplete low unseen" },
	{ "SYN,ACK after the first octets: it tells where the client began",
	    "S '220 esa~; S SA q=4294967290; -C 'HELO x~; S q=4294967300 '250 esa~; S FA "
	    "q=4294967309;"
	    "C FA k=14; S A",
	    "incomplete complete octets=8/18" },
	{ "the greeting last of all in the file, and the SYN,ACK behind the FIN",
	    "C S; S FA q=15 k=1001; S SA q=4294967290; C A k=4294967291; C FA k=16; S A q=16 "
	    "k=1002; S q=4294967291 k=1001 '554 esa.example no~",
	    "reject high greeting=554 gaps=0" },
	{ "a client with two commands in flight: the reply after one that was not seen is that "
	  "one's",
	    OPEN "C 'RSET~; -C 'MAIL FROM:<a@b>~; S '250 reset~; C 'RCPT TO:<c@d>~; S '250 sender~;"
		 "C 'RCPT TO:<e@f>~; S '554 5.7.1 access denied~; C 'QUIT~;"
		 "S '554 5.7.1 access denied~; S '221 bye~; S FA; C FA; S A",
	    "incomplete low !rcpt=c@d:250:accepted" },
	{ "one that is a reply behind, from before the greeting on",
	    "C S; S SA; C A; C 'EHLO x~; S '220 esa~; C 'MAIL FROM:<a@b>~; S '250 esa~;"
	    "-C 'RCPT TO:<c@d>~; S '250 sender~; C 'QUIT~; S '554 5.7.1 access denied~;"
	    "S '221 bye~; S FA; C FA; S A",
	    "incomplete low" },
	{ "the same, and its first command was not seen",
	    "C S; S SA; C A; -C 'EHLO x~; S '220 esa~; C 'MAIL FROM:<a@b>~; S '250 esa~;"
	    "C 'RCPT TO:<c@d>~; S '250 sender~; C 'QUIT~; S '550 5.1.1 no~; S '221 bye~;"
	    "S FA; C FA; S A",
	    "incomplete low !rcpt=c@d:250:accepted" },
	{ "two commands in flight, and the reply before them was not seen",
	    OPEN "C 'EHLO x~; -S '250 esa~; C 'RSET~; C 'MAIL FROM:<a@b>~; S '250 reset~;"
		 "C 'RCPT TO:<c@d>~; S '250 sender~; C 'RCPT TO:<e@f>~; S '550 5.1.1 no~;"
		 "C 'QUIT~; S '550 5.1.1 no~; S '221 bye~; S FA; C FA; S A",
	    "incomplete low !rcpt=c@d:250:accepted" },
	{ "a client that waits for each reply: behind one command that was not seen all is told",
	    OPEN "C 'EHLO x~; S '250 esa~; -C 'MAIL FROM:<a@b>~; S '250 sender~;"
		 "C 'RCPT TO:<c@d>~; S '250 ok~; C 'QUIT~; S '221 bye~; S FA; C FA; S A",
	    "accepted rcpt=c@d:250:accepted" },
	{ "two empty lines before the greeting are no proxy's header",
	    "C S; S SA; C A; C '~~EHLO x~; S '220 esa~; S '500 what?~; S '500 what?~; S '250 esa~;"
	    "C 'MAIL FROM:<a@b>~; S '250 sender~; C 'RCPT TO:<c@d>~; S '550 5.1.1 no~;" QUIT,
	    "incomplete !mail=a@b:500" },
	{ "a greeting that is not ended before EHLO is answered",
	    "C S; S SA; C A; S '220-esa~; C 'EHLO x~; S '250-esa~250 SIZE 1~;"
	    "C 'MAIL FROM:<a@b>~; S '250 sender~; C 'RCPT TO:<c@d>~; S '550 5.5.1 Protocol "
	    "error~;" QUIT,
	    "accepted/recipients_refused high greeting=220 mail=a@b:250 rcpt=c@d:550:other" },
	{ "421 after a message of which octets are missing need not be its answer",
	    OPEN MAIL "C 'RCPT TO:<c@d>~; S '250 ok~; C 'DATA~; S '354 go~; -C 'x~; S '421 later~;"
		      "S FA; C FA; S A",
	    "accepted high messages=0" },
	{ "it is where the end was seen",
	    OPEN MAIL "C 'RCPT TO:<c@d>~; S '250 ok~; C 'DATA~; S '354 go~; C 'x~.~; S '421 later~;"
		      "S FA; C FA; S A",
	    "accepted/content_refused high" },
	{ "a greeting that began well and is none",
	    "C S; S SA; C A; S '220-esa~; C 'EHLO x~; S '521 5.5.1 Protocol error~; S FA; C FA; S "
	    "A",
	    "reject high greeting=521" },
	{ "221 lets no recipient in",
	    OPEN MAIL "C 'RCPT TO:<c@d>~; S '221 too long~; S FA; C FA; S A",
	    "accepted/no_mail high rcpt=c@d:0:unknown" },
	{ "a reply to what was not seen of the client is none to the first command seen of it",
	    "S '334 a~; C q=2000 'c2Vj~RCPT TO:<c@d>~; S k=2006 '250 ok~; S k=2020 '550 none~; S "
	    "FA; C FA",
	    "incomplete low !rcpt=c@d:250:accepted" },
	{ "content is refused, and of which transaction was not seen",
	    OPEN MAIL "C 'RCPT TO:<c@d>~; S '250 ok~; C 'RSET~; -S '250 ok~; C 'MAIL FROM:<a@b>~;"
		      "S '550 no~; C 'DATA~; S '503 no~;" QUIT,
	    "accepted !accepted/content_refused" },
	{ "content was refused, and what came later was not seen",
	    OPEN MAIL
	    "C 'RCPT TO:<c@d>~; S '250 ok~; C 'DATA~; S '554 no~;" MAIL
	    "C 'RCPT TO:<c@d>~; S '250 ok~; C 'DATA~; S '354 go~; C 'x~.~; -S '250 ok~;" QUIT,
	    "accepted messages=0" },
	{ "an RST, and what was answered before was not seen",
	    OPEN MAIL "C 'RCPT TO:<c@d>~; S '250 ok~; C 'RCPT TO:<e@f>~; -S '550 no~; C 'NOOP~; S "
		      "'250 ok~; S RA",
	    "accepted !accepted/cut_off" },
	{ "the first reply after a gap is not that of the command before which part of it had come",
	    "C S; S SA; C A; S x4 '220 hello~; C k-5 'HELO x~MAIL FROM:<a@b>~;"
	    "C 'RCPT TO:<c@d>~; S '250 x~; S '250 sender~; S '550 5.7.1 access~;" QUIT,
	    "incomplete rcpt=c@d:0:unknown" },
	{ "the first of several commands was not captured",
	    OPEN
	    "-C 'MAIL FROM:<a@b>~; C 'RCPT TO:<c@d>~; S '250 sender~; S '550 5.7.1 access~;" QUIT,
	    "incomplete !rcpt=c@d:250:accepted" },
	{ "354 is for the DATA after which the client waits, not for one before",
	    OPEN "C 'MAIL FROM:<a@b>~; -S '250 ok~; C 'DATA~; -S '354 go~; C 'x~.~; -S '250 ok~;"
		 "C 'MAIL FROM:<e@f>~; -S '250 ok~; C 'RCPT TO:<g@h>~; -S '250 ok~; C 'DATA~;"
		 "S '354 go~; C 'y~.~; S '250 ok~;" QUIT,
	    "accepted/mail_accepted low mail=a@b:0 !mail=e@f:221 messages=1" },
	{ "replies are tied again from the first exchange that was seen whole",
	    OPEN "-C 'HELO x~; S '250 esa~;" MAIL "C 'RCPT TO:<c@d>~; S '550 5.7.1 access~;" QUIT,
	    "incomplete low mail=a@b:250 rcpt=c@d:550:access" },
	{ "octets missing behind a reply that waits for its command",
	    OPEN "-C 'HELO x~; S '250 x~;" MAIL "C 'RCPT TO:<c@d>~; -S '550 5.7.1 access~;"
		 "C 'RCPT TO:<e@f>~; S '250 ok~;" QUIT,
	    "incomplete low mail=a@b:250 rcpt=c@d:0:unknown rcpt=e@f:0:unknown" },
	{ "a reply to the first half of a line does not make a command of the second",
	    OPEN "-C 'HELO x~; C 'MAIL FROM:<a@b>~R; S '250 x~; C 'CPT TO:<c@d>~; S '250 ok~;"
		 "S '550 5.7.1 access~;" QUIT,
	    "incomplete !rcpt=c@d:250:accepted !mail=a@b:250" },
	{ "a reply that becomes a refusal in its last line has the text of its own lines only",
	    OPEN "C 'EHLO x~; S '250-esa.example~250-x~250 relay~;" MAIL
		 "C 'RCPT TO:<c@d>~; S '250-well~550 5.7.1 access~;" QUIT,
	    "delayed_reject rcpt=c@d:550:access" },
	{ "a client that was lost behind AUTH goes on at the next command that is seen",
	    OPEN "C 'AUTH LOGIN~; S '334 a~; C 'c2Vj~; -S '334 b~; C 'c2Vj~VRFY x~; S '235 ok~;"
		 "S '550 none~; C 'MAIL FROM:<a@b>~; S '250 ok~;" QUIT,
	    "incomplete !mail=a@b:550" },
};

ROWS(dialog, rows, rows)

#define ALL (DIALOG_MAX_PENDING + 1)

struct long_script {
	char text[ALL * 48];
	size_t n;
};

/* So many times a text, the first and every 40th with another in front. */
static void
add_often(struct long_script *s, const char *front, const char *text, int times)
{
	for (int i = 0; i < times; i++) {
		size_t room = sizeof s->text - s->n;
		int n = snprintf(s->text + s->n, room, "%s%s", i % 40 == 0 ? front : "", text);

		cr_assert(n >= 0 && (size_t)n < room, "the script is longer than its room");
		s->n += (size_t)n;
	}
}

/* More commands at once than are kept: what the last was told is not known. */
Test(dialog, more_commands_than_are_kept)
{
	static struct long_script s;

	add_often(&s, OPEN, MAIL, 1);
	add_often(&s, ";C '", "RCPT TO:<c@d>~", ALL);
	add_often(&s, ";S '", "550 5.7.1 access~", ALL - 1);
	add_often(&s, ";S '250 ok~;", QUIT, 1);
	scene_check("one was accepted", s.text, "incomplete !rcpt=c@d:250:accepted");
}

ParameterizedTest(size_t *i, dialog, rows)
{
	scene_check(rows[*i].why, rows[*i].script, rows[*i].said);
}
