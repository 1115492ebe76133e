#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A file from the host through a guest and back, as a stream of bytes; the guest is killed on the
# way.
# shellcheck disable=SC2317 # functions are called by check
# shellcheck source=tests/vm/vm.sh
. "$(dirname "$0")/vm.sh"

cat >"$tmp/bytes.conf" <<'END'
feeder { input = { "in" } bytes = yes output = there }
link there { slots = 4 frame = "64KiB" timeout = 120s }
stage copy { input = there output = back }
link back { slots = 4 frame = "64KiB" timeout = 120s }
sink { input = back format = bytes output = "out" }
END
head -c 64000123 /dev/urandom >"$tmp/in"

# arrived CHUNKS: has the sink released so many, or is the run over?
arrived() {
	local position
	position=$(od -An -td8 -j512 -N8 "/dev/shm/ivpipe.$name.back.credit0" 2>/dev/null)
	[ "${position:-0}" -ge "$1" ] || ! kill -0 "$run" 2>/dev/null
}

"$pipeline" run "$tmp/bytes.conf" --name "$name" --run-dir "$run_folder" --output "$tmp/out" \
	>"$tmp/log" 2>&1 &
run=$!
await 120 arrived 20
kill -KILL "$(pid_of copy "$tmp/log")" 2>/dev/null
wait "$run"
check_same "the run ends well" 0 $?
tap_note "$(sed -n '/: [0-9]* frames in/,$p' "$tmp/log")"
check "the file is the same" cmp "$tmp/in" "$tmp/out"
check "the account closes" grep -q "injected 977 = delivered 977 + dropped 0 + quarantined 0" "$tmp/log"
check "nothing is left" nothing_left "$tmp/log"

done_testing
