/* SPDX-License-Identifier: MIT */
#include "helpers/links.h"

static bool is_power_of_two(uint64_t value)
{
	return value && (value & (value - 1)) == 0;
}

static void assert_sound(const struct ivp_geometry *geometry, const struct ivp_layout *layout)
{
	uint64_t slots = geometry->slots;
	uint64_t credits = (uint64_t)geometry->consumers * IVP_WIRE_CREDIT_BYTES;

	assert_true(is_power_of_two(layout->data_object_bytes));
	assert_true(layout->data_object_bytes >= layout->data_window_bytes);
	assert_true(layout->metadata_offset >=
		    IVP_PAGE + slots * sizeof(struct ivp_wire_descriptor));
	assert_true(layout->payload_offset >=
		    layout->metadata_offset + slots * layout->metadata_stride);
	assert_true(layout->data_window_bytes >=
		    layout->payload_offset + slots * layout->payload_stride);
	assert_true(layout->metadata_stride >= geometry->metadata_bytes);
	assert_true(layout->payload_stride >= geometry->payload_bytes);
	assert_int_equal(layout->metadata_stride % IVP_ROW_ALIGN, 0);
	assert_int_equal(layout->metadata_offset % IVP_PAGE, 0);
	assert_int_equal(layout->payload_offset % IVP_PAGE, 0);
	assert_int_equal(layout->data_window_bytes % IVP_PAGE, 0);
	assert_int_equal(layout->payload_stride %
			     (geometry->payload_bytes < IVP_PAGE ? IVP_ROW_ALIGN : IVP_PAGE),
			 0);
	if (geometry->isolation == IVP_ISOLATION_SHARED) {
		assert_true(layout->credit_offset >= layout->data_window_bytes);
		assert_int_equal(layout->credit_offset % IVP_PAGE, 0);
		assert_true(layout->credit_offset + credits <= layout->data_object_bytes);
		assert_int_equal(layout->credit_object_bytes, 0);
	} else {
		assert_int_equal(layout->credit_offset, 0);
		assert_int_equal(layout->credit_object_bytes, IVP_WIRE_CREDIT_BYTES);
	}
}

static void arrays_are_aligned_and_do_not_overlap(void **state)
{
	static const uint64_t payloads[] = {1, 64, 65, 4095, 4096, 4097, 6220800, 1ull << 40};
	static const uint32_t metadata[] = {0, 1, 64, 1000, IVP_MAX_METADATA};
	struct ivp_layout layout;

	(void)state;
	for (uint32_t slots = IVP_MIN_SLOTS; slots <= IVP_MAX_SLOTS; slots *= 2)
		for (size_t p = 0; p < count_of(payloads); p++)
			for (size_t m = 0; m < count_of(metadata); m++)
				for (unsigned shared = 0; shared < 2; shared++) {
					struct ivp_geometry geometry =
					    link_geometry(slots, payloads[p]);
					geometry.metadata_bytes = metadata[m];
					geometry.consumers = shared ? IVP_MAX_CONSUMERS : 1;
					geometry.isolation = (uint16_t)shared;
					assert_int_equal(
					    ivp_layout_compute(&geometry, &layout, NULL), 0);
					assert_sound(&geometry, &layout);
				}
}

static void layouts_that_cannot_be_are_refused_with_a_reason(void **state)
{
	struct ivp_layout layout;
	struct ivp_why why;

	(void)state;
#define refused(change, error, words)                                                              \
	do {                                                                                       \
		struct ivp_geometry geometry = link_geometry(4, 1000);                             \
		geometry.change;                                                                   \
		why.text[0] = 0;                                                                   \
		assert_int_equal(ivp_layout_compute(&geometry, &layout, &why), error);             \
		if (!strstr(why.text, words))                                                      \
			fail_msg("'%s' does not say '%s'", why.text, words);                       \
	} while (0)
	refused(slots = 0, -EINVAL, "power of two");
	refused(slots = 1, -EINVAL, "power of two, 2 to 65536");
	refused(slots = 3, -EINVAL, "power of two");
	refused(slots = 2 * IVP_MAX_SLOTS, -EINVAL, "power of two");
	refused(consumers = 0, -EINVAL, "consumers");
	refused(consumers = IVP_MAX_CONSUMERS + 1, -EINVAL, "consumers");
	refused(payload_bytes = 0, -EINVAL, "0 bytes");
	refused(metadata_bytes = IVP_MAX_METADATA + 1, -EINVAL, "metadata");
	refused(policy = IVP_POLICY_LATEST + 1, -EINVAL, "policy");
	refused(isolation = IVP_ISOLATION_SHARED + 1, -EINVAL, "isolation");
	refused(payload_bytes = UINT64_MAX, -EOVERFLOW, "address");
	refused(payload_bytes = UINT64_MAX - 4095, -EOVERFLOW, "address");
	refused(payload_bytes = 1ull << 62, -EOVERFLOW, "address");
	refused(payload_bytes = 1ull << 60, -EOVERFLOW, "address");
#undef refused
}

