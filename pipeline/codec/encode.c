/* SPDX-License-Identifier: MIT */
/* The way into the encoders: which pixels each takes, and that all of a file has reached the
 * system before an image counts as written. */
#include <errno.h>
#include <string.h>

#include "codec/private.h"

bool ivp_encoding_takes(enum ivp_encoding encoding, uint32_t format)
{
	if (encoding == IVP_ENCODE_JPEG)
		return format == IVP_FORMAT_GRAY8 || format == IVP_FORMAT_RGB8;
	return ivp_format_channels(format) != 0;
}

const char *ivp_encoding_suffix(enum ivp_encoding encoding, uint32_t format)
{
	switch (encoding) {
	case IVP_ENCODE_PNG:
		return ".png";
	case IVP_ENCODE_JPEG:
		return ".jpg";
	case IVP_ENCODE_PNM:
		break;
	}
	return ivp_format_channels(format) == 4 ? ".pam" : ".pnm";
}

static const char *encoding_name(enum ivp_encoding encoding)
{
	static const char *const names[] = {
	    [IVP_ENCODE_PNG] = "PNG", [IVP_ENCODE_JPEG] = "JPEG", [IVP_ENCODE_PNM] = "PNM"};

	return names[encoding];
}

static int dispatch(const struct ivp_input *in, const struct ivp_encode_options *options, FILE *to,
		    struct ivp_why *why)
{
	switch (options->encoding) {
	case IVP_ENCODE_PNG:
		return ivp_png_encode(in, options, to, why);
	case IVP_ENCODE_JPEG:
		return ivp_jpeg_encode(in, options, to, why);
	case IVP_ENCODE_PNM:
		return ivp_pnm_encode(in, options, to, why);
	}
	return -EINVAL;
}

int ivp_encode(const struct ivp_input *in, const struct ivp_encode_options *options, FILE *to,
	       struct ivp_why *why)
{
	int error;

	if (!ivp_encoding_takes(options->encoding, in->shape.format)) {
		ivp_why_set(why, "%s cannot hold %s pixels", encoding_name(options->encoding),
			    ivp_format_name(in->shape.format));
		return -EINVAL;
	}
	error = dispatch(in, options, to, why);
	if (error)
		return error;
	/* A full disk often shows only when the stream's buffer is written out. */
	errno = 0;
	if (!fflush(to))
		return 0;
	error = errno ? -errno : -EIO;
	ivp_why_set(why, "cannot write the %s: %s", encoding_name(options->encoding),
		    strerror(-error));
	return error;
}
