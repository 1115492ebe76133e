#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Blur and resize in two guests, from one command: every image as in processes, byte for byte.
# shellcheck disable=SC2317 # functions are called by check
# shellcheck source=tests/vm/vm.sh
. "$(dirname "$0")/vm.sh"

chain "$tmp/chain.conf" 3 120s
mkdir "$tmp/in"
picture "$tmp/in/a.ppm" P6 200 100
picture "$tmp/in/b.ppm" P6 33 17
picture "$tmp/in/c.pgm" P5 97 61
picture "$tmp/in/d.pgm" P5 1 1
picture "$tmp/in/e.ppm" P6 640 480
echo "P6 no image" >"$tmp/in/f.ppm"

"$pipeline" run "$tmp/chain.conf" --local --name "$name" --output "$tmp/out-local" >"$tmp/local" 2>&1
check_same "the chain runs as processes; one file is no image" 65 $?

# with ISOLATION: the chain in guests.
with() {
	sed "s/timeout =/isolation = $1 &/" "$tmp/chain.conf" >"$tmp/$1.conf"
	"$pipeline" run "$tmp/$1.conf" --name "$name" --run-dir "$run_folder" \
		--output "$tmp/out-$1" >"$tmp/log-$1" 2>&1
	check_same "the chain runs in guests, $1" 65 $?
	tap_note "$(sed -n '/: [0-9]* frames in/,$p' "$tmp/log-$1")"
	check "the account closes, $1" grep -q \
		"injected 5 = delivered 5 + dropped 0 + quarantined 0" "$tmp/log-$1"
	check "it says what runs the guests, $1" grep -qE "2 guests under (KVM|TCG)" "$tmp/log-$1"
	check "every image is as from processes, $1" diff -r "$tmp/out-local" "$tmp/out-$1"
	check "nothing is left, $1" nothing_left "$tmp/log-$1"
}

with one-way
with shared

done_testing
