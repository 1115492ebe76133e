/* SPDX-License-Identifier: MIT */
/*
 * The rows of double.c, for levels of one size: LEVEL, an unsigned type; SUM, one of twice its
 * size; NAME(what), a name of its own. Sums of 16 levels fit, as 12 and 20 bits.
 */

typedef LEVEL NAME(levels) __attribute__((vector_size(IVP_VECTOR / 2), aligned(1), may_alias));
typedef SUM NAME(sums) __attribute__((vector_size(IVP_VECTOR), aligned(1), may_alias));
typedef LEVEL NAME(level) __attribute__((aligned(1), may_alias));

/* 3 * near + far. */
IVP_INLINE void NAME(add_rows)(const NAME(level) * near, const NAME(level) * far, SUM *out,
			       size_t n)
{
	size_t i = 0;

	for (; i + LANES(SUM) <= n; i += LANES(SUM)) {
		const NAME(sums) a =
		    __builtin_convertvector(*(const NAME(levels) *)(near + i), NAME(sums));
		const NAME(sums) b =
		    __builtin_convertvector(*(const NAME(levels) *)(far + i), NAME(sums));

		*(NAME(sums) *)(out + i) = a + a + a + b;
	}
	for (; i < n; i++)
		out[i] = (SUM)(3 * (SUM)near[i] + far[i]);
}

/* The two results next to each sum, as neighbours: one in the lower half, one in the upper. */
IVP_INLINE NAME(sums) NAME(pairs)(const SUM *at, size_t channels)
{
	const NAME(sums) middle = *(const NAME(sums) *)at;
	const NAME(sums) three = middle + middle + middle + 8;
	const NAME(sums) left = (three + *(const NAME(sums) *)(at - channels)) >> 4;
	const NAME(sums) right = (three + *(const NAME(sums) *)(at + channels)) >> 4;

	return left | right << 8 * sizeof(LEVEL);
}

/* channels is a constant wherever this is inlined. */
IVP_INLINE void NAME(double_row)(const NAME(level) * near, const NAME(level) * far, size_t n,
				 size_t channels, NAME(level) * out)
{
	const size_t lanes = LANES(SUM) / channels * channels;
	IVP_ASSUME(n >= channels);
	SUM sums[MARGIN + PIECE + MARGIN + LANES(SUM)], *sum = sums + MARGIN;

	for (size_t x = 0; x < n; x += PIECE) {
		const size_t some = n - x < PIECE ? n - x : PIECE;
		const size_t before = x > 0 ? channels : 0;
		const size_t room = MARGIN + LANES(SUM);
		const size_t behind = n - x - some < room ? n - x - some : room;
		size_t i = 0;

		NAME(add_rows)
		(near + x - before, far + x - before, sum - before, before + some + behind);
		for (size_t c = 0; c < channels; c++) {
			if (before == 0)
				/* add_rows has made these. */
				/* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign) */
				sum[(ptrdiff_t)(c - channels)] = sum[c];
			if (behind < channels)
				sum[some + behind + c] = sum[some + behind + c - channels];
		}
		for (; i < some && x + i + LANES(SUM) <= n; i += lanes)
			*(NAME(sums) *)(out + 2 * (x + i)) =
			    ORDER(SUM, NAME(pairs)(sum + i, channels), channels);
		for (; i < some; i++) {
			NAME(level) *to = out + 2 * (x + i) - i % channels;

			to[0] = (LEVEL)((3 * sum[i] + sum[(ptrdiff_t)(i - channels)] + 8) >> 4);
			to[channels] = (LEVEL)((3 * sum[i] + sum[i + channels] + 8) >> 4);
		}
	}
}

#undef NAME
#undef LEVEL
#undef SUM
