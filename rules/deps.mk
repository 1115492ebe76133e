# SPDX-License-Identifier: MIT
#
# What ivpipe needs of Debian 12, by what needs it. `make` alone installs nothing; `make demo` and
# `make check` install what they need and is missing.

packages_build := gcc libc6-dev make libconfuse-dev libjansson-dev libpng-dev libjpeg62-turbo-dev \
	libstb-dev libxxhash-dev
packages_run := qemu-system-x86 lz4
packages_test := g++ clang libcmocka-dev libvirt0 libxml2-utils perl spin
packages_fuzz := clang libclang-rt-14-dev llvm
# What make bench-peers measures beside us.
packages_peers := g++ libavfilter-dev libgraphicsmagick1-dev libopencv-imgproc-dev libopencv-photo-dev \
	libswscale-dev libvips-dev libyuv-dev libzimg-dev pkg-config python3 python3-pil
packages_lint := clang-format clang-tidy cppcheck mandoc shellcheck valgrind

.PHONY: deps
deps: ## install the Debian packages that are missing, for everything below
	@rules/install-packages $(packages_build) $(packages_run) $(packages_test) $(packages_fuzz) $(packages_lint)
