/* SPDX-License-Identifier: MIT */
/*
 * The fuzzer is the producer, which may write anything into the data window at any time; under
 * test is the consumer. It gets a frame that is consistent and lies in the window, or a named
 * error, reads each word of a descriptor once, and never writes to the data window (it cannot).
 */
#include "fuzz/peer.h"

static struct ivp_consumer consumer;
static bool attached, acquired;

static void leave(void)
{
	if (attached)
		ivp_consumer_finish(&consumer, IVP_STATE_FAILED, 76);
	attached = acquired = false;
}

static void check_refusal(const struct peer_link *link, unsigned index)
{
	const struct ivp_wire_recovery *refusal =
	    (const void *)((const uint8_t *)link->credit[index].base + IVP_WIRE_RECOVERY_OFFSET);

	if (link->geometry.isolation == IVP_ISOLATION_SHARED)
		return; /* anybody may have written there */
	CHECK(refusal->serial % 2 == 0);
	CHECK(memchr(refusal->text, 0, sizeof(refusal->text)));
}

static void attach(struct peer_link *link, unsigned index)
{
	struct ivp_why why = {""};
	int error;

	leave();
	error = peer_attach_consumer(link, &consumer, index, &why);
	attached = error == 0;
	CHECK(error == 0 || error == -EAGAIN || error == -EPROTONOSUPPORT || error == -ENOMSG ||
	      error == -EBADMSG || error == -EINVAL || error == -EPROTO);
	CHECK(error == 0 || why.text[0]);
	check_refusal(link, index);
	if (attached)
		CHECK(consumer.header.slots > 0 && consumer.header.slots <= IVP_MAX_SLOTS);
}

static void check_pixels(const struct ivp_frame *frame)
{
	struct ivp_shape shape = frame->shape;
	uint64_t bytes;
	size_t stride;

	if (ivp_format_channels(shape.format) == 0)
		return;
	CHECK(ivp_shape_size(&shape, &stride, &bytes) == 0);
	CHECK(stride == frame->stride && bytes == frame->payload_bytes);
}

/* Reads all that the frame offers. */
static void use(const struct peer_link *link, const struct ivp_frame *frame)
{
	struct ivp_metadata record;
	size_t offset = 0;
	uint8_t sum = 0;

	CHECK(frame->position == consumer.ring.tail);
	CHECK(frame->payload_bytes <= consumer.header.payload_bytes);
	CHECK(frame->metadata_bytes <= consumer.header.metadata_bytes);
	CHECK(peer_lies_within(&link->data, frame->payload, frame->payload_bytes));
	CHECK(peer_lies_within(&link->data, frame->metadata, frame->metadata_bytes));
	if (frame->kind == IVP_KIND_PIXELS)
		check_pixels(frame);
	for (uint64_t i = 0; i < frame->payload_bytes; i += 61)
		sum ^= frame->payload[i];
	while (ivp_metadata_next(frame->metadata, frame->metadata_bytes, &offset, &record) == 1)
		if (record.bytes > 0)
			sum ^= record.value[record.bytes - 1];
	CHECK(offset <= frame->metadata_bytes || sum == 0);
}

static int acquire(const struct peer_link *link)
{
	const uint64_t head = consumer.ring.head;
	const uint64_t slot = consumer.ring.tail & (consumer.header.slots - 1);
	struct ivp_why why = {""};
	struct ivp_frame frame;
	int result;

	/* Links that overwrite look at the sequence first, and check it again in the copy. */
	if (!consumer.ring.overwrites)
		peer_load_once((const uint8_t *)link->data.base + IVP_PAGE +
				   slot * sizeof(struct ivp_wire_descriptor),
			       sizeof(struct ivp_wire_descriptor));
	result = ivp_consumer_acquire(&consumer, &frame, &why);
	peer_load_once(NULL, 0);
	CHECK(result == 0 || result == IVP_EMPTY || result == -EPROTO || result == -EBADMSG ||
	      result == -ESTALE);
	CHECK(result >= 0 || why.text[0]);
	CHECK(result < 0 || consumer.ring.overwrites ||
	      consumer.ring.head - consumer.ring.tail <= consumer.ring.slots);
	CHECK(result != 0 || consumer.ring.tail < consumer.ring.head);
	CHECK(consumer.ring.tail >= consumer.ring.released);
	CHECK(result < 0 || consumer.ring.head >= head);
	acquired = result == 0;
	if (acquired)
		use(link, &frame);
	else if (result < 0)
		leave();
	return result;
}

