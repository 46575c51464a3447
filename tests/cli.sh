#!/bin/bash
# cli: exit statuses, messages and streams of the program as a user meets them.
#   cli.sh HATCHECK DIALOGC [PYTHON]: the two programs, and a Python with jsonschema (python3).
# shellcheck disable=SC2317  # functions are called through check
set -u
hatcheck=$(realpath "$1") dialogc=$(realpath "$2") python=${3:-python3}
root=$(cd "$(dirname "$0")/.." && pwd)
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 2
unset NO_COLOR
export TERM=xterm
passed=0 failed=0

# check WHY STATUS COMMAND...: the status, and what `out` and `err` then hold.
check() {
	why=$1 want=$2
	shift 2
	"$@" >out 2>err </dev/null
	got=$?
	if [ "$got" -eq "$want" ]; then
		passed=$((passed + 1))
	else
		printf 'cli: %s: status %s, not %s\n' "$why" "$got" "$want"
		cat err
		failed=$((failed + 1))
	fi
}
# holds FILE PATTERN, lacks FILE PATTERN: extended regular expressions.
holds() {
	grep -qE -- "$2" "$1" && passed=$((passed + 1)) && return
	printf 'cli: %s: no line of %s like %s\n' "$why" "$1" "$2"
	head -5 "$1"
	failed=$((failed + 1))
}
lacks() {
	grep -qE -- "$2" "$1" || { passed=$((passed + 1)) && return; }
	printf 'cli: %s: a line of %s like %s\n' "$why" "$1" "$2"
	failed=$((failed + 1))
}
empty() {
	[ -s "$1" ] || { passed=$((passed + 1)) && return; }
	printf 'cli: %s: %s is not empty\n' "$why" "$1"
	head -5 "$1"
	failed=$((failed + 1))
}

compile() {
	"$dialogc" -o "$1" "${@:3}" "$root/fixtures/cases/$2/dialog.txt" || exit 2
}
compile good.pcap seed-reject
compile refuse.pcap seed-tcprefuse --family 6
compile late.pcap demo
head -c 500 good.pcap >cut.pcap
echo 'no capture at all, only words' >words.txt

check 'no arguments: help, as an error' 2 "$hatcheck"
empty out
holds err '^Usage: hatcheck COMMAND'
check 'help was asked for' 0 "$hatcheck" --help
holds out '^  analyze '
empty err
check 'version' 0 "$hatcheck" --version
holds out '^hatcheck [0-9]+\.[0-9]+\.[0-9]+$'
check 'help of a command' 0 "$hatcheck" analyze good.pcap -h
holds out '^  -p, --port LIST '
check 'an unknown command' 2 "$hatcheck" analyse
holds err 'there is no command analyse'
check 'an unknown option' 2 "$hatcheck" analyze --nope good.pcap
holds err '^hatcheck: unknown or ambiguous option --nope$'
holds err "^Try 'hatcheck analyze --help'"
check 'no capture' 2 "$hatcheck" analyze -v
holds err 'no capture is named'
check 'common options before the command' 0 "$hatcheck" -q analyze good.pcap
lacks out '^Worth a look'

check 'a clean run' 0 "$hatcheck" analyze good.pcap
empty err
holds out '^  1  reject '
holds out '^Worth a look: 1$'
lacks out 'syn_ack'
check 'verbose shows the steps' 0 "$hatcheck" analyze good.pcap --verbose
holds out '^      syn_ack    server  2  pass$'
check 'another port' 0 "$hatcheck" analyze --port=26 good.pcap
holds out '^Connections: 0$'
check 'two ports' 0 "$hatcheck" analyze -p 26,25 good.pcap
holds out '^Connections: 1$'
check 'a filter' 0 "$hatcheck" analyze --filter 'host 203.0.113.99' good.pcap
holds out '^Connections: 0$'
compile phantom.pcap join-missing-connection
phantom=(--log "$root/fixtures/cases/join-missing-connection/mail_logs" phantom.pcap)
check 'a connection is missed in the whole capture' 0 "$hatcheck" analyze "${phantom[@]}"
holds out 'log\.missing-connection'
check 'and not in what a filter leaves of it' 0 "$hatcheck" analyze --filter 'port 25' "${phantom[@]}"
lacks out 'log\.missing-connection'
check 'a filter that does not compile' 2 "$hatcheck" analyze --filter 'nonsense (' good.pcap
holds err '^hatcheck: '
compile vlan.pcap seed-reject --link vlan
compile raw.pcap seed-reject --link raw
check 'a filter that one link type cannot meet' 0 \
	"$hatcheck" analyze --filter 'vlan and tcp port 25' vlan.pcap raw.pcap
holds out '^Connections: 1$'
holds err '^hatcheck: raw.pcap: --filter cannot be met by its link type RAW'
lacks err 'vlan.pcap'
check 'several captures are one run' 0 "$hatcheck" analyze good.pcap refuse.pcap
holds out '^Connections: 2$'

