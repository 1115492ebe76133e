/* SPDX-License-Identifier: MIT */
/*
 * A matrix of pixels turned tile by tile in registers: from each of a lane's worth of rows a lane
 * of pixels is read, turned, and written as one piece of a row of the result. Four tiles side by
 * side use up the lines of cache that they read, and each write is a whole line or nearly so
 * (with four lanes). Pixels of 3 or 6 bytes are as in 4 or 8 while they are turned.
 */
#include "turn.h"

#include "lanes.h"

#define SIDE_BY_SIDE 4

/* Pixel by pixel: what is too small for tiles. */
IVP_INLINE void turn_plain(const struct ivp_tiles *tiles, size_t pixel)
{
	for (size_t j = 0; j < tiles->columns; j++)
		for (size_t i = 0; i < tiles->rows; i++)
			memcpy(tiles->out + (ptrdiff_t)j * tiles->out_step + i * pixel,
			       tiles->in + (ptrdiff_t)i * tiles->in_step + j * pixel, pixel);
}

/* Bytes that a pixel takes while it is turned. */
IVP_INLINE size_t element_of(size_t pixel)
{
	return pixel == 3 ? 4 : pixel == 6 ? 8 : pixel;
}

#ifdef __AVX2__
#define HAS_ODD 1 /* pixels of 3 and 6 bytes have tiles */

/* 12 bytes of each lane, from byte skip on, to elements. */
IVP_INLINE ivp_lanes8 widen(ivp_lanes8 all, size_t pixel, bool skip)
{
	static const uint8_t where[2][2][16] = {
	    {{0, 1, 2, 128, 3, 4, 5, 128, 6, 7, 8, 128, 9, 10, 11, 128},
	     {4, 5, 6, 128, 7, 8, 9, 128, 10, 11, 12, 128, 13, 14, 15, 128}},
	    {{0, 1, 2, 3, 4, 5, 128, 128, 6, 7, 8, 9, 10, 11, 128, 128},
	     {4, 5, 6, 7, 8, 9, 128, 128, 10, 11, 12, 13, 14, 15, 128, 128}}};
	const __m128i index = _mm_loadu_si128((const __m128i *)where[pixel == 6][skip]);

#ifdef __AVX512BW__
	return (ivp_lanes8)_mm512_shuffle_epi8((__m512i)all, _mm512_broadcast_i32x4(index));
#else
	return (ivp_lanes8)_mm256_shuffle_epi8((__m256i)all, _mm256_broadcastsi128_si256(index));
#endif
}

/* The 12 bytes of pixels of each lane, to its beginning. */
IVP_INLINE ivp_lanes8 pack(ivp_lanes8 all, size_t pixel)
{
	static const uint8_t where[2][16] = {
	    {0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 128, 128, 128, 128},
	    {0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13, 128, 128, 128, 128}};
	const __m128i index = _mm_loadu_si128((const __m128i *)where[pixel == 6]);

#ifdef __AVX512BW__
	return (ivp_lanes8)_mm512_shuffle_epi8((__m512i)all, _mm512_broadcast_i32x4(index));
#else
	return (ivp_lanes8)_mm256_shuffle_epi8((__m256i)all, _mm256_broadcastsi128_si256(index));
#endif
}

/* Elements back to pixels, those of all lanes side by side. */
IVP_INLINE ivp_lanes8 narrow(ivp_lanes8 all, size_t pixel)
{
#ifdef __AVX512BW__
	const __m512i close = _mm512_setr_epi32(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 0, 0, 0, 0);

	return (ivp_lanes8)_mm512_permutexvar_epi32(close, (__m512i)pack(all, pixel));
#else
	const __m256i close = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 0, 0);

	return (ivp_lanes8)_mm256_permutevar8x32_epi32((__m256i)pack(all, pixel), close);
#endif
}
#else
#define HAS_ODD 0

IVP_INLINE ivp_lanes8 widen(ivp_lanes8 all, size_t pixel, bool skip)
{
	(void)pixel;
	(void)skip;
	return all;
}

IVP_INLINE ivp_lanes8 narrow(ivp_lanes8 all, size_t pixel)
{
	(void)pixel;
	return all;
}
#endif

/*
 * The tile at row i and column j. A lane of 3- or 6-byte pixels is read with 4 bytes too many, to
 * its left in the last columns; and written so, which the next tile of the row makes good: the
 * last writes no more than its own.
 */
IVP_INLINE void turn_tile(const struct ivp_tiles *tiles, size_t pixel, size_t i, size_t j)
{
	const size_t element = element_of(pixel), n = 16 / element;
	const size_t bytes = n * IVP_LANES * pixel;
	const bool odd = element != pixel;
	const bool skip = odd && tiles->columns - j - n + tiles->after < 2;
	const bool last = odd && (tiles->rows - i) * pixel < IVP_LANE_BYTES;
	const uint8_t *in = tiles->in + (ptrdiff_t)i * tiles->in_step + j * pixel - (skip ? 4 : 0);
	uint8_t *out = tiles->out + (ptrdiff_t)j * tiles->out_step + i * pixel;
	ivp_lanes8 m[16];

	IVP_UNROLL
	for (size_t r = 0; r < n; r++) {
		m[r] = ivp_lanes_load(in + (ptrdiff_t)r * tiles->in_step,
				      (ptrdiff_t)n * tiles->in_step);
		if (odd)
			m[r] = widen(m[r], pixel, skip);
	}
	ivp_lanes_turn(m, element);
	IVP_UNROLL
	for (size_t c = 0; c < n; c++) {
		uint8_t *to = out + (ptrdiff_t)c * tiles->out_step;

		if (odd)
			m[c] = narrow(m[c], pixel);
		if (last)
			memcpy(to, &m[c], bytes);
		else
			memcpy(to, &m[c], IVP_LANE_BYTES);
	}
}

