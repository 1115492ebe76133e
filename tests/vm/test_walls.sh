#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What QEMU can do on the host while a guest runs, should the guest take it over: another user's
# rights if root started it, no capabilities, no way to get any, a seccomp filter, limits. And that
# the chain works from behind those walls, with files that their user could not reach.
# shellcheck source=tests/vm/vm.sh
. "$(dirname "$0")/vm.sh"

mkdir "$tmp/in"
for i in 1 2 3; do
	picture "$tmp/in/$i.ppm" P6 120 90
done
chain "$tmp/chain.conf" 3 120s

# Of a process of that run: the value of a line of its status.
status_of() {
	sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"
}
limit_of() {
	sed -n "s/^$2  *\([^ ]*\) .*/\1/p" "/proc/$1/limits"
}
both_started() {
	[ -n "$(pid_of blur "$tmp/log")" ] && [ -n "$(pid_of resize "$tmp/log")" ]
}
# run OPTION...: in the background, its messages in log. The kernel is where only root can look.
mkdir -m 700 "$tmp/closed"
kernel=$(cd "$source" && "$pipeline" run "$tmp/chain.conf" --dry-run 2>/dev/null |
	awk 'on { print; exit } $0 == "-kernel" { on = 1 }')
cp "$kernel" "$tmp/closed/kernel"
chmod 600 "$tmp/closed/kernel"
run() {
	"$pipeline" run "$tmp/chain.conf" --name "$name" --run-dir "$run_folder" --kernel "$tmp/closed/kernel" \
		--output "$tmp/out" "$@" >"$tmp/summary" 2>"$tmp/log" &
	run_pid=$!
}

run
check "guests are started" await 60 both_started
# The supervisor names a child's process only after its exec.
qemu=$(pid_of blur "$tmp/log")
uid=$(status_of "$qemu" Uid | cut -f 1)
check_same "QEMU has no capabilities" "0000000000000000 0000000000000000 0000000000000000" \
	"$(status_of "$qemu" CapEff) $(status_of "$qemu" CapPrm) $(status_of "$qemu" CapInh)"
check_same "it cannot get any" "1" "$(status_of "$qemu" NoNewPrivs)"
seccomp_on() {
	[ "$(status_of "$qemu" Seccomp)" = 2 ]
}
check "its seccomp filter is on" await 30 seccomp_on
check_same "it can write to no file, and leaves no core" "0 0" \
	"$(limit_of "$qemu" "Max file size") $(limit_of "$qemu" "Max core file size")"
memory=$(limit_of "$qemu" "Max address space")
check "its memory is bounded" test "$memory" -lt $((6 << 30))
if [ "$(id -u)" -eq 0 ]; then
	check_same "root's QEMU runs as nobody, in all four ids" "$(yes "$(id -u nobody)" | head -n 4)" \
		"$(status_of "$qemu" Uid | tr '\t' '\n')"
	check_same "it is in no group of root's" "" "$(status_of "$qemu" Groups | tr -d ' ')"
	check_same "its bounding set is empty" 0000000000000000 "$(status_of "$qemu" CapBnd)"
	check_same "its windows are its user's, and nobody else's" "$uid 600" \
		"$(stat -c '%u %a' "/dev/shm/ivpipe.$name.blurred.data")"
else
	skip "root's QEMU runs as nobody, in all four ids" "this is not root"
fi
# The sink has its windows open soon, and waits for frames then. Bits 1 to 3 are rights to files.
sink_is_confined() {
	local sink
	sink=$(pgrep -P "$run_pid" -x pipeline-sink) || return 1
	[ "$(status_of "$sink" NoNewPrivs)" = 1 ] && [ $((0x$(status_of "$sink" CapEff) & ~0xe)) -eq 0 ]
}
check "the sink keeps rights to files alone" await 30 sink_is_confined
got=0
wait "$run_pid" || got=$?
check_same "the run succeeds behind its walls" 0 "$got"
[ "$got" -eq 0 ] || tap_note "$(cat "$tmp/log")"
check_same "every image arrived" 3 "$(find "$tmp/out" -type f | wc -l)"
check "nothing is left" nothing_left "$tmp/log"

# Guests end with their supervisor, although they are another user's; the next run finds the rest.
rm -r "$tmp/out"
run
check "guests are started again" await 60 both_started
guests=("$(pid_of blur "$tmp/log")" "$(pid_of resize "$tmp/log")")
kill -KILL "$run_pid"
wait "$run_pid" 2>/dev/null
guests_gone() {
	! kill -0 "${guests[0]}" 2>/dev/null && ! kill -0 "${guests[1]}" 2>/dev/null
}
check "a supervisor that is killed takes its guests with it" await 30 guests_gone
run
got=0
wait "$run_pid" || got=$?
check_same "the next run succeeds" 0 "$got"
check "it says what it found" grep -q "replaced 6 window files" "$tmp/log"
check "it has taken over the dead one's folder" grep -q "removed 1 folder" "$tmp/log"
check_same "every image arrived" 3 "$(find "$tmp/out" -type f | wc -l)"
check "nothing is left" nothing_left "$tmp/log"

# refused STATUS TEXT OPTION...
refused() {
	local wanted=$1 text=$2 got=0
	shift 2
	run "$@"
	wait "$run_pid" || got=$?
	cat "$tmp/log"
	[ "$got" -eq "$wanted" ] && grep -qF -- "$text" "$tmp/log"
}
check "a user that is not there is refused by name" refused 69 "there is no user 'no-such-user'" \
	--user no-such-user
if [ "$(id -u)" -eq 0 ]; then
	sed -i 's/^link blurred {/& owner = "root" mode = "0600"/' "$tmp/chain.conf"
	check "an owner that keeps the guests out is told with its link" \
		refused 77 "owner and mode of link blurred keep out the user"
fi
check "a refused run leaves nothing" nothing_left "$tmp/log"

done_testing
