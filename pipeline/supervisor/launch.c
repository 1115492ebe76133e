/* SPDX-License-Identifier: MIT */
/*
 * The children need no order: each waits for its peers. They are started at once, so guests boot
 * in parallel.
 */
#include "supervisor/launch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "supervisor/folder.h"
#include "supervisor/image.h"
#include "supervisor/qemu.h"

static int write_text(const char *path, const void *text, size_t bytes, struct ivp_why *why)
{
	FILE *to = fopen(path, "wxe");
	int error = to ? 0 : -errno;

	if (to && fwrite(text, 1, bytes, to) != bytes)
		error = errno ? -errno : -EIO;
	if (to && fclose(to) != 0 && !error)
		error = -errno;
	if (error)
		ivp_why_set(why, "cannot write %s: %s", path, strerror(-error));
	return error;
}

/* What the stage reads: its configuration, and files that the parameters of filters name. */
static int collect_files(const struct ivp_stage_conf *stage, struct ivp_image_file **files,
			 char (**places)[IVP_FILE_PLACE], unsigned *count)
{
	char place[IVP_FILE_PLACE];

	*count = 0;
	while (ivp_topology_stage_file(stage, *count, place))
		++*count;
	*files = calloc(*count + 1, sizeof(**files));
	*places = calloc(*count + 1, sizeof(**places));
	if (!*files || !*places)
		return -ENOMEM;
	for (unsigned i = 0; i < *count; i++) {
		const struct ivp_param_file *file = ivp_topology_stage_file(stage, i, (*places)[i]);

		(*files)[i + 1] = (struct ivp_image_file){(*places)[i], file->bytes, file->size};
	}
	++*count;
	return 0;
}

/* In an archive behind the image for a guest, in the folder for a process. */
static int write_files(const struct ivp_plan *plan, const struct ivp_stage_conf *stage,
		       const struct ivp_image_file *conf, struct ivp_why *why)
{
	char path[PATH_MAX + 2 * IVP_FILE_PLACE], (*places)[IVP_FILE_PLACE] = NULL;
	const struct ivp_image_modules modules = ivp_plan_modules(plan, stage);
	struct ivp_image_file *files = NULL;
	unsigned count;
	int error = collect_files(stage, &files, &places, &count);

	if (error) {
		ivp_why_set(why, "no memory for the files of stage %s", stage->name);
	} else if (stage->run == IVP_RUN_GUEST) {
		files[0] = *conf;
		snprintf(path, sizeof(path), "%s/%s.cpio", plan->folder, stage->name);
		error = ivp_image_add_files(plan->image, files, count, &modules, path, why);
	} else {
		snprintf(path, sizeof(path), "%s/%s.conf", plan->folder, stage->name);
		error = write_text(path, conf->bytes, conf->size, why);
		for (unsigned i = 1; !error && i < count; i++) {
			snprintf(path, sizeof(path), "%s/%s", plan->folder, files[i].name);
			error = write_text(path, files[i].bytes, files[i].size, why);
		}
	}
	free(files);
	free(places);
	return error;
}

static int write_stage(const struct ivp_plan *plan, const struct ivp_stage_conf *stage,
		       struct ivp_why *why)
{
	struct ivp_image_file conf = {.name = IVP_IMAGE_CONF};
	char *text = NULL;
	size_t bytes = 0;
	FILE *to = open_memstream(&text, &bytes);
	int error = -ENOMEM;

	if (to) {
		ivp_topology_write_stage(plan->topology, stage, to);
		error = fclose(to) == 0 ? 0 : -errno;
	}
	if (error) {
		ivp_why_set(why, "cannot write the configuration of stage %s: %s", stage->name,
			    strerror(-error));
	} else {
		conf.bytes = text;
		conf.size = bytes;
		error = write_files(plan, stage, &conf, why);
	}
	free(text);
	return error;
}

/* Do results go to our standard output? */
static bool prints(const struct ivp_launch *launch)
{
	const char *output = launch->plan->topology->sink.output;

	return output && strcmp(output, "-") == 0;
}

