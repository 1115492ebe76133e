#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Two guests on each back end: the same images, and everybody says what wakes him. What the guests'
# kernel says of the memory that ivpipe_uio maps.
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
