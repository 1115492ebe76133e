/* SPDX-License-Identifier: MIT */
#include "helpers/test.h"

#include <ivpipe/frame.h>

static const struct ivp_slot_limits limits = {.payload_bytes = 1 << 20, .metadata_bytes = 256};

#define POSITION 41

/* A sound descriptor: 10 x 7 pixels RGB8. */
static struct ivp_wire_descriptor sound(void)
{
	struct ivp_wire_descriptor raw = {
	    .sequence = POSITION + 1,
	    .frame_id = 5,
	    .origin_position = 6,
	    .payload_bytes = 64 * 7,
	    .metadata_bytes = 24,
	    .width = 10,
	    .height = 7,
	    .stride = 64,
	    .kind = IVP_KIND_PIXELS,
	    .format = IVP_FORMAT_RGB8,
	    .flags = IVP_FLAG_LAST | IVP_FLAG_CHECKSUM,
	    .part = 2,
	    .trail_count = 1,
	    .source_time_ns = 99,
	    .checksum = 77,
	    .trail = {{3, 4}},
	};

	return raw;
}

static int check(const struct ivp_wire_descriptor *raw, struct ivp_frame *frame,
		 struct ivp_why *why)
{
	why->text[0] = 0;
	return ivp_frame_check(raw, POSITION, &limits, frame, why);
}

static void a_sound_descriptor_becomes_a_frame(void **state)
{
	struct ivp_wire_descriptor raw = sound();
	struct ivp_frame frame;
	struct ivp_why why;

	(void)state;
	memset(&frame, 0xee, sizeof(frame));
	assert_int_equal(check(&raw, &frame, &why), 0);
	assert_int_equal(frame.position, POSITION);
	assert_int_equal(frame.id, 5);
	assert_int_equal(frame.origin_position, 6);
	assert_int_equal(frame.kind, IVP_KIND_PIXELS);
	assert_int_equal(frame.flags, IVP_FLAG_LAST | IVP_FLAG_CHECKSUM);
	assert_int_equal(frame.part, 2);
	assert_int_equal(frame.shape.width, 10);
	assert_int_equal(frame.shape.height, 7);
	assert_int_equal(frame.shape.format, IVP_FORMAT_RGB8);
	assert_int_equal(frame.stride, 64);
	assert_int_equal(frame.payload_bytes, 448);
	assert_int_equal(frame.metadata_bytes, 24);
	assert_int_equal(frame.checksum, 77);
	assert_int_equal(frame.source_time_ns, 99);
	assert_int_equal(frame.trail_count, 1);
	assert_int_equal(frame.trail[0].busy_ns, 3);
	assert_int_equal(frame.trail[0].wait_ns, 4);
	assert_null(frame.payload);
	assert_null(frame.metadata);
}

static void describing_a_frame_gives_the_descriptor_back(void **state)
{
	struct ivp_wire_descriptor raw = sound(), again;
	struct ivp_frame frame;
	struct ivp_why why;

	(void)state;
	assert_int_equal(check(&raw, &frame, &why), 0);
	memset(&again, 0xee, sizeof(again));
	ivp_frame_describe(&frame, POSITION, &again);
	assert_memory_equal(&raw, &again, sizeof(raw));
}

static void only_pixels_are_described_with_a_shape(void **state)
{
	struct ivp_frame frame = {.kind = IVP_KIND_ERROR,
				  .shape = {10, 7, IVP_FORMAT_RGB8},
				  .stride = 64,
				  .status = IVP_FRAME_TOO_LARGE,
				  .trail_count = 1000000};
	struct ivp_wire_descriptor raw;

	(void)state;
	ivp_frame_describe(&frame, POSITION, &raw);
	assert_int_equal(raw.width, 0);
	assert_int_equal(raw.height, 0);
	assert_int_equal(raw.stride, 0);
	assert_int_equal(raw.format, IVP_FORMAT_NONE);
	assert_int_equal(raw.status, IVP_FRAME_TOO_LARGE);
	assert_int_equal(raw.trail_count, UINT16_MAX);
}

static void a_wrong_sequence_is_refused(void **state)
{
	static const uint64_t wrong[] = {0, POSITION, POSITION + 2, UINT64_MAX, 1ull << 63};
	struct ivp_frame frame;
	struct ivp_why why;

	(void)state;
	for (size_t i = 0; i < count_of(wrong); i++) {
		struct ivp_wire_descriptor raw = sound();
		raw.sequence = wrong[i];
		assert_int_equal(check(&raw, &frame, &why), -EBADMSG);
		assert_non_null(strstr(why.text, "sequence"));
	}
}

