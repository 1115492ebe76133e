#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Links that drop, in whole runs: what arrives is in order, none twice, right to the byte; what does
# not is counted by the link that dropped it, and the account closes. Also if stages are killed.
# shellcheck disable=SC2317 # functions are called by check
# shellcheck source=tests/helpers/tap.sh
. "$(dirname "$0")/../helpers/tap.sh"

pipeline=$build/pipeline
name=p$$-$RANDOM
log=$tmp/log
trap '[ -z "$(jobs -pr)" ] || kill -9 $(jobs -pr); rm -f /dev/shm/ivpipe."$name".*; rm -rf "$tmp"' EXIT

await() {
	local ends=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$ends" ] || return 1
		sleep 0.01
	done
}

# config POLICY POLICY POLICY: of the three links. The first stage has more work than the feeder.
config() {
	cat >"$tmp/chain.conf" <<END
link raw { slots = 4 frame = "64KiB" policy = $1 }
link blurred { slots = 4 frame = "64KiB" policy = $2 }
link inverted { slots = 4 frame = "64KiB" policy = $3 }
feeder { input = { "in" } output = raw }
stage blur { input = raw output = blurred filter gaussian-blur { sigma = 20 } }
stage invert { input = blurred output = inverted filter invert { } }
sink { input = inverted output = "out" format = pnm }
END
}

begin() {
	rm -rf "$tmp/out"
	"$pipeline" run "$tmp/chain.conf" --local --name "$name" --run-dir "$tmp/run" --json \
		--output "$1" --log "$log" >"$tmp/stdout" 2>"$tmp/stderr" &
	supervisor=$!
}

# The grey values of the images of a stream of PNM, in order.
values() {
	python3 - "$1" <<'END'
import sys
data = open(sys.argv[1], "rb").read()
while data:
    head = data.split(b"\n", 3) if data[:3] == b"P5\n" else None
    width, height = map(int, head[1].split())
    pixels = data[len(data) - len(head[3]):][:width * height]
    assert len(set(pixels)) == 1 and len(pixels) == width * height
    print(255 - pixels[0])
    data = head[3][width * height:]
END
}

# summary FILE EXPRESSION: of the JSON summary s.
summary() {
	python3 -c 'import json, sys
text = open(sys.argv[1]).read()
s = json.loads(text[text.index("{"):])
print(eval(sys.argv[2]))' "$1" "$2"
}

pid() {
	od -An -tu4 -j668 -N4 "/dev/shm/ivpipe.$name.$1" | tr -d ' '
}

# reached WINDOW POSITION
reached() {
	local position
	position=$(od -An -td8 -j512 -N8 "/dev/shm/ivpipe.$name.$1" 2>/dev/null | tr -d ' ')
	[ "${position:-0}" -ge "$2" ] || ! kill -0 "$supervisor" 2>/dev/null
}

mkdir "$tmp/in"
for ((i = 1; i <= 200; i++)); do
	{
		printf 'P5 160 120 255\n'
		head -c 19200 /dev/zero | tr '\0' "\\$(printf %o "$i")"
	} >"$tmp/in/image$(printf %03d "$i").pgm"
done

for policy in block drop-newest drop-oldest latest; do
	config "$policy" "$policy" "$policy"
	begin -
	wait "$supervisor"
	check_same "$policy: the run ends well" 0 $?
	came=$(values "$tmp/stdout")
	check_same "$policy: what arrives is in order, nothing twice" "$came" "$(sort -nu <<<"$came")"
	check_same "$policy: the account closes, and all drops are named by link" "True True" \
		"$(summary "$tmp/stderr" \
			's["account_closes"], s["dropped"] == sum(l["dropped"] for l in s["dropping_links"])' |
			tr -d '(),')"
	check_same "$policy: every image arrived or was dropped" "200 $(grep -c . <<<"$came")" \
		"$(summary "$tmp/stderr" 's["delivered"] + s["dropped"]') $(
			summary "$tmp/stderr" 's["delivered"]')"
done

# Consumers that are not even there hold nobody up.
config latest block block
check "latest: links are created" "$pipeline" create "$tmp/chain.conf" --name "$name"
check "latest: the feeder is through before anybody takes a frame" \
	timeout 60 "$build/pipeline-feeder" --config "$tmp/chain.conf" --name "$name"
# states: of all sides, as pipeline stats sees them.
states() {
	"$pipeline" stats --json "$name" >"$tmp/stats" || return
	summary "$tmp/stats" '" ".join(side["state"] for link in s["links"] for side in link["sides"])'
}
check_same "stats: the feeder has finished, nobody else was there" \
	"absent absent absent absent finished absent" "$(states)"
"$build/pipeline-stage" --config "$tmp/chain.conf" --name "$name" --stage invert 2>>"$log" &
stage=$!
attached() { [ "$(states)" = "$1" ]; }
check "stats: a stage that waits for the next one lives" \
	await 60 attached "absent alive alive absent finished absent"
kill -STOP "$stage"
check "stats: a stage that stands still is stalled" \
	await 60 attached "absent stalled stalled absent finished absent"
kill -KILL "$stage"
wait "$stage" 2>>"$log"
check_same "stats: a stage that was killed is dead" \
	"absent dead dead absent finished absent" "$(states)"
check "stats: FILE works as well as NAME" \
	grep -q '^link raw: 4 slots, latest' <("$pipeline" stats --name "$name" "$tmp/chain.conf")
check_not "stats: a pipeline that is not there" "$pipeline" stats "no-$name"
for stage in blur invert; do
	"$build/pipeline-stage" --config "$tmp/chain.conf" --name "$name" --stage $stage 2>>"$log" &
done
check "latest: the sink still finds the end" timeout 60 "$build/pipeline-sink" \
	--config "$tmp/chain.conf" --name "$name" --output "$tmp/late"
wait
check_same "latest: of what was fed before, it jumped over all but the end" 0 \
	"$(find "$tmp/late" -name 'image*' 2>/dev/null | wc -l)"
check "latest: links are destroyed" "$pipeline" destroy "$name"

for policy in drop-newest drop-oldest latest; do
	config "$policy" "$policy" block
	begin "$tmp/out"
	for victim in raw.credit0:2 inverted.credit0:2 blurred.credit0:4; do
		await 60 reached "${victim%:*}" "${victim#*:}"
		victim=$(pid "${victim%:*}" 2>/dev/null)
		[ -z "$victim" ] || kill -KILL "$victim" 2>/dev/null
	done 2>/dev/null
	wait "$supervisor"
	check_same "$policy: the run ends well though three were killed" 0 $?
	check_same "$policy: killed: the account closes" True \
		"$(summary "$tmp/stdout" 's["account_closes"]')"
	check_same "$policy: killed: there is a result for each that was delivered" \
		"$(summary "$tmp/stdout" 's["delivered"]')" \
		"$(find "$tmp/out" -name 'image*' 2>/dev/null | wc -l)"
done

done_testing