/* A data window of a link in memory, and what inspection says of it. */
struct fixture {
	struct test_link link;
	struct ivp_wire_header *header, seen;
	struct ivp_why why;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct ivp_geometry geometry = link_geometry(8, 10000);

	geometry.isolation = IVP_ISOLATION_SHARED;
	geometry.consumers = 2;
	make_link(&fixture->link, &geometry);
	fixture->header = fixture->link.data.base;
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	destroy_link(&fixture->link);
	free(fixture);
	return 0;
}

static int inspect(struct fixture *fixture, size_t bytes)
{
	fixture->why.text[0] = 0;
	return ivp_window_inspect(fixture->header, bytes, &fixture->seen, &fixture->why);
}

static void a_formatted_window_passes_inspection(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(inspect(f, f->link.data.bytes), 0);
	assert_memory_equal(&f->seen, f->header, sizeof(f->seen));
	assert_string_equal(f->seen.link_name, "middle");
	assert_string_equal(f->seen.pipeline_name, "test");
	assert_memory_equal(f->seen.uuid, f->link.geometry.uuid, 16);
	assert_int_equal(f->seen.major, IVP_WIRE_MAJOR);
	assert_int_equal(f->seen.kind, IVP_WINDOW_DATA);
	assert_int_equal(f->seen.epoch, 77);
	assert_int_equal(f->seen.payload_bytes, 10000);
	assert_int_equal(f->seen.window_bytes, f->link.layout.data_window_bytes);
	assert_memory_equal(f->link.data.base, "ivpipe\x1a\n", 8);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(ivp_window_inspect(f->link.credit[i].base, IVP_WIRE_CREDIT_BYTES,
						    &f->seen, NULL),
				 0);
		assert_int_equal(f->seen.kind, IVP_WINDOW_CREDIT);
		assert_int_equal(f->seen.consumer, i);
	}
}

static void a_higher_minor_version_is_accepted(void **state)
{
	struct fixture *f = *state;

	f->header->minor = 999;
	f->header->reserved2[3] = 12345;
	assert_int_equal(inspect(f, f->link.data.bytes), 0);
}

static void memory_that_is_no_window_is_told_apart(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(inspect(f, IVP_PAGE - 1), -ENOMSG);
	f->header->magic = 0;
	assert_int_equal(inspect(f, f->link.data.bytes), -EAGAIN);
	memset(f->header, 0, sizeof(*f->header));
	assert_int_equal(inspect(f, f->link.data.bytes), -EAGAIN);
	f->header->magic = IVP_WIRE_MAGIC ^ 1;
	assert_int_equal(inspect(f, f->link.data.bytes), -ENOMSG);
	assert_non_null(strstr(f->why.text, "not an ivpipe window"));
	memset(f->header, 0xff, sizeof(*f->header));
	assert_int_equal(inspect(f, f->link.data.bytes), -ENOMSG);
}

static void another_major_version_is_refused_with_both_numbers(void **state)
{
	struct fixture *f = *state;

	f->header->major = IVP_WIRE_MAJOR + 1;
	f->header->minor = 7;
	assert_int_equal(inspect(f, f->link.data.bytes), -EPROTONOSUPPORT);
	assert_non_null(strstr(f->why.text, "version 2.7"));
	assert_non_null(strstr(f->why.text, "this program 1.2"));
	f->header->major = 0;
	assert_int_equal(inspect(f, f->link.data.bytes), -EPROTONOSUPPORT);
}

