/* SPDX-License-Identifier: MIT */
/*
 * The layout of windows and their headers: how a creator lays a link out, and how a peer decides
 * whether what it found in memory is a window that it can use. A header found in memory is
 * copied once; only the copy is looked at.
 */
#include "transport/window.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <ivpipe/ring.h>

static uint64_t round_up_to_power_of_two(uint64_t value)
{
	uint64_t power = IVP_PAGE;

	while (power < value)
		power <<= 1;
	return power;
}

/* *total = *offset rounded up to boundary + count * stride. Never wraps. */
static bool place_array(uint64_t *offset, uint64_t boundary, uint64_t count, uint64_t stride,
			uint64_t *end)
{
	uint64_t bytes, start;

	if (__builtin_add_overflow(*offset, boundary - 1, &start))
		return false;
	start &= ~(boundary - 1);
	*offset = start;
	return !__builtin_mul_overflow(count, stride, &bytes) &&
	       !__builtin_add_overflow(start, bytes, end) && *end <= (uint64_t)1 << 62;
}

static int check_counts(const struct ivp_geometry *geometry, struct ivp_why *why)
{
	if (geometry->slots < IVP_MIN_SLOTS || geometry->slots > IVP_MAX_SLOTS ||
	    (geometry->slots & (geometry->slots - 1)) != 0) {
		ivp_why_set(why, "%u slots: must be a power of two, %u to %u", geometry->slots,
			    IVP_MIN_SLOTS, IVP_MAX_SLOTS);
		return -EINVAL;
	}
	if (geometry->consumers == 0 || geometry->consumers > IVP_MAX_CONSUMERS) {
		ivp_why_set(why, "%u consumers: must be 1 to %u", geometry->consumers,
			    IVP_MAX_CONSUMERS);
		return -EINVAL;
	}
	if (geometry->policy > IVP_POLICY_LATEST || geometry->isolation > IVP_ISOLATION_SHARED) {
		ivp_why_set(why, "policy %u, isolation %u: not known", geometry->policy,
			    geometry->isolation);
		return -EINVAL;
	}
	if (geometry->slots < ivp_ring_least_slots(geometry->policy, geometry->consumers)) {
		ivp_why_set(why,
			    "%u slots: a link that overwrites needs at least 2 more than its %u "
			    "consumer%s",
			    geometry->slots, geometry->consumers,
			    geometry->consumers == 1 ? "" : "s");
		return -EINVAL;
	}
	if (geometry->early_start && geometry->policy != IVP_POLICY_BLOCK) {
		ivp_why_set(why, "early start: only where the policy is to block");
		return -EINVAL;
	}
	if (geometry->payload_bytes == 0) {
		ivp_why_set(why, "a largest frame of 0 bytes");
		return -EINVAL;
	}
	if (geometry->metadata_bytes > IVP_MAX_METADATA) {
		ivp_why_set(why, "%u bytes of metadata: at most %u", geometry->metadata_bytes,
			    IVP_MAX_METADATA);
		return -EINVAL;
	}
	return 0;
}

int ivp_layout_compute(const struct ivp_geometry *geometry, struct ivp_layout *layout,
		       struct ivp_why *why)
{
	int error = check_counts(geometry, why);
	if (error)
		return error;

	/* Small payloads are packed by cache lines, large ones begin on pages. */
	uint64_t boundary = geometry->payload_bytes < IVP_PAGE ? IVP_ROW_ALIGN : IVP_PAGE;
	uint64_t offset = IVP_PAGE, end;

	memset(layout, 0, sizeof(*layout));
	layout->metadata_stride = (uint32_t)ivp_align(geometry->metadata_bytes, IVP_ROW_ALIGN);
	if (!place_array(&offset, IVP_PAGE, geometry->slots, sizeof(struct ivp_wire_descriptor),
			 &end))
		goto overflow;
	offset = end;
	if (!place_array(&offset, IVP_PAGE, geometry->slots, layout->metadata_stride, &end))
		goto overflow;
	layout->metadata_offset = offset;
	offset = end;
	if (__builtin_add_overflow(geometry->payload_bytes, boundary - 1, &layout->payload_stride))
		goto overflow;
	layout->payload_stride &= ~(boundary - 1);
	if (!place_array(&offset, IVP_PAGE, geometry->slots, layout->payload_stride, &end))
		goto overflow;
	layout->payload_offset = offset;
	/* Not ivp_align: a size_t may be too short for it. */
	layout->data_window_bytes = (end + IVP_PAGE - 1) & ~(uint64_t)(IVP_PAGE - 1);

