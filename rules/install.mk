# SPDX-License-Identifier: MIT
#
# Man pages that are made from what they describe, installation, release.

INSTALL ?= install
bindir := $(PREFIX)/bin
libdir := $(PREFIX)/lib
includedir := $(PREFIX)/include
mandir := $(PREFIX)/share/man

made_pages := $(O)/man/ivpipe-wire.7 $(O)/man/ivpipe-filters.7
pages := $(wildcard docs/*.[157]) $(made_pages)

.PHONY: man install uninstall dist
man: $(made_pages) ## the man pages that are made from the sources

$(O)/man/ivpipe-wire.7: include/ivpipe/wire.h docs/wire.awk
	$(call say,MAN)
	@mkdir -p $(@D)
	$(Q)awk -f docs/wire.awk $< >$@

$(O)/man/ivpipe-filters.7: docs/ivpipe-filters.7.in $(O)/pipeline
	$(call say,MAN)
	@mkdir -p $(@D)
	$(Q)$(O)/pipeline filters --manual | sed -e '/^@FILTERS@$$/{r /dev/stdin' -e 'd}' $< >$@

$(O)/ivpipe.pc: ivpipe.pc.in FORCE
	$(Q)sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(VERSION)|; s|@LIBS@|$(LIBS_HOST)|' $< >$@

# $(call put,MODE,FILES,FOLDER)
put = $(INSTALL) -d '$(DESTDIR)$(3)' && $(INSTALL) -m $(1) $(2) '$(DESTDIR)$(3)'

install: all man $(O)/ivpipe.pc ## programs, headers, library, guest image, man pages; PREFIX, DESTDIR
	$(call put,755,$(programs),$(bindir))
	$(call put,644,$(wildcard include/ivpipe/*.h),$(includedir)/ivpipe)
	$(call put,644,$(O)/libivpipe.a,$(libdir))
	$(call put,644,$(O)/ivpipe.pc,$(libdir)/pkgconfig)
	$(if $(SAN),,$(call put,644,$(guest_image),$(libdir)/ivpipe))
	$(foreach n,1 5 7,$(call put,644,$(filter %.$(n),$(pages)),$(mandir)/man$(n)) &&) :

uninstall: ## what install put there
	cd '$(DESTDIR)/' && rm -f $(patsubst /%,%,$(programs:$(O)/%=$(bindir)/%) \
		$(libdir)/libivpipe.a $(libdir)/pkgconfig/ivpipe.pc \
		$(foreach p,$(pages),$(mandir)/man$(subst .,,$(suffix $(p)))/$(notdir $(p))))
	rm -rf '$(DESTDIR)$(includedir)/ivpipe' '$(DESTDIR)$(libdir)/ivpipe'

dist: ## build/ivpipe-VERSION.tar.gz of the last commit
	@mkdir -p $(O)
	git archive --prefix=ivpipe-$(VERSION)/ HEAD | gzip -9n >$(O)/ivpipe-$(VERSION).tar.gz
