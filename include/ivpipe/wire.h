/* SPDX-License-Identifier: MIT */
/*
 * The ivpipe wire, version 1.2: everything a stranger needs to write a compatible peer.
 *
 *
 * 1. Windows
 *
 * A link is one ring of frames from one producer to 1..IVP_MAX_CONSUMERS consumers. It lives in
 * windows of shared memory, and every window has exactly one writer:
 *
 *     data window           written by the producer, read by the consumers
 *     credit window i       written by consumer i, read by the producer
 *
 *     data window                                credit window
 *     0      struct ivp_wire_header    frozen    0     struct ivp_wire_header    frozen
 *     256    struct ivp_wire_recovery            256   struct ivp_wire_recovery
 *     512    struct ivp_wire_owner               512   struct ivp_wire_owner
 *     1280   zero                                1280  zero, to 4096 = end of the window
 *     4096   descriptors   slots x 256 bytes
 *     +      metadata      slots x metadata_stride
 *     +      payloads      slots x payload_stride
 *
 * The offsets of the three arrays are in the header; a peer uses those, not its own sums, after
 * it has checked that each array lies inside the window and that none overlaps another.
 *
 * isolation = one-way: every window is a memory object of its own, so that a hypervisor can map
 * it writable for its writer alone. isolation = shared: one memory object holds the data window
 * at 0 and credit window i at credit_offset + i * credit_stride. A memory object is a power of
 * two bytes long (a PCI BAR must be); window_bytes says how much of it the window uses.
 *
 *
 * 2. Who writes what, and when it freezes
 *
 * The creator (the host, before any peer runs) writes the header of every window and zeroes the
 * rest, then stores magic with release order. From then on the header never changes and the
 * window belongs to its writer. Nobody unlinks, shrinks or clears a window behind a living peer.
 *
 * All windows of a link carry the same header except for kind, consumer and window_bytes. Each
 * peer takes the geometry from the header of the window it writes itself, because nobody else
 * can change that one, and refuses a peer's window whose header differs from it.
 *
 *     field                 writer             readers
 *     header                creator, once      all
 *     recovery              window's writer    all
 *     owner.*               window's writer    all
 *     descriptor, metadata,
 *     payload of slot       producer, while the slot is free; frozen from commit to release
 *                           (or sooner, section 9)
 *
 * There is no lock and no read-modify-write operation in shared memory: each word has a single
 * writer, which stores it whole. 64-bit words are read and written by single 64-bit accesses
 * (32-bit peers need an instruction that does that: movq, ldrd, ld via FPU).
 *
 *
 * 3. The life of a link
 *
 * create   The creator formats all windows with one epoch (random, never 0) and one UUID.
 *          Positions, generations and states are 0: nobody has ever been here.
 *
 * attach   A peer maps its windows, waits until magic is there, checks the headers, then in its
 *          own window adds 1 to generation and stores state = IVP_STATE_ATTACHED. Positions are
 *          kept: a link goes on where it stood. A second writer for one window must not attach;
 *          peers of one kernel hold a shared flock(2) on the memory object, writers in addition
 *          an open-file-description lock on the byte at the window's offset.
 *
 * publish  Positions are free-running 64-bit counts, the slot of position p is p & (slots - 1).
 *          head = producer's owner.position: every position below it is committed.
 *          tail(i) = consumer i's owner.position: every position below it is released.
 *          The producer may fill position p while p - min over i of tail(i) < slots. It writes
 *          payload, metadata, descriptor, in any order, then the store fence that write-combined
 *          memory needs, then head = p + 1 with release order. Several slots, at most slots - 1,
 *          may be filled and committed by one store (a batch): the descriptor at head - 1 is what
 *          a restart goes by, and has to stay until the batch is out.
 *
 *          This is policy = block, and drop-newest but for one thing; section 8 has the rest.
 *
 * consume  A consumer loads head with acquire order. For tail(i) <= p < head it copies the
 *          descriptor of p once into private memory, checks the copy and uses only the copy.
 *          When it needs nothing of the slot any more, it stores tail(i) = p + 1 with release
 *          order. Before it starts on a frame it stores attempt_position = p, then attempt =
 *          how often it has now started on p, so that a frame that kills its consumer is known.
 *
 * drain    End of stream is a frame, kind IVP_KIND_END; nothing follows it in that generation.
 *          The producer then stores state = IVP_STATE_FINISHED and may go; the memory stays.
 *          A consumer that has released it stores IVP_STATE_FINISHED too.
 *
 * death    owner.heartbeat counts while a peer lives. A peer whose heartbeat stands still for
 *          longer than the waiter's patience, by the waiter's own clock, is stalled or dead; its
 *          committed frames stay valid. Three cases are told apart: not yet there (generation
 *          0), there (state ATTACHED, heartbeat moving or not), gone (FINISHED or FAILED).
 *
 * restart  A peer that comes back attaches again: generation + 1, same positions. A producer
 *          goes on at head; slots from head on hold nothing. A consumer goes on at tail: the
 *          frame it died on is still there. A stage (consumer of one link, producer of another)
 *          restarts without loss or repetition by this rule: every output descriptor names in
 *          origin_position the input it was made from and carries IVP_FLAG_LAST if no more come
 *          from that input; one store to head commits all; the input is released after that. So
 *          after a restart, with L the descriptor at head - 1 and t the own tail on the input:
 *              head == 0 or L.origin_position < t      nothing of t is out: do t
 *              L.origin_position == t, LAST set        t is out already: release it, go on
 *              L.origin_position == t, LAST not set    parts 0 .. L.part are out: do t from
 *                                                      part L.part + 1
 *          L is read from the own output window, which nobody else can write; because slots is
 *          at least 2, filling the slot of head leaves it alone. Every input yields
 *          at least one output (a frame that a filter drops travels on as IVP_KIND_DROPPED), so
 *          the rule needs no other record.
 *
 * set back A machine that is restored from a snapshot has memory that is older than its windows.
 *          Before each frame a peer compares position and generation in its own window with what
 *          it stored there last; if they differ, it leaves without a word and attaches anew.
 *
 * refusal  A peer that will not attach (version, geometry, identity) says why in the recovery
 *          block of the window it would have written. The block is at the same place with the
 *          same layout in every version, past and to come, and its reader needs no other field.
 *          An attachment that succeeds later sets reason back to IVP_REFUSED_NOT.
 *
 *
 * 4. Waiting
 *
 * Who waits for position W of the peer stores wake_at = W in its own window, then a full
 * barrier, then looks at the peer's position once more, and only then sleeps, with a timeout.
 * Who moves its position from a to b stores it, then a full barrier, then loads the peer's
 * wake_at, and rings if a < wake_at <= b; who attaches rings once in any case, for a former life
 * that may have died in between. Of the two barriers one comes first: either the waiter sees the
 * position or the mover sees wake_at, so no wake-up is lost. wake_at stays where it is after the
 * wake-up; being at or below the position it asks for nothing more. It lives in the waiter's
 * window, so the rule works on one-way links. How one rings (futex on the low half of the
 * position, doorbell, nothing) is between peers; the ring is a hint, the position is the truth,
 * and polling is always allowed. kernel_id says which kernel a peer runs on: on Linux the
 * XXH3-64, seed 0, of /proc/sys/kernel/random/boot_id with its newline, lowest bit set; 0 if it
 * is not known. A futex can only ring where both are equal and not 0.
 *
 * Between machines a doorbell rings: QEMU's device ivshmem-doorbell, or on a host an eventfd, both
 * from a server (ivshmem-spec of QEMU) that serves this link alone. Its memory is one page, struct
 * ivp_wire_bell, which says whose it is and carries no frame. Everybody who is joined can write
 * that page, so whoever joins reads it once, and believes it no more than any ring. bell_server is
 * the number from it, 0 for a peer that is not joined; bell_peer is 1 + the peer's number at the
 * server if it can be rung there. A doorbell can only ring where both bell_server are equal and
 * not 0. The producer is rung by vector 0, consumer i by vector 1 + i. Rings that nobody has
 * waited for yet merge into one, and one is enough: who comes back looks at the position.
 *
 *
 * 5. Versions
 *
 * Little-endian throughout. major must be equal. A higher minor only gives meaning to fields and
 * bits that were reserved: writers store 0 in reserved fields, readers ignore them. New pixel
 * formats, frame kinds and flags may come with any minor: a stage passes on what it does not
 * know as an error frame.
 *
 *
 * 6. Trust
 *
 * The peer is hostile until proven otherwise. Whatever it can write is loaded once, checked, and
 * only the checked copy used: positions (head never falls, never exceeds own tail + slots but where
 * section 8 lets it; tail never falls, never exceeds own head), descriptors (sizes against the slot, by arithmetic that
 * cannot wrap), metadata records. A value that cannot be ends the link with a named error; it is
 * never followed, waited out or repaired. Pixels may change while they are read: readers must be
 * safe for any pixel values. Encoded bytes are copied before they are parsed.
 *
 *
 * 7. Time
 *
 * Durations are nanoseconds. Clocks differ between guests, so no peer compares a time of its own
 * with one of another machine: source_time_ns is stamped by the feeder, passed on untouched by
 * every stage, and read by the sink, which has the feeder's clock (CLOCK_MONOTONIC of the host).
 *
 *
 * 8. Links that drop (since 1.1)
 *
 * header.policy says what happens when frames come faster than they are taken. Whoever drops a
 * frame counts it in policy_dropped of its own window. IVP_KIND_END is never dropped.
 *
 * drop-newest   As block, but a producer that has a frame at hand and no free slot need not wait:
 *          it stores dropped_origin = origin_position + 1, then counts. Frames of IVP_KIND_END,
 *          ERROR and DROPPED wait. The restart rule has one line more: dropped_origin == t + 1
 *          means that t was dropped: release it, go on. A death between the two stores leaves
 *          the count one short. Who begins a stream whose origins start again stores 0.
 *
 * drop-oldest, latest   The producer never waits and takes no notice of tail: it overwrites. head
 *          may be any number above tail. A frame must stay whole while a consumer has its hands
 *          on it, and is not copied; so each side says in claim of its own window what it is
 *          about to touch, and looks at the other's, in the manner of Dekker's mutual exclusion
 *          (E. W. Dijkstra, EWD 123): store mine, full barrier, load yours, on both sides.
 *
 *          Consumer: to take p, tail <= p < head, it stores claim = p + 1; full barrier; w = the
 *          producer's claim, with acquire order. w - p <= slots: no position that shares p's slot
 *          was announced before, and none that is announced later will be filled, so what is in
 *          the slot stays until the claim goes: it stores held = p + 1 and uses slot p in place.
 *          w - p > slots: the frame is lost. The oldest that may be there is w - slots: it tries
 *          that one (or a newer one, so that a fast producer is not chased for ever).
 *
 *          Producer: to fill a slot it stores claim = w, release order, all positions from head
 *          to w - 1 being announced by that (w is at least head + 1 and never falls); full
 *          barrier; then it loads the claims of all consumers, with acquire order. It fills the
 *          lowest announced position q that shares its slot with none of them. If there is none
 *          it announces one position more and looks again: with n consumers one of n + 1 is
 *          free, whatever they do. Then head = q + 1, as ever.
 *
 *          Positions head..q - 1 are passed over: no frame, and nothing of their slots changes,
 *          descriptors included. A consumer that holds such a p finds a smaller sequence of the
 *          same slot there, goes on with p + 1, and counts nothing. At most n follow each other,
 *          and head - 1 is always a frame: the restart rule needs it. slots is at least n + 2
 *          here, so that the slot of head - 1 is not among the n + 1.
 *
 *          Of two sides that meet at a slot at least one sees the other: the producer the claim,
 *          and it stays away; or the consumer the announcement, and it does. Nobody waits for
 *          anybody. A consumer that died keeps its slot, no more: the frame is there when it
 *          comes back, so attempts are counted and origins compared as ever.
 *
 *          ordinal of a descriptor counts the frames committed before it, so what a consumer
 *          missed is known when it finds the next one: policy_dropped = ordinal - taken. It
 *          stores held, ordinal, policy_dropped before it uses the frame; after that tail = p + 1,
 *          taken = ordinal + 1 - policy_dropped, held = 0, claim = 0 with release order. Each
 *          store can be repeated without harm. A consumer that attaches and finds
 *              held == claim == p + 1, p >= tail       goes on with p, which is still there
 *              held == claim == tail, not 0            had released: repeats taken, held, claim
 *              anything else                           stores held = claim = 0, goes on at tail
 *          So policy_dropped of a consumer is exact, and taken as well, wherever either side
 *          dies. A producer stores held = q + 1 before it touches slot q, and one that attaches
 *          goes on with the claim that it finds. If it finds held = q + 1 with q >= head, slot q
 *          is in an unknown state; should its sequence be q + 1, it was described and not
 *          committed, and it stores q + 1 - slots there (or 0), lest q pass for a frame.
 *
 *          drop-oldest takes the oldest frame that is there, latest the newest. A stream that
 *          begins behind an END that nobody has taken yet may overwrite that too.
 *
 *
 * 9. Early start (since 1.2)
 *
 * On a link with IVP_LINK_EARLY in header.flags a producer may show a frame of pixels that it is
 * still filling, and a consumer may begin on the rows that are finished, so that the latency of a
 * chain is not the sum of its stages. Either may leave it, also for single frames: who does not
 * show, and every peer of an earlier minor version, has a 0 in the lower half of rows; who does
 * not look waits for head. What is published, released and resumed stays what it is in section
 * 3: head alone publishes. policy is block: nothing is decided, counted or dropped by a frame
 * that is only shown.
 *
 * rows of a descriptor is one word: serial << 32 | 1 + finished rows, from the top; the lower half
 * 0 says that nothing is shown. The serial tells one showing of a position from the next.
 *
 *     show      Producer, with the slot of p = head reserved: rows = next serial << 32, the one
 *               after what is there, not 0; store fence; the descriptor, sequence = p + 1, and the
 *               metadata that there is; store fence; rows = serial << 32 | 1 + n, release order.
 *               Frozen from here on: kind, format, sides, stride, payload_bytes, frame_id,
 *               origin_position, part, the first metadata_bytes of metadata, the finished rows.
 *               Still to change: more metadata behind that, flags, checksum, trail.
 *     rows      After the rows before n: store fence, rows = serial << 32 | 1 + n, release order.
 *               n never falls.
 *     withdraw  rows = next serial << 32. So begins the next showing, too, and the commit of a frame
 *               that is not the one that was shown or whose finished rows may have changed: store
 *               fence, then the descriptor. A producer that starts anew has shown nothing yet.
 *     commit    Of the frame that is shown: rows = serial << 32 | 1 + height, checksum and all,
 *               then head as ever. A withdrawn frame was never there.
 *
 * Consumer, at p = tail = head: it loads rows with acquire order, copies the descriptor, full
 * barrier, loads rows again. Another serial, a lower half of 0, a sequence that is not p + 1 or a
 * copy that cannot be: nothing is shown (yet). Else it works by its copy. While it works it loads
 * rows with acquire order: another serial, and it throws away what it has made. A lower half that
 * falls or says more than height is a corrupt peer.
 *
 * It must not commit anything made from p, nor release p, before head is above p. Then it loads
 * rows once more: another serial, and it throws away and begins with p as if nothing had been. Else
 * it copies the descriptor again; what was frozen must be the same, and the lower half 1 + height,
 * or the peer is corrupt. Now all rows that it has read were those of the frame: whatever changes
 * them changes the serial before head. So an output still names a committed input, and whoever dies
 * at whatever point leaves the windows as section 3 has them: the restart rule is not touched.
 * A stage may show its own output while its input is only shown; if it throws away it withdraws.
 *
 * It notes the attempt before it begins, as ever. One that finds the attempt of an earlier life at
 * p waits for head: rows that are not final end a stage once at most. Throwing away stores
 * attempt = 0: the frame is not to blame. A producer that falls silent over a frame that it shows is
 * silent in the sense of section 4; the consumer counts its heartbeat while it waits for rows.
 *
 * Who waits for rows, or for a showing, waits for head as in section 4 with wake_at = p + 1, and
 * before the barrier also stores wake_rows = the lower half of rows that is enough: 1 for any. It
 * stores 0 when it is awake. The producer, after each store of rows, has a full barrier, loads wake_rows,
 * and rings if it is not 0 and the lower half of rows has come to it; at a withdrawal, if it is not 0.
 * A waiter asks for so many rows that it need not be rung for each. A futex compares the position
 * alone, so this ring may come before the sleep: the next store of rows rings again, and head at last.
 */
