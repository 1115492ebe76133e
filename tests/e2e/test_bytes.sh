#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Files as streams of bytes: through a chain of processes, through pipes, over deaths, cut off.
# shellcheck disable=SC2317 # functions are called by check
# shellcheck source=tests/helpers/tap.sh
. "$(dirname "$0")/../helpers/tap.sh"

name=b$$-$RANDOM
conf=$tmp/bytes.conf
trap '[ -z "$(jobs -pr)" ] || kill -9 $(jobs -pr); rm -f /dev/shm/ivpipe."$name".*; rm -rf "$tmp"' EXIT

cat >"$conf" <<END
name = "$name"
feeder { input = { "in" } bytes = yes output = there }
link there { slots = 4 frame = "16KiB" timeout = 30s }
stage copy { input = there output = back run = process }
link back { slots = 4 frame = "16KiB" timeout = 30s }
sink { input = back format = bytes output = "out" }
END

# await SECONDS COMMAND...: until the command succeeds.
await() {
	local ends=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$ends" ] || return 1
		sleep 0.01
	done
}

# word WINDOW OFFSET: a 64-bit word of a window; 512 is its writer's position.
word() {
	od -An -td8 -j"$2" -N8 "/dev/shm/ivpipe.$name.$1" 2>/dev/null | tr -d ' '
}

# reached WINDOW POSITION
reached() {
	local position
	position=$(word "$1" 512)
	[ "${position:-0}" -ge "$2" ]
}

# pid WINDOW: the process that writes it, as it says itself (offset 512 + 156).
pid() {
	od -An -tu4 -j668 -N4 "/dev/shm/ivpipe.$name.$1" | tr -d ' '
}

# run OPTION...: the whole chain.
run() {
	"$build/pipeline" run "$conf" --local --input "$tmp/in" --output "$tmp/out" --json "$@" \
		>"$tmp/json" 2>"$tmp/log"
}

# summary KEY...: values from the JSON summary.
summary() {
	python3 - "$tmp/json" "$@" <<'END'
import json, sys
s = json.load(open(sys.argv[1]))
print(*[str(s[k]).lower() for k in sys.argv[2:]])
END
}

# Nothing but these files is in the folder, hidden ones included.
only() {
	[ "$(find "$1" -mindepth 1 -printf '%f\n' | sort | tr '\n' ' ')" = "$2" ]
}

head -c 3000017 /dev/urandom >"$tmp/random"

for bytes in 0 1 16384 16385 3000017; do
	head -c "$bytes" "$tmp/random" >"$tmp/in"
	rm -f "$tmp/out"
	run
	check_same "$bytes bytes: the run ends well" 0 $?
	check "$bytes bytes: the file is the same" cmp "$tmp/in" "$tmp/out"
	chunks=$(((bytes + 16383) / 16384))
	check_same "$bytes bytes: every chunk is accounted for" "$chunks $chunks true" \
		"$(summary injected delivered account_closes)"
done

# Until the position is reached, or the run is over.
reached_or_over() {
	reached "$@" || ! kill -0 "$runner" 2>/dev/null
}

# kill_writer WINDOW: if its writer is a program of the run.
kill_writer() {
	local victim
	victim=$(pid "$1" 2>/dev/null)
	[ -n "$victim" ] && [ "$(ps -o ppid= -p "$victim" | tr -d ' ')" = "$(pgrep -P "$runner")" ] &&
		kill -KILL "$victim" 2>/dev/null
}

# Deaths of feeder, stage and sink. The feeder reads its file again for the checksum, the sink its
# own. Frames are small, so that it takes its time.
sed -i 's/slots = 4 frame = "16KiB"/slots = 2 frame = "1KiB"/' "$conf"
for ((i = 0; i < 16; i++)); do
	cat "$tmp/random"
done >"$tmp/in"
mkdir "$tmp/folder"
run --output "$tmp/folder/out" &
runner=$!
kills=0
for victim in there.data there.credit0 back.credit0 there.data back.credit0 there.credit0; do
	await 60 reached_or_over "$victim" $((kills * 800 + 50))
	kill_writer "$victim" && kills=$((kills + 1))
done
wait $runner
check_same "a run in which all were killed ends well" 0 $?
check "its file is the same" cmp "$tmp/in" "$tmp/folder/out"
check "nothing else is in its folder" only "$tmp/folder" "out "
check_same "its account closes over all lives" "46876 46876 $kills true" \
	"$(summary injected delivered restarts account_closes)"