static void every_fault_of_a_header_is_refused_with_its_reason(void **state)
{
	struct fixture *f = *state;
	const struct ivp_wire_header good = *f->header;

#define refused(change, words)                                                                     \
	do {                                                                                       \
		*f->header = good;                                                                 \
		f->header->change;                                                                 \
		assert_int_equal(inspect(f, f->link.data.bytes), -EBADMSG);                        \
		if (!strstr(f->why.text, words))                                                   \
			fail_msg("'%s' does not say '%s'", f->why.text, words);                    \
	} while (0)
	refused(kind = 0, "neither");
	refused(kind = 3, "neither");
	refused(link_name[0] = 0, "link name");
	memset(f->header->link_name, 'x', IVP_NAME_BYTES);
	assert_int_equal(inspect(f, f->link.data.bytes), -EBADMSG);
	refused(epoch = 0, "epoch");
	refused(slots = 0, "slots");
	refused(slots = 1, "slots");
	refused(slots = 12, "slots");
	refused(slots = UINT32_MAX, "slots");
	refused(slots = 2 * IVP_MAX_SLOTS, "slots");
	refused(consumers = 0, "consumers");
	refused(consumers = IVP_MAX_CONSUMERS + 1, "consumers");
	refused(consumer = 2, "consumers");
	refused(policy = 4, "policy");
	refused(isolation = 2, "isolation");
	refused(window_bytes = UINT64_MAX, "longer than the memory");
	refused(window_bytes = f->link.data.bytes + 4096, "longer than the memory");
	refused(window_bytes = 0, "shorter than any window");
	refused(descriptor_stride = 0, "strides");
	refused(descriptor_stride = 192, "strides");
	refused(descriptor_stride = 257, "strides");
	refused(payload_stride = 10001, "strides");
	refused(payload_bytes = 0, "strides");
	refused(payload_bytes = good.payload_stride + 1, "strides");
	refused(metadata_stride = 1, "strides");
	refused(metadata_bytes = good.metadata_stride + 1, "strides");
	refused(metadata_stride = UINT32_MAX - 63, "arrays");
	refused(descriptor_offset = 0, "arrays");
	refused(descriptor_offset = UINT64_MAX, "arrays");
	refused(descriptor_offset = good.metadata_offset, "arrays");
	refused(descriptor_stride = 1u << 30, "arrays");
	refused(metadata_offset = good.descriptor_offset, "arrays");
	refused(metadata_offset = good.payload_offset, "arrays");
	refused(metadata_offset = good.metadata_offset + 1, "arrays");
	refused(payload_offset = good.metadata_offset, "arrays");
	refused(payload_offset = good.window_bytes, "arrays");
	refused(payload_offset = UINT64_MAX - 63, "arrays");
	refused(payload_stride = 1ull << 61, "arrays");
	refused(payload_stride = UINT64_MAX - 63, "arrays");
	refused(slots = 1024, "arrays");
	refused(credit_offset = 0, "credit windows");
	refused(credit_offset = good.window_bytes - 64, "credit windows");
	refused(credit_offset = f->link.data.bytes - 4096, "credit windows");
	refused(credit_offset = UINT64_MAX - 63, "credit windows");
	refused(credit_stride = 64, "credit windows");
	refused(credit_stride = IVP_WIRE_CREDIT_BYTES + 1, "credit windows");
	refused(credit_stride = UINT64_MAX - 63, "credit windows");
#undef refused
}

static void a_truncated_window_is_refused(void **state)
{
	struct fixture *f = *state;

	for (size_t bytes = IVP_PAGE; bytes < f->link.layout.data_window_bytes; bytes += IVP_PAGE) {
		assert_int_equal(inspect(f, bytes), -EBADMSG);
		assert_non_null(strstr(f->why.text, "truncated"));
	}
	/* The window itself is there, but not the credit windows behind it. */
	assert_int_equal(inspect(f, f->link.layout.data_window_bytes), -EBADMSG);
}

static void no_random_header_passes_with_arrays_outside(void **state)
{
	struct fixture *f = *state;
	const struct ivp_wire_header good = *f->header;
	unsigned passed = 0;
	uint64_t seed = 42;

	for (int i = 0; i < 200000; i++) {
		uint8_t *bytes = (void *)f->header;

		*f->header = good;
		for (int k = 0; k < 2; k++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			bytes[12 + (seed >> 33) % 148] = (uint8_t)(seed >> 56);
		}
		if (inspect(f, f->link.data.bytes) != 0)
			continue;
		passed++;
		const struct ivp_wire_header *h = &f->seen;
		assert_true(h->window_bytes <= f->link.data.bytes);
		if (h->kind == IVP_WINDOW_DATA)
			assert_true(h->payload_offset + h->slots * h->payload_stride <=
				    h->window_bytes);
	}
	/* Names and UUIDs may be anything, so some do pass. */
	assert_true(passed > 0);
}

