#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A guest that is reset in the middle of its work, as its user or its own kernel may do, and one
# that is paused: both are started again, and the output is that of an undisturbed run. And QEMU
# will not save a guest, whose restored memory would be older than its windows.
# shellcheck disable=SC2317 # functions are called by check
# shellcheck source=tests/vm/vm.sh
. "$(dirname "$0")/vm.sh"

images=2000
[ ! -w /dev/kvm ] || images=3000
chain "$tmp/chain.conf" 5 120s
sed -i 's/^stage blur {/& stall = "8s"/; s/^stage resize {/& run = process/' "$tmp/chain.conf"
mkdir "$tmp/in"
for i in {1..10}; do
	picture "$tmp/some-$i.ppm" P6 $((200 + 10 * i)) 150
done
for ((i = 0; i < images; i++)); do
	ln "$tmp/some-$((i % 10 + 1)).ppm" "$tmp/in/$i.ppm"
done
results() {
	(cd "$tmp/out" && find . -type f | sort | xargs sha256sum)
}
"$pipeline" run "$tmp/chain.conf" --local --name "$name" --output "$tmp/out" >"$tmp/log" 2>&1
check_same "an undisturbed run ends well" 0 $?
wanted=$(results)
rm -rf "$tmp/out"

# QEMU with a monitor, at PROCESS.qmp. Root's QEMU stays root here, to reach this folder.
cat >"$tmp/qemu" <<END
#!/bin/sh
exec "$(command -v "${IVPIPE_QEMU:-qemu-system-x86_64}")" "\$@" -qmp "unix:$tmp/\$\$.qmp,server=on,wait=off"
END
chmod +x "$tmp/qemu"
options=(--qemu "$tmp/qemu")
[ "$(id -u)" -ne 0 ] || options+=(--user root)

"$pipeline" run "$tmp/chain.conf" --name "$name" --run-dir "$run_folder" --output "$tmp/out" \
	"${options[@]}" >"$tmp/summary" 2>"$tmp/log" &
supervisor=$!

# tell COMMAND [ARGUMENTS]: to the monitor of the newest life. Prints its answer.
tell() {
	python3 - "$tmp/$(pid_of blur "$tmp/log" | tail -n 1).qmp" "$@" <<'END'
import json, socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(60)
s.connect(sys.argv[1])
f = s.makefile("rw")
f.readline()
for command in ({"execute": "qmp_capabilities"},
                {"execute": sys.argv[2], "arguments": json.loads((sys.argv[3:] or ["{}"])[0])}):
    f.write(json.dumps(command) + "\n")
    f.flush()
    for line in f:
        answer = json.loads(line)
        if "return" in answer or "error" in answer:
            break
print(json.dumps(answer))
END
}

# position: how many frames the guest has put out, in all its lives.
position() {
	od -An -td8 -j512 -N8 "/dev/shm/ivpipe.$name.blurred.data" 2>/dev/null | tr -d ' '
}

# has_more THAN: has it put out more than so many, or is the run over?
has_more() {
	local now
	now=$(position)
	[ "${now:-0}" -gt "$1" ] || ! kill -0 "$supervisor" 2>/dev/null
}
# works COUNT: until it has put out more than so many more.
works() {
	local now
	now=$(position)
	await 120 has_more $((${now:-0} + $1))
}

works 0
answer=$(tell migrate '{"uri": "exec:cat"}')
check "QEMU refuses to save a guest of ours" grep -q "Migration is disabled .*ivshmem" <<<"$answer"
tap_note "$answer"
for count in 0 5 10; do
	works "$count"
	check "a guest is reset" tell system_reset
	before=$(grep -c "started again, process" "$tmp/log")
	is_back() {
		[ "$(grep -c "started again, process" "$tmp/log")" -gt "$before" ]
	}
	check "it is started again" await 60 is_back
done
check "that is named" grep -q "guest of stage blur (process .*) the guest crashed or was reset; it is started again" "$tmp/log"

works 5
check "a guest is paused" tell stop
check "the watchdog ends it" \
	await 60 grep -q "guest of stage blur .* no sign of life for 8.0 s .* killing it" "$tmp/log"
wait "$supervisor"
status=$?
check_same "a run whose guest was reset and paused ends well" 0 "$status"
[ "$status" -eq 0 ] || tap_note "$(tail -n 40 "$tmp/log")"
check_same "its results are those of the undisturbed run" "$wanted" "$(results)"
check "its account closes" grep -q "injected $images = delivered $images .* closes" "$tmp/summary"
check "nothing is left" nothing_left "$tmp/log"

done_testing
