/* SPDX-License-Identifier: MIT */
/*
 * The fuzzer is the consumers, which may write anything into their credit windows at any time;
 * under test is the producer. It gets slots that lie in its window, or a named error; what it
 * commits is in the window as it was given, and a slot shows nothing of older frames.
 */
#include "fuzz/peer.h"

static struct ivp_producer producer;
static bool attached;

static void leave(void)
{
	if (attached)
		ivp_producer_finish(&producer, IVP_STATE_FAILED, 76);
	attached = false;
}

static void attach(struct peer_link *link, bool checksum)
{
	struct ivp_why why = {""};
	int error;

	leave();
	error = peer_attach_producer(link, &producer, checksum, &why);
	attached = error == 0;
	CHECK(error == 0 || error == -EAGAIN || error == -EPROTONOSUPPORT || error == -ENOMSG ||
	      error == -EBADMSG || error == -EINVAL || error == -EPROTO);
	CHECK(error == 0 || why.text[0]);
}

static bool is_filled(const uint8_t *memory, uint64_t bytes, uint8_t value)
{
	return bytes == 0 || (memory[0] == value && memcmp(memory, memory + 1, bytes - 1) == 0);
}

/* The window is ours alone: it holds what was committed, and zeros behind it. */
static void check_committed(const struct ivp_slot *slot, const struct ivp_frame *frame,
			    uint8_t value)
{
	const size_t row = (size_t)frame->shape.width * ivp_format_pixel_bytes(frame->shape.format);
	struct ivp_frame last;

	CHECK(ivp_producer_last(&producer, &last));
	CHECK(last.position == slot->position && last.kind == frame->kind);
	CHECK(last.payload_bytes == frame->payload_bytes);
	CHECK(last.metadata_bytes == frame->metadata_bytes && last.id == frame->id);
	if (frame->kind == IVP_KIND_PIXELS)
		for (uint32_t y = 0; y < frame->shape.height; y++) {
			const uint8_t *pixels = slot->payload + y * frame->stride;

			CHECK(is_filled(pixels, row, value));
			CHECK(is_filled(pixels + row, frame->stride - row, 0));
		}
	CHECK(is_filled(slot->payload + frame->payload_bytes,
			slot->payload_bytes - frame->payload_bytes, 0));
	CHECK(is_filled(slot->metadata + frame->metadata_bytes,
			slot->metadata_bytes - frame->metadata_bytes, 0));
}

static void fill(const struct ivp_slot *slot, struct ivp_frame *frame, uint8_t code)
{
	frame->shape = (struct ivp_shape){1u + code % 16, 1u + code / 32, 1u + code % 6};
	CHECK(ivp_shape_size(&frame->shape, &frame->stride, &frame->payload_bytes) == 0);
	if (frame->payload_bytes > slot->payload_bytes || code % 7 == 6) {
		frame->kind = IVP_KIND_BYTES;
		frame->shape = (struct ivp_shape){0};
		frame->stride = 0;
		frame->payload_bytes = slot->payload_bytes * (code % 4) / 4;
	}
	memset(slot->payload, code, frame->payload_bytes);
	frame->metadata_bytes = slot->metadata_bytes * (code % 5) / 4 % (slot->metadata_bytes + 1);
	memset(slot->metadata, code, frame->metadata_bytes);
}

