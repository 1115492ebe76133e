/* SPDX-License-Identifier: MIT */
/* Reads a line after the other; nothing is stored where there is no cube yet to store it in. */
#include "cube.h"

#include <math.h>
#include <string.h>

#define LONGEST_1D 65536u
#define MOST_WORDS 4

struct word {
	const uint8_t *text;
	size_t bytes;
};

struct reader {
	const uint8_t *at, *end;
	unsigned line;
	struct word words[MOST_WORDS];
	unsigned count;
	uint32_t dimensions, side; /* 0: not said yet */
	double low[3], high[3];
	uint64_t rows;   /* of values so far */
	unsigned across; /* numbers in each */
	struct ivp_cube *cube;
	struct ivp_why *why;
};

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The words of the next line that has any; what is behind the fourth is not looked at. */
static bool next_line(struct reader *reader)
{
	reader->count = 0;
	while (reader->at < reader->end && reader->count == 0) {
		const uint8_t *line_end =
		    memchr(reader->at, '\n', (size_t)(reader->end - reader->at));

		if (!line_end)
			line_end = reader->end;
		reader->line++;
		while (reader->at < line_end && reader->count < MOST_WORDS) {
			const uint8_t *word;

			while (reader->at < line_end && is_space(*reader->at))
				reader->at++;
			word = reader->at;
			while (reader->at < line_end && !is_space(*reader->at))
				reader->at++;
			if (reader->at == word || *word == '#')
				break;
			reader->words[reader->count++] =
			    (struct word){word, (size_t)(reader->at - word)};
		}
		reader->at = line_end < reader->end ? line_end + 1 : line_end;
	}
	return reader->count > 0;
}

static bool is_word(const struct word *word, const char *text)
{
	return word->bytes == strlen(text) && memcmp(word->text, text, word->bytes) == 0;
}

static bool is_digit(const struct word *word, size_t i)
{
	return i < word->bytes && word->text[i] >= '0' && word->text[i] <= '9';
}

/* [-+]digits from i on, a power of ten for value. Returns where it ends, 0 if there is none. */
static size_t read_exponent(const struct word *word, size_t i, double *value)
{
	const bool down = i < word->bytes && word->text[i] == '-';
	int exponent = 0;

	i += i < word->bytes && (word->text[i] == '-' || word->text[i] == '+');
	if (!is_digit(word, i))
		return 0;
	for (; is_digit(word, i); i++)
		exponent = exponent < 400 ? exponent * 10 + (word->text[i] - '0') : 400;
	for (; exponent > 0; exponent--)
		*value = down ? *value / 10 : *value * 10;
	return i;
}

/* [-+]digits[.digits][e[-+]digits]: the same in every locale. */
static bool read_number(const struct word *word, double *number)
{
	size_t i = word->bytes > 0 && (word->text[0] == '-' || word->text[0] == '+'), digits = 0;
	bool minus = word->bytes > 0 && word->text[0] == '-';
	double value = 0, place = 1;

	for (; is_digit(word, i); i++, digits++)
		value = value * 10 + (word->text[i] - '0');
	if (i < word->bytes && word->text[i] == '.')
		for (i++; is_digit(word, i); i++, digits++) {
			place /= 10;
			value += (word->text[i] - '0') * place;
		}
	if (digits == 0)
		return false;
	if (i < word->bytes && (word->text[i] == 'e' || word->text[i] == 'E')) {
		i = read_exponent(word, i + 1, &value);
		if (i == 0)
			return false;
	}
	*number = minus ? -value : value;
	return i == word->bytes && isfinite(value);
}

static bool fail(const struct reader *reader, const char *what)
{
	ivp_why_set(reader->why, "line %u: %s", reader->line, what);
	return false;
}

/* Numbers from word first on, at most three; what is there in part is an error. */
static bool read_numbers(struct reader *reader, unsigned first, unsigned wanted, double *numbers)
{
	if (reader->count != first + wanted)
		return fail(reader, "has too few numbers, or too many");
	for (unsigned i = 0; i < wanted; i++)
		if (!read_number(&reader->words[first + i], &numbers[i]))
			return fail(reader, "what should be a number is none");
	return true;
}

static bool read_size(struct reader *reader, uint32_t dimensions, uint32_t most)
{
	double size;

	if (reader->dimensions > 0 || reader->rows > 0)
		return fail(reader, "the size comes too late, or twice");
	if (!read_numbers(reader, 1, 1, &size))
		return false;
	if (size < 2 || size > most || size != floor(size)) {
		ivp_why_set(reader->why, "line %u: a size is a whole number from 2 to %u",
			    reader->line, most);
		return false;
	}
	reader->dimensions = dimensions;
	reader->side = (uint32_t)size;
	return true;
}