static int make_children(struct ivp_launch *launch, struct ivp_why *why)
{
	const struct ivp_topology *topology = launch->plan->topology;
	int error = 0;

	launch->children = calloc(topology->stage_count + 2, sizeof(*launch->children));
	if (!launch->children) {
		ivp_why_set(why, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	launch->count = topology->stage_count + 2;
	for (unsigned i = 0; i < launch->count; i++)
		launch->children[i] = (struct ivp_child){.pidfd = -1, .output = -1};
	struct ivp_child *child = launch->children;

	child->role = IVP_CHILD_FEEDER;
	child->name = "feeder";
	child->to = topology->feeder.output;
	child->policy = ivp_restart_defaults;
	ivp_plan_feeder(launch->plan, &child->arguments);
	for (unsigned i = 0; !error && i < topology->stage_count; i++) {
		child++;
		child->role = IVP_CHILD_STAGE;
		child->stage = topology->stages[i];
		child->name = child->stage->name;
		child->guest = child->stage->run == IVP_RUN_GUEST;
		child->from = child->stage->input;
		child->to = child->stage->output;
		child->policy = child->stage->restart;
		error = ivp_plan_stage(launch->plan, child->stage, &child->arguments, why);
	}
	child = &launch->children[launch->count - 1];
	child->role = IVP_CHILD_SINK;
	child->name = "sink";
	child->from = topology->sink.input;
	child->policy = ivp_restart_defaults;
	/* Half an image that went out on standard output cannot be taken back. */
	if (prints(launch))
		child->policy.policy = IVP_RESTART_NO;
	ivp_plan_sink(launch->plan, &child->arguments);
	return error;
}

int ivp_launch_prepare(struct ivp_launch *launch, struct ivp_plan *plan, struct ivp_why *why)
{
	int error = 0;

	*launch = (struct ivp_launch){.plan = plan};
	launch->lock = ivp_folder_make(plan->folder, &launch->swept, why);
	if (launch->lock < 0)
		return launch->lock;
	memcpy(launch->folder, plan->folder, sizeof(launch->folder));
	for (unsigned i = 0; !error && i < plan->topology->stage_count; i++)
		error = write_stage(plan, plan->topology->stages[i], why);
	return error ? error : make_children(launch, why);
}

/* Opens a window's file as its guest may use it, with the locks of one that has it open and, if
 * it writes there, of the only one that does. */
static int hold_window(const struct ivp_guest_window *window, const struct ivp_walls *walls,
		       int *held, struct ivp_why *why)
{
	struct flock lock = {
	    .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)window->lock_at, .l_len = 1};
	int error = 0;

	*held = open(window->path, (window->writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW);
	if (*held < 0 || flock(*held, LOCK_SH | LOCK_NB) < 0 ||
	    (window->writable && fcntl(*held, F_OFD_SETLK, &lock) < 0)) {
		error = -errno;
	} else {
		error = ivp_walls_admit(walls, *held, window->writable, !window->link->owner);
		if (error)
			ivp_why_set(why,
				    "%s: owner and mode of link %s keep out the user %u that QEMU "
				    "runs as; leave the owner out, or name one with --user",
				    window->path, window->link->name, (unsigned)walls->uid);
		return error;
	}
	if (error)
		ivp_why_set(why, "%s: %s", window->path,
			    error == -EAGAIN || error == -EACCES ? "somebody else is at work on it"
								 : strerror(-error));
	return error;
}

/* Replaces the value of an option by the name of an open file, which its user may not reach by
 * any other. Returns 0 or -errno with the reason. */
static int hand_over(struct ivp_arguments *arguments, const char *option,
		     const struct ivp_walls *walls, const char *path, int *held,
		     struct ivp_why *why)
{
	unsigned i = 1;
	char *name;

	while (i + 1 < arguments->count && strcmp(arguments->words[i], option) != 0)
		i++;
	*held = i + 1 < arguments->count ? ivp_walls_open(walls, path) : -EINVAL;
	if (*held < 0) {
		ivp_why_set(why, "cannot hand %s to QEMU: %s", path, strerror(-*held));
		return *held;
	}
	if (asprintf(&name, "/proc/self/fd/%d", *held) < 0)
		return -ENOMEM;
	free(arguments->words[i + 1]);
	arguments->words[i + 1] = name;
	return 0;
}

/* Connects a guest with the doorbell servers of its links: QEMU gets the connections, since its
 * user may not reach the sockets. held has room for IVP_GUEST_BELLS. Returns their number or
 * -errno with the reason. */
static int connect_bells(const struct ivp_launch *launch, struct ivp_child *child, int *held,
			 struct ivp_why *why)
{
	struct ivp_guest_bell bells[IVP_GUEST_BELLS];
	const int count = ivp_guest_bells(launch->plan->topology, child->stage, bells, why);
	struct ivp_arguments *arguments = &child->arguments;
	unsigned at = 0;

	for (int i = 0; i < count; i++) {
		struct ivp_bell_server *server = ivp_bells_find(launch->bells, bells[i].link);
		char *value;

		held[i] = server ? ivp_bell_server_join(server) : -ENOENT;
		if (held[i] < 0) {
			ivp_why_set(why, "link %s: cannot join its doorbell server: %s",
				    bells[i].link->name, strerror(-held[i]));
			return held[i];
		}
		/* In the order in which they are in the list. */
		while (at + 1 < arguments->count && strcmp(arguments->words[at], "-chardev") != 0)
			at++;
		value = at + 1 < arguments->count ? ivp_qemu_bell_socket(&bells[i], held[i]) : NULL;
		if (!value)
			return -ENOMEM;
		free(arguments->words[at + 1]);
		arguments->words[at + 1] = value;
		at++;
	}
	return count;
}

/* What a guest may map: its memory, its windows, and what QEMU maps for itself and for each
 * processor: up to 1 GiB for translated code, stacks, arenas of malloc, libraries. */
static uint64_t address_bytes(const struct ivp_stage_conf *stage,
			      const struct ivp_guest_window *windows, int count)
{
	uint64_t sum = (4ull << 30) + ((uint64_t)stage->cpus << 28);

	if (__builtin_add_overflow(sum, stage->memory_bytes, &sum))
		return 0;
	for (int i = 0; i < count; i++)
		if (__builtin_add_overflow(sum, windows[i].bytes, &sum))
			return 0;
	return sum;
}

static int start_guest(const struct ivp_launch *launch, struct ivp_child *child,
		       struct ivp_why *why)
{
	struct ivp_guest_window windows[IVP_GUEST_WINDOWS];
	int held[IVP_GUEST_WINDOWS + IVP_GUEST_BELLS + 2] = {-1, -1, -1, -1, -1, -1, -1, -1};
	char initrd[PATH_MAX + IVP_NAME_BYTES + 8];
	struct ivp_walls walls = launch->plan->walls;
	struct ivp_child_files files = {.input = -1, .output = -1, .kept = held, .walls = &walls};
	int error = 0, bells = 0, count;

	count = ivp_guest_windows(launch->plan->topology, child->stage, windows, why);
	if (count < 0)
		return count;
	for (int i = 0; !error && i < count; i++)
		error = hold_window(&windows[i], &walls, &held[i], why);
	walls.address_bytes = address_bytes(child->stage, windows, count);
	snprintf(initrd, sizeof(initrd), "%s/%s.cpio", launch->folder, child->name);
	if (!error && walls.other)
		error = hand_over(&child->arguments, "-kernel", &walls, launch->plan->kernel,
				  &held[count++], why);
	if (!error && walls.other)
		error =
		    hand_over(&child->arguments, "-initrd", &walls, initrd, &held[count++], why);
	if (!error) {
		bells = connect_bells(launch, child, &held[count], why);
		error = bells < 0 ? bells : 0;
	}
	files.kept_count = (unsigned)(count + bells);
	if (!error)
		error = ivp_child_start(child, &files, why);
	for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++)
		if (held[i] >= 0)
			close(held[i]);
	return error;
}

int ivp_launch_start_child(const struct ivp_launch *launch, struct ivp_child *child,
			   struct ivp_why *why)
{
	const bool to_stdout = child->role == IVP_CHILD_SINK && prints(launch);
	const struct ivp_child_files files = {.input = -1,
					      .output = to_stdout ? STDOUT_FILENO : -1};

	return child->guest ? start_guest(launch, child, why) : ivp_child_start(child, &files, why);
}

int ivp_launch_start(struct ivp_launch *launch, struct ivp_why *why)
{
	int error = 0;

	/* Guests first: theirs is the longest way. */
	for (unsigned i = 0; !error && i < launch->count; i++)
		if (launch->children[i].guest)
			error = ivp_launch_start_child(launch, &launch->children[i], why);
	for (unsigned i = 0; !error && i < launch->count; i++) {
		struct ivp_child *child = &launch->children[i];

		if (!child->guest && child->role != IVP_CHILD_FEEDER)
			error = ivp_launch_start_child(launch, child, why);
	}
	return error;
}

void ivp_launch_finish(struct ivp_launch *launch, bool keep_folder)
{
	for (unsigned i = 0; i < launch->count; i++)
		ivp_child_finish(&launch->children[i]);
	free(launch->children);
	if (launch->folder[0])
		ivp_folder_leave(launch->folder, launch->lock, keep_folder);
	*launch = (struct ivp_launch){0};
}
