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
		if (topology->links[i]->page_bytes > 0)
			layout.data_object_bytes = 0;
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
	    .early_start = link->early_start,
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

/* What a set is made with. */
struct making {
	const struct ivp_topology *topology;
	uint64_t epoch;
	uint64_t until_ns; /* 0: what is there stays */
	unsigned replaced;
};

static int object_path(char path[256], const char *folder, const struct ivp_topology *topology,
		       const struct ivp_link_conf *link, unsigned kind, struct ivp_why *why)
{
	int length = ivp_region_path(path, 256, folder, topology->name, link->name, kind, 0);

	if (length < 0)
		ivp_why_set(why, "link %s: the path of its window is too long", link->name);
	return length < 0 ? length : 0;
}

/* Of an object of the same name, wherever it is: an old one may have had other memory. */
static int make_room(struct making *making, const struct ivp_link_conf *link, unsigned kind,
		     struct ivp_why *why)
{
	char folders[IVP_REGION_FOLDERS][IVP_FOLDER_BYTES], path[256];
	const unsigned count = ivp_region_folders(folders);
	int error = 0;

	for (unsigned i = 0; !error && i < count; i++) {
		error = object_path(path, folders[i], making->topology, link, kind, why);
		if (error || access(path, F_OK) < 0)
			continue;
		if (making->until_ns) {
			error = remove_old(path, making->until_ns, why);
			making->replaced += error == 0;
		} else {
			ivp_why_set(why, "cannot create %s: %s", path, strerror(EEXIST));
			error = -EEXIST;
		}
		if (error == -ENOENT) /* just gone */
			error = 0;
	}
	return error;
}

/* Creates the file of one object, after an old one has gone if that may be. A credit window is a
 * page or so: it is never worth a huge one. */
static int create_object(struct making *making, const struct ivp_link_conf *link, unsigned kind,
			 uint64_t bytes, struct ivp_region *region, struct ivp_why *why)
{
	struct ivp_memory_use use = ivp_link_memory(link);
	const char *folder = link->folder;
	char path[256];
	int error = make_room(making, link, kind, why);

	if (kind == IVP_WINDOW_CREDIT) {
		use.memory = IVP_MEMORY_NORMAL;
		folder = IVP_REGION_FOLDER;
	}
	if (!error)
		error = object_path(path, folder, making->topology, link, kind, why);
	return error
		   ? error
		   : ivp_region_create_as(path, bytes, link->mode, link->owner, &use, region, why);
}

static int create_link(struct ivp_link_windows *link, struct making *making, struct ivp_why *why)
{
	const bool shared = link->link->isolation == IVP_ISOLATION_SHARED;
	struct ivp_geometry geometry;
	uint8_t *credit;
	int error = ivp_link_layout(link->link, &link->layout, why);

	if (!error)
		error = create_object(making, link->link, IVP_WINDOW_DATA,
				      link->layout.data_object_bytes, &link->data, why);
	if (!error && !shared)
		error = create_object(making, link->link, IVP_WINDOW_CREDIT,
				      link->layout.credit_object_bytes, &link->credit, why);
	if (error)
		return error;
	fill_geometry(making->topology, link->link, making->epoch, &geometry);
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
	struct making making = {
	    .topology = topology,
	    .epoch = ivp_epoch_make(),
	    .until_ns = replace ? ivp_now_ns() + PATIENCE_NS : 0,
	};
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
		error = create_link(&windows->links[i], &making, why);
	}
	windows->replaced = making.replaced;
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
