#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Deaths in the middle of a run, under the supervisor, with stages as processes: the feeder, each
# stage and the sink are killed.
# shellcheck disable=SC2317 # functions are called by check
# shellcheck source=tests/helpers/tap.sh
. "$(dirname "$0")/../helpers/tap.sh"

pipeline=$build/pipeline
name=r$$-$RANDOM
log=$tmp/log
trap '[ -z "$(jobs -pr)" ] || kill -9 $(jobs -pr); rm -f /dev/shm/ivpipe."$name".*; rm -rf "$tmp"' EXIT

# await SECONDS COMMAND...: until the command succeeds.
await() {
	local ends=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$ends" ] || return 1
		sleep 0.01
	done
}

# config FILE [KEYS]: two stages; KEYS go into the first.
config() {
	cat >"$1" <<END
link raw { slots = 2 frame = "64KiB" }
link inverted { slots = 2 frame = "64KiB" }
link small { slots = 2 frame = "64KiB" }
feeder { input = { "in" } output = raw threads = 2 }
stage invert { input = raw output = inverted ${2-} filter invert { } }
stage shrink { input = inverted output = small filter resize { mode = exact width = 20 height = 10 } }
sink { input = small output = "out" format = pnm threads = 2 }
END
}

# begin CONF OPTION...: a run in the background.
begin() {
	local conf=$1
	shift
	rm -rf "$tmp/out"
	: >"$log"
	"$pipeline" run "$conf" --local --name "$name" --run-dir "$tmp/run" --output "$tmp/out" \
		--json "$@" >"$tmp/json" 2>"$log" &
	supervisor=$!
}

# word WINDOW OFFSET: a 64-bit word of a window; 512 is its writer's position.
word() {
	od -An -td8 -j"$2" -N8 "/dev/shm/ivpipe.$name.$1" 2>/dev/null | tr -d ' '
}

# reached WINDOW POSITION
reached() {
	local position
	position=$(word "$1" 512)
	[ "${position:-0}" -ge "$2" ] || ! kill -0 "$supervisor" 2>/dev/null
}

# pid WINDOW: the process that writes it, as it says itself (offset 512 + 156).
pid() {
	od -An -tu4 -j668 -N4 "/dev/shm/ivpipe.$name.$1" | tr -d ' '
}

# summary KEY...: values from the JSON summary.
summary() {
	python3 - "$tmp/json" "$@" <<'END'
import json, sys
s = json.load(open(sys.argv[1]))
print(*[str(s[k]).lower() for k in sys.argv[2:]])
END
}

results() {
	(cd "$tmp/out" && find . -type f | sort | xargs sha256sum)
}

nothing_left() {
	! compgen -G "/dev/shm/ivpipe.$name.*" && [ ! -e "$tmp/run" ]
}

# Many, that the chain is still at work when this script, on a busy machine, gets to its next kill.
images=800
mkdir "$tmp/in"
for ((i = 0; i < images; i++)); do
	{
		printf 'P5 %d 30 255\n' $((40 + i % 50))
		head -c $(((40 + i % 50) * 30)) /dev/zero | tr '\0' "\\$(printf %o $((65 + i % 150)))"
	} >"$tmp/in/image$i.pgm"
done
config "$tmp/chain.conf"

begin "$tmp/chain.conf"
wait "$supervisor"
check_same "an undisturbed run ends well" 0 $?
wanted=$(results)
check_same "with one result for each image" $images "$(wc -l <<<"$wanted")"

# Inputs that are rejected before and after the deaths must be counted once.
echo no image >"$tmp/in/aaa.png"
echo no image >"$tmp/in/image390.png"

# Window of each victim, and how far it is when it dies: one after the other, some twice.
victims=(raw.data:60 raw.credit0:100 small.credit0:140 inverted.credit0:200 raw.data:260
	small.credit0:320 raw.credit0:380 inverted.credit0:440)
begin "$tmp/chain.conf"
for victim in "${victims[@]}"; do
	await 60 reached "${victim%:*}" "${victim#*:}"
	kill -KILL "$(pid "${victim%:*}")"
done
wait "$supervisor"
check_same "a run in which all were killed, twice, ends as it would have" 65 $?
check_same "its results are those of the undisturbed run" "$wanted" "$(results)"
check_same "its account closes over all lives" "$((images + 2)) 2 $images $images 0 0 true" \
	"$(summary inputs rejected injected delivered dropped quarantined account_closes)"
check_same "every restart is counted" "8 2 2 0" \
	"$(summary restarts feeder_restarts sink_restarts failed_children)"
check "a restart is named" grep -q "stage invert (process .*) was killed by signal 9 (Killed); it is started again" "$log"
check "nothing is left" nothing_left
[ "$(summary injected delivered)" = "$images $images" ] || tap_note "$(cat "$log")"
rm "$tmp/in/aaa.png" "$tmp/in/image390.png"

# At random moments, among them those at the end of the stream.
for ((round = 0; round < 3; round++)); do
	begin "$tmp/chain.conf"
	await 60 reached small.credit0 $((20 + RANDOM % (images - 50)))
	kills=0
	while kill -0 "$supervisor" 2>/dev/null && [ "$kills" -lt 12 ]; do
		windows=(raw.data raw.credit0 inverted.credit0 small.credit0)
		victim=$(pid "${windows[RANDOM % 4]}" 2>/dev/null)
		[ -z "$victim" ] || kill -KILL "$victim" 2>/dev/null
		kills=$((kills + 1))
		sleep "0.0$((RANDOM % 10))"
	done
	wait "$supervisor"
	status=$?
	check_same "killed at random, round $round: the run ends well" 0 "$status"
	check_same "killed at random, round $round: the results are the same" "$wanted" "$(results)"
	check_same "killed at random, round $round: the account closes" "$images $images true" \
		"$(summary injected delivered account_closes)"
	[ "$status" -eq 0 ] || tap_note "$(grep -v ' INFO' "$log" | tail -n 40)"
done

done_testing
