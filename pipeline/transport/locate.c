/* SPDX-License-Identifier: MIT */
/*
 * Windows are told apart by what is written in their headers, never by the order of devices.
 * Each candidate is opened, inspected and let go unless it is the one: link name, UUID if known,
 * kind, consumer. A guest finds its windows among the ivshmem devices (BAR 2 through sysfs), a
 * host among the files of /dev/shm and of huge pages.
 */
#include "transport/locate.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <ivpipe/ring.h>
#include "transport/pci.h"
#include "transport/window.h"

const char *ivp_locate_pci_folder = "/sys/bus/pci/devices";
void (*ivp_locate_probe)(void *page, bool write, struct ivp_speeds *speeds) = ivp_probe;

#define IVSHMEM_VENDOR "0x1af4"
#define IVSHMEM_DEVICE "0x1110"

/* A search: what was found so far, and what was seen that was not it. */
struct search {
	const struct ivp_window_query *query;
	struct ivp_window *window;
	int error;   /* -ENOENT until one is found (0), or the error that stops the search */
	bool denied; /* a PCI device could not be opened: waiting will not help */
	unsigned seen;
	char notes[160];
};

/* Something that may be a window. */
struct candidate {
	const char *path, *source;
	const char *device; /* NULL: a file */
	bool certain;       /* the configuration names it, so it must be the one */
	bool enabled;       /* the device was off before we came */
};

static void note(struct search *search, const char *source, const char *text)
{
	size_t used = strlen(search->notes);

	search->seen++;
	snprintf(search->notes + used, sizeof(search->notes) - used, "%s%s%s%s", used ? "; " : "",
		 source ? source : "", source ? ": " : "", text);
}

void ivp_locate_read_word(const char *folder, const char *name, char *text, size_t bytes)
{
	char path[PATH_MAX];
	ssize_t length = 0;

	text[0] = 0;
	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
		return;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		length = read(fd, text, bytes - 1);
		close(fd);
	}
	text[length > 0 ? length : 0] = 0;
	text[strcspn(text, " \t\n")] = 0;
}

/* Does the window whose header this is hold what the query asks for? Sets where in it. */
static bool matches(const struct ivp_window_query *query, const struct ivp_wire_header *header,
		    uint64_t *offset, uint64_t *bytes)
{
	if (strcmp(header->link_name, query->link) != 0 ||
	    (query->uuid && memcmp(header->uuid, query->uuid, 16) != 0))
		return false;
	*offset = 0;
	*bytes = header->window_bytes;
	if (header->kind == query->kind && header->consumer == query->consumer)
		return true;
	/* The region of a link with shared isolation begins with the data window. */
	if (query->kind == IVP_WINDOW_CREDIT && header->kind == IVP_WINDOW_DATA &&
	    header->isolation == IVP_ISOLATION_SHARED && query->consumer < header->consumers) {
		*offset = header->credit_offset + query->consumer * header->credit_stride;
		*bytes = header->credit_stride;
		return true;
	}
	return false;
}

/* A window of another version, where ours should be: tell its other side. */
static void refuse_version(const char *path, const struct ivp_window_query *query,
			   const struct ivp_wire_header *header, const char *text)
{
	struct ivp_region region;

	if (query->writable && ivp_region_open(path, true, &region, NULL) == 0) {
		ivp_window_refuse(region.base, IVP_REFUSED_VERSION,
				  (uint64_t)header->major << 16 | header->minor, text);
		ivp_region_close(&region);
	}
}

/* By ivpipe_uio if it has the device, else by sysfs: never one beside the other, which the kernel
 * complains of, since they map memory as of two types. */
static int open_candidate(const struct candidate *candidate, bool writable,
			  const struct ivp_memory_use *use, struct ivp_region *region,
			  struct ivp_why *why)
{
	struct ivp_pci_map map;
	char driver[64] = "";

	if (candidate->device)
		ivp_pci_driver(candidate->device, driver, sizeof(driver));
	if (strcmp(driver, IVP_PCI_UIO) == 0 && ivp_pci_uio_map(candidate->device, 1, &map) == 0)
		return ivp_region_open_device(map.path, map.offset, map.bytes, writable, use,
					      region, why);
	return ivp_region_open_as(candidate->path, writable, use, region, why);
}

/* Gives a device that has a window of ours to ivpipe_uio, if that driver is there: it maps the
 * window as write-back memory, sysfs as uncached. */
static void give_to_uio(const struct candidate *candidate)
{
	if (!candidate->device || ivp_pci_is_doorbell(candidate->device) ||
	    !ivp_pci_has_driver(IVP_PCI_UIO))
		return;
	/* Off again, the driver knows that nobody has it mapped and that it may be moved. */
	if (candidate->enabled)
		(void)ivp_pci_disable(candidate->device);
	if (ivp_pci_bind(candidate->device, IVP_PCI_UIO) != 0)
		(void)ivp_pci_enable(candidate->device);
}

