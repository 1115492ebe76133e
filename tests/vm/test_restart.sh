#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Guests that are killed 20 times in one run, at random moments: one of the two, both at once, and
# again while they boot. The output is that of an undisturbed run, and the account closes. Prints
# how long it took from a kill to the next frame of that stage.
# shellcheck disable=SC2317 # functions are called by check
# shellcheck source=tests/vm/vm.sh
. "$(dirname "$0")/vm.sh"

kills_wanted=20
images=1500
# With KVM frames flow much faster than guests can be killed.
[ ! -w /dev/kvm ] || images=5000

chain "$tmp/chain.conf" 5 120s
mkdir "$tmp/in"
for i in {1..10}; do
	picture "$tmp/some-$i.ppm" P6 $((200 + 10 * i)) 150
done
for ((i = 0; i < images; i++)); do
	ln "$tmp/some-$((i % 10 + 1)).ppm" "$tmp/in/$i.ppm"
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
	--json >"$tmp/json" 2>"$tmp/log" &
supervisor=$!

declare -A window=([blur]=blurred [resize]=resized)

# position STAGE: how many frames it has put out (wire.h: owner.position).
position() {
	od -An -td8 -j512 -N8 "/dev/shm/ivpipe.$name.${window[$1]}.data" 2>/dev/null | tr -d ' '
}

# latest STAGE: the process of the guest's newest life.
latest() {
	pid_of "$1" "$tmp/log" | tail -n 1
}

# has_more STAGE THAN: has it put out more frames than that? Or is the run over?
has_more() {
	local now
	now=$(position "$1")
	[ "${now:-0}" -gt "$2" ] || ! kill -0 "$supervisor" 2>/dev/null
}

# is_new STAGE PID: does its newest life have another process?
is_new() {
	[ "$(latest "$1")" != "$2" ] || ! kill -0 "$supervisor" 2>/dev/null
}

# A moment of up to so many milliseconds.
moment() {
	sleep "$(printf '0.%03d' $((RANDOM % $1)))"
}

# strike STAGE: kills its newest life. Sets died (microseconds).
kills=0
strike() {
	kill -KILL "$(latest "$1")" 2>/dev/null && kills=$((kills + 1))
	died=${EPOCHREALTIME/./}
}

# strike_in_boot STAGE: kills the life that comes next, at some moment of its boot.
strike_in_boot() {
	local before
	before=$(latest "$1")
	await 60 is_new "$1" "$before"
	moment 999
	strike "$1"
}

rounds=(blur resize "blur resize")
times=()
await 120 has_more resize 0
for ((round = 0; kills < kills_wanted; round++)); do
	kill -0 "$supervisor" 2>/dev/null || break
	read -r -a victims <<<"${rounds[round % 3]}"
	moment 200
	for victim in "${victims[@]}"; do
		strike "$victim"
	done
	[ $((round % 2)) -eq 0 ] || strike_in_boot "$victim"
	# What it had put out before it died does not count.
	reached=$(position "$victim")
	await 120 has_more "$victim" "${reached:-0}"
	times+=($(((${EPOCHREALTIME/./} - died) / 1000)))
done
wait "$supervisor"
status=$?
check_same "a run whose guests are killed all the time ends well" 0 "$status"
[ "$status" -eq 0 ] || tap_note "$(tail -n 60 "$tmp/log")"
check "they were killed $kills_wanted times" test "$kills" -ge "$kills_wanted"
check_same "its results are those of the undisturbed run" "$wanted" "$(results)"
check_same "its account closes, and every restart is counted" "$images $images 0 0 True $kills" \
	"$(python3 -c 'import json, sys
s = json.load(open(sys.argv[1]))
print(s["injected"], s["delivered"], s["dropped"], s["quarantined"], s["account_closes"],
      s["restarts"])' "$tmp/json")"
check "nothing is left" nothing_left "$tmp/log"
mapfile -t times < <(printf '%s\n' "${times[@]}" | sort -n)
tap_note "from kill to next frame, of ${#times[@]}: median ${times[${#times[@]} / 2]} ms, from \
${times[0]} to ${times[-1]} ms"

done_testing
