#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Two guests on each back end: the same images, and everybody says what wakes him. A doorbell server
# that is started anew under a guest. What the guests' kernel says of the memory that ivpipe_uio maps.
# shellcheck disable=SC2317 # functions are called by check
# shellcheck source=tests/vm/vm.sh
. "$(dirname "$0")/vm.sh"

kernel=$source/build/kernel
chain "$tmp/chain.conf" 3 120s
mkdir "$tmp/in"
for i in 1 2 3 4 5 6; do
	picture "$tmp/in/$i.ppm" P6 $((90 + i)) 60
done
"$pipeline" run "$tmp/chain.conf" --local --name "$name" --output "$tmp/out-local" >"$tmp/log" 2>&1
check_same "the chain runs as processes" 0 $?

# with TITLE WAKE SAYING OPTION...: the chain in guests; each says on both links what wakes it.
with() {
	local title=$1 wake=$2 saying=$3 log=$tmp/log-$1
	shift 3
	{
		echo "wake = $wake"
		cat "$tmp/chain.conf"
	} >"$tmp/$title.conf"
	"$pipeline" run "$tmp/$title.conf" --name "$name" --run-dir "$run_folder" \
		--output "$tmp/out-$title" "$@" >"$log" 2>&1
	check_same "the chain runs in guests, $title" 0 $?
	check "every image is as from processes, $title" diff -r "$tmp/out-local" "$tmp/out-$title"
	check_same "each guest says what wakes it, $title" \
		"[blur] wake-ups: 'decoded' $saying, 'blurred' $saying
[resize] wake-ups: 'blurred' $saying, 'resized' $saying" "$(grep wake-ups: "$log" | sort)"
	check_not "no ring is missed, $title" grep -q "polling instead" "$log"
	check "nothing is left, $title" nothing_left "$log"
	tap_note "$(grep -E '^  (flow|latency|blur|resize) |: [0-9]* frames in' "$log")"
}

with vfio vfio "doorbell by vfio-pci"
with poll poll polling
if [ -e "$kernel/modules/ivpipe_uio.ko" ]; then
	with uio uio "doorbell by ivpipe_uio"
else
	skip "the chain runs in guests, uio" "ivpipe_uio is not built: make module"
fi

# A kernel without its modules beside it: guests cannot be rung, and still ring others.
mkdir "$tmp/bare"
cp "$kernel"/vmlinu[xz] "$tmp/bare/"
bare=$(ls "$tmp/bare"/vmlinux 2>/dev/null || echo "$tmp/bare/vmlinuz")
with bare auto "futex or polling (its doorbell has no interrupts)" --kernel "$bare"
check "the run says that modules are missing, and what to do" \
	grep -q "guests poll: the kernel modules .* 'make kernel' puts them there" "$tmp/log-bare"
{
	echo "wake = vfio"
	cat "$tmp/chain.conf"
} >"$tmp/strict.conf"
got=$("$pipeline" run "$tmp/strict.conf" --name "$name" --run-dir "$run_folder" --kernel "$bare" \
	--output "$tmp/out-strict" 2>&1)
check_same "where nothing but vfio-pci will do, that is an error" 69 $?
check "which names the cure" grep -q "give QEMU -device intel-iommu,intremap=on" <<<"$got"

# A doorbell server that is killed under a guest, and another one that takes its place: QEMU does not
# join that one, the feeder does.
{
	echo "name = $name"
	sed -e '/blurred/d' -e '/^stage blur/d' -e 's/input = blurred/input = decoded/' "$tmp/chain.conf"
} >"$tmp/anew.conf"
cat >>"$tmp/anew.conf" <<END
stage resize { input = decoded output = resized filter resize { mode = fit width = 80 height = 60 } }
END
"$pipeline" run "$tmp/anew.conf" --local --output "$tmp/out-anew-local" >"$tmp/log" 2>&1
server() {
	"$pipeline" doorbell-server "$tmp/anew.conf" >"$tmp/server-$1" 2>&1 &
	server_pid=$!
	await 30 grep -q "serving the doorbells of 2 links" "$tmp/server-$1"
}
attached() {
	[ "$("$pipeline" stats "$tmp/anew.conf" | grep -cE '^ +(producer|consumer)[0-9]* +alive ')" -eq "$1" ]
}
"$pipeline" create "$tmp/anew.conf" >/dev/null
server first
check_same "a doorbell server serves both links of a guest" 0 $?
"$pipeline" image --init "$build/guest/pipeline-stage" --config "$tmp/anew.conf" \
	--modules "$kernel/modules" --output "$tmp/anew.cpio"
arguments resize "$tmp/anew.conf" vfio
with_initrd "$tmp/anew.cpio"
timeout 240 "${argv[@]}" </dev/null >"$tmp/console-anew" 2>&1 &
guest=$!
"$build/pipeline-sink" --config "$tmp/anew.conf" --output "$tmp/out-anew" >"$tmp/log-sink" 2>&1 &
sink=$!
await 120 attached 3
check_same "guest and sink are attached, joined to it" 0 $?
kill -9 "$server_pid"
wait "$server_pid" 2>/dev/null
server second
check_same "another server takes its place" 0 $?
"$build/pipeline-feeder" --config "$tmp/anew.conf" >"$tmp/log-feeder" 2>&1
check_same "the feeder joins that one, and ends well" 0 $?
wait "$sink"
check_same "so does the sink of the first" 0 $?
wait "$guest"
check "every image is as from processes" diff -r "$tmp/out-anew-local" "$tmp/out-anew"
anew_says() {
	tr -d '\r' <"$tmp/console-anew" | grep -c "link '$1': doorbell: ${2-}"
}
check_same "the guest says once that it polls where the feeder is" 1 \
	"$(anew_says decoded "the server was started anew, .*, a guest with its QEMU; polling instead$")"
check_same "and is rung by the sink as before" 0 "$(anew_says resized)"
kill "$server_pid"
wait "$server_pid"
"$pipeline" destroy "$name" >/dev/null

# The kernel's list of memory types.
types() {
	tr -d '\r' <"$tmp/console" | grep "^type $1 by $2 " | grep -qF "$3"
}
if [ -e "$kernel/modules/ivpipe_uio.ko" ]; then
	"$pipeline" image --init "$build/tests/vm/map-types" --config "$tmp/chain.conf" \
		--modules "$kernel/modules" --output "$tmp/types.cpio"
	"$pipeline" create "$tmp/chain.conf" --name "$name" >/dev/null
	arguments blur "$tmp/chain.conf"
	with_initrd "$tmp/types.cpio"
	timeout 240 "${argv[@]}" </dev/null >"$tmp/console" 2>&1
	tap_note "$(tr -d '\r' <"$tmp/console" | grep -E '^(type|uio|cannot) ')"
	check "the guest came to its end" grep -q "types done" "$tmp/console"
	check "sysfs maps a window uncached" types blurred.data sysfs uncached-minus
	check "ivpipe_uio maps it as write-back memory, above 4 GiB" \
		types blurred.data "uio above 4 GiB:" write-back
	check "that of a window of one page too" types blurred.credit0 "uio above 4 GiB:" write-back
	uio_says() {
		tr -d '\r' <"$tmp/console" | grep -qxF "uio $1"
	}
	check "what QEMU maps read-only is not written by it" \
		uio_says "decoded.data: unchanged, stays read-only"
	check "what is the guest's own is" uio_says "blurred.data: written, stays read-only"
	check "nothing beyond it can be mapped" \
		uio_says "blurred.data: no more than its size is mapped"
else
	skip "ivpipe_uio maps a window as write-back memory" "it is not built: make module"
fi

done_testing
