#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A guest that writes where it must not: with one-way isolation the host's memory does not change.
# QEMU is started with just the arguments of pipeline run, but with an init of our own.
# shellcheck disable=SC2317 # functions are called by check
# shellcheck source=tests/vm/vm.sh
. "$(dirname "$0")/vm.sh"

chain "$tmp/chain.conf" 3 120s
"$pipeline" image --init "$build/tests/vm/poke-readonly" --output "$tmp/poke.cpio"
"$pipeline" create "$tmp/chain.conf" --name "$name" >/dev/null
check_same "the windows are there" 6 "$(compgen -G "/dev/shm/ivpipe.$name.*" | wc -l)"

arguments blur "$tmp/chain.conf"
with_initrd "$tmp/poke.cpio"
sums() {
	(cd /dev/shm && sha256sum "ivpipe.$name".*) | sed "s/  ivpipe.$name./ /"
}
before=$(sums)
timeout 240 "${argv[@]}" </dev/null >"$tmp/console" 2>&1
after=$(sums)
tap_note "$(tr -d '\r' <"$tmp/console" | grep poke)"

# says WINDOW WHAT: what the guest read back.
says() {
	tr -d '\r' <"$tmp/console" | grep -qx "poke $1: $2"
}
check "the guest came to its end" grep -q "poke done" "$tmp/console"
check "the consumer cannot write the data window" says decoded.data unchanged
check "it can write its credit window" says decoded.credit0 written
check "the producer can write its data window" says blurred.data written
check "it cannot write the credit window" says blurred.credit0 unchanged

changed=$(diff <(echo "$before") <(echo "$after") | sed -n 's/^> [0-9a-f]* //p')
check_same "on the host just the two windows of this guest have changed" \
	"blurred.data
decoded.credit0" "$changed"

done_testing
