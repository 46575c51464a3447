#!/bin/sh
# log.sh HATCHECK [OCTETS]: how fast mail logs are read, against `grep -c ICID` on the same file. For a log of
# all kinds of lines and one of little but refused connections, and each output: the best of three runs,
# by the clock and by the processor's time. The ratio is grep's time over ours; 0.5 is half its speed.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
hatcheck=$(realpath "$1") octets=${2-1000000000}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
"${CC:-cc}" -O2 -std=c11 -D_GNU_SOURCE -o make_log "$here/make_log.c"

# best COMMAND...: "CLOCK PROCESSOR" in seconds.
best() {
	for _ in 1 2 3; do
		# By way of cat: grep stops at the first match when it writes to /dev/null.
		{ /usr/bin/time -o time -f '%e %U %S' "$@" | cat >/dev/null; } && cat time
	done | awk '{ used = $2 + $3 }
		NR == 1 || $1 < clock { clock = $1 }
		NR == 1 || used < least { least = used }
		END { printf "%.2f %.2f\n", clock, least }'
}

for percent in 45 95; do
	./make_log "$octets" 1 "$percent" >log
	cat log >/dev/null
	grep=$(best grep -c ICID log)
	echo "$(wc -c <log) octets, $percent % of the connections refused: grep -c ICID $grep s"
	for options in 'log -q' 'log' 'log --ndjson -'; do
		# shellcheck disable=SC2086
		echo "$grep $(best "$hatcheck" $options log) $options" | awk '{
			printf "  %5.2f %5.2f s  ratio %.2f, of the processor %.2f ", $3, $4, $1 / $3, $2 / $4
			for (i = 5; i <= NF; i++) printf " %s", $i
			print "" }'
	done
done
