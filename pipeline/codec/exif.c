/* SPDX-License-Identifier: MIT */
/*
 * The two facts about colour and position that travel beside pixels: the orientation tag of EXIF
 * (a TIFF file, CIPA DC-008 section 4.6) and the colour space of an ICC profile (ICC.1 section 7.2).
 * Both come from strangers: every offset is checked against the bytes that are there.
 */
#include <string.h>

#include "codec/private.h"

enum { TIFF_SHORT = 3, TAG_ORIENTATION = 0x0112, ENTRY_BYTES = 12 };

static unsigned get16(const uint8_t *at, bool big)
{
	return big ? at[0] << 8 | at[1] : at[1] << 8 | at[0];
}

static uint32_t get32(const uint8_t *at, bool big)
{
	return big ? (uint32_t)get16(at, true) << 16 | get16(at + 2, true)
		   : (uint32_t)get16(at + 2, false) << 16 | get16(at, false);
}

unsigned ivp_exif_orientation(const uint8_t *tiff, size_t bytes)
{
	const uint8_t *entry;
	unsigned entries, value;
	uint32_t directory;
	bool big;

	if (bytes < 8 || (memcmp(tiff, "II*\0", 4) != 0 && memcmp(tiff, "MM\0*", 4) != 0))
		return 1;
	big = tiff[0] == 'M';
	directory = get32(tiff + 4, big);
	if (directory > bytes - 2)
		return 1;
	entries = get16(tiff + directory, big);
	bytes -= directory + 2;
	entry = tiff + directory + 2;
	for (; entries && bytes >= ENTRY_BYTES; entries--, entry += ENTRY_BYTES) {
		bytes -= ENTRY_BYTES;
		if (get16(entry, big) != TAG_ORIENTATION)
			continue;
		value = get16(entry + 8, big);
		if (get16(entry + 2, big) != TIFF_SHORT || get32(entry + 4, big) != 1)
			return 1;
		return value >= 1 && value <= 8 ? value : 1;
	}
	return 1;
}

void ivp_exif_make(uint8_t tiff[IVP_EXIF_BYTES], unsigned orientation)
{
	static const uint8_t one_tag[IVP_EXIF_BYTES] = {
	    'M',  'M',  0, '*',        0, 0, 0, 8, /* big-endian, the directory is at 8 */
	    0,    1,                               /* one entry */
	    0x01, 0x12, 0, TIFF_SHORT, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, /* no next directory */
	};

	memcpy(tiff, one_tag, IVP_EXIF_BYTES);
	tiff[19] = (uint8_t)orientation;
}

bool ivp_icc_fits(const uint8_t *icc, size_t bytes, uint32_t format)
{
	const unsigned channels = ivp_format_channels(format);

	if (!icc || bytes < 128)
		return false;
	return !memcmp(icc + 16, channels == 1 ? "GRAY" : "RGB ", 4);
}
