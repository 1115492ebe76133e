#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The disk for the results is full in the middle of a run: with full = fail the run ends and says
# so, with full = wait it goes on when there is room. No half-written file is ever there.
# shellcheck disable=SC2317 # functions are called by check
# shellcheck source=tests/helpers/tap.sh
. "$(dirname "$0")/../helpers/tap.sh"

pipeline=$build/pipeline
name=f$$-$RANDOM
log=$tmp/log
small=$tmp/small
mkdir "$small" "$tmp/in" "$tmp/wanted" "$tmp/got"
clean_up() {
	jobs -pr | xargs -r kill -9
	rm -f /dev/shm/ivpipe."$name".*
	umount -l "$small" 2>/dev/null
	rm -rf "$tmp"
}
trap clean_up EXIT
if ! mount -t tmpfs -o size=256k ivpipe-test "$small" 2>/dev/null; then
	skip "a full disk is survived" "this user cannot mount a small file system"
	done_testing
fi

# Each result takes 20 KiB: 12 find room.
for i in {10..49}; do
	{
		printf 'P5 200 100 255\n'
		head -c 20000 /dev/zero | tr '\0' "\\$(printf %o "$i")"
	} >"$tmp/in/$i.pgm"
done
cat >"$tmp/chain.conf" <<END
link raw { slots = 2 frame = "64KiB" timeout = "10s" }
link done { slots = 2 frame = "64KiB" timeout = "10s" }
feeder { input = { "in" } output = raw }
stage invert { input = raw output = done filter invert { } }
sink { input = done output = "out" format = pnm full = fail }
END

# run OUTPUT: in the background.
run() {
	: >"$log"
	"$pipeline" run "$tmp/chain.conf" --local --name "$name" --run-dir "$tmp/run" \
		--output "$1" >"$tmp/summary" 2>"$log" &
	supervisor=$!
}

# all_whole FOLDER: is each result there as it should be, and nothing else but the file at work?
all_whole() {
	local file
	for file in "$1"/* "$1"/.[!.]*; do
		case ${file##*/} in
		'*' | '.[!.]*' | .ivpipe-done.names | .*.part) ;;
		*) cmp "$file" "$tmp/wanted/${file##*/}" || return 1 ;;
		esac
	done
}

run "$tmp/wanted"
wait "$supervisor"
check_same "a run with room ends well" 0 $?

run "$small/out"
wait "$supervisor"
check_same "full = fail: the run fails when the disk is full" 69 $?
check "it says so, with the file" \
	grep -q "$small/out/.*: .*No space left on device" "$log"
check "after it has tried again" grep -q "the sink (process .*(5 of 5)" "$log"
check "no half-written file is there" all_whole "$small/out"
check_same "under no name" "" "$(find "$small/out" -name '.*.part')"
check "what found room is" test -e "$small/out/10.pnm"
rm -rf "$small/out"

sed -i 's/full = fail/full = wait/' "$tmp/chain.conf"
run "$small/out"
until grep -q "no room left there" "$log" || ! kill -0 "$supervisor" 2>/dev/null; do
	sleep 0.01
done
check "full = wait: the sink says that it waits" grep -q "$small/out/.*: no room left there; waiting" "$log"
check "no result is half-written while it waits" \
	all_whole "$small/out"
while kill -0 "$supervisor" 2>/dev/null; do
	find "$small/out" -name '[0-9]*.pnm' -exec mv -t "$tmp/got" {} + 2>/dev/null
	sleep 0.01
done
wait "$supervisor"
check_same "when there is room the run ends well" 0 $?
find "$small/out" -name '*.pnm' -exec mv -t "$tmp/got" {} +
check "with all results" diff -r "$tmp/wanted" "$tmp/got"
check "its account closes" grep -q "injected 40 = delivered 40 .* closes" "$tmp/summary"
check_not "without a restart" grep -q "started again" "$log"
check_same "nothing is left" "" "$(ls -A "$small/out" && compgen -G "/dev/shm/ivpipe.$name.*")"

done_testing
