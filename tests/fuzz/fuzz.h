/* SPDX-License-Identifier: MIT */
/*
 * What every fuzz target has, and what it reads its input with. A target is fuzz_NAME.c with the
 * three functions below; libFuzzer drives it (make fuzz), or replay.c does (make check).
 */
#ifndef IVP_TESTS_FUZZ_FUZZ_H
#define IVP_TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One input. Returns 0; a property that does not hold ends the program. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Gives good inputs to start from, one by one; add copies them. */
typedef void fuzz_add(const void *bytes, size_t size);
void fuzz_seeds(fuzz_add *add);

/* Writes words that inputs are made of, in libFuzzer's form: fuzz_word for each. Targets without
 * such words do not define it. */
__attribute__((weak)) void fuzz_dictionary(FILE *to);

static inline void fuzz_word(FILE *to, const void *bytes, size_t size)
{
	fputc('"', to);
	for (size_t i = 0; i < size; i++)
		fprintf(to, "\\x%02x", ((const uint8_t *)bytes)[i]);
	fputs("\"\n", to);
}

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fuzz_fail(__FILE__, __LINE__, #condition);                                 \
	} while (0)

static inline _Noreturn void fuzz_fail(const char *file, int line, const char *condition)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
	abort();
}

/* Memory of exactly this size, so that a sanitizer sees each overrun. */
static inline void *fuzz_memory(size_t bytes)
{
	void *memory = malloc(bytes ? bytes : 1);

	CHECK(memory);
	return memory;
}

/* The input as a row of numbers; behind its end come zeros. */
struct script {
	const uint8_t *at, *end;
};

static inline size_t script_left(const struct script *script)
{
	return (size_t)(script->end - script->at);
}

static inline uint64_t take_number(struct script *script, unsigned bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < bytes && script->at < script->end; i++)
		value |= (uint64_t)*script->at++ << (8 * i);
	return value;
}

static inline uint8_t take8(struct script *script)
{
	return (uint8_t)take_number(script, 1);
}

static inline uint16_t take16(struct script *script)
{
	return (uint16_t)take_number(script, 2);
}

static inline uint32_t take32(struct script *script)
{
	return (uint32_t)take_number(script, 4);
}

/* At most count bytes; returns how many there are, at *bytes. */
static inline size_t take_bytes(struct script *script, size_t count, const uint8_t **bytes)
{
	if (count > script_left(script))
		count = script_left(script);
	*bytes = script->at;
	script->at += count;
	return count;
}

/* For making seeds: a row of numbers written. */
struct seed {
	uint8_t bytes[4096];
	size_t size;
};

static inline void put_number(struct seed *seed, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes && seed->size < sizeof(seed->bytes); i++)
		seed->bytes[seed->size++] = (uint8_t)(value >> (8 * i));
}

#endif
