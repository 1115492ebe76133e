/* SPDX-License-Identifier: MIT */
/* The socket of a doorbell server: made with the rights of its link, or handed over. Any thread. */
#ifndef IVP_DOORBELL_LISTENER_H
#define IVP_DOORBELL_LISTENER_H

#include <sys/types.h>

#include <ivpipe/frame.h>

/* Listens at path, in the place of a server that died. As ivp_bell_server_create. */
int ivp_bell_listener_make(const char *path, mode_t mode, const char *owner, int *listener,
			   struct ivp_why *why);

/* Takes a descriptor over: it must be a listening stream socket of the family AF_UNIX. Returns 0
 * or -errno with the reason. */
int ivp_bell_listener_take(int fd, struct ivp_why *why);

/* Does a living server listen at path? Returns 1 and its process, as far as that is known; 0 if
 * nobody does; or -errno. */
int ivp_bell_listener_find(const char *path, pid_t *process);

#endif
