/* SPDX-License-Identifier: MIT */
/*
 * An input of the feeder on its way to a frame: read, looked at, decoded. One thread at a time on
 * one picture; ivp_picture_decode is the part that takes time and touches nothing else.
 */
#ifndef IVP_HOST_PICTURE_H
#define IVP_HOST_PICTURE_H

#include "host/feeder.h"

/* Zeroed at first; opened again and again, it uses the same memory. */
struct ivp_picture {
	const char *path;
	struct ivp_input_file file;
	struct ivp_decoder *decoder; /* NULL: there is none */
	struct ivp_frame frame;      /* but for its metadata */
	struct ivp_output out;       /* pixels: the caller's to say */
	uint64_t busy_ns;            /* spent on it so far */
};

/*
 * Reads input number input, looks at its header, and fills frame and out for the link. Returns 0;
 * or a reason why it cannot become a frame of this link, with another value.
 */
int ivp_picture_open(struct ivp_picture *picture, const struct ivp_feeder_options *options,
		     size_t input, const struct ivp_wire_header *link, struct ivp_why *why);
/* Writes the pixels, frame.payload_bytes with what lies between rows. As ivp_decoder_read. */
int ivp_picture_decode(struct ivp_picture *picture, struct ivp_why *why);
/* Puts what is known of the image into the slot, as far as there is room. Logs what is left out. */
void ivp_picture_describe(struct ivp_picture *picture, const struct ivp_slot *slot);
/* Forgets the image, keeps the memory. */
void ivp_picture_close(struct ivp_picture *picture);
void ivp_picture_finish(struct ivp_picture *picture);

#endif
