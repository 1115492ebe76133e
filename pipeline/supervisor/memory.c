/* SPDX-License-Identifier: MIT */
/*
 * Huge pages that are free now are promised to nobody: whoever takes them before we do makes the
 * creation fail, with the same words. Those of windows that a run will replace count as free.
 */
#include "supervisor/memory.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/units.h"
#include "transport/region.h"
#include "transport/window.h"

#define USUAL_FOLDER "/dev/hugepages"
#define USUAL_PAGE   (2ull << 20)

/* What the links that were looked at have taken. */
struct budget {
	struct ivp_hugetlb at;
	struct ivp_why why; /* if error */
	int error;          /* of finding a place for huge pages */
	uint64_t pages;     /* of those that are free there */
	uint64_t locked;    /* bytes */
};

static int object_bytes(const struct ivp_link_conf *link, uint64_t *data, uint64_t *all)
{
	struct ivp_layout layout;
	int error = ivp_link_layout(link, &layout, NULL);

	*data = error ? 0 : layout.data_object_bytes;
	/* The halves of a link that can be laid out are below 2^62. */
	*all = error ? 0 : layout.data_object_bytes + layout.credit_object_bytes;
	return error;
}

static uint64_t pages_of_old_window(const struct ivp_topology *topology,
				    const struct ivp_link_conf *link, const struct ivp_hugetlb *at)
{
	struct stat info;
	char path[256];

	if (ivp_region_path(path, sizeof(path), at->folder, topology->name, link->name,
			    IVP_WINDOW_DATA, 0) < 0 ||
	    lstat(path, &info) < 0)
		return 0;
	return (uint64_t)info.st_blocks * 512 / at->page_bytes;
}

static void find_place(const struct ivp_topology *topology, struct budget *budget)
{
	budget->error = ivp_hugetlb_find(topology->hugetlbfs, &budget->at, &budget->why);
	if (!budget->error && access(budget->at.folder, W_OK | X_OK) < 0) {
		budget->error = -errno;
		ivp_why_set(&budget->why,
			    "this user cannot make files in %s: %s; root may allow it: mount -o "
			    "remount,mode=1777 %s",
			    budget->at.folder, strerror(-budget->error), budget->at.folder);
	}
	if (budget->error == -ENODEV) {
		snprintf(budget->at.folder, sizeof(budget->at.folder), "%s",
			 topology->hugetlbfs ? topology->hugetlbfs : USUAL_FOLDER);
		budget->at.page_bytes = USUAL_PAGE;
	}
	for (unsigned i = 0; i < topology->link_count; i++)
		budget->at.free += pages_of_old_window(topology, topology->links[i], &budget->at);
}

/* Counts the link in. Returns 0 or -ENOMEM. */
static int take_pages(struct ivp_link_conf *link, struct budget *budget)
{
	uint64_t data, all;

	memcpy(link->folder, budget->at.folder, sizeof(link->folder));
	link->page_bytes = budget->at.page_bytes;
	if (object_bytes(link, &data, &all) != 0)
		return 0; /* reported as what it is */
	budget->pages += ivp_hugetlb_pages(&budget->at, data);
	return budget->pages > budget->at.free ? -ENOMEM : 0;
}

static void report_pages(const struct ivp_topology *topology, const struct budget *budget,
			 struct ivp_diag *diag)
{
	const struct ivp_hugetlb *at = &budget->at;
	const unsigned long long wanted =
	    (unsigned long long)(at->total + budget->pages - at->free);
	char size[24], cure[128];

	if (at->page_bytes == USUAL_PAGE)
		snprintf(cure, sizeof(cure), "sysctl vm.nr_hugepages=%llu", wanted);
	else
		snprintf(cure, sizeof(cure),
			 "echo %llu >/sys/kernel/mm/hugepages/hugepages-%llukB/nr_hugepages",
			 wanted, (unsigned long long)at->page_bytes / 1024);
	ivp_diag_error(
	    diag, topology->file, 0, NULL,
	    "the links need %llu huge pages of %s, and %llu are free; reserve more: %s, or "
	    "write memory = auto",
	    (unsigned long long)budget->pages, ivp_format_size(at->page_bytes, size),
	    (unsigned long long)at->free, cure);
}

