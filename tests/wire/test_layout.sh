#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# wire.h compiles alone, has the same layout without hidden padding for every target, in C and in
# C++, and does not compile any more if a field is moved, resized or taken away.
. "$(dirname "$0")/../helpers/tap.sh"

header=$source/include/ivpipe/wire.h

# compile COMPILER... < header: syntax and layout only.
compile() {
	"$@" -fsyntax-only -ffreestanding -Wall -Wextra -Wpadded -Werror -
}

for target in x86_64-linux-gnu i386-linux-gnu aarch64-linux-gnu arm-linux-gnueabihf \
	riscv64-linux-gnu; do
	check "wire.h is the same for $target" \
		compile clang --target="$target" -std=c11 -x c <"$header"
done
check "wire.h is C11 for gcc" compile gcc -std=c11 -x c -pedantic <"$header"
check "wire.h is C++17 for g++" compile g++ -std=c++17 -x c++ <"$header"
check "wire.h is C++17 for clang on a 32-bit target" \
	compile clang --target=i386-linux-gnu -std=c++17 -x c++ <"$header"

# The lines of fields. That each is pinned is what wire.awk checks, below; here a seventh of them
# is changed in turn, to see that a pin holds.
fields() {
	awk '/^struct ivp_wire/ { inside = 1; next } /^}/ { inside = 0 }
	     inside && /;/ { print NR }' "$header"
}
without() { sed "${1}d" "$header"; }
narrowed() { sed -E "${1}s/uint(16|32|64)_t/uint8_t/; ${1}s/char/short/" "$header"; }
swapped() { # with the next line, unless that is empty
	awk -v line="$1" 'NR == line { held = $0; next }
		NR == line + 1 { if ($0) print; print held; if (!$0) print; next } 1' "$header"
}
compiles() { compile gcc -std=c11 -x c >/dev/null 2>&1; }

count=$(fields | wc -l)
survivors=
for line in $(fields | awk 'NR % 7 == 1'); do
	for change in without narrowed swapped; do
		"$change" "$line" >"$tmp/changed.h" || survivors="$survivors not-made:$line"
		cmp -s "$tmp/changed.h" "$header" && continue # nothing to change here
		if compiles <"$tmp/changed.h"; then
			survivors="$survivors $change:$line"
		fi
	done
done
check "there are fields to move" test "$count" -gt 80
check_same "no field can be moved, narrowed or left out: wire.h would not compile" "" "$survivors"

# The man page takes its offsets from the same place, and refuses comments that say others.
lies() { sed 's|; */\* 80: a power|; /* 84: a power|' "$header" | awk -f "$source/docs/wire.awk"; }
check_same "ivpipe-wire(7) has every field" "$count" "$(awk -f "$source/docs/wire.awk" "$header" |
	grep -c '^\.It [0-9]')"
check_not "a wrong offset in a comment is refused" lies

done_testing
