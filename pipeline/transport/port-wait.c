/* SPDX-License-Identifier: MIT */
/*
 * Ports wait in slices: after each slice they look whether to stop, show that they live on the
 * other link of their stage too, and judge the peer's silence by their own clock.
 */
#include "transport/port.h"

#include <errno.h>

#include "base/units.h"
#include "transport/notify.h"

/*
 * Between two looks at the peer, and two signs of life: a part of the time that peers are patient
 * for, as both ends have it from one configuration. A wake-up costs 60 to 100 us of a processor in
 * a virtual machine: four a second are 0.03 %.
 */
#define SLICES_OF_PATIENCE 8
#define SHORTEST_NS        10000000u
#define LONGEST_NS         250000000u

/* What is waited for, and how: the two directions differ in nothing else. */
struct wait {
	void *port, *into;
	const char *link;
	const char *what;    /* is waited for */
	const char *corrupt; /* who it is that stored a position that cannot be */
	const volatile sig_atomic_t *stop;
	sig_atomic_t stop_level; /* that ends the wait */
	/* Returns 0; IVP_EMPTY or IVP_FULL; or -errno with the reason. Never blocks. */
	int (*take)(const struct wait *wait, struct ivp_why *why);
	/* Blocks for a slice at most. Returns -EPROTO if a position cannot be. */
	int (*sleep)(const struct wait *wait);
	/* Shows that we live, looks whether the peer does. Returns 0, or -ETIMEDOUT. */
	int (*look_around)(void *port, struct ivp_why *why);
};

/* The doorbell of one side of a link, and what is said of it. */
struct side {
	struct ivp_bell *bell;
	struct ivp_wire_owner *own;
	const struct ivp_wire_owner *const *peers;
	unsigned count; /* of peers */
	const struct ivp_wire_header *header;
	struct ivp_attach *self;
	void (*tell)(const char *text); /* NULL: nobody is told */
};

/* Joins the new life of a server that its peers have joined. */
static bool rejoin(const struct side *side)
{
	const struct ivp_bell_query names = {
	    .pipeline = side->header->pipeline_name,
	    .link = side->header->link_name,
	    .uuid = side->header->uuid,
	};

	if (!ivp_bell_rejoin(side->bell, &names, side->peers, side->count))
		return false;
	side->self->bell = side->bell;
	ivp_notify_join(side->own, side->bell);
	return true;
}

/* Says once that rings do not come, and that they come again. */
static void look_after_bell(const struct side *side)
{
	const bool joined = rejoin(side);
	const char *news = joined ? "joined its new server" : NULL;
	struct ivp_why text;

	for (unsigned i = 0; !news && !side->bell->told && i < side->count; i++) {
		news = ivp_bell_trouble(side->bell, side->peers[i]);
		side->bell->told = news != NULL;
	}
	if (!news || !side->tell)
		return;
	ivp_why_set(&text, "link '%s': doorbell: %s", side->header->link_name, news);
	side->tell(text.text);
}

/* Has the peer been silent for too long? Returns 0 or -ETIMEDOUT with what is known of it. */
static int judge(enum ivp_peer peer, uint64_t silent_ns, uint64_t patience_ns, const char *link,
		 const char *what, struct ivp_why *why)
{
	double seconds = (double)silent_ns / 1e9;

	if (silent_ns < patience_ns)
		return 0;
	switch (peer) {
	case IVP_PEER_ABSENT:
		ivp_why_set(why, "link '%s': no %s has shown up in %.1f s; is it running?", link,
			    what, seconds);
		break;
	case IVP_PEER_ATTACHED:
		ivp_why_set(why, "link '%s': its %s has given no sign of life for %.1f s", link,
			    what, seconds);
		break;
	case IVP_PEER_FINISHED:
		ivp_why_set(why, "link '%s': its %s left %.1f s ago and did not come back", link,
			    what, seconds);
		break;
	case IVP_PEER_FAILED:
		ivp_why_set(why, "link '%s': its %s failed %.1f s ago and did not come back", link,
			    what, seconds);
		break;
	}
	return -ETIMEDOUT;
}

