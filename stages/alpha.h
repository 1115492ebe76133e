/* SPDX-License-Identifier: MIT */
/*
 * Rows of pixels as filters with a window see them, and back. RGBA rows are premultiplied, each
 * colour c * a / most (most: 255 or 65535), rounded to nearest; all else stays as it is. On the
 * way back colour = most * C / A, rounded to nearest, and 0 where alpha is 0. A pixel that is
 * opaque stays exactly what it was, both ways. A colour above its alpha, which only a peer makes that
 * changes pixels while they are worked on, comes back as any pixel.
 *
 * What picks one of several values for each channel by itself (a median, a minimum) picks a
 * colour no larger than its alpha: ranks keep the order C <= A that holds for every pixel.
 */
#ifndef IVP_STAGES_ALPHA_H
#define IVP_STAGES_ALPHA_H

#include <ivpipe/frame.h>

static inline bool ivp_has_alpha(uint32_t format)
{
	return format == IVP_FORMAT_RGBA8 || format == IVP_FORMAT_RGBA16;
}

/* width pixels each; from and to do not overlap. */
void ivp_premultiply(uint32_t format, const void *from, void *to, size_t width);
void ivp_unpremultiply(uint32_t format, const void *from, void *to, size_t width);

/* Gives the pixels of to the alphas that they have in from. Does nothing without alpha. */
void ivp_take_alpha(uint32_t format, const void *from, void *to, size_t width);

#endif
