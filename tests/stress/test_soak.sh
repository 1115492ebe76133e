#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The programs, two stages among them, killed at random moments and started again at once, until
# so many kills have happened: SOAK_KILLS, 40 if not set (make soak N=...). Many small images run
# through the chain, again and again; each run's results must be those of a run without kills, to
# the byte. IVP_SEED=n repeats the choices of a run that failed, though not their moments.
# shellcheck source=../helpers/tap.sh
. "$(dirname "$0")/../helpers/tap.sh"

wanted_kills=${SOAK_KILLS:-40}
images=400
seed=${IVP_SEED:-$$}
RANDOM=$seed
name=soak-$$-$RANDOM
config=$tmp/chain.conf
roles=(feeder invert border sink)
declare -A pids          # of what runs
declare -A own=([feeder]=raw.data [invert]=raw.credit0 [border]=middle.credit0 [sink]=last.credit0)
declare -A lives
kills=0
trap '[ -z "$(jobs -pr)" ] || kill -9 $(jobs -pr); rm -f /dev/shm/ivpipe."$name".*; rm -rf "$tmp"' EXIT

# make_link NAME SLOTS
make_link() {
	printf 'link %s {\n\tslots = %s\n\tframe = "16KiB"\n\ttimeout = "60s"\n}\n' "$@"
}

# make_stage NAME INPUT OUTPUT FILTERS
make_stage() {
	printf 'stage %s {\n\tinput = %s\n\toutput = %s\n\trun = process\n\t%s\n}\n' "$@"
}

make_config() {
	printf 'name = "%s"\nfeeder {\n\tinput = { "in" }\n\toutput = raw\n\tthreads = 3\n}\n' "$name"
	make_link raw 4
	make_stage invert raw middle 'filter invert { }'
	make_link middle 2
	make_stage border middle last 'filter box-blur {
		radius = 2
	}
	filter resize {
		width = 48
		height = 48
		mode = fit
	}'
	make_link last 4
	printf 'sink {\n\tinput = last\n\toutput = "out"\n\tformat = pnm\n\tthreads = 3\n}\n'
}

# Grey images, no two alike, some of one name but for the suffix.
make_images() {
	local i suffixes=(pgm pnm)
	mkdir "$tmp/in"
	for ((i = 0; i < images; i++)); do
		{
			printf 'P5 %d %d 255\n' $((30 + i % 50)) $((20 + i % 7))
			head -c $(((30 + i % 50) * (20 + i % 7))) /dev/urandom
		} >"$tmp/in/image$((i / 2)).${suffixes[i % 2]}"
	done
}

start() {
	case $1 in
	feeder) set -- "$1" "$tmp/pipeline-feeder" ;;
	sink) set -- "$1" "$tmp/pipeline-sink" --output "$tmp/out" ;;
	*) set -- "$1" "$tmp/pipeline-stage" --stage "$1" ;;
	esac
	"${@:2}" --config "$config" >>"$tmp/$1.log" 2>&1 &
	pids[$1]=$!
	lives[$1]=$((${lives[$1]:-0} + 1))
}

# word32 ROLE OFFSET: of the role's own window.
word32() {
	od -An -tu4 -j"$2" -N4 "/dev/shm/ivpipe.$name.${own[$1]}" | tr -d ' '
}

# Waits for a role that has ended, or was killed; starts it again unless it was done.
bury() {
	local status=0 role=$1
	{ wait "${pids[$role]}"; } 2>/dev/null || status=$?
	unset "pids[$role]"
	case $status in
	0) ;;
	137)
		kills=$((kills + 1))
		# 2: it had left in good order, and was killed on its way out.
		[ "$(word32 "$role" 644)" = 2 ] || start "$role"
		;;
	*)
		failed="$role ended with status $status: $(tail -n 3 "$tmp/$role.log")"
		;;
	esac
}

# A frame that has ended its stage often is quarantined, as it should be: not now.
spared() {
	[ "$1" != feeder ] && [ "$1" != sink ] && [ "$(word32 "$1" 712)" -ge 2 ]
}

# disturb UPTO: one run of all images, with kills until so many have happened.
disturb() {
	local role
	failed=
	for role in "${roles[@]}"; do start "$role"; done
	while [ ${#pids[@]} -gt 0 ] && [ -z "$failed" ]; do
		# Mostly long enough to get somewhere, at times just enough to begin.
		if ((RANDOM % 4)); then sleep 0.0$((10 + RANDOM % 70)); else sleep 0.00$((RANDOM % 10)); fi
		for role in "${!pids[@]}"; do
			kill -0 "${pids[$role]}" 2>/dev/null || bury "$role"
		done
		role=${roles[RANDOM % 4]}
		if [ "$kills" -lt "$1" ] && [ -n "${pids[$role]-}" ] && ! spared "$role"; then
			kill -KILL "${pids[$role]}" 2>/dev/null
			bury "$role"
		fi
	done
}

results() {
	(cd "$tmp/out" && find . -type f | sort | xargs sha256sum)
}

# run UPTO: creates, disturbs, destroys. Sets result, and failed if something went wrong.
run() {
	rm -rf "$tmp/out"
	"$build/pipeline" create "$config" >"$tmp/create.log" 2>&1 || failed=$(cat "$tmp/create.log")
	disturb "$1"
	result=$(results)
	[ -z "$failed" ] || return
	"$build/pipeline" destroy "$config" >"$tmp/destroy.log" 2>&1 || failed=$(cat "$tmp/destroy.log")
}

# Copies: a build next to a long soak does no harm.
cp "$build"/pipeline-{feeder,stage,sink} "$tmp/"
make_config >"$config"
make_images
run 0
wanted=$result
check_same "undisturbed, every image arrives" "$images" "$(wc -l <<<"$wanted")"
check_same "undisturbed, every program ends well" "" "$failed"

runs=0
while [ "$kills" -lt "$wanted_kills" ] && [ -z "$failed" ] && [ "$result" = "$wanted" ]; do
	run "$wanted_kills"
	runs=$((runs + 1))
done
check_same "every program but those that were killed ends well" "" "$failed"
check_same "killed $kills times, the results are the same to the byte" "$wanted" "$result"
check_same "nothing is left" "" "$(compgen -G "/dev/shm/ivpipe.$name.*")"
tap_note "seed $seed: $kills kills in $runs runs of $images images; lives: $(
	for role in "${roles[@]}"; do printf '%s %d ' "$role" "${lives[$role]}"; done)"
[ "$tap_failed" -eq 0 ] || tap_note "$(tail -n 5 "$tmp"/*.log)"
done_testing
