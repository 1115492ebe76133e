# SPDX-License-Identifier: MIT
#
# make bench-peers: our filters beside those of other libraries, as Debian builds them. It is not a
# test, and nothing else needs what it installs. A peer that is missing or too old is named and
# left out. PEERS_FLAGS: more for measure.py, "--only median --sizes", say (--help lists them).

peers_dir := tests/bench/peers
peers := $(filter-out ivpipe reference,$(basename $(notdir $(wildcard $(peers_dir)/*.c $(peers_dir)/*.cpp)))) pillow
peer_programs := $(patsubst %,$(O)/tests/bench/peers/%,$(filter-out pillow,$(peers)))
PEERS_FLAGS ?= --threads --sizes --radii

peer_flags = $(shell pkg-config --cflags --libs $(1) 2>/dev/null)
peer_opencv = -I/usr/include/opencv4 -lopencv_photo -lopencv_imgproc -lopencv_core
peer_vips = $(call peer_flags,vips)
peer_graphicsmagick = $(call peer_flags,GraphicsMagick)
peer_ffmpeg = $(call peer_flags,libavfilter libswscale libavutil)
peer_libyuv = -lyuv
peer_zimg = $(call peer_flags,zimg) -lm

# With a header of its own only: what CPPFLAGS and CFLAGS are for us is not for them.
peer_compile_c := $(CC) -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra
peer_compile_cpp := $(CXX) -std=c++17 -O2 -Wall -Wextra
$(peer_programs): $(O)/tests/bench/peers/%: $(peers_dir)/peer.h FORCE
	$(Q)mkdir -p $(@D)
	$(Q)source=$(firstword $(wildcard $(peers_dir)/$*.c $(peers_dir)/$*.cpp)); \
	if [ $@ -nt $$source ] && [ $@ -nt $< ]; then exit 0; fi; \
	printf '  %-7s %s\n' PEER '$(@:$(O)/%=%)'; rm -f $@; \
	case $$source in \
	*.c) $(peer_compile_c) -o $@ $$source $(peer_$*) ;; \
	*) $(peer_compile_cpp) -o $@ $$source $(peer_$*) ;; \
	esac >$@.log 2>&1 || echo "bench-peers: $* does not build here, see $@.log: it is left out"

lint_peers := $(patsubst $(O)/%,$(O)/lint/%.tidy,$(wildcard $(peer_programs)))
lint: $(lint_peers)
$(lint_peers): $(O)/lint/tests/bench/peers/%.tidy: $(O)/tests/bench/peers/% .clang-tidy tests/.clang-tidy
	$(call say,TIDY)
	@mkdir -p $(@D)
	$(Q)source=$(firstword $(wildcard $(peers_dir)/$*.c $(peers_dir)/$*.cpp)); \
	case $$source in *.c) standard=gnu11 ;; *) standard=c++17 ;; esac; \
	clang-tidy --quiet $$source -- -std=$$standard -D_GNU_SOURCE $(filter -I% -D%,$(peer_$*)) \
		2>$@.log || { cat $@.log >&2; exit 1; }
	@touch $@

.PHONY: bench-peers
bench-peers: ## our filters beside other libraries': build/bench/filters.{json,md,svg}
	@rules/install-packages $(packages_build) $(packages_test)
	@rules/install-packages $(packages_peers) || for package in $(packages_peers); do \
		rules/install-packages $$package || :; done
	@$(MAKE) $(parallel) peers
	@mkdir -p $(O)/bench
	@$(peers_dir)/measure.py --programs $(O)/tests/bench/peers --filters $(O)/tests/bench/bench_filters \
		--peers '$(peers)' --json $(O)/bench/filters.json $(PEERS_FLAGS)
	@$(peers_dir)/report.py $(O)/bench/filters.json $(O)/bench/filters.md $(O)/bench/filters.svg
	@echo "The rows are in $(O)/bench/filters.json, a table in filters.md, a chart in filters.svg."

.PHONY: peers
peers: $(peer_programs) $(O)/tests/bench/peers/ivpipe $(O)/tests/bench/peers/reference $(O)/tests/bench/bench_filters
