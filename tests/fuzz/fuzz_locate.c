/* SPDX-License-Identifier: MIT */
/*
 * A file of a stranger in the place of a window. The input is its contents and the question; a
 * window that is found lies in the file, and all that its header promises lies in the window. The
 * doctor speaks of it in plain characters.
 */
#include "fuzz/folder.h"

#include <errno.h>

#include "supervisor/doctor.h"
#include "transport/locate.h"
#include "transport/window.h"

#define LARGEST (64u << 10)

static void check_array(const struct ivp_wire_header *header, uint64_t offset, uint64_t stride,
			uint64_t bytes)
{
	for (uint64_t i = 0; i<header->slots; i += header->slots> 1 ? header->slots - 1 : 1)
		CHECK(offset + i * stride + bytes <= header->window_bytes);
	CHECK(offset % IVP_ROW_ALIGN == 0 && stride % IVP_ROW_ALIGN == 0);
	CHECK(offset >= IVP_PAGE);
}

static void check_header(const struct ivp_wire_header *header, size_t bytes)
{
	CHECK(header->window_bytes >= IVP_PAGE && header->window_bytes <= bytes);
	CHECK(header->slots > 0 && (header->slots & (header->slots - 1)) == 0);
	CHECK(header->consumers > 0 && header->consumers <= IVP_MAX_CONSUMERS);
	CHECK(memchr(header->link_name, 0, IVP_NAME_BYTES));
	CHECK(memchr(header->pipeline_name, 0, IVP_NAME_BYTES));
	if (header->kind != IVP_WINDOW_DATA)
		return;
	check_array(header, header->descriptor_offset, header->descriptor_stride,
		    sizeof(struct ivp_wire_descriptor));
	check_array(header, header->metadata_offset, header->metadata_stride,
		    header->metadata_bytes);
	check_array(header, header->payload_offset, header->payload_stride, header->payload_bytes);
	if (header->isolation == IVP_ISOLATION_SHARED)
		for (uint64_t i = 0; i < header->consumers; i++) {
			const uint64_t at = header->credit_offset + i * header->credit_stride;

			CHECK(at >= header->window_bytes && at + IVP_WIRE_CREDIT_BYTES <= bytes);
			CHECK(at % IVP_ROW_ALIGN == 0);
		}
}

static void inspect(const uint8_t *bytes, size_t count)
{
	/* Page-aligned, as mappings are, with its end where the memory ends. */
	uint8_t *memory = aligned_alloc(IVP_PAGE, (count + IVP_PAGE - 1) & ~(size_t)(IVP_PAGE - 1));
	struct ivp_wire_header header;
	struct ivp_why why = {""};
	int error;

	CHECK(memory || count == 0);
	if (count > 0)
		memcpy(memory, bytes, count);
	error = ivp_window_inspect(memory, count, &header, &why);
	CHECK(error == 0 || error == -EAGAIN || error == -ENOMSG || error == -EPROTONOSUPPORT ||
	      error == -EBADMSG);
	CHECK(error == 0 || why.text[0]);
	if (error == 0)
		check_header(&header, count);
	free(memory);
}

static void locate(const uint8_t *bytes, size_t count, uint8_t code)
{
	char where[300];
	const struct ivp_window_query query = {
	    .link = code & 1 ? "hostile" : "",
	    .kind = code & 2 ? IVP_WINDOW_DATA : IVP_WINDOW_CREDIT,
	    .consumer = code >> 4 & 7,
	    .writable = code & 4,
	    .where = where,
	};
	struct ivp_window window;
	struct ivp_why why = {""};
	FILE *file;
	int error;

	snprintf(where, sizeof(where), "file:%s/ivpipe.fuzz.hostile.data", fuzz_folder);
	file = fopen(where + 5, "wb");
	CHECK(file && fwrite(bytes, 1, count, file) == count && fclose(file) == 0);
	error = ivp_window_locate(&query, &window, &why);
	if (error) {
		CHECK(why.text[0]);
		return;
	}
	CHECK(window.base >= window.region.base && window.bytes >= IVP_WIRE_CREDIT_BYTES);
	CHECK((size_t)(window.base - window.region.base) + window.bytes <= window.region.bytes);
	CHECK((uintptr_t)window.base % IVP_ROW_ALIGN == 0);
	ivp_window_close(&window);
}

/* What pipeline doctor says of it. */
static void diagnose(void)
{
	struct ivp_doctor doctor = {0};

	ivp_doctor_regions(&doctor, fuzz_folder);
	CHECK(doctor.count > 0 && doctor.error == 0);
	for (unsigned i = 0; i < doctor.count; i++)
		for (const char *c = doctor.findings[i].text; *c; c++)
			CHECK(*c >= ' ' && *c < 0x7f);
	ivp_doctor_finish(&doctor);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script script = {data, data + size};
	const uint8_t code = take8(&script);
	/* Zeros behind the input, as in a region; or the file ends there. */
	const size_t zeros = take8(&script) * 256u;
	static uint8_t file[2 * LARGEST];
	const uint8_t *bytes;
	const size_t count = take_bytes(&script, LARGEST, &bytes);

	make_folder();
	memset(file, 0, sizeof(file));
	if (count > 0)
		memcpy(file, bytes, count);
	inspect(file, count + zeros);
	locate(file, count + zeros, code);
	diagnose();
	return 0;
}

void fuzz_seeds(fuzz_add *add)
{
	for (unsigned i = 0; i < 24; i++) {
		struct ivp_geometry geometry = {
		    .link_name = "hostile",
		    .pipeline_name = "fuzz",
		    .epoch = 9,
		    .slots = IVP_MIN_SLOTS << i % 3,
		    .consumers = (uint16_t)(1 + i % 3),
		    .isolation = i / 2 % 2,
		    .payload_bytes = 100u << i % 4,
		    .metadata_bytes = 64 * (i % 5),
		};
		const unsigned kind = i % 2 ? IVP_WINDOW_DATA : IVP_WINDOW_CREDIT;
		struct ivp_layout layout;
		_Alignas(64) uint8_t bytes[2 + 62 + sizeof(struct ivp_wire_header)] = {0};

		CHECK(ivp_layout_compute(&geometry, &layout, NULL) == 0);
		ivp_window_format(bytes + 64, &geometry, &layout, kind, 0);
		bytes[62] = (uint8_t)(1 | (i % 3 ? i % 2 * 2 : 0) | (i & 4) | i / 3 << 4);
		bytes[63] = i % 2 ? 255 : 15;
		add(bytes + 62, sizeof(bytes) - 62);
	}
}