/* The range for all colours, as some programs write it. */
static bool read_range(struct reader *reader)
{
	double range[2];

	if (!read_numbers(reader, 1, 2, range))
		return false;
	for (unsigned i = 0; i < 3; i++) {
		reader->low[i] = range[0];
		reader->high[i] = range[1];
	}
	return true;
}

static bool read_values(struct reader *reader)
{
	const unsigned across = reader->dimensions > 0 || reader->count > 1 ? 3 : 1;
	double numbers[3];

	if (reader->rows == 0)
		reader->across = across;
	if (across != reader->across)
		return fail(reader, "has not as many numbers as those before");
	if (!read_numbers(reader, 0, across, numbers))
		return false;
	for (unsigned i = 0; i < 3 && reader->cube; i++) {
		double value = numbers[across == 3 ? i : 0];

		if (reader->dimensions > 0)
			value = value < -100 ? -100 : value > 100 ? 100 : value;
		else
			value /= reader->side - 1;
		reader->cube->values[reader->rows][i] = (float)value;
	}
	reader->rows++;
	return true;
}

static bool read_line(struct reader *reader)
{
	const struct word *key = &reader->words[0];

	if (is_word(key, "TITLE"))
		return true;
	if (is_word(key, "LUT_1D_SIZE"))
		return read_size(reader, 1, LONGEST_1D);
	if (is_word(key, "LUT_3D_SIZE"))
		return read_size(reader, 3, IVP_CUBE_SIDE);
	if (is_word(key, "DOMAIN_MIN"))
		return read_numbers(reader, 1, 3, reader->low);
	if (is_word(key, "DOMAIN_MAX"))
		return read_numbers(reader, 1, 3, reader->high);
	if (is_word(key, "LUT_1D_INPUT_RANGE") || is_word(key, "LUT_3D_INPUT_RANGE"))
		return read_range(reader);
	if (key->text[0] >= 'A' && key->text[0] <= 'Z')
		return fail(reader, "begins with a word that .cube files do not have");
	return read_values(reader);
}

/* Is it all there? Fills in what the header of the file leaves to its length. */
static bool check_whole(struct reader *reader)
{
	const uint64_t side = reader->side;
	const uint64_t wanted = reader->dimensions == 3 ? side * side * side : side;

	if (reader->dimensions == 0 && reader->rows != 256 && reader->rows != 65536) {
		ivp_why_set(reader->why,
			    "has no LUT_1D_SIZE, no LUT_3D_SIZE, and %llu lines of levels, not 256 "
			    "or 65536",
			    (unsigned long long)reader->rows);
		return false;
	}
	if (reader->dimensions > 0 && reader->rows != wanted) {
		ivp_why_set(reader->why, "has %llu lines of values, not %llu",
			    (unsigned long long)reader->rows, (unsigned long long)wanted);
		return false;
	}
	for (unsigned i = 0; i < 3; i++)
		if (!(reader->high[i] - reader->low[i] > 1e-6) || fabs(reader->low[i]) > 1e6 ||
		    fabs(reader->high[i]) > 1e6) {
			ivp_why_set(reader->why, "its domain is empty, or too large");
			return false;
		}
	return true;
}

static bool read_all(struct reader *reader)
{
	while (next_line(reader))
		if (!read_line(reader))
			return false;
	return check_whole(reader);
}

static struct reader begin(const uint8_t *bytes, size_t size, struct ivp_why *why)
{
	return (struct reader){.at = bytes, .end = bytes + size, .high = {1, 1, 1}, .why = why};
}

size_t ivp_cube_parse(const uint8_t *bytes, size_t size, void *parsed, struct ivp_why *why)
{
	struct reader first = begin(bytes, size, why), second = begin(bytes, size, why);
	struct ivp_cube *cube = parsed;

	if (!read_all(&first))
		return 0;
	if (cube) {
		cube->dimensions = first.dimensions == 3 ? 3 : 1;
		cube->side = (uint32_t)(first.dimensions > 0 ? first.side : first.rows);
		cube->one = first.across == 1;
		for (unsigned i = 0; i < 3; i++) {
			cube->low[i] = (float)first.low[i];
			cube->scale[i] = (float)((cube->side - 1) / (first.high[i] - first.low[i]));
		}
		/* Lines of levels are divided by the highest, which only their number tells. */
		second.side = cube->side;
		second.cube = cube;
		while (next_line(&second))
			if (!read_line(&second))
				return 0;
	}
	return sizeof(*cube) + first.rows * sizeof(cube->values[0]);
}