static sig_atomic_t stop_level(const volatile sig_atomic_t *stop)
{
	return stop ? __atomic_load_n(stop, __ATOMIC_RELAXED) : 0;
}

static int told_to_stop(const char *link, const char *what, struct ivp_why *why)
{
	ivp_why_set(why, "link '%s': told to stop while it waited for %s", link, what);
	return -EINTR;
}

static uint64_t slice_ns(uint64_t patience_ns)
{
	const uint64_t slice = patience_ns / SLICES_OF_PATIENCE;

	return slice < SHORTEST_NS ? SHORTEST_NS : slice > LONGEST_NS ? LONGEST_NS : slice;
}

static int wait_in_slices(const struct wait *wait, uint64_t *waited_ns, struct ivp_why *why)
{
	int result = wait->take(wait, why);
	uint64_t start_ns;

	if (result <= 0)
		return result;
	start_ns = ivp_now_ns();
	while (result > 0) {
		if (stop_level(wait->stop) >= wait->stop_level) {
			result = told_to_stop(wait->link, wait->what, why);
		} else if ((result = wait->sleep(wait)) < 0) {
			/* Now, even if the peer takes it back before anybody looks again. */
			ivp_why_set(why,
				    "link '%s': %s is corrupt: its position went where it "
				    "cannot be",
				    wait->link, wait->corrupt);
		} else {
			result = wait->look_around(wait->port, why);
			if (result == 0)
				result = wait->take(wait, why);
		}
	}
	if (waited_ns)
		*waited_ns += ivp_now_ns() - start_ns;
	return result;
}

static int take_frame(const struct wait *wait, struct ivp_why *why)
{
	struct ivp_input_port *port = wait->port;

	return ivp_consumer_acquire(&port->link, wait->into, why);
}

static int sleep_on_input(const struct wait *wait)
{
	struct ivp_input_port *port = wait->port;

	return ivp_consumer_wait(&port->link, slice_ns(port->patience_ns));
}

static int look_at_producer(void *context, struct ivp_why *why)
{
	struct ivp_input_port *port = context;
	struct ivp_consumer *link = &port->link;
	uint64_t silent_ns;

	if (port->other)
		ivp_producer_beat(&port->other->link);
	look_after_bell(&(struct side){&port->bell, link->ring.own, &link->ring.peer, 1,
				       &link->header, &link->self, port->tell});
	enum ivp_peer peer = ivp_consumer_peer(link, ivp_now_ns(), &silent_ns);
	return judge(peer, silent_ns, port->patience_ns, link->header.link_name, "producer", why);
}

static struct wait wait_for_frame(struct ivp_input_port *port, void *into)
{
	return (struct wait){
	    .port = port,
	    .into = into,
	    .link = port->link.header.link_name,
	    .what = "a frame",
	    .corrupt = "the producer",
	    .stop = port->stop,
	    .stop_level = 1,
	    .take = take_frame,
	    .sleep = sleep_on_input,
	    .look_around = look_at_producer,
	};
}

int ivp_input_port_next(struct ivp_input_port *port, struct ivp_frame *frame, uint64_t *waited_ns,
			struct ivp_why *why)
{
	const struct wait wait = wait_for_frame(port, frame);

	if (stop_level(port->stop) >= 2)
		return told_to_stop(wait.link, wait.what, why);
	return wait_in_slices(&wait, waited_ns, why);
}

struct early {
	struct ivp_frame *frame;
	bool found; /* it is shown, not committed */
};

static int take_early(const struct wait *wait, struct ivp_why *why)
{
	struct ivp_input_port *port = wait->port;
	struct early *early = wait->into;
	const int result = ivp_consumer_acquire(&port->link, early->frame, why);

	early->found = result == IVP_EMPTY && ivp_consumer_look(&port->link, early->frame) == 0;
	return early->found ? 0 : result;
}

static int sleep_for_showing(const struct wait *wait)
{
	struct ivp_input_port *port = wait->port;

	return ivp_consumer_wait_rows(&port->link, 0, slice_ns(port->patience_ns));
}

