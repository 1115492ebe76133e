#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Guests whose windows are in huge pages, reserved and transparent, locked, on a NUMA node; QEMU runs
# as the user that it always runs as. Under TCG a guest finds all memory cached, whatever its kernel
# maps it as.
# shellcheck disable=SC2317 # functions are called by check
# shellcheck source=tests/vm/vm.sh
. "$(dirname "$0")/vm.sh"
# shellcheck source=../helpers/huge-pages.sh
. "$source/tests/helpers/huge-pages.sh"

chain "$tmp/plain.conf" 3 120s
keys="lock = yes"
[ ! -e /sys/devices/system/node/node0 ] || keys+=" numa-node = 0"
# decoded is written by the host and read-only for its guest; blurred is written by one guest and
# read by another; resized is the other way round.
sed -e "/^link decoded/s/{/{ memory = hugetlb $keys/" -e "/^link blurred/s/{/{ memory = thp loads = streaming $keys/" \
	-e "/^link resized/s/{/{ memory = hugetlb isolation = shared/" "$tmp/plain.conf" >"$tmp/huge.conf"
mkdir "$tmp/in"
for i in 1 2 3 4; do
	picture "$tmp/in/$i.ppm" P6 $((90 + i)) 60
done
run() {
	"$pipeline" run "$tmp/$1.conf" --name "$name" --output "$tmp/out-$1" "${@:2}" >"$tmp/log-$1" 2>&1
}
inside() {
	run huge --run-dir "$run_folder" || return
	ls "$huge" >"$tmp/left"
}
export -f run inside
export tmp

check "the chain runs as processes" run plain --local
# 4 slots of 4 MiB are 16 pages, of 1 MiB 4 pages.
if have_huge_pages; then
	check "the chain runs in guests, in huge pages" huge_pages 48 bash -c inside
	check "every image is as from processes" diff -r "$tmp/out-plain" "$tmp/out-huge"
	check_same "the run says in which" "pipeline: link decoded: huge pages of 2.0 MiB, at $huge, locked
pipeline: link blurred: transparent huge pages, locked
pipeline: link resized: huge pages of 2.0 MiB, at $huge" \
		"$(grep 'pipeline: link' "$tmp/log-huge" | sed 's/, on NUMA node 0$//')"
	check_same "a guest loads frames once if it is told to, and else where they are not cached" \
		"[resize] reads: 'blurred' once, by streaming loads; as told" "$(grep reads: "$tmp/log-huge")"
	check_same "nothing is left" "" "$(cat "$tmp/left")"
	tap_note "$(grep -E '^  (flow|latency|blur|resize) |: [0-9]* frames in' "$tmp/log-huge")"
else
	check_not "without huge pages it does not run" run huge
	check "and says why" grep -qE "huge pages|mode=1777" "$tmp/log-huge"
fi

done_testing
