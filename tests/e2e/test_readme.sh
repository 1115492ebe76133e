#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What the README, CONTRIBUTING and the man pages name is there: make targets, files, programs,
# commands, options. And the other way round: every option has its line in the page.
. "$(dirname "$0")/../helpers/tap.sh"

cd "$source" || exit 1
unset MAKEFLAGS MFLAGS MAKELEVEL
texts="README.md CONTRIBUTING.md CHANGES.md docs/README.md docs/threat-model.md stages/README.md configs/*.conf"

# Commands in backquotes or on lines of their own.
# shellcheck disable=SC2086 # a list of files
commands() {
	{
		grep -ohE '`[^`]+`' $texts | tr -d '`'
		sed -n '/^```$/,/^```$/p' README.md | sed 's/^\$ //'
	} | grep -E "^(build/)?$1( |\$)" | sed 's|^build/||' | sort -u
}

targets=$(commands make | tr ' ' '\n' | grep -xE '[a-z]+(-[a-z]+)?' | sort -u | grep -vx make)
check "texts name make targets" test -n "$targets"
for target in $targets; do
	check "there is a target $target" grep -qE "^([a-z-]+ )*$target( [a-z-]+)*:" Makefile rules/*.mk
done

check_same "the README has two commands, demo and check" "make demo
make check" "$(sed -n '/^```$/{n;s/^\$ //;/^make/p}' README.md)"
check_same "continuous integration runs the README's test command" "make check" \
	"$(tail -n 1 .ci/run)"

# The tutorial in stages/ names a file that its reader makes.
# shellcheck disable=SC2086,SC2013
for file in $(grep -ohE '\b(configs|sample-images|docs|stages|rules)/[A-Za-z0-9._-]*[A-Za-z0-9]' \
	${texts/stages\/README.md/} docs/*.[1-9] | grep -v /NAME | sort -u); do
	check "there is $file" test -e "$file"
done

# "pipeline: --a --b", "pipeline run: --c": the options that --help of a program has.
programs=$(for main in pipeline/main-*.c; do
	basename "$main" .c | sed 's/^main-/pipeline-/; s/^pipeline-pipeline$/pipeline/'
done)
options_of() {
	local program=$1
	shift
	"$build/$program" "$@" --help | grep -oE '^ +(-[a-zA-Z0-9], )?--[a-z0-9-]+' | grep -oE -- '--.*'
}
subcommands=$("$build/pipeline" --help | sed -n '/^Commands/,/^$/s/^  \([a-z-]*\) .*/\1/p')

check "pipeline has commands" test -n "$subcommands"
for word in $(commands pipeline | awk '{ print $2 }' | grep -xE '[a-z]+' | sort -u); do
	check "there is a command 'pipeline $word'" grep -qx "$word" <<<"$subcommands"
done

for program in $programs; do
	{
		options_of "$program"
		if [ "$program" = pipeline ]; then
			for word in $subcommands; do
				options_of pipeline "$word"
			done
		fi
	} | sort -u >"$tmp/$program.help"
	check "$program --help has options" test -s "$tmp/$program.help"
	grep '^\.' "docs/$program.1" | grep -oE 'Fl \\?-[a-z-]+' | sed 's/Fl \\*-/--/' |
		sort -u >"$tmp/$program.page"
	check_same "$program(1) has the options of $program --help" "$(cat "$tmp/$program.help")" \
		"$(cat "$tmp/$program.page")"
done

cat "$tmp"/*.help | sort -u >"$tmp/all.help"
check_same "options in texts exist" "" "$(commands '(pipeline[a-z-]*|--[a-z-]+)' |
	grep -oE -- '--[a-z][a-z-]+' | sort -u | comm -23 - "$tmp/all.help")"

done_testing
