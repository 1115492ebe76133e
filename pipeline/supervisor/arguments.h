/* SPDX-License-Identifier: MIT */
/* A program's argument list while it is being made. One thread at a time per list. */
#ifndef IVP_SUPERVISOR_ARGUMENTS_H
#define IVP_SUPERVISOR_ARGUMENTS_H

#include <stdio.h>

/* Start with zeros. */
struct ivp_arguments {
	char **words; /* count of them, then NULL; the list's own */
	unsigned count;
	int error; /* 0, or -ENOMEM: then words are missing, so look before use */
};

/* Appends one word. After a failure, which error remembers, nothing is added any more. */
__attribute__((format(printf, 2, 3))) void ivp_arguments_add(struct ivp_arguments *arguments,
							     const char *format, ...);
/* Prints one word on each line. */
void ivp_arguments_print(const struct ivp_arguments *arguments, FILE *to);
/* Frees the words and zeroes the struct. */
void ivp_arguments_finish(struct ivp_arguments *arguments);

#endif
