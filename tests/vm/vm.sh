# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What the tests in guests share, on top of helpers/tap.sh. Gives: pipeline (the program), name
# (of a pipeline of this test's own), run_folder. Windows of that name go away at the end.
# shellcheck source=../helpers/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/../helpers/tap.sh"

pipeline=$build/pipeline
name=v$$-$RANDOM
run_folder=$tmp/run
trap '[ -z "$(jobs -pr)" ] || kill -9 $(jobs -pr); rm -f /dev/shm/ivpipe."$name".*; rm -rf "$tmp"' EXIT
export pipeline name run_folder

# picture FILE TYPE WIDTH HEIGHT: noise, as PPM (P6) or PGM (P5).
picture() {
	local channels=3
	[ "$2" = P6 ] || channels=1
	{
		printf '%s\n%d %d\n255\n' "$2" "$3" "$4"
		head -c $(($3 * $4 * channels)) /dev/urandom
	} >"$1"
}

# chain FILE SIGMA TIMEOUT: blur and resize in guests, from folder in/.
chain() {
	cat >"$1" <<END
link decoded { slots = 4 frame = "4MiB" timeout = "$3" }
link blurred { slots = 4 frame = "4MiB" timeout = "$3" }
link resized { slots = 4 frame = "1MiB" timeout = "$3" }
feeder { input = { "in" } output = decoded }
stage blur { input = decoded output = blurred filter gaussian-blur { sigma = $2 } }
stage resize { input = blurred output = resized filter resize { mode = fit width = 80 height = 60 } }
sink { input = resized output = "out" format = pnm }
END
}

# await SECONDS COMMAND...: until the command succeeds.
await() {
	local ends=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$ends" ] || return 1
		sleep 0.05
	done
}

# pid_of STAGE LOG: the process that pipeline run says it has.
pid_of() {
	sed -n "s/.*stage $1: .*process \([0-9]*\)$/\1/p" "$2"
}

# nothing_left LOG: no process of that run, no window, no folder.
nothing_left() {
	local pid
	while read -r pid; do
		! kill -0 "$pid" 2>/dev/null || { echo "process $pid is left"; return 1; }
	done < <(sed -n 's/.*process \([0-9]*\)$/\1/p' "$1")
	! compgen -G "/dev/shm/ivpipe.$name.*" || return 1
	[ ! -e "$run_folder" ] || { echo "$run_folder is left"; return 1; }
}

# arguments STAGE CONF [WAKE]: sets the array argv to QEMU's arguments for that stage, without
# doorbells unless wake says so: usually there is nobody who serves them.
arguments() {
	{
		echo "wake = ${3-poll}"
		cat "$2"
	} >"$tmp/arguments.conf"
	mapfile -t argv < <("$pipeline" run "$tmp/arguments.conf" --dry-run --name "$name" --run-dir "$run_folder" \
		2>/dev/null | awk -v stage="# stage $1: guest" '$0 == stage { on = 1; next }
		/^# stage |^$/ { on = 0 } on')
	[ "${#argv[@]}" -gt 0 ]
}

# with_initrd FILE: puts another initial root file system into argv.
with_initrd() {
	local i
	for i in "${!argv[@]}"; do
		[ "${argv[i]}" != -initrd ] || argv[i + 1]=$1
	done
}