check 'a warning does not fail the run' 0 "$hatcheck" analyze late.pcap
holds out 'warning +wire.late-refusal'
check 'a warning fails the run that asked for it' 1 "$hatcheck" analyze --fail-on warning late.pcap
check 'nothing fails the run' 0 "$hatcheck" analyze --fail-on none late.pcap
check 'no finding, nothing fails' 0 "$hatcheck" analyze --fail-on info good.pcap
check 'an unknown severity' 2 "$hatcheck" analyze --fail-on fatal good.pcap

check 'a capture that is not there' 2 "$hatcheck" analyze missing.pcap
holds err '^hatcheck: missing.pcap: No such file or directory'
empty out
cp good.pcap radio.pcap
printf '\177' | dd of=radio.pcap bs=1 seek=20 conv=notrunc 2>/dev/null
check 'a link type that is not understood' 2 "$hatcheck" analyze radio.pcap
holds err '^hatcheck: radio.pcap: its link type IEEE802_11_RADIO is not understood'
check 'the others are judged' 3 "$hatcheck" analyze radio.pcap good.pcap
holds out '^Connections: 1$'
compile unused.pcapng seed-reject --container pcapng
printf '\1\0\0\0\24\0\0\0\334\0\0\0\0\0\0\0\24\0\0\0' >>unused.pcapng
check 'an interface that has no frames may be of any link type' 0 "$hatcheck" analyze unused.pcapng
empty err
holds out 'EN10MB, USB_LINUX_MMAPPED'
check 'no capture' 2 "$hatcheck" analyze words.txt
holds err '^hatcheck: words.txt: '
empty out
check 'a capture cut short' 3 "$hatcheck" analyze cut.pcap
holds err '^hatcheck: cut.pcap: .*offset [0-9]+: '
holds out '^    damaged: '
check 'a finding outweighs damage' 1 "$hatcheck" analyze --fail-on warning cut.pcap late.pcap
check 'one of two that is not there' 3 "$hatcheck" analyze good.pcap missing.pcap
holds out '^Connections: 1$'
holds err '^hatcheck: missing.pcap: '

# What stands beside the captures, as the commands log and hat say it.
logs=$root/fixtures/cases/join-hat-group/mail_logs
yes "$(cat "$logs")" | head -500 | gzip >whole.gz
head -c 300 whole.gz >cut.gz
printf 'A:\n    192.0.2.77/\n    REJECT\nALL\n    ACCEPT\n' >broken.hat
printf 'A:\n    192.0.2.88-77, future[x]\n    REJECT\nALL\n    ACCEPT\n' >odd.hat
check 'a log cut short' 3 "$hatcheck" log --text log.txt cut.gz
cp err said
check 'the same beside a capture' 3 "$hatcheck" analyze --log cut.gz good.pcap
holds err '^hatcheck: cut.gz: after [0-9]+ octets: gzip: '
check 'and in the same words, once' 0 cmp said <("$hatcheck" analyze -l cut.gz good.pcap 2>&1 >rest)
check 'a log that is none beside one' 3 "$hatcheck" analyze --log "$logs" --log words.txt good.pcap
holds err '^hatcheck: words.txt: no line of a mail log in it$'
check 'a table of which a line is not understood' 3 "$hatcheck" hat --text hat.txt broken.hat
cp err said
check 'that table beside a capture' 3 "$hatcheck" analyze --hat broken.hat --fail-on warning good.pcap
holds err '^hatcheck: broken.hat: line 2: '
check 'in the same words too' 0 cmp said <("$hatcheck" analyze -t broken.hat good.pcap 2>&1 >rest)
check 'a finding outweighs it, and it is said' 1 "$hatcheck" analyze --hat broken.hat --fail-on info good.pcap
holds err '^hatcheck: broken.hat: line 2: '
check 'what is merely odd is no damage' 0 "$hatcheck" hat odd.hat
check 'nor beside a capture' 0 "$hatcheck" analyze --hat odd.hat good.pcap
empty err
compile mail.pcap join-mail-after-reject
sed 's/^... \(.*\) 2026 Info/\1 esa1 mail_logs: Info/' \
	"$root/fixtures/cases/join-mail-after-reject/mail_logs" >syslog
touch -d 2010-01-01 syslog
check 'stamps without a year are of the year of the capture' 1 "$hatcheck" analyze --log syslog mail.pcap
holds out 'log.mail-after-reject'

check 'two outputs on standard output' 2 "$hatcheck" analyze --json - --text - good.pcap
holds err 'two outputs to standard output'
empty out
check 'two outputs to one file' 2 "$hatcheck" analyze --json same --text same good.pcap
check 'an output over an input' 2 "$hatcheck" analyze --json good.pcap refuse.pcap good.pcap
holds err 'good.pcap is an input'
# shellcheck disable=SC2016  # they are for the inner shell
check 'an output over what comes on standard input' 2 \
	bash -c '"$0" analyze --json good.pcap - <good.pcap' "$hatcheck"
check 'and the input is still there' 0 "$hatcheck" analyze good.pcap
check 'two outputs to one file that is written otherwise' 2 "$hatcheck" analyze --json one \
	--text ./one good.pcap
