/* SPDX-License-Identifier: MIT */
/*
 * The windows of one creation share an epoch. All exist, formatted, before any peer starts; a
 * set is whole or not there at all.
 */
#include "supervisor/windows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"

#define PATIENCE_NS 3000000000ull /* with who holds windows that are to be replaced */
#define RETRY_US    20000

void ivp_windows_identify(struct ivp_topology *topology)
{
	for (unsigned i = 0; i < topology->link_count; i++) {
		struct ivp_link_conf *link = topology->links[i];

		if (!link->has_uuid)
			ivp_uuid_make(link->uuid);
		link->has_uuid = true;
	}
}

int ivp_windows_bytes(const struct ivp_topology *topology, uint64_t *bytes, struct ivp_why *why)
{
	*bytes = 0;
	for (unsigned i = 0; i < topology->link_count; i++) {
		struct ivp_layout layout;
		int error = ivp_link_layout(topology->links[i], &layout, why);

		if (error)
			return error;
		if (__builtin_add_overflow(*bytes, layout.data_object_bytes, bytes) ||
		    __builtin_add_overflow(*bytes, layout.credit_object_bytes, bytes)) {
			ivp_why_set(why, "the links need more than 2^64 bytes");
			return -EOVERFLOW;
		}
	}
	return 0;
}

static void fill_geometry(const struct ivp_topology *topology, const struct ivp_link_conf *link,
			  uint64_t epoch, struct ivp_geometry *geometry)
{
	*geometry = (struct ivp_geometry){
	    .epoch = epoch,
	    .slots = link->slots,
	    .consumers = 1,
	    .policy = (uint16_t)link->policy,
	    .isolation = (uint16_t)link->isolation,
	    .payload_bytes = link->frame_bytes,
	    .metadata_bytes = link->metadata_bytes,
	};
	memcpy(geometry->link_name, link->name, sizeof(geometry->link_name));
	memcpy(geometry->pipeline_name, topology->name, sizeof(geometry->pipeline_name));
	memcpy(geometry->uuid, link->uuid, sizeof(geometry->uuid));
}

/* Children of a supervisor that was killed are killed too, but a guest takes its time to go. */
static int remove_old(const char *path, uint64_t until_ns, struct ivp_why *why)
{
	int error;

	while ((error = ivp_region_destroy(path, why)) == -EBUSY && ivp_now_ns() < until_ns)
		usleep(RETRY_US);
	return error;
}

/* Creates the file of one object, after an old one has gone if that may be. */
static int create_object(const char *path, uint64_t bytes, const struct ivp_link_conf *link,
			 uint64_t until_ns, struct ivp_region *region, unsigned *replaced,
			 struct ivp_why *why)
{
	int error = until_ns ? remove_old(path, until_ns, why) : -ENOENT;

	if (error == 0)
		++*replaced;
	else if (error != -ENOENT)
		return error;
	return ivp_region_create(path, bytes, link->mode, link->owner, region, why);
}

static int object_path(char path[256], const struct ivp_topology *topology,
		       const struct ivp_link_conf *link, unsigned kind, struct ivp_why *why)
{
	int length = ivp_region_path(path, 256, topology->name, link->name, kind, 0);

	if (length < 0)
		ivp_why_set(why, "link %s: the path of its window is too long", link->name);
	return length < 0 ? length : 0;
}

static int create_link(struct ivp_link_windows *link, const struct ivp_topology *topology,
		       uint64_t epoch, uint64_t until_ns, unsigned *replaced, struct ivp_why *why)
{
	const bool shared = link->link->isolation == IVP_ISOLATION_SHARED;
	struct ivp_geometry geometry;
	char path[256];
	uint8_t *credit;
	int error = ivp_link_layout(link->link, &link->layout, why);

	if (!error)
		error = object_path(path, topology, link->link, IVP_WINDOW_DATA, why);
	if (!error)
		error = create_object(path, link->layout.data_object_bytes, link->link, until_ns,
				      &link->data, replaced, why);
	if (!error && !shared)
		error = object_path(path, topology, link->link, IVP_WINDOW_CREDIT, why);
	if (!error && !shared)
		error = create_object(path, link->layout.credit_object_bytes, link->link, until_ns,
				      &link->credit, replaced, why);
	if (error)
		return error;
	fill_geometry(topology, link->link, epoch, &geometry);
	credit = shared ? link->data.base + link->layout.credit_offset : link->credit.base;
	ivp_window_format(credit, &geometry, &link->layout, IVP_WINDOW_CREDIT, 0);
	ivp_window_format(link->data.base, &geometry, &link->layout, IVP_WINDOW_DATA, 0);
	link->producer = (const void *)(link->data.base + IVP_WIRE_OWNER_OFFSET);
	link->consumer = (const void *)(credit + IVP_WIRE_OWNER_OFFSET);
	return 0;
}

int ivp_windows_create(struct ivp_windows *windows, const struct ivp_topology *topology,
		       bool replace, struct ivp_why *why)
{
	const uint64_t until_ns = replace ? ivp_now_ns() + PATIENCE_NS : 0;
	const uint64_t epoch = ivp_epoch_make();
	int error = 0;

	*windows = (struct ivp_windows){0};
	windows->links = calloc(topology->link_count, sizeof(*windows->links));
	if (!windows->links && topology->link_count > 0) {
		ivp_why_set(why, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	for (unsigned i = 0; !error && i < topology->link_count; i++) {
		windows->links[i].link = topology->links[i];
		windows->count++;
		error = create_link(&windows->links[i], topology, epoch, until_ns,
				    &windows->replaced, why);
	}
	if (error)
		ivp_windows_destroy(windows, NULL);
	return error;
}

void ivp_windows_close(struct ivp_windows *windows)
{
	for (unsigned i = 0; i < windows->count; i++) {
		ivp_region_close(&windows->links[i].data);
		ivp_region_close(&windows->links[i].credit);
	}
	free(windows->links);
	*windows = (struct ivp_windows){0};
}

static int destroy_object(struct ivp_region *region, struct ivp_why *why)
{
	char path[sizeof(region->source)];

	if (!region->base)
		return 0;
	memcpy(path, region->source, sizeof(path));
	ivp_region_close(region);
	return ivp_region_destroy(path, why);
}

int ivp_windows_destroy(struct ivp_windows *windows, struct ivp_why *why)
{
	int first = 0;

	for (unsigned i = 0; i < windows->count; i++) {
		struct ivp_link_windows *link = &windows->links[i];
		int error = destroy_object(&link->data, first ? NULL : why);

		first = first ? first : error;
		error = destroy_object(&link->credit, first ? NULL : why);
		first = first ? first : error;
	}
	ivp_windows_close(windows);
	return first;
}

struct ivp_link_windows *ivp_windows_find(const struct ivp_windows *windows,
					  const struct ivp_link_conf *link)
{
	for (unsigned i = 0; i < windows->count; i++)
		if (windows->links[i].link == link)
			return &windows->links[i];
	return NULL;
}
