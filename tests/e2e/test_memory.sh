#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Links in huge pages, transparent and reserved; locked, on a NUMA node, mapped as they are touched.
# Where the kernel has no huge pages for us, the sentence that says so is what is tested.
# shellcheck disable=SC2317 # functions are called by check
# shellcheck source=../helpers/tap.sh
. "$(dirname "$0")/../helpers/tap.sh"
# shellcheck source=../helpers/huge-pages.sh
. "$source/tests/helpers/huge-pages.sh"

pipeline=$build/pipeline
name=m$$-$RANDOM
trap 'rm -f /dev/shm/ivpipe."$name".*; rm -rf "$tmp"' EXIT
export pipeline name

mkdir "$tmp/in"
for i in 1 2 3 4; do
	{
		printf 'P6\n%d %d\n255\n' $((300 + i)) 200
		head -c $(((300 + i) * 600)) /dev/urandom
	} >"$tmp/in/$i.ppm"
done
# conf NAME KEYS KEYS: a chain whose links, of 4 huge pages each, have these keys.
conf() {
	cat >"$tmp/$1.conf" <<END
name = $name
link raw { slots = 2 frame = "3MiB" timeout = "60s" $2 }
link done { slots = 2 frame = "3MiB" timeout = "60s" $3 }
feeder { input = { "in" } output = raw }
stage work { input = raw output = done run = process filter box-blur { } }
sink { input = done output = "$tmp/out-$1" format = pnm }
END
}
conf plain "" ""
conf lazy "prefault = no" "prefault = no"
conf streaming "loads = streaming" "stores = streaming"
conf hugetlb "memory = hugetlb" "memory = hugetlb"
conf shared "memory = hugetlb isolation = shared" "memory = hugetlb"
conf thp "memory = thp" "memory = thp"
conf auto "memory = hugetlb" "memory = auto"
conf bound "lock = yes numa-node = 0" "numa-node = 0"

# run NAME: to log-NAME.
run() {
	"$pipeline" run "$tmp/$1.conf" >"$tmp/log-$1" 2>&1
}
export -f run
export tmp

check "the chain runs in ordinary memory" run plain
check "and where memory is mapped as it is touched" run lazy
check "every image is the same, mapped as it is touched" diff -r "$tmp/out-plain" "$tmp/out-lazy"
check "and where frames are loaded once" run streaming
check "every image is the same, loaded once" diff -r "$tmp/out-plain" "$tmp/out-streaming"
check_same "which the stage says" "[work] reads: 'raw' once, by streaming loads; as told" \
	"$(grep reads: "$tmp/log-streaming")"
check_not "memory that is cached is not worth a word" grep -q reads: "$tmp/log-plain"
check_not "ordinary memory is not worth a word" grep -q "link raw:" "$tmp/log-plain"

may_lock() {
	[ "$(id -u)" -eq 0 ] || [ "$(ulimit -l)" = unlimited ]
}
if may_lock && [ -e /sys/devices/system/node/node0 ]; then
	check "and locked, on a node" run bound
	check "every image is the same, locked" diff -r "$tmp/out-plain" "$tmp/out-bound"
	check "which the run says" grep -qxF "pipeline: link raw: ordinary pages, locked, on NUMA node 0" \
		"$tmp/log-bound"
else
	got=$("$pipeline" run "$tmp/bound.conf" 2>&1)
	check "who may not have it is told why" grep -qE ": (lock|numa-node): link raw: .*leave|write" <<<"$got"
fi

