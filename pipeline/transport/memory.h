/* SPDX-License-Identifier: MIT */
/*
 * How the memory of a region is had: the size of its pages, whether it is there before it is
 * touched, whether it may be swapped out, on which node of a NUMA machine it is. Thread-safe.
 */
#ifndef IVP_TRANSPORT_MEMORY_H
#define IVP_TRANSPORT_MEMORY_H

#include <stdbool.h>

#include <ivpipe/frame.h>

/* memory = ...: the configuration has the same words in this order. */
enum ivp_memory {
	IVP_MEMORY_NORMAL,
	IVP_MEMORY_THP,     /* transparent huge pages */
	IVP_MEMORY_HUGETLB, /* reserved huge pages: the file is in a hugetlbfs */
	IVP_MEMORY_AUTO,    /* the last of these that is to be had; never what a region is */
};

/* Zeros: ordinary pages, mapped at once, wherever the kernel puts them. */
struct ivp_memory_use {
	bool lazy; /* pages are mapped as they are touched */
	bool lock; /* they stay in memory */
	/* Of who creates it: */
	enum ivp_memory memory;
	bool bind; /* all pages on this node */
	unsigned node;
};

/* Before pages are taken: where they come from, and how large they are. Returns 0 or -errno with
 * the reason and the cure. */
int ivp_memory_prepare(void *base, size_t bytes, const struct ivp_memory_use *use,
		       struct ivp_why *why);
/* Maps and locks what is to be. The same returns. */
int ivp_memory_settle(void *base, size_t bytes, const struct ivp_memory_use *use,
		      struct ivp_why *why);

/* May this process lock so many bytes? *most is how many it may. */
bool ivp_memory_may_lock(uint64_t bytes, uint64_t *most);
/* Is there such a node? */
bool ivp_memory_has_node(unsigned node);

#endif