#ifndef IVPIPE_WIRE_H
#define IVPIPE_WIRE_H

#include <stddef.h>
#include <stdint.h>

#define IVP_WIRE_MAGIC 0x0A1A657069707669ull /* "ivpipe", ^Z, newline, as bytes in memory */
#define IVP_BELL_MAGIC 0x0A1A6C6C65627669ull /* "ivbell", ^Z, newline */
#define IVP_WIRE_MAJOR 1
#define IVP_WIRE_MINOR 2

#define IVP_MAX_CONSUMERS 8
#define IVP_MIN_SLOTS     2 /* the last committed descriptor must outlive the next one's filling */
#define IVP_MAX_SLOTS     65536
#define IVP_MAX_METADATA  (1u << 24) /* bytes a frame */
#define IVP_NAME_BYTES    32         /* with the closing NUL; [a-z0-9-], begins with a letter */
#define IVP_ROW_ALIGN     64 /* bytes: pixel rows, payloads and metadata start on such boundaries */
#define IVP_PAGE          4096 /* bytes: the arrays' alignment, and that of payloads of a page and more */
#define IVP_TRAIL         8 /* stages that a descriptor has room for */

/* ivp_wire_header.kind */
enum {
	IVP_WINDOW_DATA = 1,
	IVP_WINDOW_CREDIT = 2,
};