check "there were some" [ "$kills" -ge 1 ]
[ "$(summary delivered)" = 46876 ] || tap_note "$(cat "$tmp/log")"
sed -i 's/slots = 2 frame = "1KiB"/slots = 4 frame = "16KiB"/' "$conf"

# The programs by hand, host to host over one link.
"$build/pipeline" create "$conf" >/dev/null
"$build/pipeline-feeder" -c "$conf" -o back --bytes - <"$tmp/in" 2>"$tmp/feeder.log" &
"$build/pipeline-sink" -c "$conf" --bytes - >"$tmp/piped" 2>"$tmp/sink.log"
check_same "a sink can write to standard output" 0 $?
wait $!
check_same "a feeder can read standard input" 0 $?
check "the bytes are the same" cmp "$tmp/in" "$tmp/piped"

mkfifo "$tmp/fifo"
exec 9<>"$tmp/fifo"
"$build/pipeline-feeder" -c "$conf" -o back --bytes "$tmp/fifo" 2>"$tmp/feeder.log" &
feeder=$!
"$build/pipeline-sink" -c "$conf" --bytes "$tmp/folder/cut" 2>"$tmp/sink.log" &
sink=$!
before=$(word back.credit0 512)
head -c 40000 "$tmp/in" >&9
await 30 reached back.credit0 $((before + 2))
kill -TERM "$feeder"
wait "$feeder"
check_same "a feeder that is told to stop has not done it" 75 $?
wait "$sink"
check_same "and the sink says that the stream is not whole" 65 $?
check "why is said" grep -q "cut: the stream was ended before its file was; there will be no file" \
	"$tmp/sink.log"
check "there is no file" only "$tmp/folder" "out "

"$build/pipeline-feeder" -c "$conf" -o back --bytes "$tmp/fifo" 2>"$tmp/feeder.log" &
feeder=$!
head -c 40000 "$tmp/in" >&9
await 30 reached back.data $((before + 5))
{ kill -KILL "$feeder" && wait "$feeder"; } 2>/dev/null
"$build/pipeline-feeder" -c "$conf" -o back --bytes "$tmp/fifo" 2>"$tmp/feeder.log"
check_not "a feeder cannot go on in the middle of a pipe" [ $? -eq 0 ]
check "and says so" grep -q "cannot be read again, and its first 32768 bytes were sent before" \
	"$tmp/feeder.log"
exec 9>&-
rm -f /dev/shm/ivpipe."$name".*

# A sink that is told to stop keeps what it has, and goes on.
"$build/pipeline" create "$conf" >/dev/null
exec 9<>"$tmp/fifo"
"$build/pipeline-feeder" -c "$conf" -o back --bytes "$tmp/fifo" 2>"$tmp/feeder.log" 9>&- &
feeder=$!
"$build/pipeline-sink" -c "$conf" --bytes "$tmp/folder/kept" 2>"$tmp/sink.log" 9>&- &
sink=$!
head -c 40000 "$tmp/in" >&9
await 30 reached back.credit0 2
kill -TERM "$sink"
wait "$sink"
check_same "a sink that is told to stop has not done it" 75 $?
check "nor is its file there" [ ! -e "$tmp/folder/kept" ]
tail -c +40001 "$tmp/in" | head -c 60000 >&9 &
exec 9>&-
"$build/pipeline-sink" -c "$conf" --bytes "$tmp/folder/kept" 2>"$tmp/sink.log"
check_same "the next one goes on" 0 $?
check "to the same file" cmp <(head -c 100000 "$tmp/in") "$tmp/folder/kept"
wait "$feeder"

printf 'P5 2 2 255\nabcd' >"$tmp/image.pgm"
"$build/pipeline-sink" -c "$conf" --bytes "$tmp/folder/image" 2>"$tmp/sink.log" &
sink=$!
sed '/^feeder/s/bytes = yes//' "$conf" >"$tmp/images.conf"
"$build/pipeline-feeder" -c "$tmp/images.conf" -o back "$tmp/image.pgm" 2>"$tmp/feeder.log"
wait "$sink"
check_same "an image is no chunk of a file" 65 $?
check "and that is said" grep -q "is the feeder run with --bytes?" "$tmp/sink.log"
check "nothing is half written" only "$tmp/folder" "kept out "

done_testing