/* What a driver asked for is not always what the host makes of it: see docs/wake-ups.md. */
static double measure(const struct ivp_window *window)
{
	struct ivp_speeds speeds;

	if (window->bytes < IVP_PAGE)
		return 0;
	ivp_locate_probe(window->base, false, &speeds);
	return ivp_probe_is_slow(&speeds) ? speeds.read : 0;
}

static void keep(struct search *search, const struct candidate *candidate, uint64_t offset,
		 uint64_t bytes)
{
	const char *source = candidate->source;
	struct ivp_why part;

	if (search->error == 0) {
		struct ivp_window *window = search->window;
		char text[sizeof(search->notes)];
		snprintf(text, sizeof(text), "fits as well as %s", window->region.source);
		note(search, source, text);
		ivp_window_close(window);
		search->error = -ENOTUNIQ;
		return;
	}
	give_to_uio(candidate);
	search->error = open_candidate(candidate, search->query->writable, &search->query->memory,
				       &search->window->region, &part);
	if (search->error) {
		note(search, source, part.text);
		return;
	}
	/* Somebody may have put a shorter file there since it was inspected. */
	if (offset > search->window->region.bytes ||
	    bytes > search->window->region.bytes - offset) {
		note(search, source, "it shrank while it was opened");
		ivp_window_close(search->window);
		search->error = -ENOENT;
		return;
	}
	snprintf(search->window->region.source, sizeof(search->window->region.source), "%s",
		 source);
	search->window->base = search->window->region.base + offset;
	search->window->bytes = bytes;
	if (candidate->device && !search->query->writable)
		search->window->slow = measure(search->window);
}

static void try_candidate(struct search *search, const struct candidate *candidate)
{
	const char *path = candidate->path, *source = candidate->source;
	const bool certain = candidate->certain;
	struct ivp_wire_header header;
	struct ivp_region region;
	struct ivp_why part;
	uint64_t offset, bytes;
	char text[sizeof(part.text)];

	if (search->error != -ENOENT && search->error != 0)
		return;
	int error = open_candidate(candidate, false, NULL, &region, &part);
	if (error) {
		/* part names the path itself. */
		note(search, source == path ? NULL : source, part.text);
		search->denied |= error == -EACCES && strncmp(source, "pci ", 4) == 0;
		/* What the query does not name may be another's: no reason to give up. */
		if (certain && error != -ENOENT && error != -EWOULDBLOCK && error != -ENOMSG)
			search->error = error;
		return;
	}
	error = ivp_window_inspect(region.base, region.bytes, &header, &part);
	bool bell =
	    error == -ENOMSG && ivp_load_relaxed((const uint64_t *)region.base) == IVP_BELL_MAGIC;
	ivp_region_close(&region);
	if (bell && !certain)
		return; /* no window, and none of a stranger's: see bell.h */
	if (error) {
		note(search, source, part.text);
		if (error == -EPROTONOSUPPORT && certain)
			refuse_version(path, search->query, &header, part.text);
		if (error != -EAGAIN && certain)
			search->error = error;
		return;
	}
	if (matches(search->query, &header, &offset, &bytes)) {
		keep(search, candidate, offset, bytes);
		return;
	}
	snprintf(text, sizeof(text), "the %s window of link '%s'%s",
		 header.kind == IVP_WINDOW_DATA ? "data" : "credit", header.link_name,
		 strcmp(header.link_name, search->query->link) == 0 && search->query->uuid &&
			 memcmp(header.uuid, search->query->uuid, 16) != 0
		     ? " with another UUID"
		     : "");
	note(search, source, text);
	if (certain)
		search->error = -EBADMSG;
}

/* BAR 2 of one device. Data windows that we write are mapped write-combined where that exists. */
static void try_device(struct search *search, const char *device, bool certain)
{
	char path[PATH_MAX], source[64], enabled[8];
	bool combine = search->query->writable && search->query->kind == IVP_WINDOW_DATA;
	struct candidate candidate = {
	    .path = path, .source = source, .device = device, .certain = certain};

	snprintf(source, sizeof(source), "pci %s", strrchr(device, '/') + 1);
	/* Memory decoding is off until a driver, or we, ask for the device. */
	ivp_locate_read_word(device, "enable", enabled, sizeof(enabled));
	candidate.enabled = strcmp(enabled, "0") == 0;
	if (ivp_pci_enable(device) < 0)
		note(search, source, "cannot be enabled: root may do that");
	snprintf(path, sizeof(path), "%s/resource2_wc", device);
	if (!combine || access(path, W_OK) != 0)
		snprintf(path, sizeof(path), "%s/resource2", device);
	try_candidate(search, &candidate);
}

