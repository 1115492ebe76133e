/* SPDX-License-Identifier: MIT */
/*
 * A stream of bytes (see send.h) becomes a file, or goes to standard output. The file is there
 * when all of it has come and its checksum is right, or not at all: until then it has a hidden
 * name (file.h). One thread; logs what it has done.
 */
#ifndef IVP_HOST_RECEIVE_H
#define IVP_HOST_RECEIVE_H

#include "host/sink.h"

/*
 * Receives until the end of the stream, or until the port's stop flag is set. A chunk is released
 * when it is written, so a life that follows one that was killed goes on with the same chunk; it
 * reads again what is written already. With standard output that cannot be done.
 *
 * A stream that is damaged, or not whole, leaves no file: it is taken to its end all the same, so
 * that its producer can end, and account->tally.quarantined counts its chunks. Of a whole one
 * delivered does. ledger: as of ivp_sink_options; NULL: the account is of this life.
 *
 * Returns 0; -EINTR if told to stop before the end; -EIO if it cannot be written, the folder's
 * -errno, -ENOMEM; the -errno of the port. Each with a reason. After an error the link and the
 * hidden file keep what they have, for the next life.
 */
int ivp_receive_run(struct ivp_input_port *port, const char *path, const char *ledger,
		    struct ivp_sink_account *account, struct ivp_why *why);

#endif
