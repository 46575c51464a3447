#!/bin/sh
# check: every suite, one after the other; each leaves its output in build/check. The last line sums up
# what the suites' last lines say. Called by `make check`, which has installed what is needed.
set -u
cd "$(dirname "$0")/.." || exit 2
logs=build/check
rm -rf "$logs"
mkdir -p "$logs"
jobs=$(getconf _NPROCESSORS_ONLN)
passed=0 failed=0 skipped=0

run() { # NAME COMMAND...
	name=$1
	shift
	begin=$(date +%s)
	"$@" >"$logs/$name" 2>&1
	status=$?
	last=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$logs/$name" | tail -n 1)
	# Suites without a count are one test.
	[ -n "$last" ] || { [ "$status" -eq 0 ] && last='1 passed, 0 failed' || last='0 passed, 1 failed'; }
	set -- $(echo "$last" | tr -cd '0-9 ')
	[ "$status" -eq 0 ] || [ "$2" -gt 0 ] || set -- "$1" 1 "${3-0}"
	passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + ${3-0}))
	printf '%-8s %4ds  %s\n' "$name" "$(($(date +%s) - begin))" "$last"
	[ "$2" -eq 0 ] || sed 's/^/    /' "$logs/$name" | tail -n 60
}

# Under the sanitizers: their reports go to files, because not every test program tells of them.
sanitized() {
	rm -f build/asan/san.*
	ASAN_OPTIONS=log_path=build/asan/san UBSAN_OPTIONS=log_path=build/asan/san:print_stacktrace=1 \
		make --no-print-directory MODE=asan "$@" || return
	for report in build/asan/san.*; do
		[ -e "$report" ] || return 0
		cat "$report"
	done
	return 1
}

# The linters take what the others leave: many of those wait for clocks and sockets.
nice -n 19 sh tests/lint.sh >"$logs/lint.out" 2>&1 &
linters=$!
linted() {
	wait "$linters"
	status=$?
	cat "$logs/lint.out"
	return "$status"
}

run layers sh tests/layers.sh
run build make -j "$jobs" WERROR=1 all dialogc
run units make -j "$jobs" WERROR=1 units
run golden make golden
run cli make cli
run cut make cut
run loss make loss
run scenes make scenes
run corpus make corpus
run hats make hats
run respond make respond
run lab make lab
run logs make logs
run live make live
run asan make -j "$jobs" MODE=asan WERROR=1 all dialogc unit-programs
run asan-units sanitized units
run asan-golden sanitized golden
run asan-cli sanitized cli
run asan-corpus sanitized corpus
run asan-hats sanitized hats
run asan-respond sanitized respond
run asan-lab sanitized lab LAB=short
run asan-logs sanitized logs
# Without its leak checker, which looks on from another process, and is not let near this one.
run asan-live env ASAN_OPTIONS=detect_leaks=0 make --no-print-directory MODE=asan live
run fuzz make -j "$jobs" MODE=fuzz fuzz FUZZ_SECONDS=5
run lint linted

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
