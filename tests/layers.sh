#!/bin/sh
# layers: includes look down only, and three libraries have one door each.
#   capture < analyzer < reports; fixtures may use all three; only analyzer/cli sees everything.
set -u
cd "$(dirname "$0")/.." || exit 2
bad=0
forbid() { # WHERE (find arguments) -- PATTERN -- WHY
	where=$1 pattern=$2 why=$3
	# shellcheck disable=SC2086
	hits=$(find $where \( -name '*.c' -o -name '*.h' \) -exec grep -nE "$pattern" /dev/null {} +)
	if [ -n "$hits" ]; then
		printf '%s:\n%s\n' "$why" "$hits"
		bad=1
	fi
}
forbid "capture" '#include "(analyzer|reports|fixtures|tests)/' 'capture/ looks up'
forbid "analyzer -path analyzer/cli -prune -o -type f" '#include "(reports|fixtures|tests)/' 'analyzer/ looks up'
forbid "reports" '#include "(analyzer/cli|fixtures|tests)/' 'reports/ looks up'
forbid "fixtures" '#include "(analyzer/cli|tests)/' 'fixtures/ looks into the commands or the tests'
forbid "analyzer reports" '#include <pcap' '<pcap> has its door in capture/'
forbid "capture analyzer fixtures" '#include <json-c' '<json-c> has its door in reports/'
forbid "capture reports fixtures analyzer -path analyzer/hat -prune -o -type f" '#include <libxml' \
	'<libxml> has its door in analyzer/hat'
forbid "capture analyzer/flow analyzer/smtp analyzer/verdict analyzer/engine" \
	'\b(exit|abort|longjmp|getenv|time|clock_gettime|gettimeofday|printf|fprintf)[[:space:]]*\(' \
	'a stage that ends the program, reads a clock or the environment, or prints'
[ "$bad" -eq 0 ] && echo "layers: includes look down only"
exit "$bad"
