# SPDX-License-Identifier: MIT
#
# The filters once more for each level of x86-64 above the baseline. Each level becomes one object
# that shows a single symbol, its list of filters; pipeline/stage/isa.c chooses between the lists.

ISAS := $(if $(filter x86_64-%,$(shell $(CC) -dumpmachine)),avx2 avx512)
isa_flags_avx2 := -mavx2 -mfma -mbmi -mbmi2 -mpopcnt
isa_flags_avx512 := $(isa_flags_avx2) -mavx512f -mavx512bw -mavx512cd -mavx512dq -mavx512vl \
	-mavx512vbmi -mavx512vnni -mprefer-vector-width=512

override CPPFLAGS := $(call ours_and,$(if $(ISAS),-DIVP_ISA_LEVELS),$(CPPFLAGS))
lib_obj += $(ISAS:%=$(O)/obj/isa/%.o)

define isa_rules
$(O)/obj/isa/$(1)/%.o: stages/%.c $(O)/.flags rules/isa.mk
	$$(call say,CC)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(CPPFLAGS) -DIVP_STAGES=ivp_filters_$(1) $$(CFLAGS:-O2=-O3) $(isa_flags_$(1)) -MMD -MP -c -o $$@ $$<

$(O)/obj/isa/$(1).o: $(patsubst stages/%.c,$(O)/obj/isa/$(1)/%.o,$(wildcard stages/*.c)) $(O)/.sources
	$$(call say,LD)
	$$(Q)ld -r -o $$@ $$(filter %.o,$$^) && objcopy --keep-global-symbol=ivp_filters_$(1) $$@
endef
$(foreach isa,$(ISAS),$(eval $(call isa_rules,$(isa))))
