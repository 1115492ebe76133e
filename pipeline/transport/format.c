/* SPDX-License-Identifier: MIT */
/* Pixel formats, the sizes of images, and reasons in words. Pure functions over their arguments. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include <ivpipe/frame.h>

void ivp_why_set(struct ivp_why *why, const char *format, ...)
{
	va_list arguments;

	if (!why)
		return;
	va_start(arguments, format);
	vsnprintf(why->text, sizeof(why->text), format, arguments);
	va_end(arguments);
}

static const struct {
	const char *name;
	unsigned char channels, sample_bytes;
} formats[] = {
    [IVP_FORMAT_GRAY8] = {"GRAY8", 1, 1}, [IVP_FORMAT_RGB8] = {"RGB8", 3, 1},
    [IVP_FORMAT_RGBA8] = {"RGBA8", 4, 1}, [IVP_FORMAT_GRAY16] = {"GRAY16", 1, 2},
    [IVP_FORMAT_RGB16] = {"RGB16", 3, 2}, [IVP_FORMAT_RGBA16] = {"RGBA16", 4, 2},
};

static bool is_known(uint32_t format)
{
	return format < sizeof(formats) / sizeof(formats[0]) && formats[format].name;
}

unsigned ivp_format_channels(uint32_t format)
{
	return is_known(format) ? formats[format].channels : 0;
}

unsigned ivp_format_pixel_bytes(uint32_t format)
{
	return is_known(format) ? formats[format].channels * formats[format].sample_bytes : 0;
}

const char *ivp_format_name(uint32_t format)
{
	return is_known(format) ? formats[format].name : "unknown";
}

int ivp_shape_size(const struct ivp_shape *shape, size_t *stride, uint64_t *bytes)
{
	uint64_t row, image;

	if (!shape->width || !shape->height || !is_known(shape->format))
		return -EINVAL;
	/* At most 2^32 * 8 + 63: cannot wrap in 64 bits. */
	row = (uint64_t)shape->width * ivp_format_pixel_bytes(shape->format);
	row = (row + IVP_ROW_ALIGN - 1) & ~(uint64_t)(IVP_ROW_ALIGN - 1);
	if (row > INT32_MAX)
		return -EOVERFLOW;
	if (__builtin_mul_overflow(row, (uint64_t)shape->height, &image) || image >> 62 ||
	    image > SIZE_MAX)
		return -EOVERFLOW;
	*stride = (size_t)row;
	*bytes = image;
	return 0;
}
