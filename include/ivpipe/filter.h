/* SPDX-License-Identifier: MIT */
/*
 * A filter is a pure function from image to image with typed parameters, in one file of stages/
 * and one line of stages/stages.def. It sees pixels and its parameters, nothing else: no ring,
 * no file, no operating system.
 *
 * Everything a user meets (configuration keys and their checks, --help, describe, man page,
 * template, tests of ranges) comes from the parameter table.
 */
#ifndef IVPIPE_FILTER_H
#define IVPIPE_FILTER_H

#include <ivpipe/frame.h>

enum ivp_param_type {
	IVP_PARAM_INT,    /* field: int */
	IVP_PARAM_REAL,   /* field: double */
	IVP_PARAM_BOOL,   /* field: bool */
	IVP_PARAM_CHOICE, /* field: unsigned, the index into choices */
	IVP_PARAM_FILE,   /* field: struct ivp_param_file */
	IVP_PARAM_LIST,   /* field: struct ivp_param_list */
};

/* A file that the configuration names, whole, in private memory that belongs to the private
 * struct. All zero: none is named. */
struct ivp_param_file {
	const char *name; /* its path, for messages */
	const uint8_t *bytes;
	size_t size;
	const void *parsed; /* what the row's parse made of it, aligned to 64; NULL without parse */
};

#define IVP_PARAM_LIST_MOST 961 /* a kernel of 31 x 31 */

/* Numbers, in the order in which the configuration has them. */
struct ivp_param_list {
	unsigned count; /* at least 1 */
	double values[IVP_PARAM_LIST_MOST];
};

/* An image in such a file, decoded: straight RGBA of 8 bits, rows without gaps. */
struct ivp_param_image {
	uint32_t width, height;
	_Alignas(64) uint8_t pixels[];
};

/* The parse of rows whose file is an image, into a struct ivp_param_image: PNG, JPEG, BMP, PGM or
 * PPM, of at most 2^25 pixels. */
size_t ivp_param_image_parse(const uint8_t *bytes, size_t size, void *parsed, struct ivp_why *why);

/* One row of a parameter table. The table ends with a row whose name is NULL. */
struct ivp_param {
	const char *name; /* the configuration key */
	const char *help; /* one line, begins lower-case, no full stop */
	const char *unit; /* "px", "%"; NULL if it has none */
	double min, max;  /* INT, REAL, of a LIST each: both allowed; FILE: max bytes */
	double def;       /* the default; CHOICE: an index, BOOL: 0 or 1, LIST: its only number */
	const char *const *choices; /* CHOICE: the words, ended by NULL */
	enum ivp_param_type type;
	size_t offset; /* of the field in the filter's private struct */

	/*
	 * FILE: turns the bytes into what apply works with, once, when the configuration is read.
	 * Called with parsed NULL to learn how many bytes that takes, then with that memory; the
	 * bytes are the same both times. Returns their number, or 0 with the reason if the file
	 * will not do. NULL: the filter takes the bytes as they are. Files are as hostile as pixels.
	 */
	size_t (*parse)(const uint8_t *bytes, size_t size, void *parsed, struct ivp_why *why);
};

/*
 * IVP_PARAM(struct blur, sigma, .min = 0.3, .max = 200, .def = 2, .unit = "px", .help = "...")
 * makes a row whose key, type and place follow from the field: a float field does not compile.
 */
/* clang-format off */
#define IVP_PARAM(private_type, field, ...)                                                        \
	{                                                                                          \
		.name = #field,                                                                    \
		.type = _Generic(((private_type *)0)->field,                                       \
			int: IVP_PARAM_INT,                                                        \
			double: IVP_PARAM_REAL,                                                    \
			_Bool: IVP_PARAM_BOOL,                                                     \
			unsigned: IVP_PARAM_CHOICE,                                                \
			struct ivp_param_file: IVP_PARAM_FILE,                                     \
			struct ivp_param_list: IVP_PARAM_LIST),                                    \
		.offset = offsetof(private_type, field),                                           \
		__VA_ARGS__                                                                        \
	}
/* clang-format on */

#define IVP_FORMAT_BIT(format) (1u << (format))
#define IVP_FORMATS_8BIT                                                                           \
	(IVP_FORMAT_BIT(IVP_FORMAT_GRAY8) | IVP_FORMAT_BIT(IVP_FORMAT_RGB8) |                      \
	 IVP_FORMAT_BIT(IVP_FORMAT_RGBA8))
#define IVP_FORMATS_16BIT                                                                          \
	(IVP_FORMAT_BIT(IVP_FORMAT_GRAY16) | IVP_FORMAT_BIT(IVP_FORMAT_RGB16) |                    \
	 IVP_FORMAT_BIT(IVP_FORMAT_RGBA16))