	end = layout->data_window_bytes;
	if (geometry->isolation == IVP_ISOLATION_SHARED) {
		layout->credit_offset = end;
		end += (uint64_t)geometry->consumers * IVP_WIRE_CREDIT_BYTES;
	} else {
		layout->credit_object_bytes = IVP_WIRE_CREDIT_BYTES;
	}
	layout->data_object_bytes = round_up_to_power_of_two(end);
	return 0;

overflow:
	ivp_why_set(why, "%u slots of %llu bytes are more than any machine can address",
		    geometry->slots, (unsigned long long)geometry->payload_bytes);
	return -EOVERFLOW;
}

void ivp_window_format(void *base, const struct ivp_geometry *geometry,
		       const struct ivp_layout *layout, unsigned kind, unsigned consumer)
{
	struct ivp_wire_header *header = base;
	bool shared = geometry->isolation == IVP_ISOLATION_SHARED;

	header->major = IVP_WIRE_MAJOR;
	header->minor = IVP_WIRE_MINOR;
	header->kind = (uint16_t)kind;
	header->consumer = (uint16_t)consumer;
	header->window_bytes =
	    kind == IVP_WINDOW_DATA ? layout->data_window_bytes : IVP_WIRE_CREDIT_BYTES;
	header->epoch = geometry->epoch;
	memcpy(header->uuid, geometry->uuid, sizeof(header->uuid));
	memcpy(header->link_name, geometry->link_name, IVP_NAME_BYTES);
	header->slots = geometry->slots;
	header->consumers = geometry->consumers;
	header->policy = geometry->policy;
	header->isolation = geometry->isolation;
	header->flags = geometry->early_start ? IVP_LINK_EARLY : 0;
	header->descriptor_stride = sizeof(struct ivp_wire_descriptor);
	header->descriptor_offset = IVP_PAGE;
	header->metadata_offset = layout->metadata_offset;
	header->payload_offset = layout->payload_offset;
	header->payload_stride = layout->payload_stride;
	header->payload_bytes = geometry->payload_bytes;
	header->metadata_stride = layout->metadata_stride;
	header->metadata_bytes = geometry->metadata_bytes;
	header->credit_offset = shared ? layout->credit_offset : 0;
	header->credit_stride = shared ? IVP_WIRE_CREDIT_BYTES : 0;
	memcpy(header->pipeline_name, geometry->pipeline_name, IVP_NAME_BYTES);
	ivp_store_fence();
	ivp_store_release(&header->magic, IVP_WIRE_MAGIC); /* M1 */
}

/* Does [offset, offset + count * stride) lie within [from, to)? */
static bool lies_within(uint64_t offset, uint64_t count, uint64_t stride, uint64_t from,
			uint64_t to)
{
	uint64_t bytes, end;

	return offset >= from && offset % IVP_ROW_ALIGN == 0 &&
	       !__builtin_mul_overflow(count, stride, &bytes) &&
	       !__builtin_add_overflow(offset, bytes, &end) && end <= to;
}

static const char *find_fault(const struct ivp_wire_header *header, size_t bytes)
{
	uint64_t slots = header->slots;

	if (header->kind != IVP_WINDOW_DATA && header->kind != IVP_WINDOW_CREDIT)
		return "it is neither a data nor a credit window";
	if (memchr(header->link_name, 0, IVP_NAME_BYTES) == NULL || header->link_name[0] == 0)
		return "it has no proper link name";
	if (memchr(header->pipeline_name, 0, IVP_NAME_BYTES) == NULL)
		return "it has no proper pipeline name";
	if (header->epoch == 0)
		return "its epoch is 0";
	if (slots < IVP_MIN_SLOTS || slots > IVP_MAX_SLOTS || (slots & (slots - 1)) != 0)
		return "its number of slots is not a power of two within the limits";
	if (header->consumers == 0 || header->consumers > IVP_MAX_CONSUMERS ||
	    header->consumer >= header->consumers)
		return "its number of consumers cannot be";
	if (header->policy > IVP_POLICY_LATEST || header->isolation > IVP_ISOLATION_SHARED)
		return "its policy or isolation is not known";
	if (slots < ivp_ring_least_slots(header->policy, header->consumers))
		return "it has too few slots to be overwritten";
	if (header->window_bytes < IVP_PAGE)
		return "it is shorter than any window";
	if (header->window_bytes > bytes)
		return "it is longer than the memory that holds it (truncated, or the wrong file)";
	if (header->descriptor_stride < sizeof(struct ivp_wire_descriptor) ||
	    header->descriptor_stride % IVP_ROW_ALIGN || header->payload_stride % IVP_ROW_ALIGN ||
	    header->metadata_stride % IVP_ROW_ALIGN ||
	    header->payload_bytes > header->payload_stride || header->payload_bytes == 0 ||
	    header->metadata_bytes > header->metadata_stride ||
	    header->metadata_bytes > IVP_MAX_METADATA)
		return "its strides cannot be";
	if (header->kind == IVP_WINDOW_DATA &&
	    (!lies_within(header->descriptor_offset, slots, header->descriptor_stride, IVP_PAGE,
			  header->metadata_offset) ||
	     !lies_within(header->metadata_offset, slots, header->metadata_stride, IVP_PAGE,
			  header->payload_offset) ||
	     !lies_within(header->payload_offset, slots, header->payload_stride, IVP_PAGE,
			  header->window_bytes)))
		return "its arrays do not lie inside it one after the other";
	if (header->kind == IVP_WINDOW_DATA && header->isolation == IVP_ISOLATION_SHARED &&
	    (header->credit_stride < IVP_WIRE_CREDIT_BYTES ||
	     header->credit_stride % IVP_ROW_ALIGN ||
	     !lies_within(header->credit_offset, header->consumers, header->credit_stride,
			  header->window_bytes, bytes)))
		return "its credit windows do not fit behind it";
	return NULL;
}

