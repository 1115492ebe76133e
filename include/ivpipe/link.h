/* SPDX-License-Identifier: MIT */
/*
 * A link with frames: attach to windows that are mapped already, put frames in, take frames out,
 * wait, leave. See wire.h for the protocol.
 *
 *     producer: attach, then { reserve, fill the slot, commit } again and again, then finish
 *     consumer: attach, then { acquire, begin, use the slot, release } again and again, finish
 *
 * The structs are the caller's; their fields are private to these functions but for those said
 * to be readable. One thread at a time per producer or consumer; different ones are independent,
 * and any number of processes may be attached as long as each window has one writer. Only the
 * two wait functions block. Nothing allocates or prints.
 */
#ifndef IVPIPE_LINK_H
#define IVPIPE_LINK_H

#include <ivpipe/frame.h>
#include <ivpipe/ring.h>

/* A mapped window: page-aligned memory, at least as long as its header says. */
struct ivp_mapping {
	void *base;
	size_t bytes;
};

/* A link's doorbell, see wire.h, section 4; what is in it is the transport's. */
struct ivp_bell;

/* What a peer says of itself when it attaches. */
struct ivp_attach {
	uint64_t kernel_id;    /* hash of the boot id; 0 if not known: no futex then */
	struct ivp_bell *bell; /* NULL: none; else it has to live until finish */
	uint32_t process_id;
	bool checksum; /* producer: store the XXH3 of every payload */
};

/* How long nothing has been heard of the peer, by our own clock. */
struct ivp_liveness {
	uint64_t heartbeat;
	uint32_t generation;
	uint64_t changed_ns;
	uint64_t looked_ns;
};

/* What waiting is to spare: time or the processor. */
enum ivp_wait_mode {
	IVP_WAIT_BALANCED, /* spin as long as a wake-up costs, then sleep */
	IVP_WAIT_LATENCY,  /* spin for some milliseconds */
	IVP_WAIT_IDLE,     /* sleep at once */
};

/* For adaptive waiting: see ivp_backoff_set of the transport. */
struct ivp_backoff {
	uint64_t sleep_ns; /* polling: the next nap */
	uint64_t spin_ns;  /* 0 on a machine with one processor */
	enum ivp_wait_mode mode;
	bool in_vain;   /* the last wait was: the next does not spin */
	uint64_t spins; /* readable: how often it has spun */
};

/* See placement.h of the transport. */
#define IVP_PLACEMENT_SAMPLES 9

struct ivp_placement {
	uint32_t line_ns[IVP_PLACEMENT_SAMPLES];
	unsigned next, count;
	uint64_t clock_ns;
	bool far; /* readable */
};

/* Who says how payloads are stored. */
enum ivp_stores_choice {
	IVP_STORES_AUTO, /* the placement */
	IVP_STORES_ALWAYS_CACHED,
	IVP_STORES_ALWAYS_STREAMING,
};

struct ivp_producer {
	struct ivp_wire_header header; /* readable: the link's identity and geometry */
	struct ivp_ring_producer ring;
	uint8_t *data;
	struct ivp_attach self;
	struct ivp_liveness alive[IVP_MAX_CONSUMERS];
	struct ivp_backoff backoff;
	uint32_t generation;
	enum ivp_stores_choice stores; /* may be set at any time */
	struct ivp_placement placement;
	/* readable: the state found at attach. IVP_STATE_ATTACHED: the last writer died. */
	uint32_t left_state;
	uint64_t unknown_until; /* slots of positions below may hold more than descriptors say */
	uint64_t shown;         /* 1 + the position shown early; 0: none */
	uint64_t rows;          /* the word that says so */
};

struct ivp_consumer {
	struct ivp_wire_header header; /* readable: the link's identity and geometry */
	struct ivp_ring_consumer ring;
	const uint8_t *data;
	struct ivp_attach self;
	struct ivp_liveness alive;
	struct ivp_backoff backoff;
	uint32_t generation;
	uint32_t left_state; /* readable: as of the producer */
	uint64_t end;  /* 1 + the position of an end of the stream that was acquired: not counted */
	uint64_t rows; /* of the frame looked at early: the word as last seen */
	uint32_t height; /* and how many there will be */
};

/* A free slot: room for one frame. Valid until the next commit. */
struct ivp_slot {
	uint64_t position;
	uint8_t
	    *payload; /* 64-byte aligned, page-aligned if the link's payloads are a page or more */
	uint64_t payload_bytes;
	uint8_t *metadata; /* 64-byte aligned */
	uint32_t metadata_bytes;
	enum ivp_stores stores; /* the better ones for a payload of thousands of bytes */
};

/* What is known of a peer. */
enum ivp_peer {
	IVP_PEER_ABSENT,   /* never attached */
	IVP_PEER_ATTACHED, /* its heartbeat moves, or has not stood still for long */
	IVP_PEER_FINISHED, /* left in good order */
	IVP_PEER_FAILED,   /* left with an error */
};

