/* SPDX-License-Identifier: MIT */
/*
 * The memory type of a mapping cannot be asked for; its speed tells. Uncached loads take about
 * 100 ns each and write-combined ones the same, where cached ones take less than 1 ns; stores to
 * write-combined memory go out in lines and are several times faster than uncached ones.
 */
#include <ivpipe/ring.h>

#include "base/units.h"
#include "supervisor/doctor.h"

#define FIRST   1280 /* behind the owner block: reserved, zero */
#define BYTES   (IVP_PAGE - FIRST)
#define WORDS   (BYTES / 8)
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

static double measure(void *page, bool write)
{
	volatile uint64_t *at = (volatile uint64_t *)page + FIRST / 8;
	const uint64_t start = ivp_now_ns();
	uint64_t passes = 0, ns;

	do {
		if (write)
			write_once(at);
		else
			(void)read_once(at);
		passes++;
		ns = ivp_now_ns() - start;
	} while (ns < LONG_NS);
	return (double)(passes * BYTES) / (double)ns; /* bytes a ns are GB/s */
}

void ivp_doctor_probe(void *page, int write, struct ivp_speeds *speeds)
{
	static _Alignas(IVP_PAGE) uint64_t plain[IVP_PAGE / 8];

	*speeds = (struct ivp_speeds){
	    .read = measure(page, false),
	    .write = write ? measure(page, true) : 0,
	    .plain_read = measure(plain, false),
	    .plain_write = measure(plain, true),
	};
}

const char *ivp_doctor_memory_type(const struct ivp_speeds *speeds)
{
	/* Cached is 1 and uncached below 1/50; a busy machine may halve one of the two. */
	if (speeds->read > speeds->plain_read / 5)
		return "write-back";
	if (speeds->write > speeds->plain_write / 20)
		return "write-combined";
	return "uncached";
}
