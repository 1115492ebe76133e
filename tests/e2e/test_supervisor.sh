#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The commands of pipeline(1), with stages as processes: exit statuses, the account, signals, a
# stage that is killed, and that nothing is left behind.
# shellcheck disable=SC2317 # functions are called by check
# shellcheck source=tests/helpers/tap.sh
. "$(dirname "$0")/../helpers/tap.sh"

pipeline=$build/pipeline
name=s$$-$RANDOM
run_folder=$tmp/run
trap '[ -z "$(jobs -pr)" ] || kill -9 $(jobs -pr); rm -f /dev/shm/ivpipe."$name".*; rm -rf "$tmp"' EXIT

# picture FILE WIDTH HEIGHT
picture() {
	{
		printf 'P6\n%d %d\n255\n' "$2" "$3"
		head -c $(($2 * $3 * 3)) /dev/urandom
	} >"$1"
}

# status WANTED COMMAND...: succeeds if the command ends with that exit status.
status() {
	local wanted=$1 got=0
	shift
	"$@" || got=$?
	[ "$got" -eq "$wanted" ] || { echo "exit status $got, not $wanted: $*"; return 1; }
}

# says STATUS TEXT COMMAND...: the exit status, and a text somewhere in what it prints.
says() {
	local wanted=$1 text=$2 got=0 output
	shift 2
	output=$("$@" 2>&1) || got=$?
	printf '%s\n' "$output"
	[ "$got" -eq "$wanted" ] || { echo "exit status $got, not $wanted: $*"; return 1; }
	grep -qF -- "$text" <<<"$output" || { echo "does not say: $text"; return 1; }
}

windows() {
	compgen -G "/dev/shm/ivpipe.$name.*"
}

nothing_left() {
	! windows && [ ! -e "$run_folder" ]
}

# run OPTION...: a run of the chain with stages as processes, in a folder that is looked at.
run() {
	"$pipeline" run "$tmp/chain.conf" --local --name "$name" --run-dir "$run_folder" "$@"
}

# await SECONDS COMMAND...: until the command succeeds.
await() {
	local ends=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$ends" ] || return 1
		sleep 0.02
	done
}

pid_of() {
	sed -n "s/.*stage $1: .*process \([0-9]*\)$/\1/p" "$tmp/log"
}

mkdir "$tmp/in"
picture "$tmp/in/one.ppm" 40 30
picture "$tmp/in/two.ppm" 33 17
picture "$tmp/in/three.ppm" 1 1
cat >"$tmp/chain.conf" <<END
link decoded { slots = 2 frame = "4MiB" }
link blurred { slots = 2 frame = "4MiB" }
link resized { slots = 2 frame = "4MiB" }
feeder { input = { "in" } output = decoded }
stage blur { input = decoded output = blurred restart = no filter gaussian-blur { sigma = 200 } }
stage resize { input = blurred output = resized filter resize { mode = exact width = 20 height = 10 } }
sink { input = resized output = "out" format = pnm }
END
sed 's/slots = 2/slots = 3/' "$tmp/chain.conf" >"$tmp/wrong.conf"
sed 's/^sink.*//' "$tmp/chain.conf" >"$tmp/half.conf"

check "help is on standard output" status 0 "$pipeline" --help
check "help names every command" says 0 "destroy" "$pipeline" --help
check "no command is a wrong use" status 64 "$pipeline"
check "the nearest command is suggested" says 64 "did you mean 'run'" "$pipeline" rum
check "an unknown option is a wrong use" says 64 "--local" "$pipeline" run --locl x
check "a missing operand is a wrong use" status 64 "$pipeline" run
check "a name with a slash is refused" status 64 "$pipeline" run --name a/b "$tmp/chain.conf"

# A sanitized build makes no image for guests, and none is started here: any file will do.
if [ ! -e "$build/guest/stage.cpio" ]; then
	export IVPIPE_IMAGE=$tmp/chain.conf