static void operate(struct peer_link *link, uint8_t code, unsigned index)
{
	const uint64_t tail = consumer.ring.tail;
	uint64_t silent_ns;
	int result;

	if (code % 8 == 0 || !attached) {
		attach(link, index);
		return;
	}
	switch (code % 8) {
	case 1:
		acquire(link);
		break;
	case 2:
		if (acquired)
			CHECK(ivp_consumer_begin(&consumer) != 0);
		break;
	case 3:
		if (!acquired)
			break;
		ivp_consumer_release(&consumer);
		CHECK(consumer.ring.tail == tail + 1);
		acquired = false;
		break;
	case 4:
		result = ivp_consumer_wait(&consumer, 1000000u * code);
		CHECK(result == 0 || result == IVP_TIMEOUT || result == -EPROTO);
		break;
	case 5:
		ivp_consumer_ended(&consumer);
		ivp_consumer_beat(&consumer);
		CHECK(ivp_consumer_peer(&consumer, 1000u * code, &silent_ns) <= IVP_PEER_FAILED);
		break;
	case 6:
		leave();
		break;
	default:
		while (attached && acquire(link) == 0)
			ivp_consumer_release(&consumer);
		acquired = false;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script script = {data, data + size};
	struct peer_link *link;
	unsigned index;

	memset(&consumer, 0, sizeof(consumer));
	attached = acquired = false;
	peer_begin(&script);
	link = peer_add_link(PEER_TESTS_CONSUMER);
	index = link->geometry.consumers - 1u;
	while (script_left(&script) > 0)
		if (!peer_step())
			operate(link, take8(&script), index);
	leave();
	peer_finish();
	return 0;
}

/* A word of a part that is one thing when it is checked and another when it is used. */
static void add_alternating(fuzz_add *add, uint8_t part, uint8_t place, uint8_t code)
{
	struct seed seed = {.size = 0};

	put_number(&seed, 4, 1);
	put_number(&seed, 0, 2);
	put_frame_step(&seed, 0, 0xe0, 3, 3);
	put_step(&seed, PEER_WORD, 0, PEER_ALTERNATE);
	put_number(&seed, part, 1);
	put_number(&seed, place, 1);
	put_number(&seed, code, 1);
	put_number(&seed, 0x00010401, 4);
	add(seed.bytes, seed.size);
}

/* A header of another geometry, in memory that is too short for the one that was agreed upon. */
static void add_foreign(fuzz_add *add, uint8_t other)
{
	struct seed seed = {.size = 0};

	put_number(&seed, 2, 1);
	put_number(&seed, 0x80 | 3 << 2, 1);
	put_step(&seed, PEER_HEAL, other * 2u, 0);
	put_number(&seed, 0, 1);
	for (unsigned i = 0; i < 3; i++)
		put_frame_step(&seed, 0, 0, 9, 9);
	put_number(&seed, 0x0703010301, 5);
	add(seed.bytes, seed.size);
}

void fuzz_seeds(fuzz_add *add)
{
	for (uint8_t place = 0; place < 16; place++) {
		add_alternating(add, 3, place, 0x22);     /* descriptor, 32 bits: -1 */
		add_alternating(add, 4, place, 0x62);     /* metadata, 32 bits: 2^32 - 1 */
		add_alternating(add, 2, place, 0x63);     /* live words */
		add_alternating(add, 0, place * 2, 0x62); /* header */
		add_foreign(add, place % 8);
	}
	for (unsigned code = 0; code < 256; code += 5) {
		struct seed seed = {.size = 0};

		put_number(&seed, code, 1);
		put_number(&seed, code / 5, 1);
		put_number(&seed, 0, 1);
		for (uint8_t i = 0; i < 8; i++)
			put_frame_step(&seed, 0, (uint8_t)(i * 33), i * 2u, 3);
		put_number(&seed, 0x0703020104030201, 8);
		put_frame_step(&seed, 0, 0xe0, 9, 9);
		put_step(&seed, PEER_END, 0, 0);
		put_number(&seed, 0x01, 1);
		put_step(&seed, PEER_WORD, 0, (uint8_t)(code / 2)); /* a field of the descriptor */
		put_number(&seed, 3, 1);
		put_number(&seed, code / 4, 1);
		put_number(&seed, 0x23, 1);
		put_number(&seed, 0x0307050106, 5);
		put_step(&seed, PEER_POSITION, 0, 0);
		put_number(&seed, 0xff, 1);
		put_number(&seed, 1, 1);
		add(seed.bytes, seed.size);
	}
}
