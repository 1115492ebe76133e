#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# With restart = no: a guest that is killed in the middle of a run, and one whose kernel panics: the run fails, says
# which guest it was and what that said last, and leaves nothing.
# shellcheck disable=SC2317 # functions are called by check
# shellcheck source=tests/vm/vm.sh
. "$(dirname "$0")/vm.sh"

# Large enough that a guest is at work for a while; one file under many names.
chain "$tmp/chain.conf" 100 120s
sed -i 's/^\(stage .*\) filter/\1 restart = no filter/' "$tmp/chain.conf"
picture "$tmp/large.ppm" P6 1000 1000
mkdir "$tmp/in"
for i in {1..500}; do
	ln "$tmp/large.ppm" "$tmp/in/$i.ppm"
done

"$pipeline" run "$tmp/chain.conf" --name "$name" --run-dir "$run_folder" --output "$tmp/out" \
	>"$tmp/log" 2>&1 &
supervisor=$!
first_result() {
	compgen -G "$tmp/out/*" >/dev/null || ! kill -0 "$supervisor" 2>/dev/null
}
check "a first image comes through" await 240 first_result
guest=$(pid_of resize "$tmp/log")
kill -KILL "$guest"
wait "$supervisor"
check_same "a run with a guest that was killed fails" 69 $?
check "it names the guest" grep -q "guest of stage resize (process $guest) failed" "$tmp/log"
check "it says how it ended" grep -q "QEMU was killed by signal 9" "$tmp/log"
check "nothing is left" nothing_left "$tmp/log"
tap_note "$(grep -A 3 failed "$tmp/log")"

"$pipeline" image --init "$build/tests/vm/crash-init" --output "$tmp/crash.cpio"
"$pipeline" run "$tmp/chain.conf" --name "$name" --run-dir "$run_folder" --output "$tmp/out" \
	--image "$tmp/crash.cpio" >"$tmp/log" 2>&1
check_same "a run with a guest that panics fails" 69 $?
check "it names the guest" grep -qE "guest of stage (blur|resize) .* failed: the guest crashed" "$tmp/log"
check "it repeats the guest's last words" \
	grep -q "^pipeline:     these are the last words of a stage" "$tmp/log"
check "and those of its kernel" grep -q "^pipeline: .*Kernel panic" "$tmp/log"
check "nothing is left" nothing_left "$tmp/log"

done_testing
