#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# One chain at every level of the processor and on several threads: the same files.
. "$(dirname "$0")/../helpers/tap.sh"

# conf LEVEL THREADS
conf() {
	cat <<-END
		feeder { input = { "$source/sample-images" } output = raw }
		link raw { slots = 2 frame = "3840KiB" }
		stage filters {
		    input = raw
		    output = done
		    run = process
		    isa = $1
		    threads = $2
		    restart = no
		    filter gaussian-blur { sigma = 6 }
		    filter resize { percent = 70 }
		    filter sharpen { }
		    filter box-blur { radius = 3 }
		}
		link done { slots = 2 frame = "3840KiB" }
		sink { input = done output = "$tmp/$1-$2" format = pnm }
	END
}

# run LEVEL THREADS
run() {
	conf "$1" "$2" >"$tmp/chain.conf"
	"$build/pipeline" run "$tmp/chain.conf" --local --name "levels-$$-$1-$2" >"$tmp/log" 2>&1
	status=$?
	check_same "the chain runs with isa = $1, threads = $2" 0 $status
	[ $status -eq 0 ] || tap_note "$(cat "$tmp/log")"
}

run auto 1
run auto 3
check "three threads make the same files" diff -r "$tmp/auto-1" "$tmp/auto-3"
levels=$("$build/pipeline" doctor | sed -n 's/.*filters: //p')
best=${levels%%;*}
check "doctor names the best level" test -n "$best"
lower=$(sed -n 's/.*; also//p' <<<"$levels" | tr ',' ' ')
for level in $lower; do
	run "$level" 1
	check "$level makes the same files" diff -r "$tmp/auto-1" "$tmp/$level-1"
done

check_same "--isa knows its words" 78 "$(
	conf auto 1 >"$tmp/chain.conf"
	"$build/pipeline-stage" --config "$tmp/chain.conf" --isa mmx 2>"$tmp/error"
	echo $?
)"
check "and says which there are" grep -q "$best" "$tmp/error"
done_testing