/*
 * Attaches as the producer. data is mapped writable; credits, one for each consumer of the link,
 * may be read-only. Checks all headers against that of data.
 * Returns 0; -EAGAIN if a window has no header yet; -EPROTONOSUPPORT for another major version;
 * -ENOMSG, -EBADMSG, -EINVAL for windows that are none, are damaged, or do not belong together;
 * -EPROTO for positions that cannot be. On a refusal the reason also goes to the recovery block
 * of data. Any thread.
 */
int ivp_producer_attach(struct ivp_producer *producer, struct ivp_mapping data,
			const struct ivp_mapping *credits, unsigned credit_count,
			const struct ivp_attach *self, struct ivp_why *why);

/* Attaches as the consumer whose credit window, mapped writable, is credit; data may be
 * read-only. Errors as of ivp_producer_attach. */
int ivp_consumer_attach(struct ivp_consumer *consumer, struct ivp_mapping data,
			struct ivp_mapping credit, const struct ivp_attach *self,
			struct ivp_why *why);

/*
 * The next free slot. Returns 0 and the slot, the same until commit; IVP_FULL, but not on links that
 * overwrite; -EPROTO with the reason if a consumer's position cannot be: leave the link with IVP_STATE_FAILED then; or
 * -ESTALE with the reason if our own window says otherwise than we know: this program was set
 * back to an earlier state, or another one writes there. One that attaches again goes on right.
 * Wait-free.
 */
int ivp_producer_reserve(struct ivp_producer *producer, struct ivp_slot *slot, struct ivp_why *why);
/*
 * The free slot that follows the next one by ahead, less than the link has slots, so that several
 * payloads can be filled at a time. Only payloads: metadata wait until their slot is the next one,
 * and commits follow each other as ever. IVP_FULL also on links that overwrite.
 */
int ivp_producer_reserve_ahead(struct ivp_producer *producer, unsigned ahead, struct ivp_slot *slot,
			       struct ivp_why *why);

/*
 * Publishes the slot last reserved as frame: kind, shape, stride, sizes, flags and so on are
 * taken from it, payload and metadata must be in the slot already. Clears what the slot still
 * showed of older frames (the rest of payload and metadata, the padding of rows), computes the
 * checksum if attached so, counts, wakes consumers that asked for it. The frame's sizes must fit
 * the slot. Takes time proportional to what it clears and sums; at most one system call for each
 * consumer.
 */
void ivp_producer_commit(struct ivp_producer *producer, const struct ivp_frame *frame);

/*
 * For links that drop the newest. May a frame of this kind be dropped when reserve returns
 * IVP_FULL? Counts one that is, with no more to come from its input. 1 + the origin of the last
 * one that was, or 0: for a restart, as ivp_producer_last. Begins a stream of new origins.
 */
bool ivp_producer_may_drop(const struct ivp_producer *producer, unsigned kind);
void ivp_producer_drop(struct ivp_producer *producer, uint64_t origin_position);
uint64_t ivp_producer_dropped(const struct ivp_producer *producer);
void ivp_producer_forget_drops(struct ivp_producer *producer);

/* The last committed frame, for a restart (see wire.h); false if there never was one. Its
 * payload and metadata pointers are NULL. */
bool ivp_producer_last(const struct ivp_producer *producer, struct ivp_frame *frame);

/*
 * Waits for a free slot, at most timeout_ns, perhaps less: a signal ends it early.
 * Returns 0 if there is one, IVP_TIMEOUT, or -EPROTO. Counts as a sign of life.
 */
int ivp_producer_wait(struct ivp_producer *producer, uint64_t timeout_ns);

/*
 * The next frame, checked, its payload and metadata in the slot (read-only, and not to be
 * trusted to stay the same). Returns 0 and the frame, the same until release; IVP_EMPTY;
 * -EPROTO or -EBADMSG with the reason if the producer stored a position or descriptor that
 * cannot be: leave the link then; or -ESTALE, as of ivp_producer_reserve. A wrong checksum makes
 * the frame one of IVP_KIND_ERROR. On links that overwrite it jumps over what is lost (drop-oldest)
 * or not the newest (latest), and counts it; what it returns stays whole until release.
 * Wait-free, but for the checksum.
 */
int ivp_consumer_acquire(struct ivp_consumer *consumer, struct ivp_frame *frame,
			 struct ivp_why *why);
/*
 * The frame that follows the next one by ahead, less than the link has slots, if it is there
 * already: to begin with it before those in front of it are released, in their order, as ever.
 * IVP_EMPTY also on links that overwrite.
 */
int ivp_consumer_acquire_ahead(struct ivp_consumer *consumer, unsigned ahead,
			       struct ivp_frame *frame, struct ivp_why *why);

/* Is the last frame that was released the end of the stream, and nothing behind it? For a restart:
 * if the last life died (left_state), nothing more will come. */
bool ivp_consumer_ended(struct ivp_consumer *consumer);

