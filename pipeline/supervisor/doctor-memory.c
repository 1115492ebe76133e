/* SPDX-License-Identifier: MIT */
/* What there is for the keys memory, lock and numa-node of a link. Nothing of it is missed by a
 * pipeline that does not ask for it. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "supervisor/doctor.h"
#include "transport/hugepages.h"
#include "transport/memory.h"

#define MOST_NODES 1024

static void check_hugetlb(struct ivp_doctor *doctor)
{
	static const char what[] = "huge pages";
	struct ivp_hugetlb list[IVP_MOST_HUGETLB];
	const unsigned count = ivp_hugetlb_list(list);
	struct ivp_why why;
	char size[24];

	if (ivp_hugetlb_find(NULL, list, &why) != 0)
		ivp_doctor_add(doctor, IVP_VERDICT_OK, what, NULL, "not for 'memory = hugetlb': %s",
			       why.text);
	for (unsigned i = 0; i < count; i++) {
		const struct ivp_hugetlb *at = &list[i];
		const bool mine = access(at->folder, W_OK | X_OK) == 0;

		ivp_doctor_add(
		    doctor, IVP_VERDICT_OK, what, NULL, "%llu of %llu of %s are free, at %s%s%s",
		    (unsigned long long)at->free, (unsigned long long)at->total,
		    ivp_format_size(at->page_bytes, size), at->folder,
		    mine ? "" : ", where this user cannot make files: mount it mode=1777",
		    at->total > 0 ? "" : "; reserve some: sysctl vm.nr_hugepages=64");
	}
}

static void check_transparent(struct ivp_doctor *doctor)
{
	struct ivp_why why;
	int error = ivp_thp_allowed(&why);

	ivp_doctor_add(doctor, IVP_VERDICT_OK, "transparent huge pages", NULL, "%s%s",
		       error ? "not for 'memory = thp': " : "to be had in /dev/shm",
		       error ? why.text : "");
}

static void check_lock(struct ivp_doctor *doctor)
{
	uint64_t most;
	char size[24];

	(void)ivp_memory_may_lock(0, &most);
	ivp_format_size(most, size);
	ivp_doctor_add(doctor, IVP_VERDICT_OK, "locked memory", NULL, "for 'lock = yes': %s%s",
		       most == UINT64_MAX ? "as much as there is" : size,
		       most == UINT64_MAX ? "" : " (ulimit -l)");
}

static void check_nodes(struct ivp_doctor *doctor)
{
	unsigned count = 0, last = 0;

	for (unsigned node = 0; node < MOST_NODES; node++)
		if (ivp_memory_has_node(node)) {
			last = node;
			count++;
		}
	if (count > 1)
		ivp_doctor_add(doctor, IVP_VERDICT_OK, "NUMA", NULL,
			       "%u nodes for 'numa-node', 0 to %u", count, last);
}

void ivp_doctor_memory(struct ivp_doctor *doctor)
{
	check_hugetlb(doctor);
	check_transparent(doctor);
	check_lock(doctor);
	check_nodes(doctor);
}
