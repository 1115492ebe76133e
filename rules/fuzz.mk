# SPDX-License-Identifier: MIT
#
# Fuzzing. tests/fuzz/fuzz_NAME.c is a target; TIME=60 seconds each, T="words" picks those whose
# name contains one of the words. `make check` replays their seeds and a few mutations without
# clang; `make fuzz` searches, in build/fuzz: fuzzers/, corpus/ (kept between runs), artifacts/.

FUZZ := build/fuzz
TIME ?= 60
fuzz_names := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
fuzz_replays := $(fuzz_names:%=$(O)/tests/fuzz/fuzz_%)

# Between the code under test and what it calls: see tests/fuzz/peer-wraps.c.
fuzz_wrapped := clock_gettime usleep fsync ivp_notify_wait ivp_frame_check ivp_metadata_next \
	ivp_window_inspect ivp_crew_init
fuzz_wrap := $(fuzz_wrapped:%=-Wl$(comma)--wrap=%)

fuzz_peer := $(patsubst tests/%.c,$(O)/obj/tests/%.o,$(wildcard tests/fuzz/peer*.c))
fuzz_common := $(O)/obj/tests/fuzz/hooks.o $(O)/libivpipe.a
$(filter $(O)/tests/fuzz/fuzz_peer_%,$(fuzz_replays)): $(fuzz_peer)
$(filter $(O)/tests/fuzz/fuzz_peer_%,$(fuzz_replays)): fuzz_flags := $(fuzz_wrap)
$(O)/tests/fuzz/fuzz_config $(O)/fuzzers/config: fuzz_flags := -Wl,--wrap=ivp_param_file_read
$(fuzz_replays): $(O)/tests/fuzz/fuzz_%: $(O)/obj/tests/fuzz/fuzz_%.o $(O)/obj/tests/fuzz/replay.o $(fuzz_common)
	$(call say,LD)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) $(fuzz_flags) -o $@ $(filter %.o,$^) $(O)/libivpipe.a -lz $(LIBS_HOST) $(LDLIBS)

# stb_image turns numbers out of range into samples of damaged images: odd pixels, no harm.
$(FUZZ)/obj/pipeline/codec/stb.o: override CFLAGS += -fno-sanitize=float-cast-overflow

# The replays are helpers of tests/fuzz/test_replay.sh.
ifneq ($(filter tests/fuzz/%,$(test_files)),)
check-some: $(fuzz_replays)
endif

# Of what follows each line runs in a make of its own, with O=$(FUZZ) and clang.
fuzzers := $(fuzz_names:%=$(O)/fuzzers/%)
$(filter $(O)/fuzzers/peer_%,$(fuzzers)): $(fuzz_peer)
$(filter $(O)/fuzzers/peer_%,$(fuzzers)): fuzz_flags := $(fuzz_wrap)
$(fuzzers): $(O)/fuzzers/%: $(O)/obj/tests/fuzz/fuzz_%.o $(fuzz_common)
	$(call say,LD)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -fsanitize=fuzzer $(fuzz_flags) -o $@ $(filter %.o,$^) $(O)/libivpipe.a -lz $(LIBS_HOST) $(LDLIBS)

fuzz_cflags := -fsanitize-coverage=trace-loads -fprofile-instr-generate -fcoverage-mapping \
	-Wno-unknown-warning-option

.PHONY: fuzz fuzzers
fuzzers: $(fuzzers) $(fuzz_replays)
fuzz: ## search for inputs that break something: TIME=60 seconds for each target, T=config: that one
	@rules/install-packages $(packages_build) $(packages_fuzz)
	@nice $(MAKE) $(parallel) O=$(FUZZ) CC=clang SAN=fuzzer-no-link,address,undefined fuzzers \
		CFLAGS='$(fuzz_cflags)' LDFLAGS=-fprofile-instr-generate
	@nice rules/run-fuzzers $(FUZZ) $(TIME) $(call with_word,$(fuzz_names))