/* The best that is there; it may not be much. */
static void choose(struct ivp_link_conf *link, struct budget *budget)
{
	const uint64_t before = budget->pages;

	link->memory = IVP_MEMORY_HUGETLB;
	if (!budget->error && take_pages(link, budget) == 0)
		return;
	budget->pages = before;
	snprintf(link->folder, sizeof(link->folder), "%s", IVP_REGION_FOLDER);
	link->page_bytes = 0;
	link->memory = ivp_thp_allowed(NULL) == 0 ? IVP_MEMORY_THP : IVP_MEMORY_NORMAL;
}

static int place_pages(struct ivp_link_conf *link, struct budget *budget, struct ivp_diag *diag)
{
	struct ivp_why why;
	int error = 0;

	if (link->memory == IVP_MEMORY_HUGETLB) {
		(void)take_pages(link, budget); /* all at once: see ivp_memory_place */
		error = budget->error;
		why = budget->why;
	} else if (link->memory == IVP_MEMORY_THP) {
		error = ivp_thp_allowed(&why);
	}
	if (error)
		ivp_diag_error(diag, link->file, link->line, "memory",
			       "link %s: %s; or write memory = auto", link->name, why.text);
	return error;
}

static int place_rest(const struct ivp_link_conf *link, struct budget *budget,
		      struct ivp_diag *diag)
{
	char wanted[24], allowed[24];
	uint64_t data, all, most;

	if (link->numa_node >= 0 && !ivp_memory_has_node((unsigned)link->numa_node)) {
		ivp_diag_error(diag, link->file, link->line, "numa-node",
			       "link %s: this machine has no NUMA node %d: see "
			       "/sys/devices/system/node, or leave numa-node out",
			       link->name, link->numa_node);
		return -ENODEV;
	}
	if (!link->lock || object_bytes(link, &data, &all) != 0)
		return 0;
	if (__builtin_add_overflow(budget->locked, all, &budget->locked))
		budget->locked = UINT64_MAX;
	if (ivp_memory_may_lock(budget->locked, &most))
		return 0;
	ivp_diag_error(diag, link->file, link->line, "lock",
		       "link %s: %s are to be locked in memory so far, and this user may lock %s; "
		       "raise that (ulimit -l, or LimitMEMLOCK of systemd), or write lock = no",
		       link->name, ivp_format_size(budget->locked, wanted),
		       ivp_format_size(most, allowed));
	return -EPERM;
}

int ivp_memory_place(struct ivp_topology *topology, struct ivp_diag *diag)
{
	struct budget budget = {.error = 0};
	int first = 0;

	find_place(topology, &budget);
	for (unsigned i = 0; i < topology->link_count; i++) {
		int error = place_pages(topology->links[i], &budget, diag);

		first = first ? first : error;
		error = place_rest(topology->links[i], &budget, diag);
		first = first ? first : error;
	}
	if (!budget.error && budget.pages > budget.at.free) {
		report_pages(topology, &budget, diag);
		first = first ? first : -ENOMEM;
	}
	/* Who insists was served first. */
	for (unsigned i = 0; i < topology->link_count; i++)
		if (topology->links[i]->memory == IVP_MEMORY_AUTO)
			choose(topology->links[i], &budget);
	return first;
}

char *ivp_memory_describe(const struct ivp_link_conf *link, char text[192])
{
	char size[24], node[32] = "";

	if (link->numa_node >= 0)
		snprintf(node, sizeof(node), ", on NUMA node %d", link->numa_node);
	text[0] = '\0';
	if (link->memory == IVP_MEMORY_HUGETLB)
		snprintf(text, 192, "huge pages of %s, at %s",
			 ivp_format_size(link->page_bytes, size), link->folder);
	else if (link->memory == IVP_MEMORY_THP)
		snprintf(text, 192, "transparent huge pages");
	else if (link->lock || node[0])
		snprintf(text, 192, "ordinary pages");
	if (text[0])
		snprintf(text + strlen(text), 192 - strlen(text), "%s%s",
			 link->lock ? ", locked" : "", node);
	return text;
}
