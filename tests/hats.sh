#!/bin/sh
# hats HATCHECK: the command hat on the tables of fixtures/hats: what it decides, what it says, how
# it ends. The last line says how many of these passed.
set -u
cd "$(dirname "$0")/.." || exit 2
hatcheck=${1:-build/hatcheck}
dir=fixtures/hats
out=$(mktemp -d) || exit 2
trap 'rm -rf "$out"' EXIT
passed=0 failed=0

fail() { # MESSAGE
	printf 'hats: %s\n' "$1"
	failed=$((failed + 1))
}

check() { # MESSAGE COMMAND...: fails with the message unless the command succeeds
	message=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
	else
		fail "$message"
	fi
}

run() { # STATUS ARGUMENTS...: into $out/text and $out/said
	want=$1
	shift
	"$hatcheck" hat "$@" >"$out/text" 2>"$out/said"
	got=$?
	check "status $got, not $want: hat $*" [ "$got" -eq "$want" ]
}

shows() { # FILE WORDS...: each of them is in it
	file=$1
	shift
	for words; do
		check "no \"$words\" in $file of the last run" grep -qF -- "$words" "$out/$file"
	done
}

hides() { # FILE WORDS
	check "\"$2\" in $1 of the last run" [ "$(grep -cF -- "$2" "$out/$1")" -eq 0 ]
}

valid() { # the JSON of the last run
	check "not as the schema has it: $(cat "$out/text")" \
		python3 tests/schema.py reports/schema/hat-1.json "$out/text"
}

