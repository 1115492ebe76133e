# SPDX-License-Identifier: MIT
#
# Tests. A test is tests/<group>/test_*.c, a cmocka program, or tests/<group>/test_*.sh; all speak
# TAP, and one prove runs them. T="words" picks those whose name contains one of the words.

test_groups := wire unit golden conf stress fuzz model e2e vm
local_groups := $(filter-out vm,$(test_groups))
in_groups = $(foreach g,$(1),$(wildcard tests/$(g)/test_*.c tests/$(g)/test_*.sh))
with_word = $(if $(T),$(foreach t,$(1),$(if $(strip $(foreach w,$(T),$(findstring $(w),$(t)))),$(t))),$(1))

# G: the groups to run, for check-some.
G ?= $(local_groups)
test_files := $(call with_word,$(call in_groups,$(G)))
test_paths := $(patsubst tests/%.c,$(O)/tests/%,$(test_files))
test_helpers := $(patsubst tests/%.c,$(O)/tests/%,$(wildcard tests/helpers/*-*.c) \
	$(if $(filter vm,$(G)),$(wildcard tests/vm/*-*.c)))
benches := $(patsubst tests/%.c,$(O)/tests/%,$(wildcard tests/bench/bench_*.c))

# Tests in guests take a core each: one at a time, next to the others. ThreadSanitizer needs the
# address space without random places.
JOBS ?= 2
prove := $(if $(filter thread,$(SAN)),setarch -R) prove --timer -j$(JOBS) --rules='seq=**/vm/*' \
	--rules='par=**' --exec tests/run-one

comma := ,
# pipeline-stage with a test between its runner and its filters.
poison_wrapped := ivp_chain_plan ivp_consumer_begin
$(O)/tests/helpers/poisoned-stage: $(O)/obj/pipeline/main-stage.o
$(O)/tests/helpers/poisoned-stage: test_flags := $(poison_wrapped:%=-Wl$(comma)--wrap=%)

# Headers of an older kernel may be gone from the archive: then what needs the module is skipped.
module_if_possible = $(MAKE) module || echo "without ivpipe_uio: its tests are skipped"

.PHONY: check check-local check-vm check-wire check-asan check-tsan check-valgrind check-some
check: ## every test, in guests too; T=ring: those with ring in their names
	@rules/install-packages $(packages_build) $(packages_run) $(packages_test)
	@$(MAKE) $(parallel) ready
	@$(module_if_possible)
	@$(MAKE) $(parallel) check-some G="$(test_groups)"

check-local: ## the tests that need no guests
	@$(MAKE) $(parallel) check-some G="$(local_groups)"

check-vm: ## the tests in guests
	@$(MAKE) $(parallel) ready
	@$(module_if_possible)
	@$(MAKE) $(parallel) check-some G=vm

check-wire: ## the layout of wire.h on five targets, in C and C++
	@$(MAKE) check-some G=wire

check-asan: ## the local tests with AddressSanitizer and UndefinedBehaviorSanitizer
	@$(MAKE) $(parallel) O=build/asan SAN=address,undefined G="$(local_groups)" check-some

check-tsan: ## what threads and processes share, with ThreadSanitizer
	@$(MAKE) $(parallel) O=build/tsan SAN=thread G="unit stress" T="stress/ test_ring test_link test_port test_workers test_chain test_crew test_feeder test_sink test_watermark test_runner_early" check-some

check-valgrind: ## parsers and codecs under valgrind
	@$(MAKE) $(parallel) O=build/valgrind G=unit TEST_WRAP="valgrind -q --leak-check=full --error-exitcode=9" \
		T="test_codec test_topology test_params test_scan test_metadata test_region" check-some

check-some: $(test_paths:%.sh=) $(test_helpers) programs
	@[ -n "$(test_paths)" ] || { echo "no test is named like $(T)"; exit 1; }
	@BUILD=$(abspath $(O)) $(prove) $(sort $(test_paths))

.PHONY: model soak
model: ## explore the models of the protocol with spin, and the ways to break it
	@rules/install-packages $(packages_test)
	@prove -v --timer --exec tests/run-one tests/model/test_model.sh

# N: kills.
soak: N ?= 1000
soak: programs ## kill N=1000 of the programs at random, one after the other, as they work
	@BUILD=$(abspath $(O)) SOAK_KILLS=$(N) TEST_SECONDS=$(N)0 prove -v --timer --exec tests/run-one \
		tests/stress/test_soak.sh

.PHONY: bench
bench: $(benches) programs ## measure: build/bench/*.json
	@mkdir -p $(O)/bench
	@for bench in $(benches); do \
		BUILD=$(abspath $(O)) $$bench >$(O)/bench/$${bench##*/bench_}.json || exit 1; \
		cat $(O)/bench/$${bench##*/bench_}.json; \
	done
