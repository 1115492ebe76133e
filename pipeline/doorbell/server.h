/* SPDX-License-Identifier: MIT */
/*
 * A doorbell server for one link: QEMU's ivshmem client-server protocol (docs/specs/ivshmem-spec),
 * which introduces peers to each other and hands out eventfds. Rings go from peer to peer; the
 * server is not on their way, and peers that know each other go on ringing when it is gone.
 *
 * Nothing blocks and nothing is believed: a client that sends, stalls or does not take what it is
 * owed is dropped; what is remembered for it is bounded. One thread at a time per server.
 */
#ifndef IVP_DOORBELL_SERVER_H
#define IVP_DOORBELL_SERVER_H

#include <sys/types.h>

#include <ivpipe/frame.h>

struct ivp_bell_server;

struct ivp_bell_server_conf {
	const char *pipeline, *link;
	const uint8_t *uuid; /* NULL: not known */
	unsigned consumers;
	uint16_t first;    /* number of the first client; not 0 in tests alone */
	const char *path;  /* where to listen; NULL: nowhere, or at a socket that is there */
	int listener;      /* that socket, which becomes the server's; -1: none */
	mode_t mode;       /* of path */
	const char *owner; /* of path, as ivp_region_create */
};

/*
 * Starts a server. The socket of a server that died is replaced.
 * Returns 0; -EBUSY with the process if a living server has path; -EEXIST if path is no
 * socket; or -errno, with the reason.
 */
int ivp_bell_server_create(const struct ivp_bell_server_conf *conf, struct ivp_bell_server **server,
			   struct ivp_why *why);
/* Hangs up on all, and removes path if the server made it. NULL is fine. */
void ivp_bell_server_destroy(struct ivp_bell_server *server);

/* Readable when there is something to serve. */
int ivp_bell_server_fd(const struct ivp_bell_server *server);
/* Does what is to be done now. */
void ivp_bell_server_serve(struct ivp_bell_server *server);

/* A new client: returns its end of the connection, for a QEMU that has no way to the path, or
 * -errno. */
int ivp_bell_server_join(struct ivp_bell_server *server);

/* Clients that are there. */
unsigned ivp_bell_server_clients(const struct ivp_bell_server *server);

/* The memory that clients get: a page, not to be resized. For tests. */
int ivp_bell_server_page(const struct ivp_bell_server *server);

#endif
