#!/bin/sh
# lint: clang-format over all C; cppcheck and clang-tidy over the program and the fixtures. Tests are only
# held to the format: what Criterion's macros become is not ours.
set -u
cd "$(dirname "$0")/.." || exit 2
jobs=$(getconf _NPROCESSORS_ONLN)
all=$(find analyzer capture fixtures reports tests -name '*.[ch]' | sort)
code=$(find analyzer capture fixtures reports -name '*.c' | sort)
passed=0 failed=0
step() { # STATUS NAME
	if [ "$1" -eq 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "$2 complains"
	fi
}
# shellcheck disable=SC2086
clang-format-14 --dry-run -Werror $all
step $? clang-format
# shellcheck disable=SC2086
cppcheck -q -j "$jobs" --std=c11 --enable=warning,performance,portability --inline-suppr \
	--suppress=missingIncludeSystem --suppress=objectIndex --error-exitcode=1 -I. -D_GNU_SOURCE '-DHATCHECK_VERSION="0"' $code
step $? cppcheck
# Its notes fill screens: only what is wrong is shown.
# shellcheck disable=SC2086,SC2016
found=$(printf '%s\n' $code | xargs -P "$jobs" -n 4 sh -c '
	clang-tidy-14 --quiet "$@" -- -std=c11 -I. -D_GNU_SOURCE "-DHATCHECK_VERSION=\"0\"" \
		$(pkg-config --cflags libxml-2.0) 2>&1' tidy |
	grep -E '(warning|error): ' | sort -u)
printf '%s\n' "$found" | grep . | sed "s|$PWD/||"
[ -z "$found" ]
step $? clang-tidy
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
