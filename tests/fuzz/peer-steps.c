/* SPDX-License-Identifier: MIT */
/* What a step of peer.h does: hostile ones write, honest ones use the link as a peer should. */
#include "fuzz/peer-world.h"

struct ivp_mapping peer_part(const struct peer_link *link, uint8_t code)
{
	const bool shared = link->geometry.isolation == IVP_ISOLATION_SHARED;
	const unsigned i = code / 8u % link->geometry.consumers;
	const uint64_t slot = code / 8u % link->geometry.slots;
	bool data = link->role == PEER_TESTS_CONSUMER;
	uint8_t *base;

	if (shared || link->role == PEER_TESTS_MONITOR)
		data = code < 0xc0;
	base = data ? link->peer_data.base : link->peer_credit[i].base;
	switch (code % 8) {
	case 0:
		return (struct ivp_mapping){base, sizeof(struct ivp_wire_header)};
	case 1:
		return (struct ivp_mapping){base + IVP_WIRE_RECOVERY_OFFSET,
					    sizeof(struct ivp_wire_recovery)};
	case 2:
		return (struct ivp_mapping){base + IVP_WIRE_OWNER_OFFSET,
					    sizeof(struct ivp_wire_owner)};
	case 3:
		if (data)
			return (struct ivp_mapping){base + IVP_PAGE +
							slot * sizeof(struct ivp_wire_descriptor),
						    sizeof(struct ivp_wire_descriptor)};
		break;
	case 4:
		if (data && link->geometry.metadata_bytes)
			return (struct ivp_mapping){base + link->layout.metadata_offset +
							slot * link->layout.metadata_stride,
						    link->geometry.metadata_bytes};
		break;
	case 5:
		if (data)
			return (struct ivp_mapping){base + link->layout.payload_offset +
							slot * link->layout.payload_stride,
						    (size_t)link->geometry.payload_bytes};
		break;
	default:
		break;
	}
	return data ? link->peer_data : link->peer_credit[i];
}

static void write_bytes(const struct peer_link *link)
{
	const struct ivp_mapping part = peer_part(link, take8(peer_world.script));
	const size_t at = take16(peer_world.script) % part.bytes;
	const uint8_t *bytes;
	size_t count = take_bytes(peer_world.script, 1 + take8(peer_world.script) % 16, &bytes);

	if (count > part.bytes - at)
		count = part.bytes - at;
	if (count > 0)
		memcpy((uint8_t *)part.base + at, bytes, count);
}

/* Values that are at the edge of something. */
static uint64_t take_value(const struct peer_link *link, unsigned code)
{
	const uint64_t values[] = {0,
				   1,
				   UINT64_MAX,
				   UINT64_MAX - 1,
				   INT32_MAX,
				   1ull << 31,
				   UINT32_MAX,
				   1ull << 32,
				   1ull << 63,
				   link->geometry.slots,
				   link->layout.data_window_bytes,
				   link->geometry.payload_bytes,
				   IVP_PAGE,
				   64};

	if (code < sizeof(values) / sizeof(values[0]))
		return values[code];
	return take_number(peer_world.script, code == 14 ? 2 : 8);
}

static const uint8_t *tested_view(const struct peer_link *link, const uint8_t *at)
{
	for (unsigned i = 0; i < link->geometry.consumers; i++)
		if (peer_lies_within(&link->peer_credit[i], at, 1))
			return (const uint8_t *)link->credit[i].base +
			       (at - (const uint8_t *)link->peer_credit[i].base);
	return (const uint8_t *)link->data.base + (at - (const uint8_t *)link->peer_data.base);
}

/* alternate: not once, but to and fro from now on. */
static void write_word(const struct peer_link *link, bool alternate)
{
	const struct ivp_mapping part = peer_part(link, take8(peer_world.script));
	const uint8_t place = take8(peer_world.script), code = take8(peer_world.script);
	const size_t width = (size_t)1 << (code & 3);
	const size_t at = (size_t)place * width % part.bytes / width * width;
	uint8_t *word = (uint8_t *)part.base + at;
	uint64_t value = take_value(link, code >> 4), old = 0;

	if (at + width > part.bytes)
		return;
	memcpy(&old, word, width);
	if ((code >> 2 & 3) == 1)
		value += old;
	else if ((code >> 2 & 3) == 2)
		value ^= old;
	else if ((code >> 2 & 3) == 3)
		value = old - value;
	memcpy(word, &value, width);
	if (alternate)
		peer_world.alternation = (struct peer_alternation){
		    .at = word,
		    .tested = tested_view(link, word),
		    .width = width,
		    .values = {value, old},
		};
}

static void attach_producer(struct peer_link *link)
{
	const struct ivp_attach self = {.kernel_id = 7, .checksum = link->geometry.slots > 2};

	if (!link->produces)
		link->produces =
		    ivp_producer_attach(&link->producer, link->peer_data, link->peer_credit,
					link->geometry.consumers, &self, NULL) == 0;
}

static void attach_consumer(struct peer_link *link, unsigned index)
{
	const struct ivp_attach self = {.kernel_id = 7};

	if (!link->consumes[index])
		link->consumes[index] =
		    ivp_consumer_attach(&link->consumer[index], link->peer_data,
					link->peer_credit[index], &self, NULL) == 0;
}