/* Says in our own window that work on the acquired frame begins. Returns which attempt this is:
 * 1, or more if earlier lives of this consumer ended while at it. */
unsigned ivp_consumer_begin(struct ivp_consumer *consumer);

/* Gives the acquired frame's slot back; its pointers are dead. Wakes the producer if it asked. */
void ivp_consumer_release(struct ivp_consumer *consumer);

/* Waits for a frame: as ivp_producer_wait. */
int ivp_consumer_wait(struct ivp_consumer *consumer, uint64_t timeout_ns);

/*
 * Early start, on links that have it: see wire.h, section 9. Elsewhere, all of it does nothing.
 *
 *     producer: reserve, fill some rows, show, { fill rows, rows } again and again, commit
 *     consumer: acquire (IVP_EMPTY), look, begin, { rows, wait_rows, use them } again and again,
 *               acquire, confirm, release
 */

/* Does the link have it? */
static inline bool ivp_link_is_early(const struct ivp_wire_header *header)
{
	return (header->flags & IVP_LINK_EARLY) && header->policy == IVP_POLICY_BLOCK;
}

/*
 * Shows the slot last reserved as frame, of pixels, with that many rows finished: shape, stride,
 * sizes, id and origin are as they will be committed, and the metadata so far is in the slot.
 * Wakes consumers that asked for it. What was shown of the position before is withdrawn.
 */
void ivp_producer_show(struct ivp_producer *producer, const struct ivp_frame *frame, uint32_t rows);
/* That many rows are finished now, no fewer than before. After show only. */
void ivp_producer_rows(struct ivp_producer *producer, uint32_t rows);
/* Nothing is shown any more: what comes of the slot is another frame, or the same made anew. */
void ivp_producer_withdraw(struct ivp_producer *producer);

/*
 * After acquire has returned IVP_EMPTY: is a frame being shown at the position that is due? Returns 0
 * and the frame, checked as that of acquire, but for what changes until it is committed: more
 * metadata, checksum, trail. IVP_EMPTY: none, or an earlier life of ours ended while at it, and so
 * it has to be acquired. Its payload may be read as far as ivp_consumer_rows says. begin then
 * counts the attempt. Wait-free.
 */
int ivp_consumer_look(struct ivp_consumer *consumer, struct ivp_frame *frame);
/*
 * How many rows of that frame are finished, all if it is committed. Returns 0; IVP_WITHDRAWN: it
 * is no more, throw away what was made of it and go on with acquire; -EBADMSG or -EPROTO with the
 * reason if what the producer stored cannot be.
 */
int ivp_consumer_rows(struct ivp_consumer *consumer, uint32_t *rows, struct ivp_why *why);
/* Waits as ivp_consumer_wait until that many rows are finished, or ivp_consumer_rows has other
 * news. With nothing at hand, before look has returned 0: until look or acquire may find a frame.
 * Returns 0, IVP_TIMEOUT or -EPROTO. */
int ivp_consumer_wait_rows(struct ivp_consumer *consumer, uint32_t rows, uint64_t timeout_ns);
/*
 * Is committed, the frame that acquire has returned, the one that was looked at? Before this
 * returns 0 nothing that was made of it may be committed. IVP_WITHDRAWN: it is not, though it may
 * look the same; throw away and begin on committed. -EBADMSG with the reason: the producer is
 * corrupt.
 */
int ivp_consumer_confirm(struct ivp_consumer *consumer, const struct ivp_frame *looked_at,
			 const struct ivp_frame *committed, struct ivp_why *why);
/* Says in our own window that no frame is at work any more: begin has not happened. */
void ivp_consumer_abandon(struct ivp_consumer *consumer);

/* A sign of life from work that takes long. */
void ivp_producer_beat(struct ivp_producer *producer);
void ivp_consumer_beat(struct ivp_consumer *consumer);

/* Adds to the counters that monitors read: time spent on frames, and waiting. */
void ivp_producer_account(struct ivp_producer *producer, uint64_t busy_ns, uint64_t wait_ns);

/* What is known of consumer index, or of the producer; *silent_ns: how long nothing moved there,
 * now_ns being our CLOCK_MONOTONIC. Call it now and then while waiting: of the time between two
 * calls a second at most counts as silence, since who did not look, or was stopped, cannot tell. */
enum ivp_peer ivp_producer_peer(struct ivp_producer *producer, unsigned index, uint64_t now_ns,
				uint64_t *silent_ns);
enum ivp_peer ivp_consumer_peer(struct ivp_consumer *consumer, uint64_t now_ns,
				uint64_t *silent_ns);

/* Leaves: state is IVP_STATE_FINISHED, or IVP_STATE_FAILED with an exit_code of sysexits(3).
 * The windows stay mapped and belong to the caller. A zeroed struct is fine. */
void ivp_producer_finish(struct ivp_producer *producer, uint32_t state, uint32_t exit_code);
void ivp_consumer_finish(struct ivp_consumer *consumer, uint32_t state, uint32_t exit_code);

#endif
