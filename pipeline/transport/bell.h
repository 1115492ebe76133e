/* SPDX-License-Identifier: MIT */
/*
 * A link's doorbell: rings between machines, where no futex reaches. On a host it is a client of
 * the link's doorbell server (QEMU's docs/specs/ivshmem-spec); in a guest the device that QEMU
 * joins to that server, whose interrupts come by vfio-pci or by our driver ivpipe_uio. A guest
 * without either can ring and not be rung. See wire.h, section 4, for who can ring whom.
 * One thread at a time per bell. Only open and sleep block, and both have an end.
 */
#ifndef IVP_TRANSPORT_BELL_H
#define IVP_TRANSPORT_BELL_H

#include <ivpipe/link.h>

/* wake = ...: what a peer may be woken by. The configuration has the same words in this order. */
enum ivp_wake {
	IVP_WAKE_AUTO,     /* the best that is there */
	IVP_WAKE_FUTEX,    /* no doorbell */
	IVP_WAKE_DOORBELL, /* this and nothing else */
	IVP_WAKE_VFIO,     /* in a guest: by vfio-pci and nothing else; on a host as doorbell */
	IVP_WAKE_UIO,      /* the same by ivpipe_uio */
	IVP_WAKE_POLL,     /* nothing */
};

#define IVP_BELL_VECTORS (1 + IVP_MAX_CONSUMERS)
#define IVP_BELL_PEERS   64 /* that a client remembers, and that a server serves */

struct ivp_bell_query {
	const char *pipeline; /* or NULL: any, in a guest */
	const char *link;
	const uint8_t *uuid; /* the link's; NULL: any */
	unsigned vector;     /* by which we are rung */
	enum ivp_wake wake;
};

/* One that a client can ring. */
struct ivp_bell_peer {
	uint32_t id;
	unsigned count; /* of descriptors; 0: a free place */
	int fds[IVP_BELL_VECTORS];
};

struct ivp_bell {
	uint64_t server;  /* readable: as owner.bell_server; 0: not open */
	uint32_t own;     /* readable: our number at the server */
	int wait_fd;      /* readable: becomes readable when we are rung; -1: we cannot be */
	const char *how;  /* readable: "eventfd", "vfio-pci", "ivpipe_uio", "no interrupts" */
	unsigned vectors; /* that peers have */
	unsigned missed;  /* sleeps in a row that a ring should have ended */
	unsigned young;   /* short sleeps to come: peers' machines may not know us yet */
	bool deserted;    /* client: the server is gone */
	bool wanted;      /* it was to be opened, with what follows */
	unsigned vector;  /* by which we are rung */
	enum ivp_wake wake;
	uint64_t tried_ns;    /* when to join another life of the server was tried last */
	bool told;            /* the port has said that this bell is of no use */
	unsigned event_bytes; /* to take from wait_fd: 8 of an eventfd, 4 of uio */
	/* client */
	int socket; /* -1: none */
	struct ivp_bell_peer *peers;
	/* device */
	void *registers; /* the page that BAR 0 is in; or NULL: by vfio */
	unsigned register_offset;
	int vfio_fds[3]; /* container, group, device; -1 */
	uint64_t vfio_offset;
};

/*
 * Opens the doorbell of a link. Returns 0; -ENOENT if nobody serves one: no device, no socket; or
 * another -errno if there is one that cannot be used, with the reason and the cure. A guest that
 * may not be rung, for want of drivers, still gets a bell unless query->wake forbids it; then why
 * says what is missing, and is empty otherwise. On failure there is nothing to close.
 */
int ivp_bell_open(struct ivp_bell *bell, const struct ivp_bell_query *query, struct ivp_why *why);
/* A zeroed bell is fine. */
void ivp_bell_close(struct ivp_bell *bell);

/*
 * For a host's program, now and then: if one of these peers is joined to another life of the server
 * than we are, none of them to ours, and ours is over or we have none, joins the one that serves now.
 * names->vector and wake are as at open. Returns whether it did: say it then in our own window.
 * May wait for a server that does not answer.
 */
bool ivp_bell_rejoin(struct ivp_bell *bell, const struct ivp_bell_query *names,
		     const struct ivp_wire_owner *const *peers, unsigned count);

/* Can this peer ring us, and do its rings arrive? bell may be NULL, here and below. */
bool ivp_bell_wakes(const struct ivp_bell *bell, const struct ivp_wire_owner *peer);
/* Can this peer be rung? */
bool ivp_bell_reaches(const struct ivp_bell *bell, const struct ivp_wire_owner *peer);

/* Rings vector of the peer with this number. Nobody there: nothing happens. */
void ivp_bell_ring(struct ivp_bell *bell, uint32_t peer, unsigned vector);

/* Sleeps until a ring, timeout_ns or a signal; takes all rings out. Returns whether there was
 * one. */
bool ivp_bell_sleep(struct ivp_bell *bell, uint64_t timeout_ns);
/* What became of a sleep: rung, and had the position moved? Rings that keep away are no use. */
void ivp_bell_judge(struct ivp_bell *bell, bool rung, bool moved);

/* Why this peer, which is attached, cannot ring us although both sides have doorbells; or NULL. */
const char *ivp_bell_trouble(const struct ivp_bell *bell, const struct ivp_wire_owner *peer);

/* "/dev/shm/ivpipe.PIPELINE.LINK.bell", the socket of a link's server. Returns its length, or
 * -ENAMETOOLONG. */
int ivp_bell_path(char *path, size_t bytes, const char *pipeline, const char *link);

#endif
