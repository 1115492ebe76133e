#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# docs/libvirt.xml: as libvirt's schema wants it, with the windows and doorbells of the topology that
# it is for. No daemon is needed.
# shellcheck disable=SC2317 # functions are called by check
# shellcheck source=../helpers/tap.sh
. "$(dirname "$0")/../helpers/tap.sh"

pipeline=$build/pipeline
domain=$source/docs/libvirt.xml
schema=/usr/share/libvirt/schemas/domain.rng
name=l$$-$RANDOM
trap 'rm -f /dev/shm/ivpipe."$name".*; rm -rf "$tmp"' EXIT

check "it follows libvirt's schema" xmllint --noout --relaxng "$schema" "$domain"
sed "s/vectors='2'/vectors='two'/" "$domain" >"$tmp/wrong.xml"
check_not "which notices a wrong value" xmllint --noout --relaxng "$schema" "$tmp/wrong.xml"

# at XPATH: one value a line.
at() {
	xmllint --xpath "$1" "$domain" | sed -E "s/^ *[a-z]+=\"(.*)\"$/\1/"
}
check "a machine has one processor more than it uses" \
	[ "$(at 'string(/domain/vcpu)')" -gt "$(at 'string(/domain/vcpu/@current)')" ]

# FILE BYTES, as create makes them, of the two links of the stage.
"$pipeline" create "$source/configs/blur-resize.conf" --name "$name" >"$tmp/created"
stat -c '%n %s' /dev/shm/ivpipe."$name".{raw,blurred}.* | sed "s/\.$name\./.blur-resize./" | LC_ALL=C sort >"$tmp/wanted"
"$pipeline" destroy "$name" >/dev/null

bytes() {
	numfmt --from=iec "${1%iB}"
}
got() {
	local shmem file size
	for shmem in $(at "//shmem[model/@type='ivshmem-plain']/@name"); do
		size=$(at "concat(//shmem[@name='$shmem']/size, //shmem[@name='$shmem']/size/@unit)")
		echo "/dev/shm/$shmem $(bytes "$size")"
	done
	at '//@value' | sed -nE 's/.*mem-path=([^,]*),size=([^,]*),share=on,readonly=on$/\1 \2/p' |
		while read -r file size; do
			echo "$file $(bytes "$size")"
		done
}
check_same "its windows are those of the topology" "$(cat "$tmp/wanted")" "$(got | LC_ALL=C sort)"
check_same "what it may not write is what its peers write" "/dev/shm/ivpipe.blur-resize.blurred.credit0
/dev/shm/ivpipe.blur-resize.raw.data" \
	"$(at '//@value' | sed -nE 's/.*mem-path=([^,]*),.*readonly=on$/\1/p' | LC_ALL=C sort)"
check_same "its doorbells are those of its links" "/dev/shm/ivpipe.blur-resize.blurred.bell
/dev/shm/ivpipe.blur-resize.raw.bell" "$(at '//shmem/server/@path' | LC_ALL=C sort)"

done_testing
