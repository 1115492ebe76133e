#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The Makefile's promises: a second make does nothing, a changed flag rebuilds, what is installed
# is enough to build against, uninstall leaves nothing.
. "$(dirname "$0")/../helpers/tap.sh"

cd "$source" || exit 1
unset MAKEFLAGS MFLAGS MAKELEVEL
# Flags of a test run (T, G, SAN, O) are in the environment too.
unset T G SAN V
if grep -q fsanitize "$build/.flags"; then
	echo "1..0 # SKIP a sanitized build is not what is installed"
	exit 0
fi
export O=$build

check_same "a second make is silent" "" "$(make programs 2>&1)"
check "make help lists this" grep -q 'make check ' <(make help)
check_same "every target in .PHONY that has a text is listed once" "" \
	"$(make help | awk '{ print $2 }' | sort | uniq -d)"

small() { O=$tmp/small make "$@" "$tmp/small/obj/pipeline/base/units.o"; }
check "an object is built" small
check_same "once" "" "$(small 2>&1 | grep units)"
check_same "and again when a flag changes" "  CC      obj/pipeline/base/units.o" \
	"$(small CFLAGS=-DCHANGED 2>&1)"
check_same "and again when it changes back" "  CC      obj/pipeline/base/units.o" "$(small 2>&1)"

to=$tmp/to
check "make install works" make -s install DESTDIR="$to" PREFIX=/usr
for program in pipeline pipeline-stage pipeline-feeder pipeline-sink; do
	check "$program is installed" test -x "$to/usr/bin/$program"
	check "its page too" test -s "$to/usr/share/man/man1/$program.1"
done
check "the made pages are installed" test -s "$to/usr/share/man/man7/ivpipe-wire.7"
check "the guest image is installed" test -s "$to/usr/lib/ivpipe/stage.cpio"
check_same "ivpipe.pc has the prefix" "prefix=/usr" "$(head -n 1 "$to/usr/lib/pkgconfig/ivpipe.pc")"

cat >"$tmp/peer.c" <<'END'
#include <ivpipe/link.h>
int main(void)
{
	struct ivp_producer producer = {0};
	ivp_producer_finish(&producer, IVP_STATE_FINISHED, 0);
	return ivp_format_channels(IVP_FORMAT_RGB8) == 3 ? 0 : 1;
}
END
flags=$(sed -n "s|\${libdir}|$to/usr/lib|; s|\${includedir}|$to/usr/include|; s/^\(Cflags\|Libs\): //p" \
	"$to/usr/lib/pkgconfig/ivpipe.pc")
# shellcheck disable=SC2086 # a list of words
check "a program can be built against it" gcc -o "$tmp/peer" "$tmp/peer.c" $flags -lm
check "and runs" "$tmp/peer"
for header in include/ivpipe/*.h; do
	check "${header##*/} compiles alone, in C" gcc -std=c11 -Wall -Werror -fsyntax-only \
		-I"$to/usr/include" -x c "$to/usr/$header"
done

check "make uninstall works" make -s uninstall DESTDIR="$to" PREFIX=/usr
check_same "and leaves no file" "" "$(find "$to" -type f)"

done_testing
