/* SPDX-License-Identifier: MIT */
/*
 * See the kernel's admin-guide/mm/hugetlbpage.rst and transhuge.rst. Of the latter: what
 * shmem_enabled says goes for memory without a file system and for memfd; a tmpfs that is mounted,
 * as /dev/shm is, goes by its own option huge=, unless shmem_enabled is deny or force.
 */
#include "transport/hugepages.h"

#include <errno.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"

const char *ivp_hugepages_root = "";

#define SHM "/dev/shm"
#define THP "/sys/kernel/mm/transparent_hugepage/shmem_enabled"

static FILE *open_file(const char *path)
{
	char full[512];

	if (snprintf(full, sizeof(full), "%s%s", ivp_hugepages_root, path) >= (int)sizeof(full))
		return NULL;
	return fopen(full, "re");
}

/* A number of the pool of pages of this size; 0 if it is not known. */
static uint64_t read_pool(uint64_t page_bytes, const char *name)
{
	char path[128], text[32] = "";
	FILE *from;

	snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%llukB/%s",
		 (unsigned long long)page_bytes / 1024, name);
	from = open_file(path);
	if (!from)
		return 0;
	if (!fgets(text, sizeof(text), from))
		text[0] = '\0';
	fclose(from);
	return strtoull(text, NULL, 10);
}

static uint64_t without(uint64_t from, uint64_t less)
{
	return from > less ? from - less : 0;
}

/* Free are also those that the kernel may add to the pool when asked. */
static void fill_pool(struct ivp_hugetlb *at)
{
	const uint64_t more = without(read_pool(at->page_bytes, "nr_overcommit_hugepages"),
				      read_pool(at->page_bytes, "surplus_hugepages"));

	at->total = read_pool(at->page_bytes, "nr_hugepages") + more;
	at->free = without(read_pool(at->page_bytes, "free_hugepages") + more,
			   read_pool(at->page_bytes, "resv_hugepages"));
}

/* The value of an option of a mount, up to the comma; "" without it. */
static void read_option(const struct mntent *entry, const char *name, char *value, size_t bytes)
{
	const char *at = hasmntopt(entry, name);

	value[0] = '\0';
	if (!at || at[strlen(name)] != '=')
		return;
	at += strlen(name) + 1;
	snprintf(value, bytes, "%.*s", (int)strcspn(at, ","), at);
}

/* Adds it in its place. */
static unsigned insert(struct ivp_hugetlb *list, unsigned count, const struct ivp_hugetlb *new)
{
	unsigned at = count;

	if (count == IVP_MOST_HUGETLB)
		return count;
	for (; at > 0 && list[at - 1].page_bytes > new->page_bytes; at--)
		list[at] = list[at - 1];
	list[at] = *new;
	return count + 1;
}

unsigned ivp_hugetlb_list(struct ivp_hugetlb list[IVP_MOST_HUGETLB])
{
	char line[1024], size[32];
	FILE *mounts = open_file("/proc/self/mounts");
	struct mntent entry;
	unsigned count = 0;

	while (mounts && getmntent_r(mounts, &entry, line, sizeof(line))) {
		struct ivp_hugetlb new = {.folder = ""};

		if (strcmp(entry.mnt_type, "hugetlbfs") != 0 ||
		    strlen(entry.mnt_dir) >= sizeof(new.folder))
			continue;
		read_option(&entry, "pagesize", size, sizeof(size));
		if (ivp_parse_size(size, &new.page_bytes) != 0 || new.page_bytes < 1024)
			continue;
		memcpy(new.folder, entry.mnt_dir, strlen(entry.mnt_dir));
		fill_pool(&new);
		count = insert(list, count, &new);
	}
	if (mounts)
		fclose(mounts);
	return count;
}

int ivp_hugetlb_find(const char *folder, struct ivp_hugetlb *found, struct ivp_why *why)
{
	struct ivp_hugetlb list[IVP_MOST_HUGETLB];
	const unsigned count = ivp_hugetlb_list(list);

	for (unsigned i = 0; i < count; i++)
		if (!folder || strcmp(list[i].folder, folder) == 0) {
			*found = list[i];
			return 0;
		}
	if (folder)
		ivp_why_set(why,
			    "no file system of huge pages is mounted at %s; mount one: mkdir -p %s "
			    "&& mount -t hugetlbfs none %s",
			    folder, folder, folder);
	else
		ivp_why_set(why, "no file system of huge pages is mounted; mount one: mkdir -p "
				 "/dev/hugepages && mount -t hugetlbfs none /dev/hugepages");
	return -ENODEV;
}

/* Of the last mount at the place, which hides the others. False: there is none. */
static bool read_huge_of_shm(char *value, size_t bytes)
{
	char line[1024];
	FILE *mounts = open_file("/proc/self/mounts");
	struct mntent entry;
	bool found = false;

	while (mounts && getmntent_r(mounts, &entry, line, sizeof(line)))
		if (strcmp(entry.mnt_dir, SHM) == 0) {
			found = strcmp(entry.mnt_type, "tmpfs") == 0;
			read_option(&entry, "huge", value, bytes);
		}
	if (mounts)
		fclose(mounts);
	return found;
}

int ivp_thp_allowed(struct ivp_why *why)
{
	char policy[128] = "", huge[32] = "";
	FILE *from = open_file(THP);

	if (!from || !fgets(policy, sizeof(policy), from))
		policy[0] = '\0';
	if (from)
		fclose(from);
	if (!policy[0]) {
		ivp_why_set(why, "this kernel has no transparent huge pages (there is no " THP ")");
		return -ENODEV;
	}
	if (strstr(policy, "[deny]")) {
		ivp_why_set(why, "transparent huge pages are forbidden for shared memory; allow "
				 "them: echo advise >" THP);
		return -ENODEV;
	}
	if (strstr(policy, "[force]"))
		return 0;
	if (!read_huge_of_shm(huge, sizeof(huge)) || !huge[0] || strcmp(huge, "never") == 0) {
		ivp_why_set(why, SHM " is mounted without transparent huge pages; allow them: "
				     "mount -o remount,huge=advise " SHM);
		return -ENODEV;
	}
	return 0;
}