static int publish(const struct peer_link *link, uint8_t code)
{
	struct ivp_frame frame = {.id = code, .kind = IVP_KIND_PIXELS, .flags = IVP_FLAG_LAST};
	struct ivp_why why = {""};
	struct ivp_slot slot;
	int result = ivp_producer_reserve(&producer, &slot, &why);

	CHECK(result == 0 || result == IVP_FULL || result == -EPROTO || result == -ESTALE);
	CHECK(result >= 0 || why.text[0]);
	if (result < 0)
		leave();
	CHECK(result != IVP_FULL || !producer.ring.overwrites);
	if (result == IVP_FULL && ivp_producer_may_drop(&producer, frame.kind)) {
		ivp_producer_drop(&producer, code);
		CHECK(link->geometry.isolation == IVP_ISOLATION_SHARED ||
		      ivp_producer_dropped(&producer) == code + 1u);
	}
	if (result)
		return result;
	if (producer.ring.overwrites)
		CHECK(slot.position - producer.ring.head <= link->geometry.consumers);
	else
		CHECK(slot.position == producer.ring.head);
	CHECK(peer_lies_within(&link->data, slot.payload, slot.payload_bytes));
	CHECK(peer_lies_within(&link->data, slot.metadata, slot.metadata_bytes));
	CHECK((uintptr_t)slot.payload % 64 == 0 && (uintptr_t)slot.metadata % 64 == 0);
	for (unsigned i = 0; i < producer.ring.peers && !producer.ring.overwrites; i++)
		CHECK(slot.position - producer.ring.tail[i] < producer.ring.slots);
	fill(&slot, &frame, code);
	if (code % 11 == 10) { /* dies here */
		leave();
		return IVP_FULL;
	}
	ivp_producer_commit(&producer, &frame);
	if (link->geometry.isolation != IVP_ISOLATION_SHARED)
		check_committed(&slot, &frame, code);
	return 0;
}

static void operate(struct peer_link *link, uint8_t code, uint8_t detail)
{
	struct ivp_frame last;
	uint64_t silent_ns;
	int result;

	if (code % 8 == 0 || !attached) {
		attach(link, code & 64);
		return;
	}
	switch (code % 8) {
	case 1:
	case 2:
		publish(link, detail);
		break;
	case 3:
		ivp_producer_last(&producer, &last);
		break;
	case 4:
		result = ivp_producer_wait(&producer, 1000000u * code);
		CHECK(result == 0 || result == IVP_TIMEOUT || result == -EPROTO);
		break;
	case 5:
		ivp_producer_beat(&producer);
		ivp_producer_account(&producer, code, detail);
		for (unsigned i = 0; i < link->geometry.consumers; i++)
			CHECK(ivp_producer_peer(&producer, i, 1000u * code, &silent_ns) <=
			      IVP_PEER_FAILED);
		break;
	case 6:
		leave();
		break;
	default:
		/* A link that overwrites is never full. */
		for (unsigned i = 0; i < 40 && attached && publish(link, detail) == 0; i++)
			detail += 29;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script script = {data, data + size};
	struct peer_link *link;

	memset(&producer, 0, sizeof(producer));
	attached = false;
	peer_begin(&script);
	link = peer_add_link(PEER_TESTS_PRODUCER);
	while (script_left(&script) > 0)
		if (!peer_step()) {
			const uint8_t code = take8(&script);

			operate(link, code, take8(&script));
		}
	leave();
	peer_finish();
	return 0;
}

void fuzz_seeds(fuzz_add *add)
{
	for (unsigned code = 0; code < 256; code += 5) {
		struct seed seed = {.size = 0};

		put_number(&seed, code, 1);
		put_number(&seed, code / 5, 1);
		put_number(&seed, code % 2 * 64u, 2);
		for (uint8_t i = 0; i < 8; i++) {
			put_number(&seed, 1 + i % 6u, 1);
			put_number(&seed, code * 4u + i * 31u, 1);
			put_step(&seed, i % 4 == 3 ? PEER_END : PEER_FRAME, i % 3 * 2u, i);
		}
		put_step(&seed, PEER_WORD, 0, (uint8_t)(code / 2)); /* a word of the owner's */
		put_number(&seed, 2, 1);
		put_number(&seed, code & 64 ? 64 : code / 2, 1); /* with luck the claim */
		put_number(&seed, 0x27, 1);
		put_number(&seed, 0x0001000701040103, 8);
		put_step(&seed, PEER_POSITION, 0, 0);
		put_number(&seed, 2, 1);
		put_number(&seed, 0x0101, 2);
		add(seed.bytes, seed.size);
	}
}
