#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Frames that end their stage every time, by a hang or by a crash: the supervisor's watchdog, the
# error frame after three attempts, the original in quarantine/, the account. The stage is the real
# one with a filter chain that stops or aborts at images of certain widths (poisoned-stage.c), so
# nothing here depends on how fast the machine is: a stage that the watchdog ends for being slow
# is only started once more often.
# shellcheck disable=SC2317 # functions are called by check
# shellcheck source=tests/helpers/tap.sh
. "$(dirname "$0")/../helpers/tap.sh"

name=q$$-$RANDOM
log=$tmp/log
trap '[ -z "$(jobs -pr)" ] || kill -9 $(jobs -pr); rm -f /dev/shm/ivpipe."$name".*; rm -rf "$tmp"' EXIT

# The supervisor takes the programs that lie beside it.
mkdir "$tmp/bin" "$tmp/in"
cp "$build/pipeline" "$build/pipeline-feeder" "$build/pipeline-sink" "$tmp/bin"
cp "$build/tests/helpers/poisoned-stage" "$tmp/bin/pipeline-stage"

# image NAME WIDTH
image() {
	{
		printf 'P5 %d 4 255\n' "$2"
		head -c $(($2 * 4)) /dev/zero | tr '\0' "$1"
	} >"$tmp/in/$1.pgm"
}

# config KEYS KEYS: of the stage that dies, and of the one behind it.
config() {
	cat >"$tmp/chain.conf" <<END
link raw { slots = 2 frame = "64KiB" }
link middle { slots = 2 frame = "64KiB" }
link done { slots = 2 frame = "64KiB" }
feeder { input = { "in" } output = raw }
stage victim { input = raw output = middle filter invert { } restart-delay = "1ms" $1 }
stage copy { input = middle output = done filter copy { } ${2-} }
sink { input = done output = "out" format = pnm }
END
}

# begin: a run in the background.
begin() {
	rm -rf "$tmp/out"
	: >"$log"
	"$tmp/bin/pipeline" run "$tmp/chain.conf" --local --name "$name" --run-dir "$tmp/run" \
		--output "$tmp/out" --json >"$tmp/json" 2>"$log" &
	supervisor=$!
}

# run: its status is that of the supervisor.
run() {
	begin
	wait "$supervisor"
}

# stage NAME: its process, as the supervisor said it first.
stage() {
	sed -n "s/.*stage $1: program, process \([0-9]*\)$/\1/p" "$log"
}

# state PID: R, S, T and so on, of proc(5).
state() {
	sed 's/.*) //; s/ .*//' "/proc/$1/stat"
}

# await COMMAND...: until the command succeeds, or the run is over.
await() {
	until "$@"; do
		kill -0 "$supervisor" 2>/dev/null || return 1
		sleep 0.01
	done
}

is_stopped() {
	local pid
	pid=$(stage "$1")
	[ -n "$pid" ] && [ "$(state "$pid")" = T ]
}

# summary KEY...: values from the JSON summary.
summary() {
	python3 - "$tmp/json" "$@" <<'END'
import json, sys
s = json.load(open(sys.argv[1]))
print(*[str(s[k]).lower() for k in sys.argv[2:]])
END
}

restarts() {
	[ "$(summary restarts)" -ge "$1" ]
}

nothing_left() {
	! compgen -G "/dev/shm/ivpipe.$name.*" && [ ! -e "$tmp/run" ]
}

for i in a b c e f; do
	image $i 20
done
image d 13
config 'stall = "1s"'
run
check_same "a frame that its stage hangs at is passed on as an error" 65 $?
check_same "the account counts it" "6 5 0 1 true" \
	"$(summary injected delivered dropped quarantined account_closes)"
check "the stage was started three times more" restarts 3
check_same "the watchdog names the stage and the frame, each time" 3 \
	"$(grep -c 'stage victim .* no sign of life for 1.0 s over the frame at position 3; killing it' "$log")"
check "the sink names the frame, and how often it ended which stage" \
	grep -q "d.pgm.* failed: it ended stage victim 3 times" "$log"
check "its original is kept" cmp "$tmp/in/d.pgm" "$tmp/out/quarantine/d.pgm"
check_same "with the reason" "3 d.pgm: it ended stage victim 3 times" \
	"$(cat "$tmp/out/quarantine/reasons.txt")"
check_same "all others are there" "a.pnm b.pnm c.pnm e.pnm f.pnm" "$(cd "$tmp/out" && echo *.pnm)"
check "nothing is left of it" nothing_left
[ "$tap_failed" -eq 0 ] || tap_note "$(cat "$log")"

# Crashes need no watchdog; a frame that passes at last is no error, however bad its neighbours.
rm "$tmp/in"/*
image a 17
image b 19
image c 17
image d 20
image e 17
config 'stall = "600s"'
run
check_same "frames that crash their stage are passed on as errors" 65 $?
check_same "each is counted once" "5 2 3 true" \
	"$(summary injected delivered quarantined account_closes)"
check_same "each ended its stage three times, but for the one that passed: twice" 11 \
	"$(summary restarts)"
check_same "all of them are kept" "0 a.pgm 2 c.pgm 4 e.pgm" \
	"$(sed 's/: it ended stage victim 3 times//' "$tmp/out/quarantine/reasons.txt" | xargs)"
check_same "the others are there" "b.pnm d.pnm" "$(cd "$tmp/out" && echo *.pnm)"
check "nothing is left of it" nothing_left

config 'restart-limit = 2'
run
check_same "a stage that dies more often in a row than its limit ends the run" 69 $?
check "it is named" grep -q "stage victim (process .*) failed: was killed by signal 6" "$log"
check "after as many restarts as it may have" grep -q "(2 of 2)" "$log"
check "nothing is left of it" nothing_left

# One that hangs as it waits is noticed too: here because the stage before it is stopped.
rm "$tmp/in"/*
image a 13
config 'stall = "600s"' 'stall = "1s"'
begin
check "a stage that comes to such a frame stops" await is_stopped victim
kill -STOP "$(stage copy)"
check "a stage that hangs while it waits is ended by the watchdog" \
	await grep -q 'stage copy .* no sign of life for 1.0 s before the frame at position 0; killing it' "$log"
kill -CONT "$(stage victim)"
wait "$supervisor"
check_same "and the run ends well" 0 $?
check_same "with all results" "1 1 0 1 true" \
	"$(summary injected delivered quarantined restarts account_closes)"
check "nothing is left of it" nothing_left

# A life that never comes to its links is ended too, when the patience of its input is over.
cat >"$tmp/bin/once" <<END
#!/bin/sh
case \$2 in
*/victim.conf)
	echo life >>"$tmp/lives"
	[ "\$(wc -l <"$tmp/lives")" -ne 2 ] || exec sleep 600
	;;
esac
exec "$tmp/bin/poisoned-stage" "\$@"
END
chmod +x "$tmp/bin/once"
mv "$tmp/bin/pipeline-stage" "$tmp/bin/poisoned-stage"
mv "$tmp/bin/once" "$tmp/bin/pipeline-stage"
rm "$tmp/in"/*
image a 19
config 'stall = "600s"'
sed -i 's/^link .* {/& timeout = "3s"/' "$tmp/chain.conf"
run
check_same "a run with a life that never attaches ends well" 0 $?
check_same "with all results" "1 1 0 true" \
	"$(summary injected delivered quarantined account_closes)"
check "that life is named" \
	grep -q "stage victim (process .*) has not attached to its links in 3.. s; killing it" "$log"
check "nothing is left of it" nothing_left

done_testing