int ivp_window_inspect(const void *base, size_t bytes, struct ivp_wire_header *header,
		       struct ivp_why *why)
{
	const uint64_t *words = base;
	uint64_t copy[sizeof(*header) / sizeof(uint64_t)];

	if (bytes < IVP_PAGE) {
		ivp_why_set(why, "it has %zu bytes, less than any window", bytes);
		return -ENOMSG;
	}
	copy[0] = ivp_load_acquire(words); /* M2 */
	for (size_t i = 1; i < sizeof(copy) / sizeof(copy[0]); i++)
		copy[i] = ivp_load_relaxed(words + i);
	memcpy(header, copy, sizeof(*header));

	if (header->magic == 0) {
		ivp_why_set(why, "it is not formatted yet");
		return -EAGAIN;
	}
	if (header->magic != IVP_WIRE_MAGIC) {
		ivp_why_set(why, "it is not an ivpipe window (no magic number)");
		return -ENOMSG;
	}
	if (header->major != IVP_WIRE_MAJOR) {
		ivp_why_set(why, "it speaks version %u.%u of the wire, this program %u.%u",
			    header->major, header->minor, IVP_WIRE_MAJOR, IVP_WIRE_MINOR);
		return -EPROTONOSUPPORT;
	}
	const char *fault = find_fault(header, bytes);
	if (fault) {
		ivp_why_set(why, "its header is damaged: %s", fault);
		return -EBADMSG;
	}
	return 0;
}

void ivp_window_refuse(void *base, unsigned reason, uint64_t detail, const char *text)
{
	uint8_t *window = base;
	struct ivp_wire_recovery *block = (void *)(window + IVP_WIRE_RECOVERY_OFFSET);
	uint32_t serial = ivp_load32_relaxed(&block->serial) | 1;

	ivp_store32_relaxed(&block->serial, serial);
	ivp_full_fence(); /* odd before the first change */
	block->reason = reason;
	block->major = IVP_WIRE_MAJOR;
	block->minor = IVP_WIRE_MINOR;
	block->detail = detail;
	snprintf(block->text, sizeof(block->text), "%s", text);
	ivp_store_fence();
	__atomic_store_n(&block->serial, serial + 1, __ATOMIC_RELEASE);
}

static void fill_random(void *bytes, size_t count)
{
	/* Identity needs to differ, not to be secret: without entropy the clock must do. */
	if (getrandom(bytes, count, GRND_NONBLOCK) != (ssize_t)count) {
		struct timespec now;
		uint8_t *to = bytes;

		clock_gettime(CLOCK_REALTIME, &now); /* not a wait */
		uint64_t state = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
		for (size_t i = 0; i < count; i++) {
			state = state * 6364136223846793005u + 1442695040888963407u;
			to[i] = (uint8_t)(state >> 56);
		}
	}
}

void ivp_uuid_make(uint8_t uuid[16])
{
	fill_random(uuid, 16);
	uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40); /* RFC 4122, 4.4 */
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
}

uint64_t ivp_epoch_make(void)
{
	uint64_t epoch;

	fill_random(&epoch, sizeof(epoch));
	return epoch | 1;
}

char *ivp_uuid_format(const uint8_t uuid[16], char text[37])
{
	char *at = text;

	for (int i = 0; i < 16; i++)
		at +=
		    sprintf(at, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", uuid[i]);
	return text;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int ivp_uuid_parse(const char *text, uint8_t uuid[16])
{
	uint8_t parsed[16];

	for (int i = 0; i < 16; i++) {
		if ((i == 4 || i == 6 || i == 8 || i == 10) && *text++ != '-')
			return -EINVAL;
		int high = hex_digit(text[0]);
		int low = high < 0 ? -1 : hex_digit(text[1]);
		if (low < 0)
			return -EINVAL;
		parsed[i] = (uint8_t)(high << 4 | low);
		text += 2;
	}
	if (*text != 0)
		return -EINVAL;
	memcpy(uuid, parsed, 16);
	return 0;
}
