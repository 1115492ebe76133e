/* SPDX-License-Identifier: MIT */
/* The clients of a doorbell server: what each has been told, and still has to be. Internal to the
 * server, which is one thread's at a time. Nothing here blocks. */
#ifndef IVP_DOORBELL_CLIENT_H
#define IVP_DOORBELL_CLIENT_H

#include "transport/bell.h"

struct ivp_bell_client {
	int socket; /* -1: a free place */
	uint32_t number;
	int bells[IVP_BELL_VECTORS];   /* what rings it */
	unsigned greeting;             /* of version, number, page: how many are sent */
	unsigned told[IVP_BELL_PEERS]; /* descriptors of each peer that it has got */
	unsigned farewells;
	uint32_t left[IVP_BELL_PEERS]; /* numbers to say farewell to */
	uint64_t owed_ns;              /* since when it takes nothing; 0: nothing is owed */
};

struct ivp_bell_table {
	int page;         /* the memory that all get */
	unsigned vectors; /* of each client */
	unsigned count;   /* of places that are taken */
	struct ivp_bell_client client[IVP_BELL_PEERS];
};

/* Tells the client at this place all that it is owed. Returns 0; -EAGAIN if it cannot take it now;
 * -EPIPE if it never will. */
int ivp_bell_client_tell(struct ivp_bell_table *table, unsigned place);

/* Hangs up on it, if there is one; the others are owed a farewell. */
void ivp_bell_client_drop(struct ivp_bell_table *table, unsigned place);

#endif
