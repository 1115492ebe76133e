#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Programs of the host that are woken by doorbells and nothing else: the server alone, two at a
# time, killed and started anew, and with sockets that systemd would pass.
# shellcheck disable=SC2317 # functions are called by check
# shellcheck source=../helpers/tap.sh
. "$(dirname "$0")/../helpers/tap.sh"

pipeline=$build/pipeline
name=d$$-$RANDOM
trap '[ -z "$(jobs -pr)" ] || kill -9 $(jobs -pr); rm -f /dev/shm/ivpipe."$name".*; rm -rf "$tmp"' EXIT

mkdir "$tmp/in"
for i in 1 2 3 4 5 6; do
	{
		printf 'P6\n%d %d\n255\n' $((30 + i)) 20
		head -c $(((30 + i) * 60)) /dev/urandom
	} >"$tmp/in/$i.ppm"
done
cat >"$tmp/chain.conf" <<END
name = $name
wake = doorbell
link raw { slots = 2 frame = "64KiB" timeout = "30s" }
link done { slots = 2 frame = "64KiB" timeout = "30s" }
feeder { input = { "in" } output = raw }
stage work { input = raw output = done run = process filter box-blur { } }
sink { input = done output = "out" format = pnm }
END
sed '/^wake/d' "$tmp/chain.conf" >"$tmp/auto.conf"
sed 's/= doorbell/= poll/' "$tmp/chain.conf" >"$tmp/poll.conf"

# await COMMAND...: until it succeeds.
await() {
	local ends=$((SECONDS + 30))
	until "$@"; do
		[ "$SECONDS" -lt "$ends" ] || return 1
		sleep 0.02
	done
}

# server NAME OPTION...: in the background, its words in server-NAME; waits until it serves.
server() {
	local log=$tmp/server-$1
	shift
	"$pipeline" doorbell-server "$@" "$tmp/chain.conf" >"$log" 2>&1 &
	server_pid=$!
	await grep -q "serving the doorbells" "$log"
}

end_server() {
	kill "$server_pid"
	wait "$server_pid"
}

# sides COUNT: so many sides of links are attached.
sides() {
	[ "$("$pipeline" stats "$conf" | grep -cE '^ +(producer|consumer)[0-9]* +(alive|silent|stalled) ')" -eq "$1" ]
}

# run PROGRAM [OPTION...]: with conf, to log-PROGRAM.
conf=$tmp/chain.conf
run() {
	"$build/pipeline-$1" --config "$conf" "${@:2}" >"$tmp/log-$1" 2>&1
}

"$pipeline" run "$tmp/poll.conf" --output "$tmp/out-poll" >"$tmp/log" 2>&1
check_same "the chain runs by polling" 0 $?

"$pipeline" run "$tmp/chain.conf" --output "$tmp/out-run" >"$tmp/log" 2>&1
check_same "the chain runs by doorbells, which the run serves itself" 0 $?
check "every image is the same" diff -r "$tmp/out-poll" "$tmp/out-run"
check "the stage says so" grep -qF "wake-ups: 'raw' doorbell by eventfd, 'done' doorbell by eventfd" "$tmp/log"
check "no socket is left" [ -z "$(compgen -G "/dev/shm/ivpipe.$name.*")" ]

# By hand.
"$pipeline" create "$tmp/chain.conf" >/dev/null
server first
check_same "the server serves each link" 0 $?
check_same "it prints names and places" "done	/dev/shm/ivpipe.$name.done.bell
raw	/dev/shm/ivpipe.$name.raw.bell" "$(grep bell "$tmp/server-first" | grep -v serving | sort)"
check_same "its sockets have the mode of their links" 600 \
	"$(stat -c %a "/dev/shm/ivpipe.$name.raw.bell")"
run stage &
stage=$!
run sink --output "$tmp/out-hand" &
sink=$!
run feeder
check_same "the feeder ends well" 0 $?
wait "$stage"
check_same "the stage ends well" 0 $?
wait "$sink"
check_same "the sink ends well" 0 $?
check "every image is the same by hand" diff -r "$tmp/out-poll" "$tmp/out-hand"

refused=$("$pipeline" doorbell-server "$tmp/chain.conf" 2>&1)
check_same "a second server is refused" 75 $?
check "it is told who has the place" grep -q "process $server_pid serves it already" <<<"$refused"
check_not "a pipeline whose doorbell is served is not removed" "$pipeline" destroy "$name"
end_server
check_same "SIGTERM ends the server well" 0 $?
check "it takes its sockets away" [ -z "$(compgen -G "/dev/shm/ivpipe.$name.*.bell")" ]
"$pipeline" destroy "$name" >/dev/null

