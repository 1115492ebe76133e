# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# For tests that want real huge pages, on top of tap.sh.
#
#     huge_pages COUNT COMMAND...    runs it where COUNT huge pages of 2 MiB are free, mounted at
#                                    $huge, and /dev/shm is a new one, with transparent ones
#     have_huge_pages                can that be done here?
#
# The mounts are of a name space of their own, where any user can get to them. The pages are the
# machine's: they are added to what is there and given back, under a lock, so that two tests do not
# take each other's for theirs.
huge=/mnt
huge_pool=/sys/kernel/mm/hugepages/hugepages-2048kB
export huge huge_pool

# shellcheck disable=SC2016 # expanded by the shell that is inside
huge_inside='
	set -u
	count=$1
	shift
	exec 9<"$huge_pool"
	flock 9
	before=$(cat "$huge_pool/nr_hugepages")
	used=$((before - $(cat "$huge_pool/free_hugepages")))
	trap "echo $before >$huge_pool/nr_hugepages" EXIT
	mount -t hugetlbfs -o pagesize=2M none "$huge" || exit
	mount -t tmpfs -o huge=advise,mode=1777 none /dev/shm || exit
	echo $((used + count)) >"$huge_pool/nr_hugepages" || exit
	[ "$(cat "$huge_pool/free_hugepages")" -ge "$count" ] || exit
	status=0
	"$@" 9<&- || status=$?
	umount "$huge"
	exit "$status"
'
huge_pages() {
	unshare --mount bash -c "$huge_inside" huge-pages "$@"
}

have_huge_pages() {
	[ -w "$huge_pool/nr_hugepages" ] && huge_pages 1 true 2>/dev/null
}