/* ivp_wire_header.policy: what happens when no slot is free: see section 8. */
enum {
	IVP_POLICY_BLOCK = 0,       /* the producer waits */
	IVP_POLICY_DROP_NEWEST = 1, /* it does not publish the frame at hand */
	IVP_POLICY_DROP_OLDEST = 2, /* it overwrites; a consumer goes on with the oldest left */
	IVP_POLICY_LATEST = 3,      /* it overwrites; a consumer takes the newest */
};

/* ivp_wire_header.isolation */
enum {
	IVP_ISOLATION_ONE_WAY = 0,
	IVP_ISOLATION_SHARED = 1,
};

/* ivp_wire_header.flags */
enum {
	IVP_LINK_EARLY = 1, /* frames may be shown before they are committed: see section 9 */
};

/* ivp_wire_owner.state */
enum {
	IVP_STATE_ABSENT = 0, /* never attached */
	IVP_STATE_ATTACHED = 1,
	IVP_STATE_FINISHED = 2, /* left in good order */
	IVP_STATE_FAILED = 3,   /* left with an error: exit_code says which */
};

/* ivp_wire_recovery.reason */
enum {
	IVP_REFUSED_NOT = 0,
	IVP_REFUSED_VERSION = 1,  /* detail: seen major << 16 | seen minor */
	IVP_REFUSED_IDENTITY = 2, /* another link's window */
	IVP_REFUSED_GEOMETRY = 3, /* the two windows disagree, or do not fit their memory */
	IVP_REFUSED_CORRUPT = 4,  /* the peer stored an impossible value; detail: that value */
};