#ifdef __AVX512BW__
/* Four tiles above each other of 3- or 6-byte pixels: three whole lines of each row. */
IVP_INLINE void turn_four(const struct ivp_tiles *tiles, size_t pixel, size_t i, size_t j)
{
	const __m512i from[3] = {
	    _mm512_setr_epi32(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 16, 17, 18, 20),
	    _mm512_setr_epi32(5, 6, 8, 9, 10, 12, 13, 14, 16, 17, 18, 20, 21, 22, 24, 25),
	    _mm512_setr_epi32(10, 12, 13, 14, 16, 17, 18, 20, 21, 22, 24, 25, 26, 28, 29, 30)};
	const size_t n = 16 / element_of(pixel);
	const bool skip = tiles->columns - j - n + tiles->after < 2;
	const uint8_t *in = tiles->in + (ptrdiff_t)i * tiles->in_step + j * pixel - (skip ? 4 : 0);
	uint8_t *out = tiles->out + (ptrdiff_t)j * tiles->out_step + i * pixel;
	ivp_lanes8 m[4][16];

	IVP_UNROLL
	for (size_t q = 0; q < 4; q++) {
		IVP_UNROLL
		for (size_t r = 0; r < n; r++)
			m[q][r] = widen(
			    ivp_lanes_load(in + (ptrdiff_t)(q * n * IVP_LANES + r) * tiles->in_step,
					   (ptrdiff_t)n * tiles->in_step),
			    pixel, skip);
		ivp_lanes_turn(m[q], element_of(pixel));
		IVP_UNROLL
		for (size_t c = 0; c < n; c++)
			m[q][c] = pack(m[q][c], pixel);
	}
	IVP_UNROLL
	for (size_t c = 0; c < n; c++)
		IVP_UNROLL
	for (size_t line = 0; line < 3; line++)
		_mm512_storeu_si512(out + (ptrdiff_t)c * tiles->out_step + line * 64,
				    _mm512_permutex2var_epi32((__m512i)m[line][c], from[line],
							      (__m512i)m[line + 1][c]));
}
#else
IVP_INLINE void turn_four(const struct ivp_tiles *tiles, size_t pixel, size_t i, size_t j)
{
	IVP_UNROLL
	for (size_t q = 0; q < 4; q++)
		turn_tile(tiles, pixel, i + q * 16 / element_of(pixel) * IVP_LANES, j);
}
#endif

/* The columns first..end-1 of a tile's rows, or of those of four tiles. */
IVP_INLINE void turn_rows(const struct ivp_tiles *tiles, size_t pixel, size_t i, size_t first,
			  size_t end, bool four)
{
	const size_t n = 16 / element_of(pixel);

	for (size_t j = first; j < end; j += n) {
		/* The last tile overlaps the one before. */
		const size_t at = tiles->columns - j < n ? tiles->columns - n : j;

		if (four)
			turn_four(tiles, pixel, i, at);
		else
			turn_tile(tiles, pixel, i, at);
	}
}

/* pixel is a constant wherever this is inlined. */
IVP_INLINE void turn_all(const struct ivp_tiles *tiles, size_t pixel)
{
	const bool odd = element_of(pixel) != pixel;
	const size_t n = 16 / element_of(pixel), tall = n * IVP_LANES;
	const size_t wide = odd ? 64 : n * SIDE_BY_SIDE;

	if ((odd && (!HAS_ODD || tiles->before + tiles->columns + tiles->after < 8)) ||
	    tiles->rows < tall || tiles->columns < n) {
		turn_plain(tiles, pixel);
		return;
	}
	for (size_t j = 0; j < tiles->columns; j += wide) {
		const size_t end = tiles->columns - j < wide ? tiles->columns : j + wide;
		size_t i = 0;

		for (; odd && i + 4 * tall <= tiles->rows; i += 4 * tall)
			turn_rows(tiles, pixel, i, j, end, true);
		for (; i < tiles->rows; i += tall)
			turn_rows(tiles, pixel, tiles->rows - i < tall ? tiles->rows - tall : i, j,
				  end, false);
	}
}

void ivp_tiles_turn(const struct ivp_tiles *tiles, unsigned pixel)
{
	switch (pixel) {
	case 1:
		turn_all(tiles, 1);
		break;
	case 2:
		turn_all(tiles, 2);
		break;
	case 3:
		turn_all(tiles, 3);
		break;
	case 4:
		turn_all(tiles, 4);
		break;
	case 6:
		turn_all(tiles, 6);
		break;
	default:
		turn_all(tiles, 8);
	}
}