static void a_refusal_can_be_read_by_the_peer(void **state)
{
	struct fixture *f = *state;
	struct ivp_wire_recovery *block = recovery_in(f->header);
	char text[400];

	assert_int_equal(block->serial, 0);
	ivp_window_refuse(f->header, IVP_REFUSED_VERSION, 0x20007, "it speaks version 2.7");
	assert_int_equal(block->serial, 2);
	assert_int_equal(block->reason, IVP_REFUSED_VERSION);
	assert_int_equal(block->detail, 0x20007);
	assert_int_equal(block->major, IVP_WIRE_MAJOR);
	assert_int_equal(block->minor, IVP_WIRE_MINOR);
	assert_string_equal(block->text, "it speaks version 2.7");

	/* A writer that died in the middle leaves it odd; the next one makes it even. */
	block->serial = 3;
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = 0;
	ivp_window_refuse(f->header, IVP_REFUSED_CORRUPT, 0, text);
	assert_int_equal(block->serial, 4);
	assert_int_equal(strlen(block->text), sizeof(block->text) - 1);
	/* Nothing behind the block is touched. */
	assert_int_equal(owner_in(f->header)->position, 0);
}

static void uuids_are_random_version_4_and_survive_text(void **state)
{
	uint8_t one[16], two[16];
	char text[37];

	(void)state;
	ivp_uuid_make(one);
	ivp_uuid_make(two);
	assert_memory_not_equal(one, two, 16);
	assert_int_equal(one[6] >> 4, 4);
	assert_int_equal(one[8] >> 6, 2);
	assert_ptr_equal(ivp_uuid_format(one, text), text);
	assert_int_equal(strlen(text), 36);
	assert_int_equal(ivp_uuid_parse(text, two), 0);
	assert_memory_equal(one, two, 16);
	assert_int_equal(ivp_uuid_parse("01234567-89ab-CDEF-0123-456789abcdef", two), 0);
	assert_int_equal(two[6], 0xcd);
	assert_string_equal(ivp_uuid_format(two, text), "01234567-89ab-cdef-0123-456789abcdef");
	assert_int_not_equal(ivp_epoch_make(), 0);
	assert_int_not_equal(ivp_epoch_make(), ivp_epoch_make());
}

static void texts_that_are_no_uuid_are_refused_and_change_nothing(void **state)
{
	static const char *const wrong[] = {
	    "",
	    "-",
	    "0",
	    "01234567-89ab-cdef-0123-456789abcde",
	    "01234567-89ab-cdef-0123-456789abcdef0",
	    "01234567-89ab-cdef-0123-456789abcdeg",
	    "0123456789abcdef0123456789abcdef",
	    "0123456-789ab-cdef-0123-456789abcdef",
	    " 1234567-89ab-cdef-0123-456789abcdef",
	};
	uint8_t uuid[16], before[16];

	(void)state;
	memset(uuid, 9, 16);
	memset(before, 9, 16);
	for (size_t i = 0; i < count_of(wrong); i++) {
		assert_int_equal(ivp_uuid_parse(wrong[i], uuid), -EINVAL);
		assert_memory_equal(uuid, before, 16);
	}
}

int main(void)
{
#define with_window(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(arrays_are_aligned_and_do_not_overlap),
	    cmocka_unit_test(layouts_that_cannot_be_are_refused_with_a_reason),
	    with_window(a_formatted_window_passes_inspection),
	    with_window(a_higher_minor_version_is_accepted),
	    with_window(memory_that_is_no_window_is_told_apart),
	    with_window(another_major_version_is_refused_with_both_numbers),
	    with_window(every_fault_of_a_header_is_refused_with_its_reason),
	    with_window(a_truncated_window_is_refused),
	    with_window(no_random_header_passes_with_arrays_outside),
	    with_window(a_refusal_can_be_read_by_the_peer),
	    cmocka_unit_test(uuids_are_random_version_4_and_survive_text),
	    cmocka_unit_test(texts_that_are_no_uuid_are_refused_and_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