/* ivp_wire_descriptor.kind */
enum {
	IVP_KIND_PIXELS = 1,  /* payload: height rows of stride bytes */
	IVP_KIND_ENCODED = 2, /* payload: an image file */
	IVP_KIND_BYTES = 3,   /* payload: bytes without meaning to us */
	IVP_KIND_END = 4,     /* end of stream, no payload */
	IVP_KIND_ERROR = 5,   /* a frame that failed: status says how, metadata holds the reason */
	IVP_KIND_DROPPED = 6, /* a frame that a filter or a policy dropped on purpose, no payload */
};

/* ivp_wire_descriptor.format. Channels are interleaved, samples little-endian, alpha straight. */
enum {
	IVP_FORMAT_NONE = 0,
	IVP_FORMAT_GRAY8 = 1,
	IVP_FORMAT_RGB8 = 2,
	IVP_FORMAT_RGBA8 = 3,
	IVP_FORMAT_GRAY16 = 4,
	IVP_FORMAT_RGB16 = 5,
	IVP_FORMAT_RGBA16 = 6,
};

/* ivp_wire_descriptor.flags */
enum {
	IVP_FLAG_LAST = 1,     /* no more outputs come from this input */
	IVP_FLAG_CHECKSUM = 2, /* checksum is the XXH3-64 of the payload, seed 0 */
};

