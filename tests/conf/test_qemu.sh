#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The argument lists of guests, compared word for word with qemu/*.args. To accept a change:
# ACCEPT=1 tests/conf/test_qemu.sh, then look at the difference.
# shellcheck source=../helpers/tap.sh
. "$(dirname "$0")/../helpers/tap.sh"

golden=$source/tests/conf/qemu

# compare NAME CONF OPTION...
compare() {
	local name=$1 conf=$2 got
	shift 2
	got=$("$build/pipeline" run "$golden/$conf.conf" --dry-run --qemu ./Q --kernel K --image I \
		--run-dir RUN "$@" 2>"$tmp/err" | sed "s|^$build/|BUILD/|")
	if [ -n "${ACCEPT-}" ]; then
		printf '%s\n' "$got" >"$golden/$name.args"
	fi
	check_same "$name: QEMU's arguments are as they were" "$(cat "$golden/$name.args")" "$got"
}

compare one-way-tcg one-way --accel tcg
compare one-way-kvm one-way --accel kvm
compare shared shared --accel tcg
compare renamed one-way --accel tcg --name other
compare local one-way --local

# A single possible processor takes the fences out of TCG: see docs of -smp in pipeline(1).
check_not "no guest has a single possible processor" grep -qE '^1$|maxcpus=1$' "$golden"/*.args
check "a dry run leaves no windows" [ -z "$(compgen -G '/dev/shm/ivpipe.one-way.*')" ]
check_not "a dry run makes no folder" [ -e RUN ]

done_testing