static void sizes_beyond_the_slot_are_refused_for_every_kind(void **state)
{
	static const uint64_t payloads[] = {(1 << 20) + 1, 1ull << 32, (1ull << 32) + 448,
					    UINT64_MAX};
	static const uint32_t metadata[] = {257, 65536, UINT32_MAX};
	struct ivp_frame frame;
	struct ivp_why why;

	(void)state;
	for (uint16_t kind = 0; kind < 10; kind++) {
		for (size_t i = 0; i < count_of(payloads); i++) {
			struct ivp_wire_descriptor raw = sound();
			raw.kind = kind;
			raw.payload_bytes = payloads[i];
			assert_int_equal(check(&raw, &frame, &why), -EBADMSG);
			assert_non_null(strstr(why.text, "payload"));
		}
		for (size_t i = 0; i < count_of(metadata); i++) {
			struct ivp_wire_descriptor raw = sound();
			raw.kind = kind;
			raw.metadata_bytes = metadata[i];
			assert_int_equal(check(&raw, &frame, &why), -EBADMSG);
			assert_non_null(strstr(why.text, "metadata"));
		}
	}
}

static void pixels_whose_sizes_do_not_fit_together_are_refused(void **state)
{
	static const struct {
		uint32_t width, height, stride;
		uint64_t payload;
		uint16_t format;
		const char *words;
	} cases[] = {
	    {0, 7, 64, 448, IVP_FORMAT_RGB8, "0x7 pixels"},
	    {10, 0, 64, 0, IVP_FORMAT_RGB8, "10x0 pixels"},
	    {0, 0, 0, 0, IVP_FORMAT_GRAY8, "0x0 pixels"},
	    /* Stride too small, not a multiple, larger than padding needs. */
	    {22, 7, 64, 448, IVP_FORMAT_RGB8, "rows"},
	    {10, 7, 0, 0, IVP_FORMAT_RGB8, "rows"},
	    {10, 7, 32, 224, IVP_FORMAT_RGB8, "rows"},
	    {10, 7, 65, 455, IVP_FORMAT_RGB8, "rows"},
	    {10, 7, 100, 700, IVP_FORMAT_RGB8, "rows"},
	    {10, 7, 128, 896, IVP_FORMAT_RGB8, "rows"},
	    {10, 7, 1 << 16, 7 << 16, IVP_FORMAT_RGB8, "rows"},
	    /* width * bytes of a pixel beyond 32 bits: what is left of it would fit. */
	    {1u << 30, 1, 64, 64, IVP_FORMAT_RGBA8, "rows"},
	    {(1u << 29) + 8, 1, 64, 64, IVP_FORMAT_RGBA16, "rows"},
	    {UINT32_MAX, 1, 64, 64, IVP_FORMAT_GRAY8, "rows"},
	    {UINT32_MAX, UINT32_MAX, UINT32_MAX, 1 << 20, IVP_FORMAT_RGBA16, "rows"},
	    /* stride * height is not the payload, also where 32 bits would say so. */
	    {10, 7, 64, 447, IVP_FORMAT_RGB8, "payload"},
	    {10, 7, 64, 449, IVP_FORMAT_RGB8, "payload"},
	    {10, 7, 64, 0, IVP_FORMAT_RGB8, "payload"},
	    {10, 8, 64, 448, IVP_FORMAT_RGB8, "payload"},
	    {10, 1u << 26, 64, 0, IVP_FORMAT_RGB8, "payload"},
	    {10, (1u << 26) + 7, 64, 448, IVP_FORMAT_RGB8, "payload"},
	    {10, UINT32_MAX, 64, UINT32_MAX * 64ull, IVP_FORMAT_RGB8, "payload"},
	};
	struct ivp_frame frame;
	struct ivp_why why;

	(void)state;
	for (size_t i = 0; i < count_of(cases); i++) {
		struct ivp_wire_descriptor raw = sound();
		raw.width = cases[i].width;
		raw.height = cases[i].height;
		raw.stride = cases[i].stride;
		raw.payload_bytes = cases[i].payload;
		raw.format = cases[i].format;
		if (check(&raw, &frame, &why) != -EBADMSG)
			fail_msg("case %zu was not refused", i);
		if (!strstr(why.text, cases[i].words))
			fail_msg("case %zu: '%s' does not say '%s'", i, why.text, cases[i].words);
	}
}

