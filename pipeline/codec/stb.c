/* SPDX-License-Identifier: MIT */
/*
 * GIF (the first picture), BMP, TGA, PSD and Radiance HDR (tone-mapped to 8 bits) by stb_image,
 * whose implementation is compiled here. It decodes into memory of its own only, so that one copy
 * of the image into the slot cannot be avoided; PNG, JPEG and PNM do without.
 *
 * stb_image takes bytes that are missing for zeros, without end if the data say so. It therefore
 * reads through callbacks, and the first byte that is not there ends it by longjmp. Its memory is
 * on a list of ours, so that none is lost then, and has a limit by the size of the image.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "codec/private.h"

struct block {
	struct block *next;
	struct block **link; /* what points here */
	size_t bytes;
	_Alignas(16) uint8_t memory[];
};

struct session {
	const uint8_t *next;
	size_t left;
	const char *refill; /* stb_image's own buffer: where its first read goes */
	struct block *blocks;
	size_t allowance; /* bytes that may still be allocated */
	bool no_memory;   /* the system had none */
	jmp_buf cut;
};

/* stb_image's allocation macros know no context. Set only while one of its functions runs. */
static _Thread_local struct session *current;

static void *allocate(size_t bytes)
{
	struct block *block;

	if (bytes > current->allowance)
		return NULL;
	block = malloc(sizeof(*block) + bytes);
	if (!block) {
		current->no_memory = true;
		return NULL;
	}
	current->allowance -= bytes;
	block->bytes = bytes;
	block->next = current->blocks;
	block->link = &current->blocks;
	if (block->next)
		block->next->link = &block->next;
	current->blocks = block;
	return block->memory;
}

static void release(void *memory)
{
	struct block *block;

	if (!memory)
		return;
	block = (struct block *)((uint8_t *)memory - offsetof(struct block, memory));
	*block->link = block->next;
	if (block->next)
		block->next->link = block->link;
	current->allowance += block->bytes;
	free(block);
}

static void *reallocate(void *memory, size_t old_bytes, size_t bytes)
{
	void *moved = allocate(bytes);

	if (moved && memory) {
		memcpy(moved, memory, old_bytes < bytes ? old_bytes : bytes);
		release(memory);
	}
	return moved;
}

#define STBI_MALLOC(bytes)                           allocate(bytes)
#define STBI_REALLOC_SIZED(memory, old_bytes, bytes) reallocate(memory, old_bytes, bytes)
#define STBI_REALLOC(memory, bytes)                  reallocate(memory, bytes, bytes)
#define STBI_FREE(memory)                            release(memory)
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_GIF
#define STBI_ONLY_BMP
#define STBI_ONLY_TGA
#define STBI_ONLY_PSD
#define STBI_ONLY_HDR
#define STBI_NO_STDIO
#define STBI_MAX_DIMENSIONS 65535

/* Reported at the end of the file, of functions that stb_image declares and does not define. */
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-but-set-variable"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#include <stb/stb_image.h>
#pragma GCC diagnostic pop

/* A read into the refill buffer may come back short: what is asked for is more than is needed.
 * If it is empty, or short when it goes elsewhere, the file is cut off. */
static int take_bytes(void *user, char *to, int size)
{
	struct session *session = user;
	const size_t wanted = size > 0 ? (size_t)size : 0;
	const size_t count = wanted < session->left ? wanted : session->left;

	if (!session->refill)
		session->refill = to;
	if (count < wanted && (to != session->refill || !count))
		longjmp(session->cut, 1);
	if (count)
		memcpy(to, session->next, count);
	session->next += count;
	session->left -= count;
	return (int)count;
}

static void skip_bytes(void *user, int size)
{
	struct session *session = user;
	const size_t wanted = size > 0 ? (size_t)size : 0;
	const size_t count = wanted < session->left ? wanted : session->left;

	session->next += count;
	session->left -= count;
}

static int is_at_end(void *user)
{
	const struct session *session = user;

	return !session->left;
}

static const stbi_io_callbacks callbacks = {take_bytes, skip_bytes, is_at_end};

