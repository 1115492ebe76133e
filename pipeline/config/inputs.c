/* SPDX-License-Identifier: MIT */
/*
 * See inputs.h. A file is known by its key, the real path of its folder and its own name: so
 * "a.png" and "./a.png" are one file, while two links to one file are two inputs, as their names
 * differ and so do the results'.
 */
#include "config/inputs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

struct entry {
	char *path;
	char *key;
	size_t order;
};

struct list {
	struct entry *entries;
	size_t count, capacity;
};

static const char *const suffixes[] = {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".pbm",
				       ".pgm", ".ppm", ".pnm",  ".pam", ".gif",  ".bmp",
				       ".tga", ".psd", ".hdr",  NULL};

static bool has_image_suffix(const char *name)
{
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && suffixes[i]; i++)
		if (!strcasecmp(dot, suffixes[i]))
			return true;
	return false;
}

static void free_list(struct list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->entries[i].path);
		free(list->entries[i].key);
	}
	free(list->entries);
}

/* folder is the real path of the file's folder. */
static int add_file(struct list *list, const char *path, const char *folder)
{
	const char *slash = strrchr(path, '/');
	struct entry entry = {.order = list->count};

	if (list->count == list->capacity) {
		const size_t capacity = list->capacity ? 2 * list->capacity : 64;
		struct entry *entries =
		    reallocarray(list->entries, capacity, sizeof(*list->entries));

		if (!entries)
			return -ENOMEM;
		list->entries = entries;
		list->capacity = capacity;
	}
	entry.path = strdup(path);
	if (!entry.path)
		return -ENOMEM;
	if (asprintf(&entry.key, "%s/%s", folder, slash ? slash + 1 : path) < 0) {
		free(entry.path);
		return -ENOMEM;
	}
	list->entries[list->count++] = entry;
	return 0;
}

static int add_single(struct list *list, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *parent =
	    slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
	char *folder = parent ? realpath(parent, NULL) : NULL;
	int error = folder ? add_file(list, path, folder) : -errno;

	free(folder);
	free(parent);
	return error;
}

