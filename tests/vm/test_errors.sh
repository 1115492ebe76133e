#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Guests that do not find what they need: each ends in time and says what is missing.
# shellcheck disable=SC2317 # functions are called by check
# shellcheck source=tests/vm/vm.sh
. "$(dirname "$0")/vm.sh"

chain "$tmp/chain.conf" 3 120s

# A guest of one's own, with a link that none of its devices is.
cat >"$tmp/stage.conf" <<'END'
link decoded { timeout = "3s" }
link nowhere { timeout = "3s" }
stage blur { input = decoded output = nowhere }
END
"$pipeline" create "$tmp/chain.conf" --name "$name" >/dev/null
"$pipeline" image --init "$build/guest/pipeline-stage" --config "$tmp/stage.conf" \
	--output "$tmp/stage.cpio"
arguments blur "$tmp/chain.conf"
with_initrd "$tmp/stage.cpio"
timeout 240 "${argv[@]}" </dev/null >"$tmp/console" 2>&1
check_same "a guest without its window ends in good order" 0 $?
check "it names the link" grep -q "'nowhere'" "$tmp/console"
check "it says with which exit status" grep -q "ivpipe-stage exit 75" "$tmp/console"
tap_note "$(tr -d '\r' <"$tmp/console" | tail -n 3)"

# Devices that no configuration asks for, and no configuration at all.
"$pipeline" image --init "$build/guest/pipeline-stage" --output "$tmp/bare.cpio"
with_initrd "$tmp/bare.cpio"
timeout 240 "${argv[@]}" </dev/null >"$tmp/console" 2>&1
check "a guest without a configuration says so" grep -q "/etc/ivpipe/stage.conf" "$tmp/console"
check "it says with which exit status" grep -q "ivpipe-stage exit 66" "$tmp/console"
"$pipeline" destroy "$name" >/dev/null

# A guest that cannot be there in time.
chain "$tmp/hurry.conf" 3 20ms
mkdir "$tmp/in"
picture "$tmp/in/a.ppm" P6 20 20
"$pipeline" run "$tmp/hurry.conf" --name "$name" --run-dir "$run_folder" --output "$tmp/out" \
	>"$tmp/log" 2>&1
check_same "a guest that is too slow fails the run" 69 $?
check "it is named, or the link that waits for it" grep -qE "did not attach|'resized'" "$tmp/log"
check "nothing is left" nothing_left "$tmp/log"

done_testing