holds err 'two outputs to ./one'
mkdir kept
cp syslog kept/log
check 'an output over a log' 2 "$hatcheck" analyze --log syslog --text syslog mail.pcap
holds err 'syslog is an input'
check 'an output over a log in a folder' 2 "$hatcheck" analyze --log kept --text kept/log mail.pcap
check 'an output over the HAT' 2 "$hatcheck" analyze --hat odd.hat --json ./odd.hat mail.pcap
check 'an output over a log that is followed' 2 "$hatcheck" live -i lo --log syslog --ndjson syslog
check 'and the log is still there' 0 cmp syslog kept/log
check 'two inputs on standard input' 2 "$hatcheck" analyze --hat - --log - good.pcap
holds err 'standard input is named more than once'
check 'one of them a capture' 2 "$hatcheck" analyze --log - good.pcap -
check 'two outputs of a HAT to one file' 2 "$hatcheck" hat --json one --text ./one odd.hat
holds err 'two outputs to ./one'
check 'an output that cannot be opened' 2 "$hatcheck" analyze --json missing/report good.pcap
holds err '^hatcheck: missing/report: No such file or directory'
check 'an output that cannot be written' 2 "$hatcheck" analyze --json /dev/full good.pcap
holds err '^hatcheck: /dev/full: No space left on device'
check 'all outputs in one run' 0 "$hatcheck" analyze --json r.json --ndjson r.ndjson --text - \
	good.pcap refuse.pcap
holds out '^Connections: 2$'
check 'the document is valid' 0 "$python" "$root/tests/schema.py" \
	"$root/reports/schema/report-1.json" r.json
check 'the lines are valid' 0 "$python" "$root/tests/schema.py" \
	"$root/reports/schema/ndjson-1.json" r.ndjson
: >empty
for logs in '--log empty' "--log $root/fixtures/cases/join-mail-after-reject/mail_logs --log empty"; do
	# shellcheck disable=SC2086
	check 'an empty log says nothing of its clock' 0 "$hatcheck" analyze --fail-on none $logs \
		--json r.json mail.pcap
	check 'the document with it is valid' 0 "$python" "$root/tests/schema.py" \
		"$root/reports/schema/report-1.json" r.json
done
holds r.json '"method":"header"'

# Streams that are closed, or closed early.
piped() { "$hatcheck" analyze - <good.pcap; }
check 'standard input' 0 piped
holds out '^  1  reject '
going_on() {
	{
		cat good.pcap
		sleep 4
	} | "$hatcheck" analyze --ndjson - - | timeout 2 head -n 1
}
check 'a line comes before the pipe ends' 0 going_on
holds out '"verdict":"reject"'
closed() { "$hatcheck" analyze "$@" good.pcap >&-; }
check 'standard output is closed' 2 closed
holds err '^hatcheck: standard output: '
check 'closed standard output does not reach another output' 2 closed --text - --json r.json
check 'the other output is whole' 0 "$python" -m json.tool r.json
full() { "$hatcheck" analyze good.pcap >/dev/full; }
check 'standard output is full' 2 full
holds err '^hatcheck: standard output: No space left on device'
reader_leaves() {
	{
		sleep 0.2
		"$hatcheck" analyze --ndjson - --json r.json good.pcap
		echo $? >status
	} | true
}
rm -f r.json
check 'a reader that leaves' 0 reader_leaves
holds status '^2$'
holds err '^hatcheck: standard output: Broken pipe'
check 'the rest of the run goes on' 0 "$python" -m json.tool r.json

# Colour.
if ldd "$hatcheck" | grep -q libasan; then
	echo 'cli: skipped: what little memory does; the sanitizer itself needs more'
else
	little() (ulimit -d 16384 && "$@")
	check 'little memory may be had' 0 little "$hatcheck" analyze good.pcap
	holds out '^ +1  reject'
fi
check 'no colour in a file' 0 "$hatcheck" analyze good.pcap
lacks out $'\033'
check 'colour always' 0 "$hatcheck" analyze --color always good.pcap
holds out $'\033'
if script -qec true /dev/null >/dev/null 2>&1; then
	terminal() { script -qec "$*" /dev/null; }
	check 'colour on a terminal' 0 terminal "$hatcheck" analyze good.pcap
	holds out $'\033\\[1mCaptures'
	check 'NO_COLOR' 0 terminal NO_COLOR=1 "$hatcheck" analyze good.pcap
	lacks out $'\033'
	check 'an empty NO_COLOR is none' 0 terminal NO_COLOR= "$hatcheck" analyze good.pcap
	holds out $'\033\\[1mCaptures'
	check 'the option outweighs NO_COLOR' 0 terminal NO_COLOR=1 "$hatcheck" analyze --color always \
		good.pcap
	holds out $'\033'
	check 'a terminal without colour' 0 terminal TERM=dumb "$hatcheck" analyze good.pcap
	lacks out $'\033'
else
	echo 'cli: skipped: what a terminal shows; there is none to be had'
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
