/* SPDX-License-Identifier: MIT */
/* See hooks.h. Nothing here may be instrumented itself. */
#include "fuzz/hooks.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __clang__
#define NOT_TRACED __attribute__((no_sanitize("coverage", "address", "undefined")))
#else
#define NOT_TRACED
#endif

static uint8_t *flipped;
static size_t flipped_bytes;
static uint32_t flips;

static uintptr_t watched, watched_bytes;
static void (*watcher)(const void *address);

NOT_TRACED void hooks_flip(void *memory, size_t bytes)
{
	flipped = memory;
	flipped_bytes = bytes;
	flips = 0;
}

NOT_TRACED void hooks_watch(const void *memory, size_t bytes, void (*strike)(const void *address))
{
	watched = (uintptr_t)memory;
	watched_bytes = memory ? bytes : 0;
	watcher = strike;
}

#ifdef __clang__
NOT_TRACED static void before_load(const void *address)
{
	if ((uintptr_t)address - watched < watched_bytes)
		watcher(address);
	if (flipped && (uintptr_t)address - (uintptr_t)flipped < flipped_bytes && ++flips % 3 == 0)
		*(volatile uint8_t *)(uintptr_t)address ^= (uint8_t)(flips * 0x9du | 1);
}

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) the compiler's names */
void __sanitizer_cov_load1(const void *address);
void __sanitizer_cov_load2(const void *address);
void __sanitizer_cov_load4(const void *address);
void __sanitizer_cov_load8(const void *address);
void __sanitizer_cov_load16(const void *address);

NOT_TRACED void __sanitizer_cov_load1(const void *address)
{
	before_load(address);
}

NOT_TRACED void __sanitizer_cov_load2(const void *address)
{
	before_load(address);
}

NOT_TRACED void __sanitizer_cov_load4(const void *address)
{
	before_load(address);
}

NOT_TRACED void __sanitizer_cov_load8(const void *address)
{
	before_load(address);
}

NOT_TRACED void __sanitizer_cov_load16(const void *address)
{
	before_load(address);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#endif
