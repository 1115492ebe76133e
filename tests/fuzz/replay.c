/* SPDX-License-Identifier: MIT */
/*
 * Drives a fuzz target without libFuzzer:
 *
 *     fuzz_NAME [--mutations N] [FILE.hex]...   runs the seeds, the inputs of the files, then N
 *                                               mutations of them, the same ones each time
 *     fuzz_NAME --input FILE                    runs one input, as libFuzzer stores it
 *     fuzz_NAME --seeds FOLDER                  writes the seeds as files
 *     fuzz_NAME --dictionary FILE               writes the dictionary
 *
 * A .hex file has one input a line, as hexadecimal digits; '#' begins a comment. The input that
 * ends the program is printed in this form, ready to be added to corpus/NAME.hex.
 */
#include <signal.h>
#include <unistd.h>

#include "fuzz/fuzz.h"

#define LARGEST          65536
#define SECONDS_AN_INPUT 20

struct input {
	uint8_t *bytes;
	size_t size;
};

static struct input *inputs;
static size_t input_count;
static struct input current;

static void say(const char *text, size_t bytes)
{
	if (write(STDERR_FILENO, text, bytes) < 0)
		_exit(98);
}

static void print_current(void)
{
	static const char digits[] = "0123456789abcdef";

	if (!current.bytes)
		return;
	say("the input:\n", 11);
	for (size_t i = 0; i < current.size; i++) {
		const char pair[] = {digits[current.bytes[i] >> 4], digits[current.bytes[i] & 15]};

		say(pair, 2);
	}
	say("\n", 1);
}

static void die_of_signal(int number)
{
	if (number == SIGALRM)
		say("it took too long\n", 17);
	print_current();
	signal(number, SIG_DFL);
	raise(number);
}

/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the sanitizers' name */
__attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)(void));

static void watch_death(void)
{
	static const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM};

	if (__sanitizer_set_death_callback) {
		__sanitizer_set_death_callback(print_current);
		signal(SIGALRM, die_of_signal);
		signal(SIGABRT, die_of_signal);
		return;
	}
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], die_of_signal);
}

static void run(const uint8_t *bytes, size_t size)
{
	/* Memory of its own size, as libFuzzer gives it. */
	current = (struct input){fuzz_memory(size), size};
	if (size > 0)
		memcpy(current.bytes, bytes, size);
	alarm(SECONDS_AN_INPUT);
	LLVMFuzzerTestOneInput(current.bytes, size);
	free(current.bytes);
	current.bytes = NULL;
}

static void keep(const void *bytes, size_t size)
{
	inputs = realloc(inputs, (input_count + 1) * sizeof(*inputs));
	CHECK(inputs);
	inputs[input_count] = (struct input){fuzz_memory(size), size};
	if (size > 0)
		memcpy(inputs[input_count].bytes, bytes, size);
	input_count++;
}

/* 16 for what is no digit. */
static unsigned digit(char c)
{
	return c >= '0' && c <= '9'   ? (unsigned)(c - '0')
	       : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
				      : 16;
}

static void keep_line(const char *file, const char *line, uint8_t *bytes)
{
	size_t size = 0;

	line += strspn(line, " \t");
	if (*line == '#' || *line == '\n' || *line == '\0')
		return;
	for (; digit(line[0]) < 16 && digit(line[1]) < 16 && size < LARGEST; line += 2)
		bytes[size++] = (uint8_t)(digit(line[0]) << 4 | digit(line[1]));
	if (*line != '\n' && *line != '\0') {
		fprintf(stderr, "%s: not a line of hexadecimal digits: %s", file, line);
		exit(65);
	}
	keep(bytes, size);
}

static void keep_file(const char *file)
{
	static uint8_t bytes[LARGEST];
	FILE *from = fopen(file, "r");
	char *line = NULL;
	size_t room = 0;

	if (!from) {
		perror(file);
		exit(66);
	}
	while (getline(&line, &room, from) > 0)
		keep_line(file, line, bytes);
	free(line);
	fclose(from);
}

/* Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8(14), 2003. */
static uint64_t random_state = 88172645463325252u;

static size_t below(size_t bound)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (size_t)(random_state % bound);
}

static void change_byte(uint8_t *byte)
{
	static const uint8_t telling[] = {0, 1, 2, 0x7f, 0x80, 0x81, 0xfe, 0xff};

	switch (below(3)) {
	case 0:
		*byte ^= (uint8_t)(1u << below(8));
		break;
	case 1:
		*byte = telling[below(sizeof(telling))];
		break;
	default:
		*byte = (uint8_t)below(256);
	}
}

static size_t change_once(uint8_t *bytes, size_t size)
{
	size_t at = size ? below(size) : 0, count = 1 + below(16), from;

	switch (below(8)) {
	case 0: /* cut out */
		if (count > size - at)
			count = size - at;
		memmove(bytes + at, bytes + at + count, size - at - count);
		return size - count;
	case 1: /* repeat, or make room */
		if (count > size - at)
			count = size - at;
		if (size + count > LARGEST)
			return size;
		memmove(bytes + at + count, bytes + at, size - at);
		return size + count;
	case 2: /* behind it, a part of another */
		from = below(input_count);
		count = inputs[from].size ? below(inputs[from].size) : 0;
		if (count > LARGEST - at)
			count = LARGEST - at;
		memcpy(bytes + at, inputs[from].bytes + inputs[from].size - count, count);
		return at + count > size ? at + count : size;
	default:
		if (size > 0)
			change_byte(bytes + at);
		return size;
	}
}

static void mutate(size_t count)
{
	static uint8_t bytes[LARGEST];

	for (size_t i = 0; i < count; i++) {
		const struct input *from = &inputs[below(input_count)];
		size_t size = from->size;

		memcpy(bytes, from->bytes, size);
		for (size_t n = 1 + below(8); n > 0; n--)
			size = change_once(bytes, size);
		run(bytes, size);
	}
}

static void run_file(const char *file)
{
	static uint8_t bytes[1 << 20];
	FILE *from = fopen(file, "rb");
	size_t size;

	if (!from) {
		perror(file);
		exit(66);
	}
	size = fread(bytes, 1, sizeof(bytes), from);
	fclose(from);
	run(bytes, size);
}

static void write_seeds(const char *folder)
{
	for (size_t i = 0; i < input_count; i++) {
		char path[4096];
		FILE *to;

		snprintf(path, sizeof(path), "%s/seed-%03zu", folder, i);
		to = fopen(path, "wb");
		if (!to || fwrite(inputs[i].bytes, 1, inputs[i].size, to) != inputs[i].size ||
		    fclose(to) != 0) {
			perror(path);
			exit(73);
		}
	}
}

static void write_dictionary(const char *file)
{
	FILE *to = fopen(file, "w");

	if (!to) {
		perror(file);
		exit(73);
	}
	if (fuzz_dictionary)
		fuzz_dictionary(to);
	if (fclose(to) != 0) {
		perror(file);
		exit(74);
	}
}

int main(int argc, char **argv)
{
	size_t mutations = 0;

	watch_death();
	fuzz_seeds(keep);
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";

		if (strcmp(argv[i], "--seeds") == 0) {
			write_seeds(value);
			return 0;
		} else if (strcmp(argv[i], "--dictionary") == 0) {
			write_dictionary(value);
			return 0;
		} else if (strcmp(argv[i], "--input") == 0) {
			run_file(value);
			return 0;
		} else if (strcmp(argv[i], "--mutations") == 0) {
			mutations = strtoul(value, NULL, 10);
			i++;
		} else {
			keep_file(argv[i]);
		}
	}
	for (size_t i = 0; i < input_count; i++)
		run(inputs[i].bytes, inputs[i].size);
	if (input_count > 0)
		mutate(mutations);
	alarm(0);
	for (size_t i = 0; i < input_count; i++)
		free(inputs[i].bytes);
	free(inputs);
	return 0;
}
