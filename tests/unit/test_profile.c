#include "scene.h"

#include "analyzer/verdict/profile.h"
#include "rows.h"

#define SHAKE "C S; S SA; C A;"

/* Steps: P passed, U unknown, F failed; and the findings of those that failed. */
static const struct {
	const char *why, *script, *said;
} rows[] = {
	{ "the documented rejection", SHAKE "S '554 no~; C A; S FA; C A; C FA; S A",
	    "profile=pass:PPPPPPPP" },
	{ "FIN with the reply", SHAKE "S FA '554 no~; C A; C FA; S A", "profile=pass:PPPPPPPP" },
	{ "the handshake was not captured", "S '554 no~; C A; S FA; C A; C FA; S A",
	    "profile=unknown:UUPPPPPP" },
	{ "only the server was captured", "-C S; S SA; -C A; S '554 no~; S FA; -C FA; S A",
	    "reject profile=unknown:UPUPPUUU" },
	{ "an RST instead of the FIN", SHAKE "S '554 no~; C A; S RA",
	    "profile=fail:PPPPFUUU profile.reject.fin_ack" },
	{ "an RST after a FIN that was not captured", SHAKE "S '554 no~; -S FA; C A; C FA; S R",
	    "reject profile=unknown:PPPPUUPU !profile.reject.fin_ack" },
	{ "what may be no greeting is not held to what follows one", "S '554 no~; C A; S RA",
	    "!profile.reject.fin_ack" },
	{ "a FIN without ACK", SHAKE "S '554 no~; S F; C FA; S A",
	    "profile=fail:PPPPFPPP profile.reject.fin_ack" },
	{ "a server that waits for QUIT",
	    SHAKE "S '554 no~; C 'QUIT~; S '221 bye~; C FA; S FA; C A",
	    "profile=fail:PPPPFPFP profile.reject.fin_ack" },
	{ "the same, but its FIN may have been first",
	    SHAKE "S '554 no~; C 'QUIT~; S '221 bye~; -S FA; C FA; S A",
	    "reject profile=unknown:PPPPUUPP !profile.reject.fin_ack" },
	{ "the same, and an RST stands behind that FIN",
	    SHAKE "S '554 no~; C 'QUIT~; S '221 bye~; -S FA; C FA k-1; C A k=16; S R",
	    "reject profile=unknown:PPPPUUUU !profile.reject.fin_ack" },
	{ "an RST without ACK answers what came after a close that was not captured",
	    SHAKE "S '554 no~; -S FA; C k-1 'QUIT~; S R q-1",
	    "reject profile=unknown:PPPPUUUU !profile.reject.fin_ack" },
	{ "an RST of the server in place of its FIN", SHAKE "S '554 no~; S RA",
	    "reject profile.reject.fin_ack" },
	{ "a client that closes first, and a FIN that was not captured",
	    SHAKE "S '554 no~; C FA; S A; -S FA; C A", "reject profile=unknown:PPPPUUUP" },
	{ "a client that closes first", SHAKE "S '554 no~; C FA; S FA; C A",
	    "profile=fail:PPPPPPFP profile.reject.fin_ack" },
	{ "a client that resets", SHAKE "S '554 no~; S FA; C RA",
	    "profile=fail:PPPPPUFU profile.reject.fin_ack" },
	{ "no end was captured", SHAKE "S '554 no~", "profile=unknown:PPPPUUUU" },
	{ "the documented refusal", SHAKE "S RA", "profile=pass:PPPP" },
	{ "its last ACK was not captured", "C S; S SA; S RA", "profile=unknown:PPUP" },
	{ "the handshake's ACK was not captured, the greeting's was",
	    "C S; S SA; -C A; S '554 no~; C A; S FA; C FA; S A",
	    "reject profile=unknown:PPUPPPPP" },
	{ "an RST without ACK", SHAKE "S R", "profile=fail:PPPF profile.tcprefuse.rst_ack" },
	{ "the same to a client that spoke: there may have been one with it",
	    SHAKE "C 'EHLO x~; S R", "profile=unknown:PPPU !profile.tcprefuse.rst_ack" },
	{ "delayed rejection",
	    SHAKE "S '220 x~; C 'HELO x~; S '250 x~; C 'MAIL FROM:<a@b>~; S '250 ok~;"
		  "C 'RCPT TO:<c@d>~; S '550 5.7.1 access denied~; C 'QUIT~; S '221 bye~; S FA;"
		  "C FA; S A",
	    "delayed_reject profile=pass:PPPPPPPPP" },
	{ "delayed rejection after a transaction whose sender was refused",
	    SHAKE "S '220 x~; C 'MAIL FROM:<a@b>~RCPT TO:<c@d>~; S '553 no~503 no~;"
		  "C 'MAIL FROM:<a@b>~; S '250 ok~; C 'RCPT TO:<c@d>~;"
		  "S '550 5.7.1 access denied~; C 'QUIT~; S '221 bye~; S FA; C FA; S A",
	    "delayed_reject profile=pass:PPPPPPPPP" },
	{ "delayed rejection with another greeting",
	    SHAKE "S '250 x~; C 'MAIL FROM:<a@b>~; S '250 ok~; C 'RCPT TO:<c@d>~;"
		  "S '550 5.7.1 access denied~; C 'QUIT~; S '221 bye~; S FA; C FA; S A",
	    "delayed_reject profile=fail:PPPFPPPPP profile.delayed_reject.greeting_220" },
	{ "no profile for what was accepted", SHAKE "S '220 x~; C 'QUIT~; S '221 bye~; S FA; C FA",
	    "accepted/no_mail !profile=pass:" },
};

ROWS(profile, rows, rows)

ParameterizedTest(size_t *i, profile, rows)
{
	scene_check(rows[*i].why, rows[*i].script, rows[*i].said);
}

Test(profile, lists_its_steps)
{
	static const char *const profiles[] = { "reject", "tcprefuse", "delayed_reject" };
	static const size_t counts[] = { 8, 4, 9 };
	struct profile_step step;
	size_t i = 0;

	for (size_t p = 0; p < COUNT(profiles); p++) {
		for (size_t n = 0; n < counts[p]; n++) {
			cr_assert(profile_step_at(i++, &step));
			cr_assert_str_eq(step.profile, profiles[p]);
			cr_assert(n > 2 || step.from == (n == 1 ? DIR_SERVER : DIR_CLIENT));
			cr_assert_gt(strlen(step.documented), 0);
		}
	}
	cr_assert_not(profile_step_at(i, &step));
}
