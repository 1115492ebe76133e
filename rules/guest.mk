# SPDX-License-Identifier: MIT
#
# What a guest boots: a kernel from Debian, unpacked and never installed, and an initramfs that
# holds pipeline-stage, linked statically, and nothing else.

# One for all output folders: it does not depend on how we build.
KERNEL_DIR := build/kernel
KERNEL_PACKAGE ?= linux-image-cloud-amd64

guest_stage := $(O)/guest/pipeline-stage
guest_image := $(O)/guest/stage.cpio

.PHONY: guest kernel module
# A static program cannot be sanitized: such a build has no guests.
guest: $(if $(SAN),,$(guest_image)) ## the guests' image: initramfs with pipeline-stage

kernel: $(KERNEL_DIR)/vmlinuz ## the guests' kernel: downloaded as a package, unpacked, not installed

$(KERNEL_DIR)/vmlinuz: rules/get-kernel
	$(call say,KERNEL)
	$(Q)rules/get-kernel $(KERNEL_DIR) $(KERNEL_PACKAGE)

# For the guests' kernel; guests do without it.
module: $(KERNEL_DIR)/modules/ivpipe_uio.ko ## the guests' kernel module, built against Debian's headers, not installed

$(KERNEL_DIR)/modules/ivpipe_uio.ko: $(KERNEL_DIR)/vmlinuz guest-module/ivpipe_uio.c guest-module/Makefile rules/build-module
	$(call say,MODULE)
	$(Q)rules/build-module $(KERNEL_DIR) guest-module

# The owner of a region is looked up by programs that create one; a guest never does, and the
# linker's warning about getpwnam in static programs does not concern it.
$(guest_stage): $(O)/obj/pipeline/main-stage.o $(O)/libivpipe.a
	$(call say,LD)
	@mkdir -p $(@D)
	$(Q)$(CC) -static -s $(LDFLAGS) -Wl,--no-warnings -o $@ $< $(O)/libivpipe.a $(LIBS_BASE) $(LDLIBS)

$(guest_image): $(guest_stage) $(O)/pipeline
	$(call say,IMAGE)
	$(Q)$(O)/pipeline image --init $< --output $@

# Other programs that tests run as the init of a guest.
$(O)/tests/vm/%: $(O)/obj/tests/vm/%.o
	$(call say,LD)
	@mkdir -p $(@D)
	$(Q)$(CC) -static -s $(LDFLAGS) -Wl,--no-warnings -o $@ $^ $(vm_libs)

# One of them is a part of pipeline.
$(O)/tests/vm/doctor-guest: $(O)/libivpipe.a
$(O)/tests/vm/doctor-guest: vm_libs := -ljansson $(LIBS_BASE)