# What is reserved is all that there is: 8 pages.
inside() {
	"$pipeline" doctor >"$tmp/doctor"
	run hugetlb || return
	run shared || return
	run thp || return
	"$pipeline" create "$tmp/hugetlb.conf" >"$tmp/created" || return
	grep -E '^HugePages_Free|^ShmemHuge' /proc/meminfo >"$tmp/meminfo"
	"$pipeline" check "$tmp/auto.conf" >"$tmp/full" 2>&1
	"$pipeline" create "$tmp/hugetlb.conf" >"$tmp/twice" 2>&1 && return 1
	"$pipeline" stats "$name" >"$tmp/stats" || return
	"$pipeline" destroy "$name" >"$tmp/destroyed" || return
	"$pipeline" create "$tmp/hugetlb.conf" >/dev/null || return
	run hugetlb || return
	"$pipeline" create "$tmp/thp.conf" >/dev/null || return
	grep '^ShmemHuge' /proc/meminfo >"$tmp/meminfo-thp"
	"$pipeline" destroy "$name" >/dev/null || return
	echo 4 >"$huge_pool/nr_hugepages"
	run auto || return
	"$pipeline" check "$tmp/hugetlb.conf" >"$tmp/few" 2>&1
	echo $? >>"$tmp/few"
	ls "$huge" >"$tmp/left"
}
export -f inside

if have_huge_pages; then
	check "the chain runs in huge pages of both kinds" huge_pages 8 bash -c inside
	for kind in hugetlb shared thp auto; do
		check "every image is the same, $kind" diff -r "$tmp/out-plain" "$tmp/out-$kind"
	done
	check "a run replaces windows that are left" \
		grep -q "replaced 4 window files that an earlier run had left" "$tmp/log-hugetlb"
	check_same "the run says that pages are reserved ones" \
		"pipeline: link raw: huge pages of 2.0 MiB, at $huge
pipeline: link done: huge pages of 2.0 MiB, at $huge" "$(grep -h 'pipeline: link' "$tmp/log-hugetlb")"
	check_same "or transparent ones" "pipeline: link raw: transparent huge pages
pipeline: link done: transparent huge pages" "$(grep -h 'pipeline: link' "$tmp/log-thp")"
	check_same "auto takes the next best when there are no more" \
		"pipeline: link raw: huge pages of 2.0 MiB, at $huge
pipeline: link done: transparent huge pages" "$(grep -h 'pipeline: link' "$tmp/log-auto")"
	check_same "windows are where pages are, and credit windows in ordinary memory" \
		"/dev/shm/ivpipe.$name.done.credit0
/dev/shm/ivpipe.$name.raw.credit0
$huge/ivpipe.$name.done.data
$huge/ivpipe.$name.raw.data" "$(cut -f 1 "$tmp/created" | LC_ALL=C sort)"
	check "their pages are taken when they are created" grep -qE "^HugePages_Free: +0$" "$tmp/meminfo"
	huge_kib=$(grep -o '[0-9]*' "$tmp/meminfo-thp")
	check "transparent ones are huge indeed" [ "$huge_kib" -ge 16384 ]
	check_same "those of windows that a run replaces count as free" "configuration OK" "$(cat "$tmp/full")"
	check "windows in the way are named with their place" grep -q "$huge/ivpipe.$name.raw.data: File exists" "$tmp/twice"
	check "stats finds them" grep -q "link raw: 2 slots" "$tmp/stats"
	check_same "destroy removes all" 4 "$(wc -l <"$tmp/destroyed")"
	check "doctor says how many there are" \
		grep -qxF "ok       huge pages: 8 of 8 of 2.0 MiB are free, at $huge" "$tmp/doctor"
	check "and that transparent ones are to be had" \
		grep -qxF "ok       transparent huge pages: to be had in /dev/shm" "$tmp/doctor"
	check "too few are an error with the cure" \
		grep -q "need 8 huge pages of 2.0 MiB, and 4 are free; reserve more: sysctl vm.nr_hugepages=8" "$tmp/few"
	check_same "and a status" 71 "$(tail -n 1 "$tmp/few")"
	check_same "nothing is left" "" "$(cat "$tmp/left")"
else
	got=$("$pipeline" run "$tmp/hugetlb.conf" 2>&1)
	status=$?
	check "without huge pages the error is one of them" \
		grep -qE "mount -t hugetlbfs|huge pages of .*reserve more|mode=1777" <<<"$got"
	check "and has its status" grep -qxE "69|71|77" <<<"$status"
fi

done_testing
