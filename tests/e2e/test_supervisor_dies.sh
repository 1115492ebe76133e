#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The supervisor is killed at several moments of a run; the same command again does all, says what
# it found, and leaves nothing. What a living one holds is not touched.
# shellcheck disable=SC2317 # functions are called by check
# shellcheck source=tests/helpers/tap.sh
. "$(dirname "$0")/../helpers/tap.sh"

pipeline=$build/pipeline
name=d$$-$RANDOM
log=$tmp/log
trap '[ -z "$(jobs -pr)" ] || kill -9 $(jobs -pr); rm -f /dev/shm/ivpipe."$name".*; rm -rf "$tmp"' EXIT
mkdir "$tmp/in" "$tmp/runtime"
export XDG_RUNTIME_DIR=$tmp/runtime

cat >"$tmp/chain.conf" <<END
link raw { slots = 2 frame = "64KiB" }
link inverted { slots = 2 frame = "64KiB" }
link small { slots = 2 frame = "64KiB" }
feeder { input = { "in" } output = raw }
stage invert { input = raw output = inverted filter invert { } }
stage shrink { input = inverted output = small filter resize { mode = exact width = 20 height = 10 } }
sink { input = small output = "out" format = pnm }
END
for ((i = 0; i < 150; i++)); do
	{
		printf 'P5 %d 30 255\n' $((40 + i % 50))
		head -c $(((40 + i % 50) * 30)) /dev/zero | tr '\0' "\\$(printf %o $((65 + i % 150)))"
	} >"$tmp/in/image$i.pgm"
done

# begin OPTION...: a run in the background.
begin() {
	: >"$log"
	"$pipeline" run "$tmp/chain.conf" --local --name "$name" --output "$tmp/out" \
		"$@" >"$tmp/summary" 2>"$log" &
	supervisor=$!
}

# await SECONDS COMMAND...: until the command succeeds.
await() {
	local ends=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$ends" ] || return 1
		sleep 0.01
	done
}

# reached WINDOW POSITION: its writer's position, or the run is over.
reached() {
	local position
	position=$(od -An -td8 -j512 -N8 "/dev/shm/ivpipe.$name.$1" 2>/dev/null | tr -d ' ')
	[ "${position:-0}" -ge "$2" ] || ! kill -0 "$supervisor" 2>/dev/null
}

folder_there() {
	compgen -G "$tmp/runtime/ivpipe-$name-*" >/dev/null || ! kill -0 "$supervisor" 2>/dev/null
}

window_there() {
	[ -e "/dev/shm/ivpipe.$name.$1" ] || ! kill -0 "$supervisor" 2>/dev/null
}

says_result() {
	compgen -G "$tmp/out/image*" >/dev/null || ! kill -0 "$supervisor" 2>/dev/null
}

# Children by their group: each has one of its own, and their parent is gone.
gone() {
	local pid
	for pid in "$@"; do
		! kill -0 "$pid" 2>/dev/null || return 1
	done
}

nothing_left() {
	! compgen -G "/dev/shm/ivpipe.$name.*" && [ -z "$(ls -A "$tmp/runtime")" ] &&
		[ -z "$(find "$tmp/out" -name '.*' -type f)" ]
}

results() {
	(cd "$tmp/out" && find . -type f -name 'image*' | sort | xargs sha256sum)
}

begin
wait "$supervisor"
check_same "an undisturbed run ends well" 0 $?
wanted=$(results)
check_same "with one result for each image" 150 "$(wc -l <<<"$wanted")"

# death TEXT MOMENT...: kills the supervisor when the command succeeds, then runs anew. A run that
# was over by then is made again.
death() {
	local text=$1 children status
	shift
	until [ -n "$(ls -A "$tmp/runtime")" ]; do
		rm -rf "$tmp/out"
		begin
		await 60 "$@"
		kill -STOP "$supervisor" 2>/dev/null # so that the list of its children stays
		mapfile -t children < <(pgrep -P "$supervisor")
		kill -KILL "$supervisor" 2>/dev/null
		wait "$supervisor" 2>/dev/null
	done
	check "killed $text: its ${#children[@]} children die with it" await 30 gone "${children[@]}"
	begin
	wait "$supervisor"
	status=$?
	check_same "killed $text: the next run ends well" 0 "$status"
	check_same "killed $text: all results are there, and right" "$wanted" "$(results)"
	check "killed $text: it says what it found" grep -q "removed 1 folder of an earlier run" "$log"
	check "killed $text: nothing is left" nothing_left
	[ "$status" -eq 0 ] || tap_note "$(cat "$log")"
}

death "at once" folder_there
death "as it makes windows" window_there inverted.data
check "windows that were left are named" grep -q "replaced [1-6] window files" "$log"
death "before the first frame" window_there small.credit0
death "at the first result" says_result
death "in the middle" reached small.credit0 75
death "at the end" reached raw.data 150

# A second run of that name, while the first one is at work, is refused and takes nothing away. The
# first one stands still: its stage stops at an image of this width (poisoned-stage.c).
mkdir "$tmp/bin" "$tmp/one"
cp "$build/pipeline" "$build/pipeline-feeder" "$build/pipeline-sink" "$tmp/bin"
cp "$build/tests/helpers/poisoned-stage" "$tmp/bin/pipeline-stage"
{
	printf 'P5 13 4 255\n'
	head -c 52 /dev/zero
} >"$tmp/one/a.pgm"
sed -i 's/stage shrink {/stage victim { stall = "600s"/' "$tmp/chain.conf"
pipeline=$tmp/bin/pipeline
rm -rf "$tmp/out"
begin --input "$tmp/one"
first=$supervisor
is_stopped() {
	stage=$(sed -n 's/.*stage victim: program, process \([0-9]*\)$/\1/p' "$log")
	[ -n "$stage" ] && [ "$(sed 's/.*) //; s/ .*//' "/proc/$stage/stat")" = T ]
}
await 60 is_stopped
check_same "a run stands still" 0 $?
"$pipeline" run "$tmp/chain.conf" --local --name "$name" --output "$tmp/out-2" >"$tmp/second" 2>&1
check_same "a second run of one name is refused" 75 $?
check "it names the window" grep -q "/dev/shm/ivpipe.$name.raw.data: a program or guest still" "$tmp/second"
check_same "it leaves the first one's folder" 1 "$(find "$tmp/runtime" -mindepth 1 -maxdepth 1 | wc -l)"
kill -CONT "$stage"
wait "$first"
check_same "the first run ends well" 0 $?
check "with its result" test -e "$tmp/out/a.pnm"
check "nothing is left" nothing_left

done_testing
