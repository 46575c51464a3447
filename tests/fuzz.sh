#!/bin/sh
# fuzz SECONDS PROGRAM...: each target on its corpus and then on what it makes of it, so long. New inputs
# and crashes go below the build, never into the repository.
set -u
seconds=$1
shift
passed=0 failed=0
for program; do
	name=$(basename "$program")
	seeds=tests/fuzz/corpus/${name#fuzz_}
	work=$(dirname "$program")/work/$name
	mkdir -p "$work/corpus"
	[ -d "$seeds" ] || seeds=
	# shellcheck disable=SC2086
	if "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="$work/" "$work/corpus" $seeds >"$work/log" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "$name:"
		tail -n 40 "$work/log"
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
