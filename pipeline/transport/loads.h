/* SPDX-License-Identifier: MIT */
/* Loads from memory that is not cached, and when to use them. Thread-safe. */
#ifndef IVP_TRANSPORT_LOADS_H
#define IVP_TRANSPORT_LOADS_H

#include <stddef.h>
#include <stdint.h>

/* loads = ...: how a stage reads the frames of a link. The configuration has the same words in this
 * order. */
enum ivp_loads {
	IVP_LOADS_AUTO,      /* as the memory is fast */
	IVP_LOADS_CACHED,    /* where they lie */
	IVP_LOADS_STREAMING, /* once, into private memory */
};

/* Copies, as memcpy does, by streaming loads: from memory that is write-combined or uncached each
 * line, or as much of it as an instruction takes, is fetched once. Loads of this thread that came
 * before are done before. */
void ivp_load_bytes(uint8_t *to, const uint8_t *from, size_t bytes);

#endif