fi
check "a right configuration is OK" says 0 "configuration OK" "$pipeline" check "$tmp/chain.conf"
sed 's/{ "in" }/{ "nowhere" }/' "$tmp/chain.conf" >"$tmp/nowhere.conf"
check "inputs that are not there are found" says 66 "nowhere" "$pipeline" check "$tmp/nowhere.conf"
check "the text alone is fine" says 0 "configuration OK" "$pipeline" check --text "$tmp/nowhere.conf"
check "a wrong one is not" says 78 "wrong.conf:1" "$pipeline" check "$tmp/wrong.conf"
check "half a chain is not" status 78 "$pipeline" check "$tmp/half.conf"
check "a missing file is named" says 66 "none.conf" "$pipeline" check "$tmp/none.conf"
check "run checks first" status 78 "$pipeline" run --local "$tmp/wrong.conf"

check "filters are listed" says 0 "gaussian-blur" "$pipeline" filters
check "a filter is described" says 0 "sigma" "$pipeline" filters --describe gaussian-blur
check "the nearest filter is suggested" says 64 "gaussian-blur" "$pipeline" filters --describe gausian-blur
"$pipeline" filters --template gaussian-blur >"$tmp/template.conf"
check "a template is a configuration" says 0 "configuration OK" "$pipeline" check "$tmp/template.conf"

check "windows are created" says 0 "uuid" "$pipeline" create "$tmp/chain.conf" --name "$name"
check_same "two for each link" 6 "$(windows | wc -l)"
check "not twice" says 73 "pipeline destroy" "$pipeline" create "$tmp/chain.conf" --name "$name"
(
	flock -s 9
	says 75 "decoded.data" run
) 9<"/dev/shm/ivpipe.$name.decoded.data" >"$tmp/held" 2>&1
check_same "a run leaves windows alone that are in use" 0 $?
check "a run replaces windows that are not" says 0 "replaced 6" run --output "$tmp/out"
check "nothing is left of it" nothing_left
"$pipeline" create "$tmp/chain.conf" --name "$name" >/dev/null
(
	flock -s 9
	status 75 "$pipeline" destroy "$name"
) 9<"/dev/shm/ivpipe.$name.blurred.data" >"$tmp/held" 2>&1
check_same "a window in use is not destroyed" 0 $?
check_same "the others are" "/dev/shm/ivpipe.$name.blurred.data" "$(windows)"
check "then it is, by the file" says 0 "removed" "$pipeline" destroy "$tmp/chain.conf" --name "$name"
check "nothing to destroy is no failure" status 0 "$pipeline" destroy "$name"

check "a run delivers all and closes its account" \
	says 0 "injected 3 = delivered 3 + dropped 0 + quarantined 0" run --output "$tmp/out"
check_same "every image is there" "one.pnm three.pnm two.pnm" "$(cd "$tmp/out" && echo *)"
check "nothing is left of the run" nothing_left
run --output "$tmp/out" --json 2>/dev/null >"$tmp/summary.json"
check_same "the summary as JSON has the same account" "3 3 0 0 true 2" "$(perl -MJSON::PP -0777 -ne '
	my $s = decode_json($_);
	print join(" ", @$s{qw(injected delivered dropped quarantined)},
		$s->{account_closes} ? "true" : "false", scalar @{$s->{stages}})' "$tmp/summary.json")"

head -c 100 "$tmp/in/one.ppm" >"$tmp/in/cut.ppm"
check "a rejected input is named, and said by the exit status" says 65 "cut.ppm" run --output "$tmp/out"
rm "$tmp/in/cut.ppm"
check "an input that is not there ends it before the start" says 66 "none.png" run --input "$tmp/none.png"
check "an output that cannot be made does too" says 73 "cannot write in" run --output "$tmp/in/one.ppm/x"
check "a run folder that is there is not used" says 73 "$tmp/in" \
	"$pipeline" run "$tmp/chain.conf" --local --name "$name" --run-dir "$tmp/in"
