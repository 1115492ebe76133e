/* SPDX-License-Identifier: MIT */
/* What memory a window is in, by its speed: nothing tells a guest's program what its host makes of a
 * mapping. Thread-safe on different pages. */
#ifndef IVP_TRANSPORT_PROBE_H
#define IVP_TRANSPORT_PROBE_H

#include <stdbool.h>

/* GB/s of device memory, next to ordinary memory of the same size. */
struct ivp_speeds {
	double read, write; /* write is 0 if it was not measured */
	double plain_read, plain_write;
};

/* Measures the reserved rest of a window's first page, which is zero by definition (wire.h,
 * section 1): with write, zeros are stored over it, which changes nothing for anybody. page is
 * IVP_PAGE bytes. Takes about 12 ms. */
void ivp_probe(void *page, bool write, struct ivp_speeds *speeds);

/* Are loads so slow that everything should be loaded once, and in one go? */
bool ivp_probe_is_slow(const struct ivp_speeds *speeds);

/* "write-back", "write-combined" or "uncached", by the ratios. */
const char *ivp_probe_type(const struct ivp_speeds *speeds);

#endif
