#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The models of the protocol, explored by spin in full: they hold, and each way to break them is
# found. What was explored shows as comments.
# shellcheck source=../helpers/tap.sh
. "$(dirname "$0")/../helpers/tap.sh"

command -v spin >/dev/null || {
	skip "the models hold" "spin is not installed"
	done_testing
}

# explore MODEL CHECK [-DNAME=VALUE]...: CHECK is safety (assertions, deadlocks) or liveness (the
# model's ltl formula, with weak fairness). Sets errors, states and what was found.
explore() {
	local model=$1 check=$2 folder=$tmp/explore options=() run=()
	shift 2
	if [ "$check" = safety ]; then
		options=(-DSAFETY -DNOCLAIM)
	else
		# One more than there are processes.
		options=(-DNFAIR=3)
		run=(-a -f -N arrives)
	fi
	rm -rf "$folder"
	mkdir "$folder"
	(cd "$folder" && spin -a "$@" "$source/tests/model/$model.pml" >spin.log 2>&1 &&
		gcc -O0 -w -DCOLLAPSE "${options[@]}" -o pan pan.c >gcc.log 2>&1 &&
		./pan -n -w20 -m100000 "${run[@]}") >"$folder/pan.log" 2>&1
	errors=$(sed -n 's/.*, errors: \([0-9]*\)$/\1/p' "$folder/pan.log")
	states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' "$folder/pan.log")
	found=$(sed -n 's/^pan:1: \(.*\) (at depth.*/\1/p' "$folder/pan.log")
	# A search that was cut short proves nothing.
	if [ -z "$errors" ] || grep -q 'max search depth too small\|out of memory' "$folder/pan.log"; then
		errors=
		tap_note "$(cat "$folder"/*.log)"
	fi
}

holds() {
	local text=$1
	shift
	explore "$@"
	check_same "$text" "0 errors" "${errors:-no} errors"
	tap_note "$*: $states states${found:+: $found}"
}

breaks() {
	local text=$1
	shift
	explore "$1" safety "${@:2}"
	check_same "found: $text" "1 errors" "${errors:-no} errors"
	tap_note "$*: ${found:-nothing found}"
}

holds "a link of futexes: killed twice, nothing is lost, nobody sleeps for ever" \
	link safety -DFRAMES=4 -DKILLS=2
holds "a link of doorbells" link safety -DFRAMES=4 -DKILLS=2 -DDOORBELL
holds "a link with batches" link safety -DFRAMES=5 -DSLOTS=4 -DBATCH=2 -DKILLS=2
holds "a link with two consumers" link safety -DFRAMES=2 -DSLOTS=1 -DCONSUMERS=2 -DKILLS=1
holds "all frames arrive" link liveness -DFRAMES=3 -DKILLS=2
holds "all frames arrive by doorbells" link liveness -DFRAMES=3 -DKILLS=1 -DDOORBELL

breaks "no look again before the sleep" link -DDOORBELL -DBREAK_NO_RECHECK
breaks "the look again comes before wake_at is stored" link -DDOORBELL -DBREAK_LATE_ANNOUNCE
breaks "the mover looks at wake_at before it moves" link -DBREAK_EARLY_LOOK
breaks "no ring after a release" link -DBREAK_NO_RING
breaks "no ring when a peer attaches" link -DBREAK_NO_KICK
breaks "position before payload" link -DBREAK_SWAP
breaks "release before the payload is read" link -DBREAK_RELEASE_EARLY

holds "a chain: killed three times, all is stored, in order, once" chain safety -DKILLS=3
holds "a chain with several outputs for one input" chain safety -DPARTS=2 -DKILLS=3
holds "a chain with several outputs in one batch" chain safety -DPARTS=2 -DSLOTS=4 -DFRAMES=4
holds "all results arrive" chain liveness -DPARTS=2

breaks "no restart rule" chain -DBREAK_NO_RULE
breaks "release before commit" chain -DBREAK_RELEASE_FIRST
breaks "the stage does not look at the LAST flag" chain -DPARTS=2 -DBREAK_IGNORE_LAST
breaks "the feeder moves head before the payload is there" chain -DBREAK_SWAP
breaks "the stage moves head before the descriptor is there" chain -DBREAK_SWAP_DESCRIPTOR
breaks "the sink releases what it has not stored" chain -DBREAK_RELEASE_UNSTORED
breaks "a batch takes the slot of the last output" chain -DPARTS=2 -DBREAK_FULL_BATCH
breaks "a single slot: a new output takes the place of the last one" chain -DSLOTS=1

holds "early start: killed twice, no result of rows that were not committed" early safety -DKILLS=2

breaks "the stage commits before its input is committed" early -DBREAK_EARLY_COMMIT
breaks "the stage does not look whether what it read was committed" early -DBREAK_NO_CONFIRM
breaks "a restarted feeder shows under the old serial" early -DBREAK_OLD_SERIAL
breaks "what was shown is not withdrawn when another frame is committed" \
	early -DBREAK_COMMIT_AS_SHOWN
breaks "rows are counted before they are there" early -DBREAK_ROWS_FIRST

holds "a link that overwrites: killed twice, frames are whole and counted" claim safety -DKILLS=2
holds "a hostile consumer beside an honest one" \
	claim safety -DSLOTS=4 -DCONSUMERS=2 -DKILLS=0 -DOLDEST

breaks "the consumer does not look whether its claim came too late" claim -DBREAK_NO_RECHECK
breaks "the consumer looks before it claims" claim -DBREAK_LATE_CLAIM
breaks "the producer does not look at the claims" claim -DBREAK_NO_LOOK
breaks "the producer looks before it announces" claim -DBREAK_LATE_ANNOUNCE
breaks "the claim goes before the payload is read" claim -DBREAK_RELEASE_EARLY
breaks "a restarted producer leaves a description that was not committed" \
	claim -DBREAK_NOT_TAKEN_BACK
breaks "a count that is not the same when it is repeated" claim -DBREAK_COUNT_ON
breaks "a slot less than the claims need" claim -DSLOTS=2

done_testing
