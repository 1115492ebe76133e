#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The programs by hand, as processes of one host: any order of starting, bad input, absent peers,
# signals, a killed feeder and a killed sink.
# shellcheck source=../helpers/tap.sh
. "$(dirname "$0")/../helpers/tap.sh"

declare -A pids
name=e2e-$$-$RANDOM
config=$tmp/chain.conf
trap '[ -z "$(jobs -pr)" ] || kill -9 $(jobs -pr); rm -f /dev/shm/ivpipe."$name".*; rm -rf "$tmp"' EXIT

# write_config TIMEOUT
write_config() {
	cat >"$config" <<END
name = "$name"
feeder {
	input = { "in" }
	output = raw
}
link raw {
	slots = 2
	frame = "64KiB"
	timeout = "$1"
}
stage invert {
	input = raw
	output = inverted
	run = process
	filter invert { }
}
link inverted {
	slots = 2
	frame = "64KiB"
	timeout = "$1"
}
stage shrink {
	input = inverted
	output = small
	run = process
	filter resize {
		width = 20
		height = 20
		mode = fit
	}
}
link small {
	slots = 2
	frame = "64KiB"
	timeout = "$1"
}
sink {
	input = small
	output = "out"
	format = png
}
END
}

# Nine grey images, no two alike, three of a name but for the suffix.
make_inputs() {
	local i suffixes=(pgm pnm ppm)
	mkdir "$tmp/in"
	for ((i = 0; i < 9; i++)); do
		{
			printf 'P5 %d 30 255\n' $((40 + i))
			head -c $(((40 + i) * 30)) /dev/zero | tr '\0' "\\$(printf %o $((65 + i)))"
		} >"$tmp/in/image$((i / 3)).${suffixes[i % 3]}"
	done
}

create() {
	"$build/pipeline" create "$config" >"$tmp/create.log" 2>&1 || cat "$tmp/create.log" >&2
}

destroy() {
	rm -f /dev/shm/ivpipe."$name".*
}

# start WHO [ARGUMENT]...: in the background, as ${pids[WHO]}, logging to WHO.log.
start() {
	local who=$1
	shift
	case $who in
	feeder) set -- "$build/pipeline-feeder" --report "$tmp/feeder.json" "$@" ;;
	sink) set -- "$build/pipeline-sink" --output "$tmp/out" --report "$tmp/sink.json" "$@" ;;
	*) set -- "$build/pipeline-stage" --stage "$who" "$@" ;;
	esac
	"$@" --config "$config" >"$tmp/$who.out" 2>"$tmp/$who.log" &
	pids[$who]=$!
}

# ended TEXT WHO STATUS: waits for it; ok if it ends so. Not by check: that is another shell.
ended() {
	local status=0
	wait "${pids[$2]}" || status=$?
	if [ "$status" -eq "$3" ]; then
		tap_result 0 "$1"
	else
		tap_result 1 "$1"
		tap_note "$2 ended with status $status, not $3
$(cat "$tmp/$2.log")"
	fi
}

kill_hard() {
	kill -KILL "${pids[$1]}"
	{ wait "${pids[$1]}"; } 2>/dev/null
}

all_ended() {
	local who
	for who in feeder invert shrink sink; do
		ended "$1: $who ends well" "$who" 0
	done
}

# The 64-bit word at an offset of a window: 512 is its writer's position.
word() {
	od -An -td8 -j"$2" -N8 "/dev/shm/ivpipe.$name.$1" 2>/dev/null | tr -d ' '
}

# until_word WINDOW OFFSET VALUE: waits, for a minute at most.
until_word() {
	local i
	for ((i = 0; i < 3000; i++)); do
		[ "$(word "$1" "$2")" = "$3" ] && return
		sleep 0.02
	done
	echo "$1 at $2 is $(word "$1" "$2"), not $3"
	return 1
}

# from_report FILE KEY
from_report() {
	sed -n "s/^  \"$2\": \([0-9]*\).*/\1/p" "$tmp/$1.json"
}

# Names and contents of the output folder; what is hidden shows too.
results() {
	(cd "$tmp/out" && find . -type f | sort | xargs sha256sum)
}

says() {
	grep -qF -- "$2" "$tmp/$1.log" && return
	echo "not in $1.log: $2"
	cat "$tmp/$1.log"
	return 1
}

write_config 60s
make_inputs

