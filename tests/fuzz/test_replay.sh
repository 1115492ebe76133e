#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Every fuzz target with its seeds, with inputs that once broke it (corpus/NAME.hex), and with a
# few mutations of both, the same ones each time. `make fuzz` searches for new ones.
. "$(dirname "$0")/../helpers/tap.sh"

# replay NAME MUTATIONS TEXT: so many mutations take a second or so.
replay() {
	local known=$source/tests/fuzz/corpus/$1.hex

	[ -e "$known" ] || known=
	check "$3" "$build/tests/fuzz/fuzz_$1" --mutations "$2" ${known:+"$known"}
	replayed="$replayed $1"
}

export TMPDIR=$tmp
replayed=
replay peer_producer 20000 "a consumer bears any producer"
replay peer_consumer 20000 "a producer bears any consumers"
replay peer_runner 7500 "a stage bears any neighbours"
replay peer_sink 4800 "the sink bears any last stage"
replay peer_feeder 5000 "the feeder bears any first stage"
replay peer_monitor 6000 "the supervisor bears any claims"
replay peer_race 200 "a peer may change anything at any time"
replay locate 4500 "no file in the place of a window does harm"
replay metadata 100000 "no metadata do harm"
replay console 100000 "no guest prints what a terminal would obey"
replay config 8000 "every configuration is taken or refused with a reason"
replay doorbell 2000 "a doorbell server bears any clients, a client any server"
replay filters 1500 "filters keep to their memory with any parameters, shapes and pixels"
replay decode_png 6000 "no PNG does harm"
replay decode_jpeg 30000 "no JPEG does harm"
replay decode_pnm 50000 "no PNM does harm"
replay decode_stb 40000 "no GIF, BMP, TGA, PSD or HDR does harm"

all=$(cd "$source/tests/fuzz" && printf ' %s' fuzz_*.c | sed 's/fuzz_//g; s/\.c//g')
check_same "every target is replayed" "$(tr ' ' '\n' <<<"$all" | sort)" \
	"$(tr ' ' '\n' <<<"$replayed" | sort)"
check "nothing is left behind" test -z "$(ls -A "$tmp")"
done_testing