# A server that is killed, and one that takes its place while programs are at work.
"$pipeline" create "$tmp/chain.conf" >/dev/null
server second
run stage &
stage=$!
run sink --output "$tmp/out-again" &
sink=$!
await sides 3
check_same "stage and sink are attached, by the doorbells of the old one" 0 $?
kill -9 "$server_pid"
wait "$server_pid" 2>/dev/null
run feeder
check_same "where nothing but a doorbell will do, a dead server is an error" 69 $?
check "which says what to do" grep -q "start 'pipeline doorbell-server' again" "$tmp/log-feeder"
server third
check_same "a new server takes the place of the dead one" 0 $?
run feeder
check_same "the feeder of the new one ends well" 0 $?
wait "$stage"
check_same "so does the stage of the old one" 0 $?
wait "$sink"
check_same "and the sink" 0 $?
check "every image is the same although the server died" diff -r "$tmp/out-poll" "$tmp/out-again"
check_same "the stage joins the new server where the feeder is, and says so" 1 \
	"$(grep -c "link 'raw': doorbell: joined its new server" "$tmp/log-stage")"
check_not "stage and sink ring each other as before" grep -q "'done': doorbell: joined\|polling instead" \
	"$tmp/log-stage" "$tmp/log-sink"
kill -9 "$server_pid"
wait "$server_pid" 2>/dev/null
"$pipeline" destroy "$name" >"$tmp/log" 2>&1
check_same "destroy removes the sockets of a dead server too" "" \
	"$(compgen -G "/dev/shm/ivpipe.$name.*")"

# Without a server, where it is not needed.
"$pipeline" create "$tmp/chain.conf" >/dev/null
server fourth
kill -9 "$server_pid"
wait "$server_pid" 2>/dev/null
conf=$tmp/auto.conf
run stage &
run sink --output "$tmp/out-auto" &
run feeder
check_same "with wake = auto a dead server is no obstacle" 0 $?
wait
check "every image is the same without it" diff -r "$tmp/out-poll" "$tmp/out-auto"
check_same "the stage says it once for each link" 2 "$(grep -c "its server is gone" "$tmp/log-stage")"
"$pipeline" destroy "$name" >/dev/null 2>&1

# A server that comes after those who wait for it.
"$pipeline" create "$tmp/chain.conf" >/dev/null
run stage &
stage=$!
run sink --output "$tmp/out-late" &
sink=$!
await sides 3
server fifth
run feeder
wait "$stage" "$sink"
check "every image is the same with a server that comes late" diff -r "$tmp/out-poll" "$tmp/out-late"
check "the stage joins it" grep -q "link 'raw': doorbell: joined its new server" "$tmp/log-stage"
end_server
conf=$tmp/chain.conf
"$pipeline" destroy "$name" >/dev/null 2>&1

# Sockets from outside, as systemd.socket(5) passes them: from descriptor 3 on.
cat >"$tmp/pass.pl" <<'END'
use IO::Socket::UNIX; use POSIX;
my ($names, $paths, @command) = @ARGV;
my @sockets;
for my $path (split /:/, $paths) {
	push @sockets, IO::Socket::UNIX->new(Local => $path, Listen => 5) || die "$path: $!";
}
POSIX::dup2(fileno($sockets[$_]), 103 + $_) for 0 .. $#sockets;
POSIX::dup2(103 + $_, 3 + $_) for 0 .. $#sockets;
$ENV{LISTEN_PID} = $$; $ENV{LISTEN_FDS} = @sockets; $ENV{LISTEN_FDNAMES} = $names;
exec @command;
END
# In a subshell of its own, whose place the server takes.
passed() {
	exec perl "$tmp/pass.pl" "$1" "$2" "$pipeline" doorbell-server "${@:3}" "$tmp/chain.conf"
}
bell=/dev/shm/ivpipe.$name
"$pipeline" create "$tmp/chain.conf" >/dev/null
passed done:raw "$bell.done.bell:$bell.raw.bell" >"$tmp/server-passed" 2>&1 &
server_pid=$!
check "passed sockets are served" await grep -q "serving the doorbells of 2 links" "$tmp/server-passed"
run stage &
run sink --output "$tmp/out-passed" &
sink=$!
run feeder
check_same "programs find each other at passed sockets" 0 $?
wait "$sink"
check "every image is the same by passed sockets" diff -r "$tmp/out-poll" "$tmp/out-passed"
end_server
check "sockets that were passed stay" [ -S "$bell.raw.bell" ]
rm -f "$bell".*.bell
got=$(passed elsewhere:raw "$bell.done.bell:$bell.raw.bell" 2>&1)
check_same "a link without a socket among the passed ones is refused" 78 $?
check "by its name" grep -q "link done: none of the 2 sockets" <<<"$got"

got=$("$pipeline" doorbell-server --link nothing "$tmp/chain.conf" 2>&1)
check_same "a link that is not there is refused" 78 $?
got=$("$pipeline" doorbell-server --socket "$tmp/x" "$tmp/chain.conf" 2>&1)
check_same "--socket needs --link" 64 $?
server one --link raw --socket "$tmp/place"
check "one link alone is served where told" [ -S "$tmp/place" ]
end_server

done_testing