static void every_format_is_accepted_at_its_tightest_stride(void **state)
{
	struct ivp_frame frame;
	struct ivp_why why;

	(void)state;
	for (uint16_t format = IVP_FORMAT_GRAY8; format <= IVP_FORMAT_RGBA16; format++)
		for (uint32_t width = 1; width < 200; width++) {
			struct ivp_wire_descriptor raw = sound();
			struct ivp_shape shape = {width, 3, format};
			size_t stride;
			uint64_t bytes;

			assert_int_equal(ivp_shape_size(&shape, &stride, &bytes), 0);
			raw.width = width;
			raw.height = 3;
			raw.format = format;
			raw.stride = (uint32_t)stride;
			raw.payload_bytes = bytes;
			assert_int_equal(check(&raw, &frame, &why), 0);
			assert_int_equal(frame.stride, stride);
		}
}

static void kinds_and_formats_of_a_later_version_are_passed(void **state)
{
	static const uint16_t formats[] = {IVP_FORMAT_NONE, IVP_FORMAT_RGBA16 + 1, 255, UINT16_MAX};
	static const uint16_t kinds[] = {0, IVP_KIND_DROPPED + 1, 255, UINT16_MAX};
	struct ivp_frame frame;
	struct ivp_why why;

	(void)state;
	for (size_t i = 0; i < count_of(formats); i++) {
		struct ivp_wire_descriptor raw = sound();
		raw.format = formats[i];
		raw.stride = 1;
		assert_int_equal(check(&raw, &frame, &why), 0);
		assert_int_equal(frame.shape.format, formats[i]);
		assert_int_equal(ivp_format_channels(frame.shape.format), 0);
	}
	for (size_t i = 0; i < count_of(kinds); i++) {
		struct ivp_wire_descriptor raw = sound();
		raw.kind = kinds[i];
		raw.stride = 1;
		raw.flags = UINT16_MAX;
		assert_int_equal(check(&raw, &frame, &why), 0);
		assert_int_equal(frame.kind, kinds[i]);
		/* What only pixels have is not there. */
		assert_int_equal(frame.shape.width, 0);
		assert_int_equal(frame.stride, 0);
	}
}

static void no_random_descriptor_describes_bytes_outside_its_slot(void **state)
{
	struct ivp_frame frame;
	struct ivp_why why;
	uint64_t seed = 7;
	unsigned passed = 0;

	(void)state;
	for (int i = 0; i < 1000000; i++) {
		struct ivp_wire_descriptor raw = sound();

		for (int k = 0; k < 3; k++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			/* Payload, metadata, width, height, stride, kind, format. */
			((uint8_t *)&raw)[24 + (seed >> 33) % 28] = (uint8_t)(seed >> 56);
		}
		if (check(&raw, &frame, &why) != 0)
			continue;
		passed++;
		assert_true(frame.payload_bytes <= limits.payload_bytes);
		assert_true(frame.metadata_bytes <= limits.metadata_bytes);
		if (frame.kind != IVP_KIND_PIXELS || !ivp_format_pixel_bytes(frame.shape.format))
			continue;
		assert_true((__uint128_t)frame.stride * frame.shape.height <= limits.payload_bytes);
		assert_true((uint64_t)frame.shape.width *
				ivp_format_pixel_bytes(frame.shape.format) <=
			    frame.stride);
	}
	assert_true(passed > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_sound_descriptor_becomes_a_frame),
	    cmocka_unit_test(describing_a_frame_gives_the_descriptor_back),
	    cmocka_unit_test(only_pixels_are_described_with_a_shape),
	    cmocka_unit_test(a_wrong_sequence_is_refused),
	    cmocka_unit_test(sizes_beyond_the_slot_are_refused_for_every_kind),
	    cmocka_unit_test(pixels_whose_sizes_do_not_fit_together_are_refused),
	    cmocka_unit_test(every_format_is_accepted_at_its_tightest_stride),
	    cmocka_unit_test(kinds_and_formats_of_a_later_version_are_passed),
	    cmocka_unit_test(no_random_descriptor_describes_bytes_outside_its_slot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