static void put_metadata(const struct ivp_slot *slot, uint32_t *used, uint8_t what)
{
	static const char *const names[] = {"a.png", "b.jpg", "c.ppm", "../d", "e\xc3\xa4", "f"};
	const uint32_t turn = what % 9u;
	const char *name = names[what % 6];

	ivp_metadata_put(slot->metadata, slot->metadata_bytes, used, IVP_META_NAME, name,
			 (uint32_t)strlen(name));
	if (what & 32)
		ivp_metadata_put(slot->metadata, slot->metadata_bytes, used, IVP_META_ORIENTATION,
				 &turn, sizeof(turn));
	if (what & 64)
		ivp_metadata_put(slot->metadata, slot->metadata_bytes, used, IVP_META_REASON,
				 "it did not please", 17);
	if (what & 128) {
		static const uint8_t icc[132] = {[16] = 'R', 'G', 'B', ' '};

		ivp_metadata_put(slot->metadata, slot->metadata_bytes, used, IVP_META_ICC, icc,
				 sizeof(icc));
	}
}

/* what: kind of the frame and its metadata; then width, height and pixels. */
static void put_frame(struct peer_link *link)
{
	static const uint16_t kinds[] = {
	    IVP_KIND_PIXELS,  IVP_KIND_PIXELS, IVP_KIND_PIXELS,  IVP_KIND_PIXELS,
	    IVP_KIND_ENCODED, IVP_KIND_ERROR,  IVP_KIND_DROPPED, 99};
	const uint8_t what = take8(peer_world.script), width = take8(peer_world.script);
	const uint8_t height = take8(peer_world.script), pixels = take8(peer_world.script);
	struct ivp_frame frame = {
	    .id = link->producer.ring.head,
	    .origin_position = link->producer.ring.head,
	    .kind = kinds[what % 8],
	    .flags = IVP_FLAG_LAST,
	    .source_time_ns = peer_world.now_ns,
	    .trail_count = what / 32,
	};
	struct ivp_slot slot;
	uint64_t bytes = 0;

	attach_producer(link);
	if (!link->produces || ivp_producer_reserve(&link->producer, &slot, NULL) != 0)
		return;
	if (frame.kind == IVP_KIND_PIXELS) {
		frame.shape = (struct ivp_shape){1u + width, 1u + height, 1u + what / 8 % 6};
		ivp_shape_size(&frame.shape, &frame.stride, &bytes);
		while (bytes > slot.payload_bytes && frame.shape.height > 1) {
			frame.shape.height /= 2;
			ivp_shape_size(&frame.shape, &frame.stride, &bytes);
		}
		if (bytes > slot.payload_bytes)
			return;
		memset(slot.payload, pixels, bytes);
	}
	frame.payload_bytes = bytes;
	put_metadata(&slot, &frame.metadata_bytes, what);
	ivp_producer_commit(&link->producer, &frame);
}

static void put_end(struct peer_link *link)
{
	const struct ivp_frame end = {.kind = IVP_KIND_END, .flags = IVP_FLAG_LAST};
	struct ivp_slot slot;

	attach_producer(link);
	if (link->produces && ivp_producer_reserve(&link->producer, &slot, NULL) == 0)
		ivp_producer_commit(&link->producer, &end);
}

static void release_frames(struct peer_link *link, unsigned index, unsigned most)
{
	struct ivp_frame frame;

	attach_consumer(link, index);
	while (link->consumes[index] && most-- > 0 &&
	       ivp_consumer_acquire(&link->consumer[index], &frame, NULL) == 0)
		ivp_consumer_release(&link->consumer[index]);
}

static void lead_life(struct peer_link *link, unsigned index, bool produce)
{
	const uint8_t what = take8(peer_world.script);
	struct ivp_wire_owner *own =
	    peer_owner(produce ? &link->peer_data : &link->peer_credit[index]);

	switch (what % 8) {
	case 0:
		own->heartbeat++;
		break;
	case 1:
		own->wake_at = own->position + what / 8;
		own->kernel_id = 7;
		break;
	case 2:
		own->state = what / 8u % 5;
		break;
	case 3:
		own->generation = what / 8u;
		break;
	case 4:
		link->produces = link->consumes[index] = false;
		break;
	case 5:
		if (produce && link->produces)
			ivp_producer_finish(&link->producer, IVP_STATE_FINISHED, 0);
		link->produces = produce ? false : link->produces;
		break;
	case 6:
		peer_stop = what / 8 % 3;
		break;
	default:
		peer_world.now_ns += (uint64_t)what << 24;
	}
}

static void copy_part(const struct peer_link *link)
{
	const struct ivp_mapping from = peer_part(link, take8(peer_world.script));
	const struct ivp_mapping to = peer_part(link, take8(peer_world.script));

	memmove(to.base, from.base, from.bytes < to.bytes ? from.bytes : to.bytes);
}

void peer_act(void)
{
	const uint8_t code = take8(peer_world.script);
	struct peer_link *link = &peer_world.links[code / 8u % 2 % peer_world.link_count];
	const unsigned index = code / 16u % link->geometry.consumers;
	const bool produce =
	    link->role == PEER_TESTS_CONSUMER || (link->role == PEER_TESTS_MONITOR && code & 64);

	const uint8_t delay = take8(peer_world.script); /* it has passed */

	switch (code % 8) {
	case PEER_WRITE:
		write_bytes(link);
		break;
	case PEER_WORD:
		write_word(link, delay == PEER_ALTERNATE);
		break;
	case PEER_FRAME:
		if (produce)
			put_frame(link);
		else
			release_frames(link, index, 1);
		break;
	case PEER_LIFE:
		lead_life(link, index, produce);
		break;
	case PEER_HEAL:
		peer_world.alternation.at = NULL;
		peer_heal(link, code >> 4 & 7);
		break;
	case PEER_END:
		if (produce)
			put_end(link);
		else
			release_frames(link, index, 100);
		break;
	case PEER_COPY:
		copy_part(link);
		break;
	default:
		peer_owner(produce ? &link->peer_data : &link->peer_credit[index])->position +=
		    (uint64_t)(int8_t)take8(peer_world.script);
	}
}
