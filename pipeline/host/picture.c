/* SPDX-License-Identifier: MIT */
/* See picture.h. The encoded file is in private memory before anything of it is looked at. */
#include "host/picture.h"

#include <string.h>

#include "base/log.h"
#include "base/units.h"
#include "config/shrink.h"
#include "host/notes.h"

/* Fits the image the link's slots? Sets the sizes of the frame, or gives the reason. */
static int measure(struct ivp_picture *picture, const struct ivp_wire_header *link,
		   struct ivp_why *why)
{
	const struct ivp_shape *shape = ivp_decoder_shape(picture->decoder);
	struct ivp_frame *frame = &picture->frame;
	int error = ivp_shape_size(shape, &frame->stride, &frame->payload_bytes);

	frame->shape = *shape;
	picture->out = (struct ivp_output){.shape = *shape, .stride = frame->stride};
	if (error) {
		ivp_why_set(why, "%ux%u pixels are too many", shape->width, shape->height);
		return error;
	}
	if (frame->payload_bytes <= link->payload_bytes)
		return 0;
	ivp_why_set(why,
		    "%ux%u pixels %s need %llu bytes, link '%s' has room for %llu: raise its "
		    "'frame'",
		    shape->width, shape->height, ivp_format_name(shape->format),
		    (unsigned long long)frame->payload_bytes, link->link_name,
		    (unsigned long long)link->payload_bytes);
	return -E2BIG;
}

/* A JPEG may be made smaller as it is decoded. */
static void shrink(struct ivp_decoder *decoder, const struct ivp_feeder_options *options)
{
	unsigned by = options->shrink ? options->shrink : 1;

	if (options->shrink_for)
		by = ivp_shrink_choose(options->shrink_for, ivp_decoder_shape(decoder));
	(void)ivp_decoder_shrink(decoder, by);
}

int ivp_picture_open(struct ivp_picture *picture, const struct ivp_feeder_options *options,
		     size_t input, const struct ivp_wire_header *link, struct ivp_why *why)
{
	const uint64_t begin_ns = ivp_now_ns();
	int error;

	ivp_picture_close(picture);
	picture->path = options->inputs->paths[input];
	picture->frame = (struct ivp_frame){
	    .id = input,
	    .origin_position = input,
	    .kind = IVP_KIND_PIXELS,
	    .flags = IVP_FLAG_LAST,
	    .source_time_ns = begin_ns,
	};
	error =
	    ivp_input_read(picture->path, options->decode.limits.max_bytes, &picture->file, why);
	if (!error)
		error = ivp_decoder_create(picture->file.data, picture->file.bytes,
					   &options->decode, &picture->decoder, why);
	if (!error) {
		shrink(picture->decoder, options);
		error = measure(picture, link, why);
	}
	picture->busy_ns = ivp_now_ns() - begin_ns;
	return error;
}

int ivp_picture_decode(struct ivp_picture *picture, struct ivp_why *why)
{
	const uint64_t begin_ns = ivp_now_ns();
	const int error = ivp_decoder_read(picture->decoder, &picture->out, why);

	picture->busy_ns += ivp_now_ns() - begin_ns;
	return error;
}

static bool add_record(const struct ivp_slot *slot, uint32_t *used, uint16_t type,
		       const void *value, uint32_t bytes)
{
	return ivp_metadata_put(slot->metadata, slot->metadata_bytes, used, type, value, bytes) ==
	       0;
}

void ivp_picture_describe(struct ivp_picture *picture, const struct ivp_slot *slot)
{
	const uint32_t orientation = ivp_decoder_orientation(picture->decoder);
	const char *path = picture->path;
	char name[IVP_NAME_LIMIT + 1];
	uint32_t used = 0, icc_bytes;
	const uint8_t *icc = ivp_decoder_icc(picture->decoder, &icc_bytes);

	if (!ivp_name_accept((const uint8_t *)path, strlen(path), name))
		ivp_log(IVP_LOG_INFO, "%s: goes on without its name, which is not plain UTF-8",
			path);
	else if (!add_record(slot, &used, IVP_META_NAME, name, (uint32_t)strlen(name)))
		ivp_log(IVP_LOG_INFO,
			"%s: goes on without its name: the link has room for %u bytes"
			" of metadata",
			path, slot->metadata_bytes);
	if (orientation != 1 &&
	    !add_record(slot, &used, IVP_META_ORIENTATION, &orientation, sizeof(orientation)))
		ivp_log(IVP_LOG_INFO,
			"%s: goes on without its orientation: the link has room for"
			" %u bytes of metadata",
			path, slot->metadata_bytes);
	if (icc && !add_record(slot, &used, IVP_META_ICC, icc, icc_bytes))
		ivp_log(IVP_LOG_INFO,
			"%s: goes on without its colour profile of %u bytes: the link"
			" has room for %u bytes of metadata",
			path, icc_bytes, slot->metadata_bytes);
	picture->frame.metadata_bytes = used;
}

void ivp_picture_close(struct ivp_picture *picture)
{
	ivp_decoder_destroy(picture->decoder);
	picture->decoder = NULL;
}

void ivp_picture_finish(struct ivp_picture *picture)
{
	ivp_picture_close(picture);
	ivp_input_file_finish(&picture->file);
}