/* ivp_wire_descriptor.status of an error frame */
enum {
	IVP_FRAME_OK = 0,
	IVP_FRAME_UNSUPPORTED = 1, /* a filter does not take this kind, format or shape */
	IVP_FRAME_TOO_LARGE = 2,   /* a result does not fit its slot */
	IVP_FRAME_CHECKSUM = 3,    /* the payload is not what the producer wrote */
	IVP_FRAME_QUARANTINED = 4, /* killed its stage too often */
};

/* Metadata is a row of records, each 8-byte aligned; anything of an unknown type is passed on. */
enum {
	IVP_META_NAME = 1,        /* file name without folders, UTF-8, no NUL */
	IVP_META_ORIENTATION = 2, /* EXIF orientation 1..8 as uint32_t */
	IVP_META_ICC = 3,         /* ICC profile */
	IVP_META_TEXT = 4,        /* key=value, UTF-8, no NUL */
	IVP_META_REASON = 5,      /* why an error frame is one, UTF-8, no NUL */
};

struct ivp_wire_meta_record {
	uint16_t type;     /* 0 */
	uint16_t reserved; /* 2 */
	uint32_t bytes;    /* 4: of the value that follows; padding to 8 is not counted */
};

/* The identity and geometry of a link. Written by the creator, then frozen. */
struct ivp_wire_header {
	uint64_t magic;        /* 0: IVP_WIRE_MAGIC, stored last */
	uint16_t major;        /* 8 */
	uint16_t minor;        /* 10 */
	uint16_t kind;         /* 12: IVP_WINDOW_* */
	uint16_t consumer;     /* 14: credit window: its consumer's index; data window: 0 */
	uint64_t window_bytes; /* 16: of this window */
	uint64_t epoch;        /* 24: random, not 0, one for all windows of a creation */
	uint8_t uuid[16];      /* 32: RFC 4122, the link's */
	char link_name[IVP_NAME_BYTES]; /* 48: padded with NUL */
	uint32_t slots;                 /* 80: a power of two, IVP_MIN_SLOTS..IVP_MAX_SLOTS */
	uint16_t consumers;             /* 84: 1..IVP_MAX_CONSUMERS */
	uint16_t policy;                /* 86: IVP_POLICY_* */
	uint16_t isolation;             /* 88: IVP_ISOLATION_* */
	uint16_t flags;                 /* 90: IVP_LINK_*, since 1.2 */
	uint32_t descriptor_stride;     /* 92: bytes, at least 256, a multiple of 64 */
	uint64_t descriptor_offset;     /* 96: bytes from the data window's start, as all offsets */
	uint64_t metadata_offset;       /* 104 */
	uint64_t payload_offset;        /* 112 */
	uint64_t payload_stride;        /* 120: bytes from slot to slot, a multiple of 64 */
	uint64_t payload_bytes;         /* 128: the largest payload, at most payload_stride */
	uint32_t metadata_stride;       /* 136: bytes from slot to slot, a multiple of 64 */
	uint32_t metadata_bytes;        /* 140: the largest metadata, at most metadata_stride */
	uint64_t credit_offset;         /* 144: isolation = shared: of credit window 0; else 0 */
	uint64_t credit_stride;         /* 152: isolation = shared: from one to the next; else 0 */
	char pipeline_name[IVP_NAME_BYTES]; /* 160: the topology's, for people and for doctor */
	uint64_t reserved2[8];              /* 192 */
};

/* Why the window's writer will not attach. Never changes place or layout, in any version. */
struct ivp_wire_recovery {
	uint32_t serial;       /* 0: odd while the block is being written */
	uint32_t reason;       /* 4: IVP_REFUSED_* */
	uint16_t major;        /* 8: the version that the refusing peer speaks */
	uint16_t minor;        /* 10 */
	uint32_t reserved1;    /* 12 */
	uint64_t detail;       /* 16: by reason */
	char text[168];        /* 24: a sentence, UTF-8, NUL-terminated */
	uint64_t reserved2[8]; /* 192 */
};

