/* SPDX-License-Identifier: MIT */
/*
 * Links for tests. In memory: every window is a memfd, mapped writable as its creator would, so
 * that it can be mapped again with other rights and is shared with children. In files: regions in
 * a folder of the test, where ports find them by "file:".
 */
#ifndef IVP_TESTS_HELPERS_LINKS_H
#define IVP_TESTS_HELPERS_LINKS_H

#include "helpers/test.h"

#include <sys/mman.h>

#include <ivpipe/link.h>
#include "transport/region.h"
#include "transport/window.h"

/* The same numbers on every machine (Knuth's MMIX generator, upper bits). */
static inline uint64_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return *seed >> 33;
}

struct test_link {
	struct ivp_geometry geometry;
	struct ivp_layout layout;
	int data_fd, credit_fd[IVP_MAX_CONSUMERS]; /* memory; shared isolation has data_fd only */
	struct ivp_mapping data, credit[IVP_MAX_CONSUMERS];
	struct ivp_region region[1 + IVP_MAX_CONSUMERS]; /* files */
	char data_where[300], credit_where[300];         /* files: "file:..." */
};

/* A geometry with one consumer, for the caller to change before the link is made. */
static inline struct ivp_geometry link_geometry(uint32_t slots, uint64_t payload_bytes)
{
	struct ivp_geometry geometry = {
	    .link_name = "middle",
	    .pipeline_name = "test",
	    .uuid = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
	    .epoch = 77,
	    .slots = slots,
	    .consumers = 1,
	    .payload_bytes = payload_bytes,
	    .metadata_bytes = 256,
	};

	return geometry;
}

static inline struct ivp_wire_owner *owner_in(void *window)
{
	return (void *)((uint8_t *)window + IVP_WIRE_OWNER_OFFSET);
}

static inline struct ivp_wire_recovery *recovery_in(void *window)
{
	return (void *)((uint8_t *)window + IVP_WIRE_RECOVERY_OFFSET);
}

static inline struct ivp_wire_descriptor *descriptor_in(const struct test_link *link,
							uint64_t position)
{
	const struct ivp_wire_header *header = link->data.base;

	return (void *)((uint8_t *)link->data.base + header->descriptor_offset +
			(position & (header->slots - 1)) * header->descriptor_stride);
}

static inline uint8_t *payload_in(const struct test_link *link, uint64_t position)
{
	const struct ivp_wire_header *header = link->data.base;

	return (uint8_t *)link->data.base + header->payload_offset +
	       (position & (header->slots - 1)) * header->payload_stride;
}

static inline void *map_memory(int fd, size_t bytes, int protection)
{
	void *base = mmap(NULL, bytes, protection, MAP_SHARED, fd, 0);

	assert_true(base != MAP_FAILED);
	return base;
}

static inline void *make_memory(size_t bytes, int *fd)
{
	*fd = memfd_create("ivpipe-test", MFD_CLOEXEC);
	assert_true(*fd >= 0);
	assert_int_equal(ftruncate(*fd, (off_t)bytes), 0);
	return map_memory(*fd, bytes, PROT_READ | PROT_WRITE);
}

static inline void format_link(struct test_link *link)
{
	for (unsigned i = 0; i < link->geometry.consumers; i++)
		ivp_window_format(link->credit[i].base, &link->geometry, &link->layout,
				  IVP_WINDOW_CREDIT, i);
	ivp_window_format(link->data.base, &link->geometry, &link->layout, IVP_WINDOW_DATA, 0);
}

static inline void place_shared_credits(struct test_link *link)
{
	for (unsigned i = 0; i < link->geometry.consumers; i++)
		link->credit[i] =
		    (struct ivp_mapping){(uint8_t *)link->data.base + link->layout.credit_offset +
					     i * IVP_WIRE_CREDIT_BYTES,
					 IVP_WIRE_CREDIT_BYTES};
}

static inline void make_link(struct test_link *link, const struct ivp_geometry *geometry)
{
	memset(link, 0, sizeof(*link));
	link->geometry = *geometry;
	assert_int_equal(ivp_layout_compute(geometry, &link->layout, NULL), 0);
	link->data.bytes = link->layout.data_object_bytes;
	link->data.base = make_memory(link->data.bytes, &link->data_fd);
	if (geometry->isolation == IVP_ISOLATION_SHARED)
		place_shared_credits(link);
	else
		for (unsigned i = 0; i < geometry->consumers; i++) {
			link->credit[i].bytes = link->layout.credit_object_bytes;
			link->credit[i].base =
			    make_memory(link->credit[i].bytes, &link->credit_fd[i]);
		}
	format_link(link);
}

static inline void destroy_link(struct test_link *link)
{
	if (link->geometry.isolation != IVP_ISOLATION_SHARED)
		for (unsigned i = 0; i < link->geometry.consumers; i++) {
			munmap(link->credit[i].base, link->credit[i].bytes);
			close(link->credit_fd[i]);
		}
	munmap(link->data.base, link->data.bytes);
	close(link->data_fd);
}

/* Both sides stand at this position, as if so many frames had gone through. Before attaching. */
static inline void start_at(struct test_link *link, uint64_t position)
{
	owner_in(link->data.base)->position = position;
	for (unsigned i = 0; i < link->geometry.consumers; i++)
		owner_in(link->credit[i].base)->position = position;
}

/* A link of one consumer as files FOLDER/NAME.data and FOLDER/NAME.credit0. */
static inline void make_link_files(struct test_link *link, const struct ivp_geometry *geometry,
				   const char *folder)
{
	const char *name = geometry->link_name;
	const bool shared = geometry->isolation == IVP_ISOLATION_SHARED;

	memset(link, 0, sizeof(*link));
	link->geometry = *geometry;
	assert_int_equal(ivp_layout_compute(geometry, &link->layout, NULL), 0);
	snprintf(link->data_where, sizeof(link->data_where), "file:%s/%s.data", folder, name);
	assert_int_equal(ivp_region_create(link->data_where + 5, link->layout.data_object_bytes,
					   0600, NULL, &link->region[0], NULL),
			 0);
	link->data = (struct ivp_mapping){link->region[0].base, link->region[0].bytes};
	snprintf(link->credit_where, sizeof(link->credit_where), "file:%s/%s.%s", folder, name,
		 shared ? "data" : "credit0");
	if (shared) {
		place_shared_credits(link);
	} else {
		assert_int_equal(ivp_region_create(link->credit_where + 5,
						   link->layout.credit_object_bytes, 0600, NULL,
						   &link->region[1], NULL),
				 0);
		link->credit[0] = (struct ivp_mapping){link->region[1].base, link->region[1].bytes};
	}
	format_link(link);
}

/* Unmaps; the files go with their folder. */
static inline void close_link_files(struct test_link *link)
{
	ivp_region_close(&link->region[0]);
	ivp_region_close(&link->region[1]);
}

static const struct ivp_attach plain_peer = {.process_id = 1};

static inline void attach_producer(struct test_link *link, struct ivp_producer *producer,
				   const struct ivp_attach *self)
{
	struct ivp_why why = {""};

	if (ivp_producer_attach(producer, link->data, link->credit, link->geometry.consumers, self,
				&why) != 0)
		fail_msg("%s", why.text);
}

static inline void attach_consumer(struct test_link *link, struct ivp_consumer *consumer,
				   unsigned index, const struct ivp_attach *self)
{
	struct ivp_why why = {""};

	if (ivp_consumer_attach(consumer, link->data, link->credit[index], self, &why) != 0)
		fail_msg("%s", why.text);
}

#endif
