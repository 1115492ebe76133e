/* SPDX-License-Identifier: MIT */
/*
 * A file, whatever is in it, as a stream of chunks (IVP_KIND_BYTES): each as large as the link's
 * frames, read straight into its slot; then the end of the stream with length and checksum (see
 * marks.h). One thread; logs what it has done.
 */
#ifndef IVP_HOST_SEND_H
#define IVP_HOST_SEND_H

#include "host/feeder.h"

struct ivp_send_options {
	const char *path;                  /* a file; "-": standard input */
	bool anew;                         /* see ivp_feeder_anew */
	const volatile sig_atomic_t *stop; /* not 0: no further chunk; or NULL */
};

/*
 * Sends the file, or goes on behind the last chunk in the link if an earlier life was killed; for
 * that the file must be one that can be read again. account: injected counts the chunks of all
 * lives, bytes theirs; nothing is ever rejected.
 * Returns 0; -ECANCELED if *stop was set before the end of the file: the stream has ended, as one
 * that is not whole; the -errno of the file, or of the port. Each with a reason.
 */
int ivp_send_run(struct ivp_output_port *port, const struct ivp_send_options *options,
		 struct ivp_feeder_account *account, struct ivp_why *why);

#endif