/* The live words of a window's writer; what others poll has a cache line of its own. */
struct ivp_wire_owner {
	uint64_t position; /* 0: data window: head; credit window: tail */
	uint64_t pad0[7];  /* 8 */

	uint64_t wake_at;   /* 64: ring when your position reaches this */
	uint64_t wake_rows; /* 72: credit window: ring at this low half of rows; since 1.2 */
	uint64_t pad1[6];   /* 80 */

	uint32_t generation;  /* 128: attachments so far */
	uint32_t state;       /* 132: IVP_STATE_* */
	uint64_t heartbeat;   /* 136: counts while its writer lives */
	uint64_t kernel_id;   /* 144: see section 4 */
	uint32_t exit_code;   /* 152: with IVP_STATE_FAILED: sysexits(3) */
	uint32_t process_id;  /* 156: in its own kernel, for people */
	uint64_t bell_server; /* 160: see section 4; since 1.1 */
	uint32_t bell_peer;   /* 168 */
	uint32_t reserved3;   /* 172 */
	uint64_t pad2[2];     /* 176 */

	uint64_t attempt_position; /* 192: credit window: the frame at work */
	uint32_t attempt;          /* 200: how often it was started, 0 = none at work */
	uint32_t reserved1;        /* 204 */
	uint64_t pad3[6];          /* 208 */

	uint64_t frames;   /* 256: counters since creation, for monitors: frames */
	uint64_t bytes;    /* 264: payload bytes */
	uint64_t errors;   /* 272: error frames */
	uint64_t dropped;  /* 280: frames of IVP_KIND_DROPPED */
	uint64_t busy_ns;  /* 288: spent on frames */
	uint64_t wait_ns;  /* 296: spent waiting for the peer */
	uint64_t sleeps;   /* 304: times it went to sleep */
	uint64_t wakeups;  /* 312: times it rang the peer */
	uint64_t rejected; /* 320: feeder: inputs that never became a frame */
	uint64_t expected; /* 328: feeder: inputs in all, 0 = not known */
	uint64_t pad4[22]; /* 336 */

	/* Since 1.1, see section 8. */
	uint64_t claim; /* 512: 1 + the last position announced, or the one at work; 0: none */
	uint64_t held;  /* 520: claim, once it is known to hold; data window: 1 + what is filled */
	uint64_t ordinal; /* 528: credit window: of the frame at work, or of the last */
	uint64_t taken;   /* 536: credit window: frames released, END included */
	uint64_t pad5[4]; /* 544 */

	uint64_t policy_dropped; /* 576: frames that the link's policy dropped on this side */
	uint64_t dropped_origin; /* 584: data window: 1 + origin of the last that was dropped */
	uint64_t reserved2[22];  /* 592 */
};

struct ivp_wire_trail {
	uint64_t busy_ns; /* 0: the stage's work on this frame */
	uint64_t wait_ns; /* 8: its wait for this frame and for a slot */
};

/* One frame. The first line is all that a consumer needs to place the payload. */
struct ivp_wire_descriptor {
	uint64_t sequence;        /* 0: position + 1 */
	uint64_t frame_id;        /* 8: given by the feeder, 0, 1, 2, ... */
	uint64_t origin_position; /* 16: of the input in the stage's input ring */
	uint64_t payload_bytes;   /* 24: pixels: stride * height */
	uint32_t metadata_bytes;  /* 32 */
	uint32_t width;           /* 36: pixels */
	uint32_t height;          /* 40: rows */
	uint32_t stride;          /* 44: bytes from row to row, a multiple of 64 */
	uint16_t kind;            /* 48: IVP_KIND_* */
	uint16_t format;          /* 50: IVP_FORMAT_* */
	uint16_t flags;           /* 52: IVP_FLAG_* */
	uint16_t part;            /* 54: number of this output among those of its input */
	uint16_t status;          /* 56: IVP_FRAME_* */
	uint16_t trail_count;     /* 58: stages passed; the first IVP_TRAIL are in trail */
	uint32_t reserved1;       /* 60 */

	uint64_t source_time_ns; /* 64: feeder's clock when it began on the image */
	uint64_t checksum;       /* 72: with IVP_FLAG_CHECKSUM */
	uint64_t ordinal;        /* 80: links that overwrite: frames committed before (1.1) */
	uint64_t rows;           /* 88: early start: serial << 32 | 1 + rows finished (1.2) */
	uint64_t reserved2[4];   /* 96 */

	struct ivp_wire_trail trail[IVP_TRAIL]; /* 128: from trail_count on they say nothing */
};