bool ivp_locate_is_ivshmem(const char *device)
{
	char vendor[16], number[16];

	ivp_locate_read_word(device, "vendor", vendor, sizeof(vendor));
	ivp_locate_read_word(device, "device", number, sizeof(number));
	return strcmp(vendor, IVSHMEM_VENDOR) == 0 && strcmp(number, IVSHMEM_DEVICE) == 0;
}

/* All ivshmem devices, or those with this label. */
static void try_devices(struct search *search, const char *label)
{
	char pattern[PATH_MAX], text[128];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/*", ivp_locate_pci_folder);
	if (glob(pattern, 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		if (!ivp_locate_is_ivshmem(found.gl_pathv[i]))
			continue;
		if (label) {
			ivp_locate_read_word(found.gl_pathv[i], "label", text, sizeof(text));
			if (strcmp(text, label) != 0)
				continue;
		}
		try_device(search, found.gl_pathv[i], label != NULL);
	}
	globfree(&found);
}

static void try_file(struct search *search, const char *path)
{
	const struct candidate candidate = {.path = path, .source = path, .certain = true};

	try_candidate(search, &candidate);
}

/* All files that the pattern stands for. */
static void try_files(struct search *search, const char *pattern)
{
	glob_t found = {0};

	if (glob(pattern, 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const struct candidate any = {.path = found.gl_pathv[i],
					      .source = found.gl_pathv[i]};

		try_candidate(search, &any);
	}
	globfree(&found);
}

/* The file that belongs to the query by its name; any pipeline's if the name is not known. */
static void try_folder(struct search *search, const char *folder)
{
	const struct ivp_window_query *query = search->query;
	char path[PATH_MAX];
	struct candidate candidate = {.path = path, .source = path};
	unsigned kind = query->kind;

	/* First the name that the window has with an isolation of its own, then the shared one. */
	for (int shared = 0; shared < 2; shared++) {
		if (shared && (kind == IVP_WINDOW_DATA || search->error == 0))
			break;
		if (ivp_region_path(path, sizeof(path), folder,
				    query->pipeline ? query->pipeline : "*", query->link,
				    shared ? IVP_WINDOW_DATA : kind, query->consumer) < 0)
			return;
		candidate.certain = !shared;
		if (!query->pipeline)
			try_files(search, path);
		else if (access(path, F_OK) == 0)
			try_candidate(search, &candidate);
	}
}

static void try_shared_memory(struct search *search)
{
	char folders[IVP_REGION_FOLDERS][IVP_FOLDER_BYTES];
	const unsigned count = ivp_region_folders(folders);

	for (unsigned i = 0; i < count; i++)
		try_folder(search, folders[i]);
}

static void look_where_told(struct search *search, const char *where)
{
	char path[PATH_MAX];

	if (where == NULL || strcmp(where, "auto") == 0) {
		try_devices(search, NULL);
		if (search->error == -ENOENT)
			try_shared_memory(search);
	} else if (strncmp(where, "pci:", 4) == 0) {
		snprintf(path, sizeof(path), "%s/%s", ivp_locate_pci_folder, where + 4);
		if (access(path, F_OK) == 0)
			try_device(search, path, true);
		else
			note(search, where, "no such PCI device");
	} else if (strncmp(where, "label:", 6) == 0) {
		try_devices(search, where + 6);
		if (search->seen == 0)
			note(search, where, "no ivshmem device has this label");
	} else if (strncmp(where, "file:", 5) == 0) {
		try_file(search, where + 5);
	} else if (strncmp(where, "shm:", 4) == 0) {
		snprintf(path, sizeof(path), "/dev/shm/%s", where + 4);
		try_file(search, path);
	} else {
		search->error = -EINVAL;
		note(search, where,
		     "must be auto, pci:ADDRESS, label:LABEL, file:PATH or shm:NAME");
	}
}

int ivp_window_locate(const struct ivp_window_query *query, struct ivp_window *window,
		      struct ivp_why *why)
{
	struct search search = {.query = query, .window = window, .error = -ENOENT};

	memset(window, 0, sizeof(*window));
	window->region.fd = -1;
	look_where_told(&search, query->where);
	if (search.error == -ENOENT && search.denied)
		search.error = -EACCES;
	if (search.error) {
		ivp_window_close(window);
		ivp_why_set(why, "link '%s': %s %s window%s%s%s", query->link,
			    search.error == -ENOTUNIQ ? "more than one"
			    : search.error == -ENOENT ? "no"
						      : "no usable",
			    query->kind == IVP_WINDOW_DATA ? "data" : "credit",
			    search.seen ? " (" : "", search.notes, search.seen ? ")" : "");
	}
	return search.error;
}

void ivp_window_close(struct ivp_window *window)
{
	ivp_region_close(&window->region);
	memset(window, 0, sizeof(*window));
	window->region.fd = -1;
}
