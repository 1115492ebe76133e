#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Chains whose links have early start, in whole runs: every result as without it, byte for byte;
# with filters that need some rows or all, on threads, in other shapes; also if stages are killed.
# shellcheck disable=SC2317 # functions are called by check
# shellcheck source=tests/helpers/tap.sh
. "$(dirname "$0")/../helpers/tap.sh"

pipeline=$build/pipeline
name=p$$-$RANDOM
trap '[ -z "$(jobs -pr)" ] || kill -9 $(jobs -pr); rm -f /dev/shm/ivpipe."$name".*; rm -rf "$tmp"' EXIT

# config YES|NO THREADS: three stages.
config() {
	local i
	for i in a b c d; do
		echo "link $i { slots = 2 frame = \"4MiB\" early-start = $1 }"
	done
	cat <<END
feeder { input = { "in" } output = a }
stage first {
	input = a output = b threads = $2 restart-delay = "1ms" restart-limit = 1000
	filter gaussian-blur { sigma = 3 }
	filter invert { }
}
stage second {
	input = b output = c threads = $2 restart-delay = "1ms" restart-limit = 1000
	filter resize { percent = 70 }
	filter rotate { }
}
stage third {
	input = c output = d threads = $2 restart-delay = "1ms" restart-limit = 1000
	filter sharpen { }
	filter equalize { }
	filter stat { }
}
sink { input = d output = "out" format = pnm }
END
}

run() { # CONFIG OUT
	"$pipeline" run "$tmp/$1" --local --name "$name" --run-dir "$tmp/run" --output "$tmp/$2" \
		>"$tmp/log-$2" 2>&1
}

# Kills a stage now and then, until the run is through.
run_and_kill() { # CONFIG OUT
	local supervisor stages round=0
	"$pipeline" run "$tmp/$1" --local --name "$name" --run-dir "$tmp/run" --output "$tmp/$2" \
		>"$tmp/log-$2" 2>&1 &
	supervisor=$!
	while kill -0 "$supervisor" 2>/dev/null; do
		sleep 0.02
		mapfile -t stages < <(pgrep -P "$supervisor" -x pipeline-stage)
		[ "${#stages[@]}" -eq 3 ] || continue
		[ "$round" -gt 20 ] || kill -9 "${stages[round++ % 3]}" 2>/dev/null
	done
	wait "$supervisor"
}

mkdir "$tmp/in"
python3 - "$tmp/in" <<'END'
import sys
for i, (w, h) in enumerate([(640, 700), (1, 1), (801, 533), (640, 700), (17, 3000), (900, 600),
                            (300, 201), (900, 601)] * 3):
    rows = bytes((x * 3 + y * 5 + (x * y >> 3) + i * 40) & 255 for y in range(h)
                 for x in range(w * 3))
    open(f"{sys.argv[1]}/{i:02}.ppm", "wb").write(b"P6\n%d %d\n255\n" % (w, h) + rows)
END

config no 1 >"$tmp/late.conf"
check "the chain runs without early start" run late.conf out-late
for threads in 1 2; do
	config yes $threads >"$tmp/early-$threads.conf"
	check "it runs with early start, on $threads threads" run early-$threads.conf out-early-$threads
	check "every result is the same" diff -r "$tmp/out-late" "$tmp/out-early-$threads"
done

check "it runs while stages are killed" run_and_kill early-1.conf out-killed
killed=$(grep -c 'is started again' "$tmp/log-out-killed")
check "stages were killed" test "$killed" -gt 0
tap_note "a stage was started again $killed times"
check "and every result is the same" diff -r "$tmp/out-late" "$tmp/out-killed"
check "the account closes" \
	grep -q "injected 24 = delivered 24 + dropped 0 + quarantined 0" "$tmp/log-out-killed"

done_testing
