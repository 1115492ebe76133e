/* SPDX-License-Identifier: MIT */
/*
 * Names in memory are 64-bit hashes in an open-addressing table at most half full. Two names with
 * one hash would only cost the second a "-2"; the hash is seeded, so that nobody can aim at it.
 * With each name goes the number that the next one like it is tried with, so that a million
 * frames of one name take a million steps, not a million squared.
 *
 * The ledger: a first line that names link and epoch, then a line "POSITION NAME" per name, in
 * the order of positions, each written before the file gets its name. On a restart lines from the
 * first frame to come on are cut off: that frame will get its name anew, and the same one, as all
 * before it are there. The ledger survives the sink, not the host; neither do the frames.
 */
#include "host/names.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/file.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

struct ivp_name_entry {
	uint64_t hash;  /* 0: free */
	uint64_t count; /* names like it, with number, so far */
};

static uint64_t hash_of(const struct ivp_names *names, const char *name)
{
	uint64_t hash = XXH3_64bits_withSeed(name, strlen(name), names->seed);

	return hash ? hash : 1;
}

static struct ivp_name_entry *look_up(const struct ivp_names *names, uint64_t hash)
{
	size_t i = hash & (names->capacity - 1);

	while (names->entries[i].hash && names->entries[i].hash != hash)
		i = (i + 1) & (names->capacity - 1);
	return &names->entries[i];
}

static int make_room(struct ivp_names *names)
{
	const struct ivp_names old = *names;

	if (2 * (names->used + 1) <= names->capacity)
		return 0;
	names->capacity = old.capacity ? 2 * old.capacity : 64;
	names->entries = calloc(names->capacity, sizeof(*names->entries));
	if (!names->entries) {
		*names = old;
		return -ENOMEM;
	}
	for (size_t i = 0; i < old.capacity; i++)
		if (old.entries[i].hash)
			*look_up(names, old.entries[i].hash) = old.entries[i];
	free(old.entries);
	return 0;
}

/* True if the name is new. There must be room. */
static bool add(struct ivp_names *names, const char *name)
{
	const uint64_t hash = hash_of(names, name);
	struct ivp_name_entry *entry = look_up(names, hash);

	if (entry->hash)
		return false;
	entry->hash = hash;
	entry->count = 1;
	names->used++;
	return true;
}

/* Takes the ledger's names of frames before position. Returns the length of that part of it; 0
 * if the ledger is not of this run. */
static off_t read_ledger(struct ivp_names *names, FILE *from, const char *title, uint64_t position,
			 int *error)
{
	char *line = NULL;
	size_t room = 0;
	off_t kept = 0;
	ssize_t length;

	*error = 0;
	while ((length = getline(&line, &room, from)) > 0 && line[length - 1] == '\n') {
		const char *name;
		uint64_t at;

		if (kept == 0) {
			if (strcmp(line, title) != 0)
				break;
			kept = length;
			continue;
		}
		line[length - 1] = '\0';
		at = strtoull(line, (char **)&name, 10);
		if (*name++ != ' ' || at >= position)
			break;
		*error = make_room(names);
		if (*error)
			break;
		add(names, name);
		kept += length;
	}
	free(line);
	return kept;
}

/* Adds a line, or nothing: the disk may be full in the middle of it. */
static int append(struct ivp_names *names, const char *line)
{
	const int error = ivp_file_write(names->ledger, line, strlen(line));

	if (!error)
		names->bytes += (off_t)strlen(line);
	else if (ftruncate(names->ledger, names->bytes) < 0)
		return -errno;
	return error;
}

static int begin_ledger(struct ivp_names *names, const char *title, uint64_t position)
{
	off_t kept;
	FILE *from;
	int copy, error;

	names->ledger = openat(names->folder, names->file,
			       O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (names->ledger < 0)
		return -errno;
	copy = fcntl(names->ledger, F_DUPFD_CLOEXEC, 0);
	if (copy < 0)
		return -errno;
	from = fdopen(copy, "r");
	if (!from) {
		error = -errno;
		close(copy);
		return error;
	}
	kept = read_ledger(names, from, title, position, &error);
	fclose(from);
	if (error)
		return error;
	if (ftruncate(names->ledger, kept) < 0)
		return -errno;
	names->bytes = kept;
	return kept == 0 ? append(names, title) : 0;
}

int ivp_names_open(struct ivp_names *names, int folder, const char *link, uint64_t epoch,
		   uint64_t position, struct ivp_why *why)
{
	char title[128];
	int error;

	*names = (struct ivp_names){.folder = folder, .ledger = -1};
	if (getrandom(&names->seed, sizeof(names->seed), 0) != sizeof(names->seed))
		names->seed =
		    (uint64_t)(uintptr_t)names; /* names still work, only can be aimed at */
	snprintf(names->file, sizeof(names->file), ".ivpipe-%s.names", link);
	snprintf(title, sizeof(title), "ivpipe-names 1 %s %016" PRIx64 "\n", link, epoch);
	error = begin_ledger(names, title, position);
	if (error) {
		ivp_why_set(why, "%s: %s", names->file, strerror(-error));
		ivp_names_close(names, false);
	}
	return error;
}

/* Finds a name that nobody has and takes it. */
static int choose(struct ivp_names *names, const char *stem, const char *suffix,
		  char name[NAME_MAX + 1], bool *taken)
{
	uint64_t first_hash;
	int n = snprintf(name, NAME_MAX + 1, "%s%s", stem, suffix);

	*taken = false;
	if (n < 0 || n > NAME_MAX)
		return -ENAMETOOLONG;
	first_hash = hash_of(names, name);
	while (!add(names, name)) {
		*taken = true;
		n = snprintf(name, NAME_MAX + 1, "%s-%" PRIu64 "%s", stem,
			     ++look_up(names, first_hash)->count, suffix);
		if (n < 0 || n > NAME_MAX)
			return -ENAMETOOLONG;
	}
	return 0;
}

int ivp_names_give(struct ivp_names *names, const char *stem, const char *suffix, uint64_t position,
		   char name[NAME_MAX + 1], bool *taken)
{
	char line[NAME_MAX + 32];
	int error = 0;

	if (!names->last[0]) {
		error = make_room(names);
		if (!error)
			error = choose(names, stem, suffix, names->last, &names->last_taken);
	}
	if (error) {
		names->last[0] = '\0';
		return error;
	}
	memcpy(name, names->last, sizeof(names->last));
	*taken = names->last_taken;
	snprintf(line, sizeof(line), "%" PRIu64 " %s\n", position, name);
	error = append(names, line);
	if (!error)
		names->last[0] = '\0';
	return error;
}

void ivp_names_close(struct ivp_names *names, bool complete)
{
	if (!names->file[0])
		return;
	if (names->ledger >= 0)
		close(names->ledger);
	if (complete)
		unlinkat(names->folder, names->file, 0);
	free(names->entries);
	*names = (struct ivp_names){0};
}
