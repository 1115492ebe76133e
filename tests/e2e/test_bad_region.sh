#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Regions that change behind the back of who uses them: cut short, or replaced by another file.
# shellcheck source=../helpers/tap.sh
. "$(dirname "$0")/../helpers/tap.sh"

name=bad-$$-$RANDOM
config=$tmp/chain.conf
trap '[ -z "$(jobs -pr)" ] || kill -9 $(jobs -pr); rm -f /dev/shm/ivpipe."$name".*; rm -rf "$tmp"' EXIT

cat >"$config" <<END
name = "$name"
feeder {
	input = { "nothing" }
	output = raw
}
link raw {
	frame = "64KiB"
	timeout = "20s"
}
sink {
	input = raw
	format = null
}
END
data=/dev/shm/ivpipe.$name.raw.data
credit=/dev/shm/ivpipe.$name.raw.credit0

# The number of times that the sink has attached: a word of its window (wire.h).
generation() {
	od -An -tu4 -j640 -N4 "$credit" | tr -d ' '
}

start_sink() {
	local before
	before=$(generation)
	"$build/pipeline-sink" --config "$config" >"$tmp/sink.out" 2>"$tmp/sink.err" &
	sink=$!
	while [ "$(generation)" = "$before" ] && kill -0 "$sink" 2>/dev/null; do
		sleep 0.02
	done
}

# ended TEXT STATUS: the sink ends by itself with this status.
ended() {
	local status=0
	wait "$sink" || status=$?
	check_same "$1" "$2" "$status"
}

"$build/pipeline" create "$config" >"$tmp/create.log" 2>&1 || cat "$tmp/create.log" >&2
start_sink
truncate -s 0 "$data"
ended "a region that is cut short ends the sink with 76" 76
check "which names the file" grep -q "^pipeline-sink: $data: the file was cut short" "$tmp/sink.err"
rm -f "$data" "$credit"

"$build/pipeline" create "$config" >"$tmp/create.log" 2>&1 || cat "$tmp/create.log" >&2
start_sink
cp "$credit" "$tmp/other"
mv "$tmp/other" "$data"
kill -TERM "$sink"
ended "a file that takes the name of a region does not disturb who has the old one" 0
start_sink
ended "who comes later is told that it is the wrong one: 76" 76
check "by its name" grep -q "$data: the credit window of link 'raw'" "$tmp/sink.err"
rm -f "$data"

done_testing
