#!/bin/sh
# units PROGRAM...: runs Criterion programs, shows what failed, and sums up.
set -u
passed=0 failed=0
for program; do
	out=$("$program" 2>&1)
	status=$?
	line=$(printf '%s\n' "$out" | sed -n 's/.*Tested: *\([0-9]*\).*Pass[a-z]*: *\([0-9]*\).*/\1 \2/p' | tail -n 1)
	tested=${line% *} good=${line#* }
	# A program that died, or ran nothing, is one failure.
	[ -n "$line" ] && [ "$tested" -gt 0 ] || tested=1 good=0
	[ "$status" -eq 0 ] || [ "$good" -lt "$tested" ] || good=$((good - 1))
	passed=$((passed + good))
	failed=$((failed + tested - good))
	[ "$tested" -eq "$good" ] || printf '%s: exit status %d\n%s\n' "$program" "$status" "$out"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
