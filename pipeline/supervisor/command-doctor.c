/* SPDX-License-Identifier: MIT */
/* pipeline doctor: says what is wrong with a host or a guest, and how to mend it. */
#include <string.h>
#include <sysexits.h>

#include "base/cli.h"
#include "base/log.h"
#include "base/units.h"
#include "supervisor/commands.h"
#include "supervisor/doctor.h"
#include "transport/region.h"

enum { JSON = 1 };

static const struct ivp_cli_option options[] = {
    {JSON, "json", NULL, "print the findings as JSON"},
    {0},
};

static const struct ivp_cli_program program = {
    .name = "pipeline doctor",
    .summary = "Checks this machine, a host or a guest: a finding a line, 'ok', 'note' or "
	       "'problem',\nand below it how to mend it.",
    .options = options,
    .notes = "Exit status: 0 without problems, 69 with.\n",
};

static void check_regions(struct ivp_doctor *doctor)
{
	char folders[IVP_REGION_FOLDERS][IVP_FOLDER_BYTES];
	const unsigned count = ivp_region_folders(folders);

	for (unsigned i = 0; i < count; i++)
		ivp_doctor_regions(doctor, folders[i]);
}

int ivp_command_doctor(int argc, char **argv)
{
	struct ivp_doctor doctor = {0};
	bool json = false;
	struct ivp_cli cli;
	int option, error, status;

	ivp_cli_begin(&cli, &program, argc, argv);
	while ((option = ivp_cli_next(&cli)) != IVP_CLI_DONE) {
		if (option == IVP_CLI_EXIT)
			return cli.status;
		json = true;
	}
	ivp_doctor_host(&doctor, ivp_doctor_devices(&doctor));
	check_regions(&doctor);
	ivp_doctor_bells(&doctor, "/dev/shm");
	error = doctor.error;
	if (!error)
		error = json ? ivp_doctor_print_json(&doctor, stdout)
			     : ivp_doctor_print(&doctor, stdout);
	if (error)
		ivp_log(IVP_LOG_ERROR, "cannot print the findings: %s", strerror(-error));
	status = error ? ivp_exit_code(error) : doctor.problems > 0 ? EX_UNAVAILABLE : EX_OK;
	ivp_doctor_finish(&doctor);
	return status;
}
