/* SPDX-License-Identifier: MIT */
/* Sizes, durations, clock and exit codes: what every program shares. All thread-safe. */
#ifndef IVP_BASE_UNITS_H
#define IVP_BASE_UNITS_H

#include <stddef.h>
#include <stdint.h>
#include <sysexits.h>
#include <time.h>

/* "64MiB", "4K", "100MB", "4096": K, M, G are binary, as KiB, MiB, GiB; kB, MB, GB decimal.
 * Returns 0, or -EINVAL for anything else, -ERANGE beyond 2^62. */
int ivp_parse_size(const char *text, uint64_t *bytes);
/* "250ms", "30s", "2min", "1.5" (seconds). Returns 0, -EINVAL, or -ERANGE beyond 10^9 s. */
int ivp_parse_duration(const char *text, uint64_t *nanoseconds);
/* Writes "12.0 MiB" and the like into text. Returns text. */
char *ivp_format_size(uint64_t bytes, char text[24]);

/* CLOCK_MONOTONIC in nanoseconds. */
static inline uint64_t ivp_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The sysexits(3) code that stands for a negative errno value of this project's functions. */
int ivp_exit_code(int error);

#endif
