/* SPDX-License-Identifier: MIT */
/*
 * For encodings that take neither alpha nor 16 bits: pixels over white, 8 bits a sample. Pure
 * functions; memory-safe whatever the pixels are, also if they change while they are read.
 */
#ifndef IVP_HOST_FLATTEN_H
#define IVP_HOST_FLATTEN_H

#include <ivpipe/frame.h>

/* GRAY8 for GRAY formats, RGB8 for the others; IVP_FORMAT_NONE for unknown ones. */
uint32_t ivp_flatten_format(uint32_t format);
/* out has the sides of in and the format ivp_flatten_format(in's format). */
void ivp_flatten(const struct ivp_input *in, const struct ivp_output *out);

#endif
