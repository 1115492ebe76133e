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
	got=$("$build/pipeline" run "$golden/$conf.conf" --dry-run --qemu ./Q --kernel "$kernel" \
		--image I --run-dir RUN "$@" 2>"$tmp/err" | sed "s|^$build/|BUILD/|; s|^$tmp/|TMP/|")
	if [ -n "${ACCEPT-}" ]; then
		printf '%s\n' "$got" >"$golden/$name.args"
	fi
	check_same "$name: QEMU's arguments are as they were" "$(cat "$golden/$name.args")" "$got"
}

kernel=K
compare one-way-tcg one-way --accel tcg
compare one-way-kvm one-way --accel kvm
compare shared shared --accel tcg
compare renamed one-way --accel tcg --name other
compare local one-way --local
compare memory memory --accel tcg

# Beside this kernel are the modules for vfio-pci.
mkdir -p "$tmp/kernel/modules"
for module in vfio vfio_iommu_type1 vfio-pci-core vfio-pci; do
	echo >"$tmp/kernel/modules/$module.ko"
done
echo >"$tmp/kernel/K"
kernel=$tmp/kernel/K
compare vfio-tcg one-way --accel tcg
compare vfio-kvm one-way --accel kvm
sed 's/^stage [a-z]* {/& wake = poll /' "$golden/one-way.conf" >"$tmp/poll.conf"
compare_poll() {
	! "$build/pipeline" run "$tmp/poll.conf" --dry-run --kernel "$kernel" 2>&1 | grep -E 'doorbell|iommu'
}
check "stages that poll get no doorbell" compare_poll

# A single possible processor takes the fences out of TCG: see docs of -smp in pipeline(1).
check_not "no guest has a single possible processor" grep -qE '^1$|maxcpus=1$' "$golden"/*.args
check "a dry run leaves no windows" [ -z "$(compgen -G '/dev/shm/ivpipe.one-way.*')" ]
check_not "a dry run makes no folder" [ -e RUN ]

done_testing
