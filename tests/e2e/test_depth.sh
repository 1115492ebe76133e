#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# 16 bits a sample from a file to a file, through a stage; and rounded for those who do not ask.
# shellcheck source=../helpers/tap.sh
. "$(dirname "$0")/../helpers/tap.sh"

# run DEPTH FORMAT: inverts the files of in/ into out/.
run() {
	cat >"$tmp/chain.conf" <<END
name = "depth-$$-$RANDOM"
feeder { input = { "in" } output = raw depth = $1 }
link raw { frame = "64KiB" }
stage invert { input = raw output = inverted run = process filter invert { } }
link inverted { frame = "64KiB" }
sink { input = inverted output = "out" format = $2 }
END
	rm -rf "$tmp/out"
	"$build/pipeline" run --local "$tmp/chain.conf" --output "$tmp/out" >"$tmp/run.log" 2>&1 || {
		cat "$tmp/run.log"
		return 1
	}
}

# samples FILE COUNT: its last bytes, in hexadecimal digits.
samples() {
	tail -c "$2" "$1" | od -An -tx1 | tr -d ' \n'
}

mkdir "$tmp/in"
printf 'P5 2 2 65535\n\x00\x00\x01\x02\x80\x7f\xff\xfe' >"$tmp/in/gray.pgm"
printf 'P6 1 1 65535\n\x12\x34\x56\x78\x9a\xbc' >"$tmp/in/colour.ppm"
printf 'P5 2 1 255\n\x10\x20' >"$tmp/in/eight.pgm"

check "a chain keeps 16 bits" run keep pnm
check_same "grey comes out inverted, to the last bit" fffffefd7f800001 "$(samples "$tmp/out/gray.pnm" 8)"
check_same "colour as well" edcba9876543 "$(samples "$tmp/out/colour.pnm" 6)"
check_same "8 bits stay 8" efdf "$(samples "$tmp/out/eight.pnm" 2)"
check "a PNG holds them too" run keep png
check_same "with 16 bits a sample" 10 "$(od -An -tx1 -j24 -N1 "$tmp/out/gray.png" | tr -d ' ')"
check "who does not ask gets 8 bits" run 8 pnm
check_same "rounded to the nearest" fffe7f00 "$(samples "$tmp/out/gray.pnm" 4)"

done_testing