/* The page of a doorbell server: which link its rings are for. Written by the server, once. */
struct ivp_wire_bell {
	uint64_t magic;                     /* 0: IVP_BELL_MAGIC, stored last */
	uint16_t major;                     /* 8 */
	uint16_t minor;                     /* 10 */
	uint32_t vectors;                   /* 12: of each peer: 1 + the link's consumers */
	uint64_t server;                    /* 16: random, not 0: one life of one server */
	uint8_t uuid[16];                   /* 24: the link's; all 0: not known to the server */
	char link_name[IVP_NAME_BYTES];     /* 40: padded with NUL */
	char pipeline_name[IVP_NAME_BYTES]; /* 72 */
	uint64_t reserved[3];               /* 104 */
};

#define IVP_WIRE_RECOVERY_OFFSET 256
#define IVP_WIRE_OWNER_OFFSET    512
#define IVP_WIRE_CREDIT_BYTES    4096

/* The layout is the contract: moving a field must not compile, in C or in C++. */
#ifdef __cplusplus
#define IVP_WIRE_ASSERT(condition) static_assert(condition, #condition)
#else
#define IVP_WIRE_ASSERT(condition) _Static_assert(condition, #condition)
#endif
#define IVP_WIRE_AT(type, field, offset) IVP_WIRE_ASSERT(offsetof(struct type, field) == (offset))
#define IVP_WIRE_SIZE(type, bytes)       IVP_WIRE_ASSERT(sizeof(struct type) == (bytes))

IVP_WIRE_AT(ivp_wire_meta_record, type, 0);
IVP_WIRE_AT(ivp_wire_meta_record, reserved, 2);
IVP_WIRE_AT(ivp_wire_meta_record, bytes, 4);
IVP_WIRE_SIZE(ivp_wire_meta_record, 8);

IVP_WIRE_AT(ivp_wire_header, magic, 0);
IVP_WIRE_AT(ivp_wire_header, major, 8);
IVP_WIRE_AT(ivp_wire_header, minor, 10);
IVP_WIRE_AT(ivp_wire_header, kind, 12);
IVP_WIRE_AT(ivp_wire_header, consumer, 14);
IVP_WIRE_AT(ivp_wire_header, window_bytes, 16);
IVP_WIRE_AT(ivp_wire_header, epoch, 24);
IVP_WIRE_AT(ivp_wire_header, uuid, 32);
IVP_WIRE_AT(ivp_wire_header, link_name, 48);
IVP_WIRE_AT(ivp_wire_header, slots, 80);
IVP_WIRE_AT(ivp_wire_header, consumers, 84);
IVP_WIRE_AT(ivp_wire_header, policy, 86);
IVP_WIRE_AT(ivp_wire_header, isolation, 88);
IVP_WIRE_AT(ivp_wire_header, flags, 90);
IVP_WIRE_AT(ivp_wire_header, descriptor_stride, 92);
IVP_WIRE_AT(ivp_wire_header, descriptor_offset, 96);
IVP_WIRE_AT(ivp_wire_header, metadata_offset, 104);
IVP_WIRE_AT(ivp_wire_header, payload_offset, 112);
IVP_WIRE_AT(ivp_wire_header, payload_stride, 120);
IVP_WIRE_AT(ivp_wire_header, payload_bytes, 128);
IVP_WIRE_AT(ivp_wire_header, metadata_stride, 136);
IVP_WIRE_AT(ivp_wire_header, metadata_bytes, 140);
IVP_WIRE_AT(ivp_wire_header, credit_offset, 144);
IVP_WIRE_AT(ivp_wire_header, credit_stride, 152);
IVP_WIRE_AT(ivp_wire_header, pipeline_name, 160);
IVP_WIRE_AT(ivp_wire_header, reserved2, 192);
IVP_WIRE_SIZE(ivp_wire_header, 256);

IVP_WIRE_AT(ivp_wire_recovery, serial, 0);
IVP_WIRE_AT(ivp_wire_recovery, reason, 4);
IVP_WIRE_AT(ivp_wire_recovery, major, 8);
IVP_WIRE_AT(ivp_wire_recovery, minor, 10);
IVP_WIRE_AT(ivp_wire_recovery, reserved1, 12);
IVP_WIRE_AT(ivp_wire_recovery, detail, 16);
IVP_WIRE_AT(ivp_wire_recovery, text, 24);
IVP_WIRE_AT(ivp_wire_recovery, reserved2, 192);
IVP_WIRE_SIZE(ivp_wire_recovery, 256);

