/* SPDX-License-Identifier: MIT */
/* pipeline image: the initial root file system of guests. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/cli.h"
#include "base/log.h"
#include "base/units.h"
#include "config/topology.h"
#include "supervisor/commands.h"
#include "supervisor/image.h"

#define MOST_FILES 65

static const struct ivp_cli_option options[] = {
    {'i', "init", "FILE", "the guest's only program: pipeline-stage, linked statically"},
    {'c', "config", "FILE", "a stage's configuration, put into the image"},
    {'m', "modules", "FOLDER", "with --config: kernel modules for doorbells, put into the image"},
    {'o', "output", "FILE", "the image to write"},
    {0},
};

static const struct ivp_cli_program program = {
    .name = "pipeline image",
    .summary = "Writes an initial root file system (cpio, \"newc\") for guests, with FILE as "
	       "/init.\nWith --config it is complete for one stage in a guest of your own.",
    .options = options,
};

static int read_text(const char *path, char **text, size_t *bytes, struct ivp_why *why)
{
	FILE *from = fopen(path, "re"), *to = open_memstream(text, bytes);
	char block[4096];
	size_t n;
	int error = from && to ? 0 : -errno;

	while (!error && (n = fread(block, 1, sizeof(block), from)) > 0)
		if (fwrite(block, 1, n, to) != n)
			error = -ENOMEM;
	if (!error && ferror(from))
		error = -EIO;
	if (from)
		fclose(from);
	if (to && fclose(to) != 0 && !error)
		error = -ENOMEM;
	if (error)
		ivp_why_set(why, "cannot read %s: %s", path, strerror(-error));
	return error;
}

/*
 * The files that the configuration names, which must lie beside it: in the guest they do. It goes
 * into the image as it is, so its stage need not be one that we would write.
 */
static int find_files(const struct ivp_topology *topology, const char *config,
		      struct ivp_image_file *files, unsigned *count, struct ivp_why *why)
{
	const char *slash = strrchr(config, '/');
	const size_t folder = slash ? (size_t)(slash + 1 - config) : 0;
	const struct ivp_param_file *file;
	char place[IVP_FILE_PLACE];

	for (unsigned s = 0; s < topology->stage_count; s++)
		for (unsigned i = 0;
		     (file = ivp_topology_stage_file(topology->stages[s], i, place)) != NULL; i++) {
			const char *name = file->name + folder;

			if (strncmp(file->name, config, folder) != 0 || strchr(name, '/') ||
			    *count == MOST_FILES) {
				ivp_why_set(why,
					    "%s: only %d files, named without folders, fit an "
					    "image; %s does not",
					    config, MOST_FILES - 1, file->name);
				return -EINVAL;
			}
			files[(*count)++] = (struct ivp_image_file){name, file->bytes, file->size};
		}
	return 0;
}

/* The image by way of a file beside it, since a configuration is put behind a finished image. */
static int make_complete(const struct ivp_topology *topology, const char *init, const char *config,
			 const struct ivp_image_modules *modules, const char *output,
			 struct ivp_why *why)
{
	struct ivp_image_file files[MOST_FILES] = {{.name = IVP_IMAGE_CONF}};
	char *text = NULL, *bare = NULL;
	unsigned count = 1;
	int error = read_text(config, &text, &files[0].size, why);

	files[0].bytes = text;
	if (!error)
		error = find_files(topology, config, files, &count, why);
	if (!error && asprintf(&bare, "%s.bare", output) < 0) {
		bare = NULL;
		error = -ENOMEM;
	}
	if (!error)
		error = ivp_image_create(init, bare, why);
	if (!error) {
		if (remove(output) < 0 && errno != ENOENT)
			error = -errno;
		else
			error = ivp_image_add_files(bare, files, count, modules, output, why);
		remove(bare);
	}
	free(bare);
	free(text);
	return error;
}

/* All that are there. */
static void choose_modules(struct ivp_image_modules *modules)
{
	struct ivp_image_modules vfio = {.folder = modules->folder, .vfio = true};
	struct ivp_image_modules uio = {.folder = modules->folder, .uio = true};

	modules->vfio = ivp_image_has_modules(&vfio);
	modules->uio = ivp_image_has_modules(&uio);
}

/* An image with the configuration of a stage. Returns an exit status. */
static int create_complete(const struct ivp_cli *cli, const char *init, const char *config,
			   const struct ivp_image_modules *modules, const char *output)
{
	struct ivp_topology *topology = NULL;
	struct ivp_diag diag = {0};
	struct ivp_why why = {""};
	int error = ivp_topology_read(config, &topology, &diag);

	ivp_cli_print_diag(cli, &diag);
	ivp_diag_finish(&diag);
	if (error)
		return error == -EINVAL ? EX_CONFIG : ivp_exit_code(error);
	error =
	    make_complete(topology, init, config, modules->folder ? modules : NULL, output, &why);
	ivp_topology_destroy(topology);
	if (error)
		ivp_log(IVP_LOG_ERROR, "%s", why.text[0] ? why.text : strerror(-error));
	return ivp_exit_code(error);
}

int ivp_command_image(int argc, char **argv)
{
	const char *init = NULL, *config = NULL, *output = NULL;
	struct ivp_image_modules modules = {0};
	struct ivp_why why = {""};
	struct ivp_cli cli;
	int option, error;

	ivp_cli_begin(&cli, &program, argc, argv);
	while ((option = ivp_cli_next(&cli)) != IVP_CLI_DONE) {
		if (option == IVP_CLI_EXIT)
			return cli.status;
		if (option == 'i')
			init = cli.value;
		else if (option == 'c')
			config = cli.value;
		else if (option == 'm')
			modules.folder = cli.value;
		else
			output = cli.value;
	}
	if (!init || !output)
		return ivp_cli_wrong(&cli, "--init FILE and --output FILE are needed");
	if (modules.folder)
		choose_modules(&modules);
	if (modules.folder && !config)
		return ivp_cli_wrong(&cli, "--modules goes with --config");
	if (modules.folder && !modules.vfio && !modules.uio) {
		ivp_log(IVP_LOG_ERROR,
			"%s: neither vfio-pci.ko nor ivpipe_uio.ko, with what they "
			"need, is in it",
			modules.folder);
		return EX_NOINPUT;
	}
	if (config)
		return create_complete(&cli, init, config, &modules, output);
	error = ivp_image_create(init, output, &why);
	if (error)
		ivp_log(IVP_LOG_ERROR, "%s", why.text[0] ? why.text : strerror(-error));
	return ivp_exit_code(error);
}
