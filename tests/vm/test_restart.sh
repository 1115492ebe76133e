#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A guest that is killed twice in the middle of a run is started again each time, and the output
# is that of an undisturbed run.
# shellcheck disable=SC2317 # functions are called by check
# shellcheck source=tests/vm/vm.sh
. "$(dirname "$0")/vm.sh"

chain "$tmp/chain.conf" 20 120s
mkdir "$tmp/in"
for i in {1..60}; do
	picture "$tmp/in/$i.ppm" P6 300 200
done
results() {
	(cd "$tmp/out" && find . -type f | sort | xargs sha256sum)
}

# Stages as processes compute the same: the chain's own tests show that.
"$pipeline" run "$tmp/chain.conf" --local --name "$name" --output "$tmp/out" >"$tmp/log" 2>&1
check_same "an undisturbed run ends well" 0 $?
wanted=$(results)
rm -rf "$tmp/out"

"$pipeline" run "$tmp/chain.conf" --name "$name" --run-dir "$run_folder" --output "$tmp/out" \
	>"$tmp/log" 2>&1 &
supervisor=$!
# results_reach COUNT
results_reach() {
	[ "$(compgen -G "$tmp/out/*.pnm" | wc -l)" -ge "$1" ] || ! kill -0 "$supervisor" 2>/dev/null
}
# latest: the process of the guest's newest life.
latest() {
	sed -n "s/.*stage blur: .*process \([0-9]*\)$/\1/p" "$tmp/log" | tail -n 1
}
for count in 5 20; do
	await 240 results_reach "$count"
	kill -KILL "$(latest)"
	check "the guest is started again" \
		await 60 grep -q "started again in" "$tmp/log"
done
wait "$supervisor"
check_same "a run with a guest that was killed twice ends well" 0 $?
check_same "its results are those of the undisturbed run" "$wanted" "$(results)"
check "its account closes" grep -q "injected 60 = delivered 60 .* closes" "$tmp/log"
check "the summary counts the restarts" grep -q "stage blur was started again 2 times" "$tmp/log"
check "nothing is left" nothing_left "$tmp/log"
tap_note "$(grep -E "started again|attached" "$tmp/log")"

done_testing
