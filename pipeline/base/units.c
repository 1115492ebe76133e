/* SPDX-License-Identifier: MIT */
/* Text to numbers by integer arithmetic only, so that what is accepted is exact. */
#include "base/units.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define SIZE_LIMIT     (1ull << 62)
#define DURATION_LIMIT (1000000000ull * 1000000000ull) /* 10^9 s in nanoseconds */

struct unit {
	const char *suffix;
	uint64_t factor;
};

static const struct unit sizes[] = {
    {"", 1},
    {"B", 1},
    {"K", 1ull << 10},
    {"KiB", 1ull << 10},
    {"M", 1ull << 20},
    {"MiB", 1ull << 20},
    {"G", 1ull << 30},
    {"GiB", 1ull << 30},
    {"kB", 1000ull},
    {"MB", 1000000ull},
    {"GB", 1000000000ull},
};

static const struct unit durations[] = {
    {"", 1000000000ull},     {"ns", 1ull},         {"us", 1000ull},
    {"ms", 1000000ull},      {"s", 1000000000ull}, {"min", 60000000000ull},
    {"h", 3600000000000ull},
};

static uint64_t find_factor(const struct unit *units, size_t count, const char *suffix)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(units[i].suffix, suffix) == 0)
			return units[i].factor;
	return 0;
}

/* Reads the digits at *text and moves it on. False if they exceed 64 bits. */
static bool read_digits(const char **text, uint64_t *value)
{
	*value = 0;
	for (; **text >= '0' && **text <= '9'; ++*text)
		if (__builtin_mul_overflow(*value, 10u, value) ||
		    __builtin_add_overflow(*value, (uint64_t)(**text - '0'), value))
			return false;
	return true;
}

int ivp_parse_size(const char *text, uint64_t *bytes)
{
	const char *rest = text;
	uint64_t value, factor;
	bool fits;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	fits = read_digits(&rest, &value);
	rest += strspn(rest, "0123456789");
	factor = find_factor(sizes, sizeof(sizes) / sizeof(sizes[0]), rest);
	if (factor == 0)
		return -EINVAL;
	if (!fits || __builtin_mul_overflow(value, factor, &value) || value > SIZE_LIMIT)
		return -ERANGE;
	*bytes = value;
	return 0;
}

int ivp_parse_duration(const char *text, uint64_t *nanoseconds)
{
	const char *rest = text, *fraction_start;
	uint64_t whole, fraction = 0, scale = 1, factor;
	bool fits;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	fits = read_digits(&rest, &whole);
	rest += strspn(rest, "0123456789");
	if (*rest == '.') {
		fraction_start = ++rest;
		/* nine digits: fraction * factor stays below 10^9 * 3.6 * 10^12 < 2^72 */
		if (strspn(rest, "0123456789") > 9 || !read_digits(&rest, &fraction) ||
		    rest == fraction_start)
			return -EINVAL;
		for (const char *digit = fraction_start; digit < rest; digit++)
			scale *= 10;
	}
	factor = find_factor(durations, sizeof(durations) / sizeof(durations[0]), rest);
	if (factor == 0)
		return -EINVAL;
	fraction = (uint64_t)((unsigned __int128)fraction * factor / scale);
	if (!fits || __builtin_mul_overflow(whole, factor, &whole) ||
	    __builtin_add_overflow(whole, fraction, &whole) || whole > DURATION_LIMIT)
		return -ERANGE;
	*nanoseconds = whole;
	return 0;
}

char *ivp_format_size(uint64_t bytes, char text[24])
{
	static const char *const names[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	uint64_t unit = 1024, tenths;
	unsigned i = 0;

	if (bytes < 1024) {
		snprintf(text, 24, "%u B", (unsigned)bytes);
		return text;
	}
	/* Rounded half up; the whole part is taken off first, so that nothing overflows. */
	for (;;) {
		tenths = bytes / unit * 10 + (bytes % unit * 10 + unit / 2) / unit;
		if (tenths < 10240 || i == 5)
			break;
		unit *= 1024;
		i++;
	}
	snprintf(text, 24, "%u.%u %s", (unsigned)(tenths / 10), (unsigned)(tenths % 10), names[i]);
	return text;
}

int ivp_exit_code(int error)
{
	switch (-error) {
	case 0:
		return EX_OK;
	case EINVAL:
	case ERANGE:
	case ENAMETOOLONG:
	case ENOTUNIQ:
		return EX_CONFIG;
	case ENOENT:
	case ENOTDIR:
	case EISDIR:
	case ELOOP:
		return EX_NOINPUT;
	case EILSEQ:
	case E2BIG:
	case EMSGSIZE:
	case EOVERFLOW:
		return EX_DATAERR;
	case EBADMSG:
	case ENOMSG:
	case EPROTO:
	case EPROTONOSUPPORT:
		return EX_PROTOCOL;
	case ETIMEDOUT:
	case EAGAIN:
	case EBUSY:
	case EINTR:
	case ESTALE:
		return EX_TEMPFAIL;
	case ENODEV:
	case ENXIO:
	case EPIPE:
	case ECONNRESET:
	case EOWNERDEAD:
		return EX_UNAVAILABLE;
	case EACCES:
	case EPERM:
		return EX_NOPERM;
	case EEXIST:
	case ENOSPC:
	case EDQUOT:
	case EROFS:
		return EX_CANTCREAT;
	case EIO:
		return EX_IOERR;
	case ENOMEM:
	case EMFILE:
	case ENFILE:
		return EX_OSERR;
	default:
		return EX_SOFTWARE;
	}
}
