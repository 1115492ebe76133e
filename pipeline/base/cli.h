/* SPDX-License-Identifier: MIT */
/*
 * The command line and the signals of a program: what users find alike in all of them.
 * --help is made from the option table; --help, --version and --color are in every table.
 * Prints, as programs do, but never exits. One thread only, at the start of the program.
 */
#ifndef IVP_BASE_CLI_H
#define IVP_BASE_CLI_H

#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/diag.h"

#define IVP_CLI_MAX_OPTIONS 24 /* of a table, without the common ones */

/* One row of an option table. The table ends with a row whose name is NULL. */
struct ivp_cli_option {
	int id;               /* a letter: the short option; 1..31: no short option */
	const char *name;     /* "config": the long option, without dashes */
	const char *argument; /* "FILE"; NULL: takes none */
	const char *help;     /* one line, begins lower-case, no full stop */
};

/* A program, or one command of a program ("pipeline run"). */
struct ivp_cli_program {
	const char *name;
	const char *operands; /* "[PATH]..."; NULL: takes none, any is an error */
	const char *summary;  /* a sentence or two */
	const struct ivp_cli_option *options;
	const char *notes; /* below the options in --help, with its newlines; or NULL */
	bool in_order;     /* options end at the first operand: a command with options follows */
};

enum {
	IVP_CLI_DONE = 0,  /* no more options: see operands */
	IVP_CLI_EXIT = -1, /* all was said: end the program with status */
};

/* Zero is no valid state: see ivp_cli_begin. */
struct ivp_cli {
	const struct ivp_cli_program *program;
	int argc;
	char **argv;
	const char *value; /* of the option just returned; points into argv */
	int status;        /* with IVP_CLI_EXIT: sysexits(3) */
	int operand_count; /* after IVP_CLI_DONE */
	char **operands;   /* argv's */
	char color;        /* 'a'uto, 'y'es, 'n'o */
	char letters[2 * IVP_CLI_MAX_OPTIONS + 8];
	struct option options[IVP_CLI_MAX_OPTIONS + 4];
};

/*
 *     ivp_cli_begin(&cli, &program, argc, argv);
 *     while ((option = ivp_cli_next(&cli)) != IVP_CLI_DONE)
 *             switch (option) {
 *             case 'c': config = cli.value; break;
 *             case IVP_CLI_EXIT: return cli.status;
 *             }
 *
 * ivp_cli_next returns the id of the next option, IVP_CLI_DONE, or IVP_CLI_EXIT after --help,
 * --version, or an error that it has reported on standard error (status EX_USAGE). Options and
 * operands may be mixed; argv is permuted so that the operands come last. For a command, pass
 * argv from the command's word on.
 */
void ivp_cli_begin(struct ivp_cli *cli, const struct ivp_cli_program *program, int argc,
		   char **argv);
int ivp_cli_next(struct ivp_cli *cli);

/* Reports a wrong use on standard error, with a hint at --help. Returns EX_USAGE. */
__attribute__((format(printf, 2, 3))) int ivp_cli_wrong(const struct ivp_cli *cli,
							const char *format, ...);

/* Prints --help's text. */
void ivp_cli_help(const struct ivp_cli *cli, FILE *to);

/* What --check says of a good configuration, on standard output. Returns the exit code. */
int ivp_cli_print_ok(void);

/* May this stream get colours? By --color, else NO_COLOR (https://no-color.org), else whether it
 * is a terminal that can. */
bool ivp_cli_color(const struct ivp_cli *cli, FILE *to);

/* Prints findings on standard error; "warning:" in colour where that is wanted. */
void ivp_cli_print_diag(const struct ivp_cli *cli, const struct ivp_diag *diag);

/*
 * SIGTERM and SIGINT count up ivp_signal_level, the stop level of ports (transport/port.h).
 * 1, by the first: drain, that is begin nothing new and bring to an end what is at work.
 * 2, by the second: stop at once, in good order. A third ends the program as if nothing had been
 * caught. System calls that wait end with EINTR; SIGPIPE is ignored, so that a reader that goes
 * away is a write error like others.
 */
extern volatile sig_atomic_t ivp_signal_level;
/* Returns 0 or -errno. */
int ivp_signals_catch(void);

#endif