wanted=
for order in "feeder invert shrink sink" "sink shrink invert feeder" "shrink feeder sink invert"; do
	create
	for who in $order; do
		start "$who"
	done
	all_ended "started as $order"
	[ -n "$wanted" ] || wanted=$(results)
	check_same "started as $order, the results are the same" "$wanted" "$(results)"
	check_same "started as $order, all is delivered" 9 "$(from_report sink delivered)"
	rm -rf "$tmp/out"
	destroy
done
check_same "equal names are kept apart" "image0-2.png image0-3.png image0.png image1-2.png" \
	"$(printf '%s\n' "$wanted" | sed 's/.*\.\///' | head -n 4 | paste -sd' ')"

echo 'not an image' >"$tmp/in/bad.png"
create
for who in feeder invert shrink sink; do start "$who"; done
ended "a file that is no image makes the feeder end with 65" feeder 65
check "the file is named" says feeder "in/bad.png: "
ended "the sink ends well all the same" sink 0
check_same "the other files are delivered" "$wanted" "$(results)"
check_same "the file is counted" 1 "$(from_report feeder rejected)"
wait
rm -rf "$tmp/out" "$tmp/in/bad.png"
destroy

create
start feeder
check "a feeder without a consumer fills the link" until_word raw.data 512 2
second=$("$build/pipeline-feeder" --config "$config" 2>&1)
check_same "a second feeder is refused with 75" 75 $?
check "it is told why, and of which link" \
	grep -qF "link 'raw': another process is its producer already" <<<"$second"
kill -TERM "${pids[feeder]}"
for who in invert shrink sink; do start "$who"; done
all_ended "after SIGTERM to the feeder"
check "it has left inputs out" says feeder "told to stop: "
check_same "what it injected is delivered" "$(from_report feeder injected)" \
	"$(from_report sink delivered)"
rm -rf "$tmp/out"
destroy

create
start feeder
check "a feeder fills the link again" until_word raw.data 512 2
kill_hard feeder
for who in feeder invert shrink sink; do start "$who"; done
all_ended "feeder killed and started again"
check_same "nothing is lost and nothing twice" "$wanted" "$(results)"
rm -rf "$tmp/out"
destroy

create
for who in feeder invert shrink; do start "$who"; done
start sink --output /dev/full
ended "an output that is no folder stops the sink before it takes a frame" sink 73
"$build/pipeline-sink" --config "$config" --output - >/dev/full 2>"$tmp/sink.log"
check_same "standard output that takes nothing makes the sink end with 74" 74 $?
check "it says so" says sink "standard output: "
"$build/pipeline-sink" --config "$config" --output - >"$tmp/stream.pnm" 2>"$tmp/sink.log"
check_same "the next sink ends well" 0 $?
check_same "and gets all images, none of them lost" 9 "$(grep -ao P5 "$tmp/stream.pnm" | wc -l)"
wait
destroy

# The feeder is held up behind its second image, so that the sink dies with the third to come, one
# of the same name as the first two.
create
start feeder
check "a feeder fills the link once more" until_word raw.data 512 2
kill -STOP "${pids[feeder]}"
for who in invert shrink sink; do start "$who"; done
check "the sink takes two" until_word small.credit0 512 2
kill_hard sink
kill -CONT "${pids[feeder]}"
start sink
all_ended "sink killed and started again"
check_same "nothing is lost, overwritten or twice" "$wanted" "$(results)"
wait
rm -rf "$tmp/out"
destroy

write_config 300ms
start feeder
ended "windows that nobody creates: the feeder ends with 75" feeder 75
check "it names the link" says feeder "'raw'"
create
start feeder
ended "a consumer that never shows up: the feeder ends with 75" feeder 75
check "it names the link" says feeder "link 'raw': no consumer has shown up"
start sink
ended "a producer that never shows up: the sink ends with 75" sink 75
check "it names the link" says sink "link 'small': no producer has shown up"
: >"$tmp/taken"
start sink --output "$tmp/taken"
ended "an output that is no folder: the sink ends with 73" sink 73
check "it names the output" says sink "$tmp/taken: "
start sink --output "$tmp/missing/out"
ended "an output folder that cannot be made: the sink ends with 73" sink 73
start feeder "$tmp/in/nothing*.png"
ended "a pattern without a match: the feeder ends with 66" feeder 66
check "it names the pattern" says feeder "$tmp/in/nothing*.png"
start feeder --output nolink
ended "an unknown link: the feeder ends with 78" feeder 78
start sink --format tiff
ended "an unknown format: the sink ends with 64" sink 64
start sink --report "$tmp/missing/report" --check
ended "--check is content with the configuration" sink 0
check_same "and says so" "configuration OK" "$(cat "$tmp/sink.out")"
destroy

done_testing