check "nothing is left of these" nothing_left
check "images to standard output do not mix with the summary" \
	bash -c "'$pipeline' run '$tmp/chain.conf' --local --name '$name' --output - 2>/dev/null | head -c 3 | grep -q P6"
check "QEMU that is missing is named" says 69 "no-such-qemu" \
	"$pipeline" run "$tmp/chain.conf" --name "$name" --qemu no-such-qemu
check "a kernel that is missing is named" says 69 "$tmp/no-kernel" \
	"$pipeline" run "$tmp/chain.conf" --name "$name" --kernel "$tmp/no-kernel"

# A stage that is stopped makes the rest of these runs wait for us.
picture "$tmp/large.ppm" 1000 1000
mkdir "$tmp/many"
for i in {1..300}; do
	ln "$tmp/large.ppm" "$tmp/many/$i.ppm"
done

# begin: a long run in the background; its first stage is stopped when it has the process.
begin() {
	rm -f "$tmp/log"
	"$pipeline" run "$tmp/chain.conf" --local --name "$name" --run-dir "$run_folder" \
		--input "$tmp/many" --output "$tmp/out-many" >"$tmp/log" 2>&1 &
	supervisor=$!
	await 30 grep -q "stage blur" "$tmp/log" || return 1
	stage=$(pid_of blur)
	await 30 compgen -G "$tmp/out-many/*" >/dev/null || return 1
	kill -STOP "$stage"
}

begin
check_same "a long run begins" 0 $?
kill -TERM "$supervisor"
check "SIGTERM ends the stream" await 30 grep -q "ending the stream" "$tmp/log"
kill -CONT "$stage"
wait "$supervisor"
check_same "a run that was drained ends well" 0 $?
tap_note "$(tail -n 1 "$tmp/log")"
check "its account closes" grep -q "the account closes" "$tmp/log"
check_not "it has not done all" grep -q "delivered 300" "$tmp/log"
check "nothing is left of a run that was drained" nothing_left

rm -rf "$tmp/out-many"
begin
kill -INT "$supervisor"
await 30 grep -q "ending the stream" "$tmp/log"
kill -INT "$supervisor"
check "the second SIGINT stops all" await 30 grep -q "stopping all" "$tmp/log"
wait "$supervisor"
check_same "a run that was stopped says so" 75 $?
check "nothing is left of a run that was stopped" nothing_left

rm -rf "$tmp/out-many"
begin
kill -KILL "$stage"
wait "$supervisor"
check_same "a stage that is killed fails the run" 69 $?
check "it is named" grep -q "stage blur (process $stage) failed: was killed by signal 9" "$tmp/log"
check "nothing is left of a run that failed" nothing_left

rm -rf "$tmp/out-many"
begin
kill -KILL "$supervisor"
wait "$supervisor" 2>/dev/null
dead() {
	! kill -0 "$stage" 2>/dev/null
}
check "the children die with the supervisor" await 10 dead
check "the next run clears up after it" says 0 "replaced 6" run --output "$tmp/out"
check "nothing is left in the end" nothing_left

# What a doctor finds depends on the machine; that it finds this pipeline's windows does not.
doctor() {
	local got=0
	"$pipeline" doctor "$@" >"$tmp/doctor" || got=$?
	[ "$got" -eq 0 ] || [ "$got" -eq 69 ]
}
"$pipeline" create "$tmp/chain.conf" --name "$name" >/dev/null
check "doctor ends with 0 or 69" doctor
check_same "it finds every window that was left" 6 "$(grep -c "ivpipe.$name.*held by nobody" "$tmp/doctor")"
check "it says how to be rid of them" grep -q "pipeline destroy $name" "$tmp/doctor"
check "doctor knows JSON" doctor --json
check "its JSON has the windows too" grep -q "ivpipe.$name.decoded.data" "$tmp/doctor"
"$pipeline" destroy "$name" >/dev/null

done_testing
