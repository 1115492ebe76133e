#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# rules/install-packages, with a dpkg-query and an apt-get of our own that only take notes.
. "$(dirname "$0")/../helpers/tap.sh"

mkdir "$tmp/bin"
cat >"$tmp/bin/dpkg-query" <<'END'
#!/bin/sh
printf 'gcc=installed make=installed half=unpacked '
END
cat >"$tmp/bin/apt-get" <<'END'
#!/bin/sh
# -q -y update | -q -y install --no-install-recommends PACKAGE...
shift 2
if [ "$1" = update ]; then
	touch "$tmp/lists"
	echo update >>"$tmp/log"
else
	shift 2
	echo "install $*" >>"$tmp/log"
	[ -e "$tmp/lists" ]
fi
END
printf '#!/bin/sh\necho %s\n' 0 >"$tmp/bin/id"
chmod +x "$tmp"/bin/*

packages() { PATH=$tmp/bin:$PATH sh "$source/rules/install-packages" "$@"; }

check_same "nothing is said or done if all is there" "" "$(packages gcc make 2>&1)"
check "and apt-get is not called" test ! -e "$tmp/log"

touch "$tmp/lists"
check_same "what is missing is named, then installed" "deps: missing: half new
deps: installing them" "$(packages gcc half new 2>&1)"
check_same "by one call, without recommended packages" "install half new" "$(cat "$tmp/log")"

rm "$tmp/lists" "$tmp/log"
check "lists that do not know a package are fetched anew" packages new
check_same "and the installation tried again" "install new
update
install new" "$(cat "$tmp/log")"

printf '#!/bin/sh\nexit 100\n' >"$tmp/bin/apt-get"
check_not "a failure is one" packages new
check_same "and says so" "deps: apt-get update failed: see above" \
	"$(packages new 2>&1 >/dev/null)"

# Another system: no dpkg, no apt.
mkdir "$tmp/other"
for tool in sh id env; do
	ln -s "$(command -v "$tool")" "$tmp/other/$tool"
done
other() { PATH=$tmp/other "$tmp/other/sh" "$source/rules/install-packages" "$@"; }
check_not "a system without apt-get is refused" other gcc
check_same "with what to do" \
	"deps: no apt-get here: install by hand what these Debian 12 packages hold" \
	"$(other gcc 2>&1 >/dev/null)"

done_testing