decides() { # FILE IP EXPECTED [OPTIONS...]: group, action, certain, and the candidates
	table=$1 ip=$2 expected=$3
	shift 3
	run 0 --match "$ip" "$@" --json - "$dir/$table"
	got=$(python3 -c '
import json, sys
d = json.load(sys.stdin)
print(d["sender_group"], d["action"], "certain" if d["certain"] else "open", *d["candidates"])
' <"$out/text")
	check "$table $ip $*: $got, not $expected" [ "$got" = "$expected" ]
	valid
}

# Every form of a host, each in its own group.
while IFS='|' read -r ip group options; do
	# shellcheck disable=SC2086
	decides forms.txt "$ip" "$group" $options
done <<'END'
10.0.0.1|ADDRESS ACCEPT certain|
10.0.1.10|LAST-RANGE ACCEPT certain|
10.0.1.19|LAST-RANGE ACCEPT certain|
10.0.2.0|THIRD-RANGE ACCEPT certain|
10.0.4.255|THIRD-RANGE ACCEPT certain|
10.2.255.255|SECOND-RANGE ACCEPT certain|
12.0.0.0|FIRST-RANGE ACCEPT certain|
13.0.0.9|FULL-RANGE ACCEPT certain|
13.0.2.0|FULL-RANGE ACCEPT certain|
14.1.1.77|PARTIAL-THREE ACCEPT certain|
14.2.0.1|PARTIAL-TWO ACCEPT certain|
15.0.0.1|PARTIAL-ONE ACCEPT certain|
16.255.0.1|BARE-ONE ACCEPT certain|
17.0.0.127|CIDR-FOUR ACCEPT certain|
17.0.1.9|CIDR-THREE ACCEPT certain|
17.3.0.1|CIDR-TWO ACCEPT certain|
18.1.1.1|CIDR-ONE ACCEPT certain|
2001:db8::1|IPV6-ADDRESS ACCEPT certain|
2001:db8:1::1f|IPV6-RANGE ACCEPT certain|
2001:db8:3::25|IPV6-GROUP ACCEPT certain|
2001:db8:5::ff|IPV6-LAST-GROUP ACCEPT certain|
2001:db8:6:1::1|IPV6-CIDR ACCEPT certain|
::ffff:18.0.0.1|CIDR-ONE ACCEPT certain|
99.0.0.1|NAME ACCEPT certain|--host MAIL.example.com
99.0.0.1|DOMAIN ACCEPT certain|--host a.b.example.org
99.0.0.1|NO-PTR ACCEPT certain|--host none
99.0.0.1|NO-ANSWER ACCEPT certain|--host serv.fail
99.0.0.1|NO-MATCH ACCEPT certain|--host not.double.verified
99.0.0.1|BAD-SCORE ACCEPT certain|--host a.example --sbrs -10.0
99.0.0.1|BAD-SCORE ACCEPT certain|--host a.example --sbrs -3
99.0.0.1|NO-SCORE ACCEPT certain|--host a.example --sbrs none
99.0.0.1|COUNTRY ACCEPT certain|--host a.example --sbrs 1.5 --country wonderland
99.0.0.1|None None open OWNER LIST FEED ALL|--host a.example --sbrs 1.5 --country none
99.0.0.1|None None open NAME DOMAIN NO-PTR NO-ANSWER NO-MATCH OWNER LIST FEED ALL|--sbrs 1.5 --country none
99.0.0.1|None None open BAD-SCORE NO-SCORE COUNTRY OWNER LIST FEED ALL|--host a.example
END

# Tables of the usual kind.
decides typical.txt 10.1.2.3 "RELAYLIST RELAY certain"
decides typical.txt 192.0.2.31 "WHITELIST ACCEPT certain"
decides typical.txt 203.0.113.9 "BLACKLIST REJECT certain" --host none
decides typical.txt 203.0.113.9 "None None open WHITELIST BLACKLIST"
decides typical.txt 198.51.100.1 "None None open BLACKLIST SUSPECTLIST" --host none --sbrs -2
decides anonymous.txt 192.0.2.99 "None TCPREFUSE certain" --host none
decides anonymous.txt 192.0.2.98 "None REJECT certain" --host spam.example
decides anonymous.txt 192.0.2.98 "None REJECT certain" --host x.spam.example
decides anonymous.txt 198.51.101.1 "None REJECT certain" --host none
decides anonymous.txt 192.0.2.98 "ALL ACCEPT certain" --host none
decides crlf.txt 192.0.2.2 "BLOCKED_LIST TCPREFUSE certain"
decides crlf.txt 192.0.2.3 "ALL ACCEPT certain"
decides continue.txt 192.0.2.66 "BLACKLIST REJECT certain"
decides continue.txt 192.0.2.67 "ALL ACCEPT certain"
decides printed.txt 192.0.2.66 "BLACKLIST REJECT certain"
decides config.xml 192.0.2.66 "BLACKLIST REJECT certain" --listener incoming
decides config.xml 10.0.0.1 "RELAYLIST RELAY certain" --listener Outgoing
decides config.xml 192.0.2.66 "ALL TCPREFUSE certain" --listener Outgoing

# What a rejected client is told, with its line end escaped; the defaults of two kinds.
run 0 --match 203.0.113.9 --host none "$dir/typical.txt"
shows text 'REJECT' 'BLACKLIST' '554  This host may not send mail here.\x0aAsk the postmaster'
run 0 --match 192.0.2.66 "$dir/printed.txt"
shows text '521  Nobody is at home for you.'
run 0 --match 192.0.2.66 --listener Incoming "$dir/config.xml"
shows text '553  Mail from here & now is not wanted'

# The check of a table.
for table in typical forms anonymous crlf continue printed; do
	run 0 --json - "$dir/$table.txt"
	valid
	run 0 "$dir/$table.txt"
	hides text warning
	hides text error
done
run 1 "$dir/odd.txt"
shows text '$MISSING of SECOND is not defined' \
	'line 8 (3):  "10.1.2.3" of SECOND can never match: "10.0.0.0/8" of FIRST comes first' \
	'"mail.example.com" of SECOND can never match: ".example.com" of FIRST' \
	'"sbrs[-5.0:-3.0]" of SECOND can never match' \
	'"172.16.0.0/12" of WHOLE can never match: "172.16.0.0/13" of HALVES' \
	'"198.51.100.8" of TOO-LATE can never match: "ALL" of ALL' \
	'"192.0.2.20-10": the range is reversed' '"future[something]": the form is not known' \
	'the sender group FIRST is there again' 'the policy $BLOCKED is defined again'
run 0 --fail-on none "$dir/odd.txt"
run 0 --match 10.1.2.3 "$dir/odd.txt"
run 3 "$dir/broken.txt"
shows said 'broken.txt: line 4: expected ACCEPT, RELAY, REJECT, TCPREFUSE or CONTINUE' \
	'line 10: ' 'broken.txt: and 1 more'
shows text '"10.0.0.300"; the entry may match anybody' '"10.0.0.1/33"' 'sbrs[LOW:HIGH]' '"-what?-"' \
	'expected `=` after the parameter "reject_banner_text"' 'expected `}`' \
	'a parenthesis to close this comment' 'before an access rule, found "REJECT"'
run 3 --match 192.0.2.5 "$dir/broken.txt"
shows text ACCEPT BADHOSTS

# What is no table, or not said which; nothing of the machine comes in by way of XML.
run 2 "$dir/config.xml"
shows said '2 listeners have a HAT' '"Incoming", "Outgoing"'
run 2 --listener Nobody "$dir/config.xml"
shows said 'no listener "Nobody"'
run 2 "$dir/bomb.xml"
run 0 --match 192.0.2.66 "$dir/entity.xml"
hides text root:
run 2 "$dir/no-such-file"
shows said no-such-file
run 2 LICENSE
run 2 /dev/null
run 2
run 2 --match 192.0.2 "$dir/typical.txt"
run 2 --host none "$dir/typical.txt"
run 2 --match 192.0.2.1 --sbrs bad "$dir/typical.txt"
cp "$dir/typical.txt" "$out/hat.txt"
run 2 --json "$out/hat.txt" "$out/hat.txt"
check "the table was overwritten" cmp -s "$dir/typical.txt" "$out/hat.txt"
run 0 --help
shows text --match --listener

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