int ivp_input_port_next_early(struct ivp_input_port *port, struct ivp_frame *frame, bool *shown,
			      uint64_t *waited_ns, struct ivp_why *why)
{
	struct early early = {.frame = frame};
	struct wait wait = wait_for_frame(port, &early);
	int result;

	*shown = false;
	if (!ivp_link_is_early(&port->link.header))
		return ivp_input_port_next(port, frame, waited_ns, why);
	wait.take = take_early;
	wait.sleep = sleep_for_showing;
	if (stop_level(port->stop) >= 2)
		return told_to_stop(wait.link, wait.what, why);
	result = wait_in_slices(&wait, waited_ns, why);
	*shown = early.found;
	return result;
}

struct rows {
	uint32_t wanted;
	bool withdrawn;
};

static int take_rows(const struct wait *wait, struct ivp_why *why)
{
	struct ivp_input_port *port = wait->port;
	struct rows *rows = wait->into;
	uint32_t finished;
	const int result = ivp_consumer_rows(&port->link, &finished, why);

	rows->withdrawn = result == IVP_WITHDRAWN;
	if (result < 0 || rows->withdrawn)
		return result < 0 ? result : 0;
	return finished >= rows->wanted ? 0 : IVP_EMPTY;
}

static int sleep_for_rows(const struct wait *wait)
{
	const struct rows *rows = wait->into;
	struct ivp_input_port *port = wait->port;

	return ivp_consumer_wait_rows(&port->link, rows->wanted, slice_ns(port->patience_ns));
}

int ivp_input_port_rows(struct ivp_input_port *port, uint32_t wanted, uint64_t *waited_ns,
			struct ivp_why *why)
{
	struct rows rows = {.wanted = wanted};
	struct wait wait = wait_for_frame(port, &rows);
	int result;

	wait.what = "the rest of a frame";
	wait.take = take_rows;
	wait.sleep = sleep_for_rows;
	result = wait_in_slices(&wait, waited_ns, why);
	return result == 0 && rows.withdrawn ? IVP_WITHDRAWN : result;
}

static int take_slot(const struct wait *wait, struct ivp_why *why)
{
	struct ivp_output_port *port = wait->port;

	return ivp_producer_reserve(&port->link, wait->into, why);
}

static int sleep_on_output(const struct wait *wait)
{
	struct ivp_output_port *port = wait->port;

	return ivp_producer_wait(&port->link, slice_ns(port->patience_ns));
}

static int look_at_consumers(void *context, struct ivp_why *why)
{
	struct ivp_output_port *port = context;
	struct ivp_producer *link = &port->link;
	uint64_t silent_ns;
	int result = 0;

	if (port->other)
		ivp_consumer_beat(&port->other->link);
	look_after_bell(&(struct side){&port->bell, link->ring.own, link->ring.peer,
				       link->ring.peers, &link->header, &link->self, port->tell});
	for (unsigned i = 0; i < link->ring.peers && result == 0; i++) {
		enum ivp_peer peer = ivp_producer_peer(link, i, ivp_now_ns(), &silent_ns);
		/* One that has read everything holds nothing up. */
		if (link->ring.tail[i] != link->ring.head)
			result = judge(peer, silent_ns, port->patience_ns, link->header.link_name,
				       "consumer", why);
	}
	return result;
}

int ivp_output_port_slot(struct ivp_output_port *port, struct ivp_slot *slot, uint64_t *waited_ns,
			 struct ivp_why *why)
{
	const struct wait wait = {
	    .port = port,
	    .into = slot,
	    .link = port->link.header.link_name,
	    .what = "a free slot",
	    .corrupt = "a consumer",
	    .stop = port->stop,
	    .stop_level = 2,
	    .take = take_slot,
	    .sleep = sleep_on_output,
	    .look_around = look_at_consumers,
	};

	return wait_in_slices(&wait, waited_ns, why);
}

int ivp_output_port_slot_for(struct ivp_output_port *port, unsigned kind, struct ivp_slot *slot,
			     uint64_t *waited_ns, struct ivp_why *why)
{
	if (ivp_producer_may_drop(&port->link, kind))
		return ivp_producer_reserve(&port->link, slot, why);
	return ivp_output_port_slot(port, slot, waited_ns, why);
}