IVP_WIRE_AT(ivp_wire_owner, position, 0);
IVP_WIRE_AT(ivp_wire_owner, pad0, 8);
IVP_WIRE_AT(ivp_wire_owner, wake_at, 64);
IVP_WIRE_AT(ivp_wire_owner, wake_rows, 72);
IVP_WIRE_AT(ivp_wire_owner, pad1, 80);
IVP_WIRE_AT(ivp_wire_owner, generation, 128);
IVP_WIRE_AT(ivp_wire_owner, state, 132);
IVP_WIRE_AT(ivp_wire_owner, heartbeat, 136);
IVP_WIRE_AT(ivp_wire_owner, kernel_id, 144);
IVP_WIRE_AT(ivp_wire_owner, exit_code, 152);
IVP_WIRE_AT(ivp_wire_owner, process_id, 156);
IVP_WIRE_AT(ivp_wire_owner, bell_server, 160);
IVP_WIRE_AT(ivp_wire_owner, bell_peer, 168);
IVP_WIRE_AT(ivp_wire_owner, reserved3, 172);
IVP_WIRE_AT(ivp_wire_owner, pad2, 176);
IVP_WIRE_AT(ivp_wire_owner, attempt_position, 192);
IVP_WIRE_AT(ivp_wire_owner, attempt, 200);
IVP_WIRE_AT(ivp_wire_owner, reserved1, 204);
IVP_WIRE_AT(ivp_wire_owner, pad3, 208);
IVP_WIRE_AT(ivp_wire_owner, frames, 256);
IVP_WIRE_AT(ivp_wire_owner, bytes, 264);
IVP_WIRE_AT(ivp_wire_owner, errors, 272);
IVP_WIRE_AT(ivp_wire_owner, dropped, 280);
IVP_WIRE_AT(ivp_wire_owner, busy_ns, 288);
IVP_WIRE_AT(ivp_wire_owner, wait_ns, 296);
IVP_WIRE_AT(ivp_wire_owner, sleeps, 304);
IVP_WIRE_AT(ivp_wire_owner, wakeups, 312);
IVP_WIRE_AT(ivp_wire_owner, rejected, 320);
IVP_WIRE_AT(ivp_wire_owner, expected, 328);
IVP_WIRE_AT(ivp_wire_owner, pad4, 336);
IVP_WIRE_AT(ivp_wire_owner, claim, 512);
IVP_WIRE_AT(ivp_wire_owner, held, 520);
IVP_WIRE_AT(ivp_wire_owner, ordinal, 528);
IVP_WIRE_AT(ivp_wire_owner, taken, 536);
IVP_WIRE_AT(ivp_wire_owner, pad5, 544);
IVP_WIRE_AT(ivp_wire_owner, policy_dropped, 576);
IVP_WIRE_AT(ivp_wire_owner, dropped_origin, 584);
IVP_WIRE_AT(ivp_wire_owner, reserved2, 592);
IVP_WIRE_SIZE(ivp_wire_owner, 768);

IVP_WIRE_AT(ivp_wire_trail, busy_ns, 0);
IVP_WIRE_AT(ivp_wire_trail, wait_ns, 8);
IVP_WIRE_SIZE(ivp_wire_trail, 16);

IVP_WIRE_AT(ivp_wire_descriptor, sequence, 0);
IVP_WIRE_AT(ivp_wire_descriptor, frame_id, 8);
IVP_WIRE_AT(ivp_wire_descriptor, origin_position, 16);
IVP_WIRE_AT(ivp_wire_descriptor, payload_bytes, 24);
IVP_WIRE_AT(ivp_wire_descriptor, metadata_bytes, 32);
IVP_WIRE_AT(ivp_wire_descriptor, width, 36);
IVP_WIRE_AT(ivp_wire_descriptor, height, 40);
IVP_WIRE_AT(ivp_wire_descriptor, stride, 44);
IVP_WIRE_AT(ivp_wire_descriptor, kind, 48);
IVP_WIRE_AT(ivp_wire_descriptor, format, 50);
IVP_WIRE_AT(ivp_wire_descriptor, flags, 52);
IVP_WIRE_AT(ivp_wire_descriptor, part, 54);
IVP_WIRE_AT(ivp_wire_descriptor, status, 56);
IVP_WIRE_AT(ivp_wire_descriptor, trail_count, 58);
IVP_WIRE_AT(ivp_wire_descriptor, reserved1, 60);
IVP_WIRE_AT(ivp_wire_descriptor, source_time_ns, 64);
IVP_WIRE_AT(ivp_wire_descriptor, checksum, 72);
IVP_WIRE_AT(ivp_wire_descriptor, ordinal, 80);
IVP_WIRE_AT(ivp_wire_descriptor, rows, 88);
IVP_WIRE_AT(ivp_wire_descriptor, reserved2, 96);
IVP_WIRE_AT(ivp_wire_descriptor, trail, 128);
IVP_WIRE_SIZE(ivp_wire_descriptor, 256);

IVP_WIRE_AT(ivp_wire_bell, magic, 0);
IVP_WIRE_AT(ivp_wire_bell, major, 8);
IVP_WIRE_AT(ivp_wire_bell, minor, 10);
IVP_WIRE_AT(ivp_wire_bell, vectors, 12);
IVP_WIRE_AT(ivp_wire_bell, server, 16);
IVP_WIRE_AT(ivp_wire_bell, uuid, 24);
IVP_WIRE_AT(ivp_wire_bell, link_name, 40);
IVP_WIRE_AT(ivp_wire_bell, pipeline_name, 72);
IVP_WIRE_AT(ivp_wire_bell, reserved, 104);
IVP_WIRE_SIZE(ivp_wire_bell, 128);

#endif