static int compare_names(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

static int is_wanted(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && has_image_suffix(entry->d_name);
}

static int compare_entries(const struct dirent **left, const struct dirent **right)
{
	return strcmp((*left)->d_name, (*right)->d_name);
}

static int add_from_folder(struct list *list, const char *path, const char *folder,
			   const char *name)
{
	const char *gap = path[strlen(path) - 1] == '/' ? "" : "/";
	struct stat info;
	char *file;
	int error = 0;

	if (asprintf(&file, "%s%s%s", path, gap, name) < 0)
		return -ENOMEM;
	/* A link to nowhere, or a file that has just gone, is nothing that was asked for. */
	if (!stat(file, &info) && S_ISREG(info.st_mode))
		error = add_file(list, file, folder);
	free(file);
	return error;
}

static int add_folder(struct list *list, const char *path, struct ivp_why *why)
{
	const size_t before = list->count;
	struct dirent **names = NULL;
	char *folder = realpath(path, NULL);
	int error = 0, count = folder ? scandir(path, &names, is_wanted, compare_entries) : -1;

	if (count < 0) {
		error = -errno;
		ivp_why_set(why, "%s: cannot read the folder: %s", path, strerror(-error));
	}
	for (int i = 0; i < count; i++) {
		if (!error)
			error = add_from_folder(list, path, folder, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	free(folder);
	if (!error && list->count == before) {
		ivp_why_set(why,
			    "%s: the folder has no image files (names that end in .png, .jpg, "
			    ".ppm and the like)",
			    path);
		error = -ENOENT;
	}
	return error;
}

static int add_existing(struct list *list, const char *path, const struct stat *info,
			struct ivp_why *why)
{
	int error;

	if (S_ISDIR(info->st_mode))
		return add_folder(list, path, why);
	if (!S_ISREG(info->st_mode)) {
		ivp_why_set(why, "%s: is neither a regular file nor a folder", path);
		return -EINVAL;
	}
	error = add_single(list, path);
	if (error)
		ivp_why_set(why, "%s: cannot find its folder: %s", path, strerror(-error));
	return error;
}

static int add_matches(struct list *list, const char *pattern, struct ivp_why *why)
{
	struct stat info;
	glob_t matches;
	int error = 0;

	switch (glob(pattern, GLOB_NOSORT, NULL, &matches)) {
	case 0:
		break;
	case GLOB_NOMATCH:
		ivp_why_set(why, "%s: no file matches", pattern);
		return -ENOENT;
	default:
		ivp_why_set(why, "%s: cannot look for matches: %s", pattern, strerror(errno));
		return -EIO;
	}
	qsort(matches.gl_pathv, matches.gl_pathc, sizeof(char *), compare_names);
	for (size_t i = 0; i < matches.gl_pathc && !error; i++) {
		const char *path = matches.gl_pathv[i];

		if (stat(path, &info)) {
			error = -errno;
			ivp_why_set(why, "%s: %s", path, strerror(-error));
		} else {
			error = add_existing(list, path, &info, why);
		}
	}
	globfree(&matches);
	return error;
}

static int add_word(struct list *list, const char *word, struct ivp_why *why)
{
	struct stat info;
	int error;

	if (!stat(word, &info))
		return add_existing(list, word, &info, why);
	error = -errno;
	if (error == -ENOENT && strpbrk(word, "*?["))
		return add_matches(list, word, why);
	ivp_why_set(why, "%s: %s", *word ? word : "(empty word)", strerror(-error));
	return error;
}

static int by_key(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	const int order = strcmp(a->key, b->key);

	return order ? order : a->order < b->order ? -1 : 1;
}

static int by_order(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	return a->order < b->order ? -1 : a->order > b->order;
}

/* Keeps the first entry of each key. */
static void drop_repeated(struct list *list)
{
	size_t kept = 0;

	if (!list->count)
		return;
	qsort(list->entries, list->count, sizeof(*list->entries), by_key);
	for (size_t i = 1; i < list->count; i++) {
		if (strcmp(list->entries[i].key, list->entries[kept].key) != 0) {
			list->entries[++kept] = list->entries[i];
		} else {
			free(list->entries[i].path);
			free(list->entries[i].key);
		}
	}
	list->count = kept + 1;
	qsort(list->entries, list->count, sizeof(*list->entries), by_order);
}

static int hand_over(struct list *list, struct ivp_inputs *inputs)
{
	inputs->paths = calloc(list->count + 1, sizeof(char *));
	if (!inputs->paths)
		return -ENOMEM;
	for (size_t i = 0; i < list->count; i++) {
		inputs->paths[i] = list->entries[i].path;
		list->entries[i].path = NULL;
	}
	inputs->count = list->count;
	return 0;
}

int ivp_inputs_collect(const char *const *words, size_t count, struct ivp_inputs *inputs,
		       struct ivp_why *why)
{
	struct list list = {0};
	int error = 0;

	*inputs = (struct ivp_inputs){0};
	for (size_t i = 0; i < count && !error; i++)
		error = add_word(&list, words[i], why);
	if (!error) {
		drop_repeated(&list);
		error = hand_over(&list, inputs);
	}
	if (error == -ENOMEM)
		ivp_why_set(why, "not enough memory for the list of files");
	free_list(&list);
	return error;
}

void ivp_inputs_finish(struct ivp_inputs *inputs)
{
	for (size_t i = 0; i < inputs->count; i++)
		free(inputs->paths[i]);
	free(inputs->paths);
	*inputs = (struct ivp_inputs){0};
}

/* Reads what is there, up to limit bytes and one more to see whether that is all. */
static int read_all(int fd, uint64_t limit, size_t expected, struct ivp_input_file *file)
{
	file->bytes = 0;
	for (;;) {
		ssize_t count;

		if (file->bytes > limit)
			return -E2BIG;
		if (file->bytes == file->capacity || !file->capacity) {
			/* One byte more than expected, so that the end is seen without growing. */
			const size_t capacity = file->capacity > expected
						    ? file->capacity + file->capacity / 2
						    : expected + 1;
			uint8_t *data = realloc(file->data, capacity);

			if (!data)
				return -ENOMEM;
			file->data = data;
			file->capacity = capacity;
		}
		count = read(fd, file->data + file->bytes, file->capacity - file->bytes);
		if (count == 0)
			return 0;
		if (count > 0)
			file->bytes += (size_t)count;
		else if (errno != EINTR)
			return -errno;
	}
}

static int read_open(int fd, uint64_t max_bytes, struct ivp_input_file *file)
{
	struct stat info;

	if (fstat(fd, &info))
		return -errno;
	if (!S_ISREG(info.st_mode))
		return -EINVAL;
	if ((uint64_t)info.st_size > max_bytes || (uint64_t)info.st_size >= SSIZE_MAX)
		return -E2BIG;
	return read_all(fd, max_bytes, (size_t)info.st_size, file);
}

int ivp_input_read(const char *path, uint64_t max_bytes, struct ivp_input_file *file,
		   struct ivp_why *why)
{
	/* Opening a FIFO or a device must neither wait nor do anything to it. */
	const int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int error;

	if (fd < 0) {
		error = -errno;
		ivp_why_set(why, "%s: cannot open: %s", path, strerror(-error));
		return error;
	}
	error = read_open(fd, max_bytes, file);
	close(fd);
	if (error == -E2BIG)
		ivp_why_set(why, "%s: is longer than max-bytes = %llu", path,
			    (unsigned long long)max_bytes);
	else if (error == -EINVAL)
		ivp_why_set(why, "%s: is not a regular file", path);
	else if (error)
		ivp_why_set(why, "%s: cannot read: %s", path, strerror(-error));
	return error;
}

void ivp_input_file_finish(struct ivp_input_file *file)
{
	free(file->data);
	*file = (struct ivp_input_file){0};
}
