/* SPDX-License-Identifier: MIT */
/*
 * What the kernel has of large pages for shared memory: pools of huge pages, which are reserved
 * and have file systems of their own (hugetlbfs), and transparent ones, which it makes as it can
 * in a tmpfs that is mounted so. Reads, and changes nothing. Thread-safe.
 */
#ifndef IVP_TRANSPORT_HUGEPAGES_H
#define IVP_TRANSPORT_HUGEPAGES_H

#include <stdbool.h>

#include <ivpipe/frame.h>

/* Where the kernel says so; tests put a folder of their own in the place of "". */
extern const char *ivp_hugepages_root;

#define IVP_FOLDER_BYTES 128 /* of a place for regions, with the NUL */
#define IVP_MOST_HUGETLB 8   /* file systems that are looked at */

struct ivp_hugetlb {
	char folder[IVP_FOLDER_BYTES]; /* where it is mounted */
	uint64_t page_bytes;
	uint64_t total, free; /* pages; free: that neither are taken nor promised to somebody */
};

/* Lists the file systems of huge pages that are mounted, those of the smallest pages first.
 * Returns their number, at most IVP_MOST_HUGETLB. */
unsigned ivp_hugetlb_list(struct ivp_hugetlb list[IVP_MOST_HUGETLB]);

/* The one that is mounted at folder; with NULL, the first of the list. Returns 0, or -ENODEV with
 * the reason and the cure. */
int ivp_hugetlb_find(const char *folder, struct ivp_hugetlb *found, struct ivp_why *why);

/* How many pages of this file system take so many bytes. */
static inline uint64_t ivp_hugetlb_pages(const struct ivp_hugetlb *at, uint64_t bytes)
{
	return bytes / at->page_bytes + (bytes % at->page_bytes != 0);
}

/* May files in /dev/shm have transparent huge pages, if they ask for them? Returns 0, or -ENODEV
 * with the reason and the cure. */
int ivp_thp_allowed(struct ivp_why *why);

#endif
