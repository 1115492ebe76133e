/* SPDX-License-Identifier: MIT */
/* A link whose windows are files in a test's folder, and both of its ends in one process. */
#ifndef IVP_TESTS_HELPERS_LINK_H
#define IVP_TESTS_HELPERS_LINK_H

#include "helpers/test.h"
#include "transport/port.h"
#include "transport/window.h"

struct test_link {
	char data[300], credit[300]; /* "file:..." */
	volatile sig_atomic_t stop;
	struct ivp_geometry geometry;
};

static inline void make_test_window(const char *path, const struct ivp_geometry *geometry,
				    const struct ivp_layout *layout, unsigned kind)
{
	struct ivp_region region;
	const uint64_t bytes =
	    kind == IVP_WINDOW_DATA ? layout->data_object_bytes : layout->credit_object_bytes;

	assert_int_equal(ivp_region_create(path, bytes, 0600, NULL, &region, NULL), 0);
	ivp_window_format(region.base, geometry, layout, kind, 0);
	ivp_region_close(&region);
}

/* Makes a link named name in folder. */
static inline void make_test_link_of(struct test_link *link, const char *folder, const char *name,
				     uint16_t policy, uint32_t slots, uint64_t payload_bytes,
				     uint32_t metadata_bytes)
{
	struct ivp_layout layout;

	memset(link, 0, sizeof(*link));
	link->geometry = (struct ivp_geometry){
	    .epoch = ivp_epoch_make(),
	    .slots = slots,
	    .consumers = 1,
	    .policy = policy,
	    .payload_bytes = payload_bytes,
	    .metadata_bytes = metadata_bytes,
	};
	snprintf(link->geometry.link_name, IVP_NAME_BYTES, "%s", name);
	snprintf(link->geometry.pipeline_name, IVP_NAME_BYTES, "test");
	ivp_uuid_make(link->geometry.uuid);
	assert_int_equal(ivp_layout_compute(&link->geometry, &layout, NULL), 0);
	snprintf(link->data, sizeof(link->data), "file:%s/%s.data", folder, name);
	snprintf(link->credit, sizeof(link->credit), "file:%s/%s.credit", folder, name);
	make_test_window(link->data + 5, &link->geometry, &layout, IVP_WINDOW_DATA);
	make_test_window(link->credit + 5, &link->geometry, &layout, IVP_WINDOW_CREDIT);
}

static inline void make_test_link(struct test_link *link, const char *folder, const char *name,
				  uint32_t slots, uint64_t payload_bytes, uint32_t metadata_bytes)
{
	make_test_link_of(link, folder, name, IVP_POLICY_BLOCK, slots, payload_bytes,
			  metadata_bytes);
}

/* The longest that anything in a test may wait for a peer. */
#define TEST_PATIENCE_NS 30000000000u

static inline struct ivp_port_options test_port_options(struct test_link *link)
{
	return (struct ivp_port_options){
	    .link = link->geometry.link_name,
	    .data = link->data,
	    .credit = link->credit,
	    .patience_ns = TEST_PATIENCE_NS,
	    .stop = &link->stop,
	};
}

static inline void open_test_output(struct test_link *link, struct ivp_output_port *port)
{
	const struct ivp_port_options options = test_port_options(link);
	struct ivp_why why = {""};

	if (ivp_output_port_open(port, &options, &why) != 0)
		fail_msg("%s", why.text);
}

static inline void open_test_input(struct test_link *link, struct ivp_input_port *port)
{
	const struct ivp_port_options options = test_port_options(link);
	struct ivp_why why = {""};

	if (ivp_input_port_open(port, &options, &why) != 0)
		fail_msg("%s", why.text);
}

/* Puts a frame into the link, which must have room. The name is metadata if not NULL; pixels, all
 * of the same byte value, follow from the shape if the kind is PIXELS. */
static inline void put_test_frame(struct ivp_output_port *port, struct ivp_frame frame,
				  const void *name, uint32_t name_bytes, uint8_t value)
{
	struct ivp_slot slot;
	size_t stride = 0;
	uint64_t bytes = 0;

	assert_int_equal(ivp_producer_reserve(&port->link, &slot, NULL), 0);
	if (frame.kind == IVP_KIND_PIXELS) {
		assert_int_equal(ivp_shape_size(&frame.shape, &stride, &bytes), 0);
		memset(slot.payload, value, bytes);
	}
	frame.stride = stride;
	frame.payload_bytes = bytes;
	frame.flags |= IVP_FLAG_LAST;
	if (name)
		assert_int_equal(ivp_metadata_put(slot.metadata, slot.metadata_bytes,
						  &frame.metadata_bytes, IVP_META_NAME, name,
						  name_bytes),
				 0);
	ivp_producer_commit(&port->link, &frame);
}

static inline void put_test_end(struct ivp_output_port *port)
{
	put_test_frame(port, (struct ivp_frame){.kind = IVP_KIND_END}, NULL, 0, 0);
}

#endif
