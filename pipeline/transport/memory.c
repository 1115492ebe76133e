/* SPDX-License-Identifier: MIT */
/*
 * The policy of mbind(2) belongs to the file, not to the mapping: it goes for every page that is
 * taken for it later, by whomever. libnuma would be a library for one system call.
 */
#include "transport/memory.h"

#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/mempolicy.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/units.h"

#define MOST_NODES 1024
#define WORD_BITS  (8 * sizeof(unsigned long))

static int bind_to(void *base, size_t bytes, unsigned node, struct ivp_why *why)
{
	unsigned long nodes[MOST_NODES / WORD_BITS] = {0};
	int error = node < MOST_NODES ? 0 : -EINVAL;

	if (!error) {
		nodes[node / WORD_BITS] = 1ul << node % WORD_BITS;
		/* One more than there are: the call's own habit. */
		if (syscall(SYS_mbind, base, bytes, MPOL_BIND, nodes, MOST_NODES + 1, 0) < 0)
			error = -errno;
	}
	if (error == -EINVAL)
		ivp_why_set(why,
			    "this machine has no memory on NUMA node %u: see "
			    "/sys/devices/system/node, or leave numa-node out",
			    node);
	else if (error)
		ivp_why_set(why, "cannot put it on NUMA node %u: %s%s", node, strerror(-error),
			    error == -ENOSYS ? "; leave numa-node out" : "");
	return error;
}

int ivp_memory_prepare(void *base, size_t bytes, const struct ivp_memory_use *use,
		       struct ivp_why *why)
{
	int error = use->bind ? bind_to(base, bytes, use->node, why) : 0;

	if (!error && use->memory == IVP_MEMORY_THP && madvise(base, bytes, MADV_HUGEPAGE) < 0) {
		error = -errno;
		ivp_why_set(why,
			    "this kernel gives it no transparent huge pages: %s; use memory = "
			    "normal",
			    strerror(-error));
	}
	/* Only a page that is touched becomes a huge one: what fallocate(2) takes is not asked for
	 * by a mapping. If memory does not suffice, that call will say so. */
	if (!error && use->memory == IVP_MEMORY_THP)
		(void)madvise(base, bytes, MADV_POPULATE_WRITE);
	return error;
}

static bool has_capability(unsigned number)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	return syscall(SYS_capget, &header, data) == 0 &&
	       (data[number / 32].effective >> number % 32 & 1);
}

bool ivp_memory_may_lock(uint64_t bytes, uint64_t *most)
{
	struct rlimit limit;

	*most = UINT64_MAX;
	if (has_capability(CAP_IPC_LOCK) || getrlimit(RLIMIT_MEMLOCK, &limit) < 0)
		return true;
	if (limit.rlim_cur != RLIM_INFINITY)
		*most = limit.rlim_cur;
	return bytes <= *most;
}

bool ivp_memory_has_node(unsigned node)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%u", node);
	return access(path, F_OK) == 0;
}

int ivp_memory_settle(void *base, size_t bytes, const struct ivp_memory_use *use,
		      struct ivp_why *why)
{
	char wanted[24], allowed[24];
	uint64_t most;
	int error;

	/* Locked pages are mapped pages. */
	if (use->lock && mlock(base, bytes) < 0) {
		error = -errno;
		if (ivp_memory_may_lock(bytes, &most))
			ivp_why_set(why, "cannot lock it in memory: %s", strerror(-error));
		else
			ivp_why_set(why,
				    "cannot lock its %s in memory: this user may lock %s in all; "
				    "raise that (ulimit -l, or LimitMEMLOCK of systemd), or use "
				    "lock = no",
				    ivp_format_size(bytes, wanted), ivp_format_size(most, allowed));
		return error;
	}
	/* Only speed: a kernel before 5.14 does not know it, device memory is mapped already. Not
	 * for writing: where that differs, pages are there by fallocate(2). */
	if (!use->lazy && !use->lock)
		(void)madvise(base, bytes, MADV_POPULATE_READ);
	return 0;
}
