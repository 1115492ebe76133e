/* SPDX-License-Identifier: MIT */
/*
 * Ports: the ends of links as programs use them. A port finds its windows (locate.h), waits for
 * them to appear, makes sure that it is their only writer, attaches (link.h), and waits for
 * frames and slots with patience: it tells a peer that is slow from one that never came, stands
 * still or went away. One thread at a time per port.
 */
#ifndef IVP_TRANSPORT_PORT_H
#define IVP_TRANSPORT_PORT_H

#include <signal.h>

#include <ivpipe/link.h>
#include "transport/bell.h"
#include "transport/loads.h"
#include "transport/locate.h"

/* Where a link is and how long to wait for it. Strings are not kept. */
struct ivp_port_options {
	const char *pipeline; /* or NULL */
	const char *link;
	const uint8_t *uuid;       /* or NULL */
	const char *data, *credit; /* as ivp_window_query.where */
	unsigned consumer;         /* input ports: which consumer of the link */
	uint64_t patience_ns;      /* a window or peer may be absent or silent for this long */
	bool checksum;             /* output ports */
	enum ivp_wake wake;        /* what we may be woken by */
	/* Told of what is not as good as it could be; NULL: nobody is. */
	void (*tell)(const char *text);
	enum ivp_wait_mode wait;
	enum ivp_stores_choice stores; /* output ports */
	enum ivp_loads loads;          /* input ports */
	struct ivp_memory_use memory;  /* how to map the windows */
	/* NULL, or 0: go on; 1: drain, that is take what is there, but wait for no more input;
	 * 2: take nothing and wait for nothing. */
	const volatile sig_atomic_t *stop;
};

struct ivp_output_port;

struct ivp_input_port {
	struct ivp_consumer link;
	struct ivp_bell bell;
	void (*tell)(const char *text);
	struct ivp_window data, credit;
	bool fetch; /* readable: frames are best loaded once, by ivp_load_bytes */
	uint64_t patience_ns;
	const volatile sig_atomic_t *stop;
	struct ivp_output_port *other; /* shows signs of life while this one waits; or NULL */
};

struct ivp_output_port {
	struct ivp_producer link;
	struct ivp_bell bell;
	void (*tell)(const char *text);
	struct ivp_window data, credit[IVP_MAX_CONSUMERS];
	uint64_t patience_ns;
	const volatile sig_atomic_t *stop;
	struct ivp_input_port *other; /* shows signs of life while this one waits; or NULL */
};

/*
 * Opens a port. Returns 0; -ETIMEDOUT if the windows did not appear in time; -EINTR if *stop was
 * set; -EBUSY if another process is attached as what we want to be; or as ivp_window_locate and
 * ivp_*_attach, and ivp_bell_open if no other wake-up will do. The reason names the link. On
 * failure there is nothing to close. The port must stay where it is.
 */
int ivp_input_port_open(struct ivp_input_port *port, const struct ivp_port_options *options,
			struct ivp_why *why);
int ivp_output_port_open(struct ivp_output_port *port, const struct ivp_port_options *options,
			 struct ivp_why *why);

/* What tells processes of this kernel from others, as of ivp_attach; 0 if it is not known. */
uint64_t ivp_port_kernel_id(void);

/* Makes the two ports of a stage show signs of life on one link while they wait on the other. */
void ivp_ports_join(struct ivp_input_port *input, struct ivp_output_port *output);

/*
 * Waits for a frame, or for a free slot, as long as the peer shows signs of life.
 * Returns 0 with the frame or slot; -EINTR if *stop says so (see above); -ETIMEDOUT if the
 * peer was absent or silent for too long; -EPROTO, -EBADMSG if it is corrupt; -ESTALE if we are
 * not whom our window knows (link.h). *waited_ns, if waited_ns is not NULL, grows by the time
 * spent here.
 */
int ivp_input_port_next(struct ivp_input_port *port, struct ivp_frame *frame, uint64_t *waited_ns,
			struct ivp_why *why);
int ivp_output_port_slot(struct ivp_output_port *port, struct ivp_slot *slot, uint64_t *waited_ns,
			 struct ivp_why *why);
/*
 * As ivp_input_port_next, but on a link with early start a frame that is being shown will do, too:
 * then *shown is set, and the rest is as of ivp_consumer_look.
 * Waits until that many of its rows are finished: also returns IVP_WITHDRAWN, as of
 * ivp_consumer_rows.
 */
int ivp_input_port_next_early(struct ivp_input_port *port, struct ivp_frame *frame, bool *shown,
			      uint64_t *waited_ns, struct ivp_why *why);
int ivp_input_port_rows(struct ivp_input_port *port, uint32_t wanted, uint64_t *waited_ns,
			struct ivp_why *why);
/* As ivp_output_port_slot for a frame of this kind. If the link's policy may drop it, returns
 * IVP_FULL instead of waiting: count it then with ivp_producer_drop. */
int ivp_output_port_slot_for(struct ivp_output_port *port, unsigned kind, struct ivp_slot *slot,
			     uint64_t *waited_ns, struct ivp_why *why);

/* By what a port that is open is woken, for people: "doorbell by vfio-pci". */
const char *ivp_port_wake_name(enum ivp_wake wake, const struct ivp_bell *bell, char text[64]);

/* Leaves the link (see ivp_*_finish) and closes the windows. A zeroed port is fine. */
void ivp_input_port_close(struct ivp_input_port *port, uint32_t state, uint32_t exit_code);
void ivp_output_port_close(struct ivp_output_port *port, uint32_t state, uint32_t exit_code);

#endif
