# SPDX-License-Identifier: MIT
#
# Checks that run nothing: form, bugs that tools see, the rules of the tree.

lint_c := $(wildcard pipeline/*.c pipeline/*/*.c stages/*.c tests/*/*.c) \
	tests/bench/peers/ivpipe.c tests/bench/peers/reference.c
lint_h := $(wildcard include/ivpipe/*.h pipeline/*.h pipeline/*/*.h stages/*.h tests/*/*.h tests/*/*/*.h)
# Those of bench-peers need headers that are not there everywhere: rules/peers.mk has clang-tidy
# look at what could be built. Their form is for all to see.
lint_form := $(wildcard tests/bench/peers/*.c tests/bench/peers/*.cpp)
lint_sh := $(shell grep -lE '^\#!.*(bash|/sh)' .ci/run rules/* tests/run* tests/*/*.sh)
lint_cppflags := $(filter -I% -D%,$(CPPFLAGS))

.PHONY: lint lint-format lint-cppcheck lint-shell lint-text lint-man format
lint: lint-format lint-text lint-shell lint-man lint-cppcheck $(lint_c:%.c=$(O)/lint/%.tidy) ## clang-format, clang-tidy, cppcheck, shellcheck, mandoc, rules of the tree

lint-format:
	$(Q)clang-format --dry-run -Werror $(lint_c) $(lint_h) $(lint_form)

lint-text:
	$(Q)rules/lint-text

# SC3013: -nt is in every sh that Debian has had. SC2317: a function handed to check is reached.
# SC2016: dollars and backquotes in patterns are meant.
lint-shell:
	$(Q)shellcheck -x -P SCRIPTDIR -e SC3013,SC2317,SC2016 $(lint_sh) tests/helpers/*.sh

lint-man: man
	$(Q)mandoc -Tlint -Wwarning docs/*.[1-9] $(O)/man/*.[1-9]

# cppcheck knows the system's functions without their headers. Its search for uninitialized
# variables gives up on loops and blames what they fill; gcc, clang and valgrind look too. A
# parameter's field is at an offset that _Generic and offsetof have made from its type; rows of the bilateral filter
# are of floats, their distances in bytes.
lint-cppcheck:
	$(Q)cppcheck -q -j2 --error-exitcode=1 --std=c11 --inline-suppr $(lint_cppflags) \
		--enable=warning,performance,portability --suppress=missingInclude \
		--suppress=uninitvar --suppress=invalidPointerCast:pipeline/config/params.c \
		--suppress=invalidPointerCast:stages/bilateral.c \
		pipeline stages

# stb.c is stb_image for the analyzer, which follows it into that header.
$(O)/lint/pipeline/codec/stb.tidy: tidy_flags := --checks=-clang-analyzer-*
# What clang-tidy found nothing in is not looked at again until it, or a header that it includes,
# changes: when its object does.
$(O)/lint/%.tidy: $(O)/obj/%.o .clang-tidy tests/.clang-tidy
	$(call say,TIDY)
	@mkdir -p $(@D)
	$(Q)clang-tidy --quiet $(tidy_flags) $*.c -- -std=gnu11 $(lint_cppflags) 2>$@.log || { cat $@.log >&2; exit 1; }
	@touch $@

format: ## clang-format all C sources in place
	clang-format -i $(lint_c) $(lint_h) $(lint_form)
