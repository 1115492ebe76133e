# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# For tests that are shell scripts:
#
#     . "$(dirname "$0")/../helpers/tap.sh"
#     check "a sentence" command argument...        ok if the command succeeds
#     check_not "a sentence" command argument...    ok if it fails
#     check_same "a sentence" WANTED GOT            ok if the two texts are equal
#     skip "a sentence" "why"
#     done_testing
#
# Gives: source (the project's folder), build (what was built), tmp (an empty folder that goes
# away at the end). What a failed command printed is shown.
set -u

source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${BUILD:-$source/build}
tmp=$(mktemp -d "${TMPDIR:-/tmp}/ivpipe-test-XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
export source build tmp

tap_number=0
tap_failed=0

# tap_result OK TEXT: one line of TAP.
tap_result() {
	tap_number=$((tap_number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $tap_number - $2"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_number - $2"
	fi
}

# Shows text as a comment of TAP.
tap_note() {
	printf '%s\n' "$1" | sed 's/^/# /'
}

check() {
	local text=$1 output status=0
	shift
	output=$("$@" 2>&1) || status=$?
	tap_result "$status" "$text"
	[ "$status" -eq 0 ] || tap_note "status $status of: $*
$output"
}

check_not() {
	local text=$1 output status=0
	shift
	output=$("$@" 2>&1) || status=$?
	if [ "$status" -ne 0 ]; then
		tap_result 0 "$text"
	else
		tap_result 1 "$text"
		tap_note "should have failed: $*
$output"
	fi
}

check_same() {
	if [ "$2" = "$3" ]; then
		tap_result 0 "$1"
	else
		tap_result 1 "$1"
		tap_note "$(diff <(printf '%s\n' "$2") <(printf '%s\n' "$3") | head -n 40)"
	fi
}

skip() {
	tap_number=$((tap_number + 1))
	echo "ok $tap_number - $1 # SKIP $2"
}

# The plan comes last, so that a script that dies in between has none and fails.
done_testing() {
	echo "1..$tap_number"
	[ "$tap_failed" -eq 0 ]
	exit
}
