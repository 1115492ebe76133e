#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# pipeline doctor in a guest: it finds the devices, says of each window whether it can be written,
# and how fast memory of that kind is read. QEMU has the arguments of pipeline run.
# shellcheck source=tests/vm/vm.sh
. "$(dirname "$0")/vm.sh"

chain "$tmp/chain.conf" 3 120s
"$pipeline" image --init "$build/tests/vm/doctor-guest" --output "$tmp/doctor.cpio"
"$pipeline" create "$tmp/chain.conf" --name "$name" >/dev/null
arguments blur "$tmp/chain.conf"
with_initrd "$tmp/doctor.cpio"
timeout 240 "${argv[@]}" </dev/null >"$tmp/console" 2>&1
tr -d '\r' <"$tmp/console" | sed -n '/^\(ok\|note\|problem\|PROBLEM\) /,/^doctor-guest/p' >"$tmp/report"
tap_note "$(cat "$tmp/report")"

check "the guest came to its end, and found no problem" \
	grep -qx "doctor-guest: status 0" "$tmp/report"
for window in decoded.data decoded.credit0 blurred.data blurred.credit0; do
	check "it finds the window $window by its label, and whose it is" \
		grep -q "^ok  *device .*: label $window; .*pipeline $name, link ${window%.*}, " \
		"$tmp/report"
done
check_same "it has measured the memory of each device, mapped in two ways" 8 \
	"$(grep -c "resource2.* behaves as .* memory: read [0-9.]* GB/s" "$tmp/report")"
check "it says how this guest is woken, and what would be better" \
	grep -A1 "device wake-ups: polling" "$tmp/report"
check "it knows the filters' level of this processor" \
	grep -q "^ok  *filters: [a-z0-9]*" "$tmp/report"
done_testing
