#!/bin/bash
# logs: the cases of fixtures/logs, and `hatcheck log` as a user meets it.
#   logs.sh HATCHECK [PYTHON]      the program, and a Python with jsonschema (python3)
#   logs.sh --update HATCHECK [CASE...]      rewrites what these cases must come to
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
update=no
[ "$1" = --update ] && update=yes && shift
hatcheck=$(realpath "$1")
shift
passed=0 failed=0
export TZ=Asia/Kathmandu # of no effect

# sessions CASE [LOG]: a line for each session and file; what the run is made with is not told.
sessions() {
	cd "$root/fixtures/logs/$1" || exit 2
	# shellcheck disable=SC2046
	"$hatcheck" log --ndjson - $(cat options 2>/dev/null) "${2-log}" | grep -v '"type":"summary"'
}
# claim WHY COMMAND...: what the command prints is shown when it fails.
claim() {
	why=$1
	shift
	if "$@" >"$dir/shown" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "$why:"
		head -n 20 "$dir/shown"
	fi
}

if [ "$update" = yes ]; then
	[ $# -gt 0 ] || set -- "$root"/fixtures/logs/*/
	for case; do
		case=$(basename "$case")
		sessions "$case" >"$root/fixtures/logs/$case/expected.ndjson"
	done
	exit
fi
python=${1-python3}
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT

for case in "$root"/fixtures/logs/*/; do
	case=$(basename "$case")
	sessions "$case" >"$dir/got"
	claim "$case" diff "$root/fixtures/logs/$case/expected.ndjson" "$dir/got"
done

# However a log comes, its sessions are the same: packed, by standard input, with other line ends.
cd "$dir" || exit 2
cp "$root/fixtures/logs/grammar/log" log
told() { # LOG: the sessions without the name of the file
	"$hatcheck" log --ndjson - "$1" | grep '"type":"log_session"' | sed 's/"file":"[^"]*"/"file":""/'
}
told log >want
claim 'there are sessions to compare with' test -s want
gzip -k log && zstd -q log && xz -k log && sed 's/$/\r/' log >log.crlf
for other in log.gz log.zst log.xz log.crlf; do
	told "$other" >got
	claim "$other" diff want got
done
told - <log >got
claim 'standard input' diff want got
told - <log.gz >got
claim 'packed on standard input' diff want got

# check WHY STATUS COMMAND...: the status, and what `out` and `err` then hold.
check() {
	what=$1 want=$2
	shift 2
	"$@" >out 2>err </dev/null
	claim "$what: its exit status" test "$?" -eq "$want"
}
holds() { claim "$what: $1 holds $2" grep -qE -- "$2" "$1"; }
lacks() { claim "$what: $1 lacks $2" test -z "$(grep -E -- "$2" "$1")"; }

head -c 900 log.gz >cut.gz
echo 'No log at all, only words.' >words
: >empty
mkdir nothing set
cp words nothing
cp log set/mail.current
ln set/mail.current set/again
check 'a log' 0 "$hatcheck" log log
holds out '^2004-06-02T21:58:02Z  102 +198\.51\.100\.2 +ACCEPT +ACCEPTLIST +sbrs\[0\.0:10\.0\] +3\.4 +close 1s +from <a@example\.com> to <nobody@example\.org>! .* \+1$'
holds out '^  2 TCPREFUSE$'
check 'quiet: the summary only' 0 "$hatcheck" log -q log
lacks out ACCEPTLIST
check 'lines that cannot be read are shown to whom asks' 0 "$hatcheck" log -v log
holds err '^hatcheck: log:76: not understood: ICID 109 did what no gateway does$'
check 'and to nobody else' 0 "$hatcheck" log log
lacks err .
check 'an empty log is a log' 0 "$hatcheck" log empty
check 'no log is named' 2 "$hatcheck" log
check 'an offset that is none' 2 "$hatcheck" log --utc-offset noon log
holds err 'noon is no offset from UTC'
check 'no such file' 2 "$hatcheck" log missing
holds err '^hatcheck: missing: No such file or directory$'
check 'no log' 2 "$hatcheck" log words
holds err '^hatcheck: words: no line of a mail log in it$'
check 'no log in a folder' 2 "$hatcheck" log nothing
holds err '^hatcheck: nothing: no mail log in it$'
check 'one of two is missing' 3 "$hatcheck" log missing log
holds err '^hatcheck: missing: No such file or directory$'
check 'cut short: the rest is told' 3 "$hatcheck" log cut.gz
holds err '^hatcheck: cut\.gz: after [0-9]+ octets: '
holds out '^2004-06-02T21:58:01Z  101 '
at='Wed Jun  2 14:58:14 2004 Info:'
printf '%s Time offset from UTC: -252' "$at" >offset
printf '%s ICID 4 close\n' "$at" >later
check 'half an offset is none' 0 "$hatcheck" log --ndjson - offset later
holds out '"closed":"2004-06-02T14:58:14Z"'
check 'a folder; the same file under two names is read once' 0 "$hatcheck" log --ndjson - set
holds out '"sessions":11,'
printf '%s Version: 15.0 SN: 4","icid":9,"\033[31m\\\n%s New SMTP ICID 4 interface Data 1 (192.0.2.1) address 192.0.2.9 reverse dns host a verified no\n' \
	"$at" "$at" >serial
check 'a serial number is text of the log' 0 "$hatcheck" log --json serial.json --ndjson serial.ndjson serial
check 'the document with it is valid' 0 "$python" "$root/tests/schema.py" "$root/reports/schema/log-1.json" \
	serial.json
holds serial.ndjson '"icid":4,.*"serial":"4\\",\\"icid\\":9'
lacks serial.ndjson "$(printf '\033')"
check 'two outputs to one place' 2 "$hatcheck" log --json - --ndjson - log
check 'an output over the input' 2 "$hatcheck" log --json ./log log
check 'an output over a log of a folder' 2 "$hatcheck" log --json set/mail.current set
claim 'that log is still there' cmp log set/mail.current
check 'an output beside the logs of a folder' 0 "$hatcheck" log --json set/report.json set
check 'and once more' 0 "$hatcheck" log --json set/report.json set
check 'an output that cannot be written' 2 "$hatcheck" log --json /dev/full log
check 'all outputs in one run' 0 "$hatcheck" log --json r.json --ndjson r.ndjson --text - log set \
	"$root/fixtures/logs/page/log" "$root/fixtures/logs/hostile/log" "$root/fixtures/logs/events/log"
check 'the document is valid' 0 "$python" "$root/tests/schema.py" "$root/reports/schema/log-1.json" r.json
check 'the lines are valid' 0 "$python" "$root/tests/schema.py" "$root/reports/schema/log-ndjson-1.json" \
	r.ndjson
lacks r.json "$(printf '[\001-\011\013-\037\177]')"
reader_leaves() {
	{
		sleep 0.1
		"$hatcheck" log log
		echo $? >status
	} | true
}
check 'a reader that leaves' 0 reader_leaves
holds status '^2$'

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
