/* SPDX-License-Identifier: MIT */
/*
 * The commands of pipeline(1). Each gets the command line from its own word on, prints, and
 * returns the exit status of sysexits(3).
 */
#ifndef IVP_SUPERVISOR_COMMANDS_H
#define IVP_SUPERVISOR_COMMANDS_H

int ivp_command_run(int argc, char **argv);
int ivp_command_check(int argc, char **argv);
int ivp_command_create(int argc, char **argv);
int ivp_command_destroy(int argc, char **argv);
int ivp_command_stats(int argc, char **argv);
int ivp_command_filters(int argc, char **argv);
int ivp_command_image(int argc, char **argv);
int ivp_command_doorbell_server(int argc, char **argv);
int ivp_command_doctor(int argc, char **argv);

#endif