/*
 * Rows of a result, first..end-1. go_on: the last call with this scratch made the rows before
 * first, of the same image, so what it left in scratch (sums that slide, say) may be used.
 */
struct ivp_rows {
	uint32_t first, end;
	bool go_on;
};

/* Takes a number that a filter has found in an image, and its name. */
typedef void ivp_filter_note(void *context, const char *key, double value);

/*
 * What becomes of each level of a colour: 256 uint8_t, or 65536 uint16_t for formats of 16 bits.
 * Gray has one colour, all else three; the same pointer again where the tables are the same.
 * Alpha stays as it is.
 */
struct ivp_tables {
	const void *of[3];
};

/*
 * Every function gets self, the private struct, filled from the configuration and checked against
 * the table. It never changes after check, so one filter may run on several threads at once, each
 * with a scratch area of its own.
 */
struct ivp_filter {
	const char *name;    /* lower-case words joined by '-' */
	const char *summary; /* one line, begins lower-case, no full stop */
	uint32_t formats;    /* bits IVP_FORMAT_BIT(IVP_FORMAT_*) that it accepts */
	size_t private_bytes;
	const struct ivp_param *params; /* NULL if it has none */

	/*
	 * Checks what one row alone cannot (a width is missing, say). May be NULL.
	 * Returns 0, or -EINVAL with the reason.
	 */
	int (*check)(const void *self, struct ivp_why *why);

	/*
	 * The shape that comes out for the shape that goes in; NULL: the same.
	 * Returns 0, or -EINVAL with the reason if it cannot filter such an image: this is the
	 * only place to refuse one.
	 */
	int (*shape)(const void *self, const struct ivp_shape *in, struct ivp_shape *out,
		     struct ivp_why *why);

	/*
	 * How many rows of in, from its top, apply may read to make the rows of out before end;
	 * grows with end, at most the height of in. NULL: all of them. Lets filters of one stage
	 * work strip by strip, on what the one before has just written.
	 */
	uint32_t (*need)(const void *self, const struct ivp_shape *in, const struct ivp_shape *out,
			 uint32_t end);

	/* Bytes of scratch memory for these shapes, aligned to 64; NULL: none. Bounded by a small
	 * multiple of the rows' and columns' sizes, never of their product. */
	size_t (*scratch_bytes)(const void *self, const struct ivp_shape *in,
				const struct ivp_shape *out);

	/* Fills scratch with what depends on the shapes only (weights, tables): called once per
	 * pair of shapes, before apply. May be NULL. */
	void (*prepare)(const void *self, const struct ivp_shape *in, const struct ivp_shape *out,
			void *scratch);

	/* Learns from the whole image what apply needs to know (a histogram, say), into scratch:
	 * called once per image, before apply; need then says all rows, or is NULL. May be
	 * NULL. */
	void (*survey)(const void *self, const struct ivp_input *in, void *scratch);

	/*
	 * Tells what survey has found in the image, for the metadata of its frame, where it
	 * becomes texts "key=value". Called once per image, after apply, with a scratch of
	 * survey. Keys are ASCII without '=', below 80 bytes. May be NULL.
	 */
	void (*note)(const void *self, const struct ivp_shape *in, const void *scratch,
		     ivp_filter_note *put, void *context);

	/*
	 * Filters: makes the given rows of out. in and out do not overlap. Writes width * pixel
	 * bytes of each of these rows and nothing else; reads no more of each row of in. Cannot
	 * fail, allocates nothing, and is memory-safe whatever the pixels are, also if they change
	 * while it reads them.
	 * The result depends on in and the parameters only, bit for bit, on every processor and
	 * however the rows are cut.
	 */
	void (*apply)(const void *self, const struct ivp_input *in, const struct ivp_output *out,
		      struct ivp_rows rows, void *scratch);

	/*
	 * A filter that keeps the shape and looks at one level of one colour at a time has both:
	 * a chain does a row of such filters in one pass, with the same bits.
	 * table: fills in the table of a colour, for images of this shape; table NULL: only tells.
	 * Returns how many tables it has: 1, the same for all colours; 3, one for each; 0 if it has
	 * none with these parameters.
	 * look_up: apply, by the struct ivp_tables at scratch, whichever filters they are from.
	 */
	unsigned (*table)(const void *self, const struct ivp_shape *in, unsigned colour,
			  void *table);
	void (*look_up)(const void *self, const struct ivp_input *in, const struct ivp_output *out,
			struct ivp_rows rows, void *scratch);
};

#endif