static void begin(struct session *session, const struct ivp_decoder *decoder, uint64_t pixels)
{
	/* The costliest, HDR, needs 16 bytes a pixel for floats and 4 for the result. */
	*session = (struct session){
	    .next = decoder->data, .left = decoder->bytes, .allowance = (16u << 20) + pixels * 24};
	current = session;
}

static void end(struct session *session)
{
	while (session->blocks)
		release(session->blocks->memory);
	current = NULL;
}

/* TGA, which is told by its header making sense, is the last resort. */
static const char *name_format(const uint8_t *data, size_t bytes)
{
	static const struct {
		const char *magic, *name;
	} known[] = {{"GIF8", "GIF"}, {"BM", "BMP"}, {"8BPS", "PSD"}, {"#?", "HDR"}};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const size_t length = strlen(known[i].magic);

		if (bytes > length && !memcmp(data, known[i].magic, length))
			return known[i].name;
	}
	return NULL;
}

/* Width, height, and samples of a pixel. */
static bool inspect(struct session *session, int about[3])
{
	if (setjmp(session->cut))
		return false;
	return stbi_info_from_callbacks(&callbacks, session, &about[0], &about[1], &about[2]);
}

static int open_stb(struct ivp_decoder *decoder, struct ivp_why *why)
{
	const char *name = name_format(decoder->data, decoder->bytes);
	struct session session;
	int about[3] = {0};
	bool good;

	begin(&session, decoder, 0);
	good = inspect(&session, about);
	end(&session);
	if (!good || about[0] < 0 || about[1] < 0 || about[2] < 1 || about[2] > 4) {
		if (name)
			ivp_why_set(why, "%s is damaged or ends in the header", name);
		else
			ivp_why_set(why, "no image of a format that is known: "
					 "PNG, JPEG, PNM, GIF, BMP, TGA, PSD, HDR");
		return -EILSEQ;
	}
	decoder->stored = (struct ivp_shape){(uint32_t)about[0], (uint32_t)about[1],
					     ivp_decoded_format((unsigned)about[2], false)};
	return ivp_decoder_admit(decoder, decoder->stored.width, decoder->stored.height, why);
}

/* Returns pixels on the session's list, or NULL with the reason. */
static const uint8_t *load(struct session *session, const struct ivp_rows *rows, const char *name,
			   struct ivp_why *why)
{
	int width, height, samples;
	const uint8_t *pixels;

	if (setjmp(session->cut)) {
		ivp_why_set(why, "%s data end too early", name);
		return NULL;
	}
	pixels = stbi_load_from_callbacks(&callbacks, session, &width, &height, &samples,
					  (int)rows->pixel_bytes);
	if (!pixels) {
		if (session->no_memory)
			ivp_why_set(why, "not enough memory to decode a %s", name);
		else
			ivp_why_set(why, "%s is damaged: %s", name, stbi_failure_reason());
		return NULL;
	}
	if ((uint32_t)width != rows->width || (uint32_t)height != rows->height) {
		ivp_why_set(why, "%s is damaged: its picture has another size than its header",
			    name);
		return NULL;
	}
	return pixels;
}

static int read_stb(struct ivp_decoder *decoder, struct ivp_rows *rows, struct ivp_why *why)
{
	const size_t row = (size_t)rows->width * rows->pixel_bytes;
	const char *name = name_format(decoder->data, decoder->bytes);
	struct session session;
	const uint8_t *pixels;

	begin(&session, decoder, (uint64_t)rows->width * rows->height);
	pixels = load(&session, rows, name ? name : "TGA", why);
	for (uint32_t y = 0; pixels && y < rows->height; y++) {
		memcpy(ivp_rows_at(rows, y), pixels + y * row, row);
		ivp_rows_done(rows, y + 1);
	}
	end(&session);
	if (!pixels)
		return session.no_memory ? -ENOMEM : -EILSEQ;
	return 0;
}

const struct ivp_codec ivp_codec_stb = {
    .name = "image",
    .open = open_stb,
    .read = read_stb,
};
