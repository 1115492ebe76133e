# SPDX-License-Identifier: MIT
#
# ivpipe. `make help` lists the targets. Variants build side by side:
#     make O=build/asan SAN=address,undefined check-local
# CC, CFLAGS, CPPFLAGS, LDFLAGS and LDLIBS from the command line come last, ours stay.

O ?= build
V ?= 0
CC := $(if $(filter default,$(origin CC)),gcc,$(CC))
PREFIX ?= /usr/local
DESTDIR ?=

MAKEFLAGS += --no-print-directory
.DELETE_ON_ERROR:
.SECONDARY:
.DEFAULT_GOAL := all
Q := $(if $(filter 1,$(V)),,@)
silent := $(findstring s,$(filter-out --%,$(firstword $(MAKEFLAGS))))
say = $(if $(filter 1,$(V))$(silent),,@printf '  %-7s %s\n' '$(1)' '$(patsubst $(O)/%,%,$@)')

# For the targets that make others: every processor, unless -j says how many.
parallel = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))

VERSION := 0.1.0

# Ours first, the user's last; a sub-make that is given the result adds nothing to it.
ours_and = $(1) $(filter-out $(1),$(2))
override CPPFLAGS := $(call ours_and,-Iinclude -Ipipeline -Itests -D_GNU_SOURCE \
	-DIVP_VERSION='"$(VERSION)"',$(CPPFLAGS))
override CFLAGS := $(call ours_and,-std=gnu11 -O2 -g -Wall -Wextra -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wvla -Wundef -Wno-format-truncation -Wno-missing-field-initializers -Werror -ffp-contract=off -fno-math-errno -fno-trapping-math -pthread \
	$(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all),$(CFLAGS))
override LDFLAGS := $(call ours_and,-pthread $(if $(SAN),-fsanitize=$(SAN)),$(LDFLAGS))

LIBS_BASE := -lconfuse -lm
LIBS_HOST := -lpng -ljpeg -ljansson $(LIBS_BASE)

lib_src := $(filter-out pipeline/main-%.c,$(wildcard pipeline/*.c pipeline/*/*.c stages/*.c))
lib_obj := $(lib_src:%.c=$(O)/obj/%.o)
# main-stage.c becomes pipeline-stage, main-pipeline.c pipeline.
programs := $(patsubst %-pipeline,%,$(patsubst pipeline/main-%.c,$(O)/pipeline-%,$(wildcard pipeline/main-*.c)))

include rules/isa.mk
include rules/deps.mk
include rules/guest.mk
include rules/check.mk
include rules/fuzz.mk
include rules/lint.mk
include rules/peers.mk
include rules/install.mk

all: $(programs) guest ## build everything: programs, guest image

.PHONY: all ready programs demo clean distclean help FORCE
programs: $(programs)
ready: all kernel

# Files that change only if the text does: what depends on them is made again then.
define stamp
	@mkdir -p $(@D)
	@printf '%s\n' '$(1)' | cmp -s - $@ || printf '%s\n' '$(1)' >$@
endef
$(O)/.flags: FORCE
	$(call stamp,$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $(LDLIBS))
$(O)/.sources: FORCE
	$(call stamp,$(lib_src))

# Filters are loops over pixels: they get the optimiser's full attention.
$(O)/obj/%.o: %.c $(O)/.flags
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(if $(filter stages/%,$<),$(CFLAGS:-O2=-O3),$(CFLAGS)) -MMD -MP -c -o $@ $<

# Made anew each time: an archive would keep the objects of files that are gone.
$(O)/libivpipe.a: $(lib_obj) $(O)/.sources
	$(call say,AR)
	$(Q)rm -f $@ && ar rcsD $@ $(lib_obj)

$(O)/pipeline-stage: LIBS := $(LIBS_BASE)
$(O)/pipeline: $(O)/obj/pipeline/main-pipeline.o
$(filter $(O)/pipeline-%,$(programs)): $(O)/pipeline-%: $(O)/obj/pipeline/main-%.o
$(programs): $(O)/libivpipe.a
	$(call say,LD)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(O)/libivpipe.a $(or $(LIBS),$(LIBS_HOST)) $(LDLIBS)

$(O)/tests/%: $(O)/obj/tests/%.o $(O)/libivpipe.a
	$(call say,LD)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) $(test_flags) -o $@ $(filter %.o,$^) $(O)/libivpipe.a -lcmocka -lz $(LIBS_HOST) $(LDLIBS)

demo: MODE ?= guests
demo: OUT ?= out
demo: ## sample-images through blur and resize in two guests; MODE=local: as processes
	@rules/install-packages $(packages_build) $(if $(filter local,$(MODE)),,$(packages_run))
	@$(MAKE) $(parallel) $(if $(filter local,$(MODE)),programs,ready)
	@$(O)/pipeline run configs/blur-resize.conf $(if $(filter local,$(MODE)),--local) \
		--name demo-$$$$ --input sample-images --output $(OUT)
	@echo "The results are in $(OUT)/."

clean: ## remove what was built, but for the guests' kernel
	@[ ! -d $(O) ] || find $(O) -mindepth 1 -maxdepth 1 ! -name kernel -exec rm -rf {} +

distclean: ## remove build/ with all in it
	rm -rf build

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile rules/*.mk | expand -t 24

-include $(shell find $(O)/obj -name '*.d' 2>/dev/null)
