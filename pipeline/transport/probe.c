/* SPDX-License-Identifier: MIT */
/*
 * The memory type of a mapping cannot be asked for; its speed tells. Uncached loads take about
 * 100 ns each and write-combined ones the same, where cached ones take less than 1 ns; stores to
 * write-combined memory go out in lines and are several times faster than uncached ones.
 */
#include "transport/probe.h"

#include <ivpipe/ring.h>

#include "base/units.h"

#define FIRST   1280 /* behind the owner block: reserved, zero */
#define BYTES   (IVP_PAGE - FIRST)
#define WORDS   (BYTES / 8)
#define PASSES  32 /* long enough for any clock, short enough to be left alone now and then */
#define LONG_NS 3000000

/* Volatile, so that every access happens, one by one and as wide as the wire's words. */
static uint64_t read_once(const volatile uint64_t *at)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < WORDS; i++)
		sum |= at[i];
	return sum;
}

static void write_once(volatile uint64_t *at)
{
	for (unsigned i = 0; i < WORDS; i++)
		at[i] = 0;
	ivp_store_fence(); /* empties the buffers that combine stores */
}

/* The best of all rounds: others on the machine only make it slower. */
static double measure(void *page, bool write)
{
	volatile uint64_t *at = (volatile uint64_t *)page + FIRST / 8;
	const uint64_t start = ivp_now_ns();
	uint64_t before = start, least = UINT64_MAX;

	do {
		for (unsigned i = 0; i < PASSES; i++)
			if (write)
				write_once(at);
			else
				(void)read_once(at);
		const uint64_t now = ivp_now_ns();
		least = now - before < least ? now - before : least;
		before = now;
	} while (before - start < LONG_NS);
	return PASSES * BYTES / (double)(least > 0 ? least : 1); /* bytes a ns are GB/s */
}

void ivp_probe(void *page, bool write, struct ivp_speeds *speeds)
{
	_Alignas(IVP_PAGE) uint64_t plain[IVP_PAGE / 8] = {0};

	*speeds = (struct ivp_speeds){
	    .read = measure(page, false),
	    .write = write ? measure(page, true) : 0,
	    .plain_read = measure(plain, false),
	    .plain_write = measure(plain, true),
	};
}

bool ivp_probe_is_slow(const struct ivp_speeds *speeds)
{
	/* Cached is 1 and uncached below 1/50; a busy machine may halve one of the two. */
	return speeds->read <= speeds->plain_read / 5;
}

const char *ivp_probe_type(const struct ivp_speeds *speeds)
{
	if (!ivp_probe_is_slow(speeds))
		return "write-back";
	return speeds->write > speeds->plain_write / 20 ? "write-combined" : "uncached";
}
