/* SPDX-License-Identifier: MIT */
/*
 * The handler runs in the middle of anything: it reads a table of fixed size, whose entries are
 * taken and given back by single stores, calls write(2) and _exit(2), and nothing else.
 */
#include "transport/fault.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#define MOST_REGIONS 256 /* more are possible; those beyond are not named */

struct watched {
	uintptr_t base; /* 0: free; 1: taken, the rest not yet there */
	size_t bytes;
	char source[sizeof(((struct ivp_region *)0)->source)];
};

static struct watched table[MOST_REGIONS];
static const char *program_name;

void ivp_fault_watch(const struct ivp_region *region)
{
	for (size_t i = 0; i < MOST_REGIONS; i++) {
		uintptr_t none = 0;

		if (!__atomic_compare_exchange_n(&table[i].base, &none, 1, false, __ATOMIC_ACQUIRE,
						 __ATOMIC_RELAXED))
			continue;
		table[i].bytes = region->bytes;
		memcpy(table[i].source, region->source, sizeof(table[i].source));
		__atomic_store_n(&table[i].base, (uintptr_t)region->base, __ATOMIC_RELEASE);
		return;
	}
}

void ivp_fault_forget(const struct ivp_region *region)
{
	for (size_t i = 0; i < MOST_REGIONS; i++)
		if (__atomic_load_n(&table[i].base, __ATOMIC_RELAXED) == (uintptr_t)region->base) {
			__atomic_store_n(&table[i].base, 0, __ATOMIC_RELEASE);
			return;
		}
}

static const struct watched *find(uintptr_t address)
{
	for (size_t i = 0; i < MOST_REGIONS; i++) {
		const uintptr_t base = __atomic_load_n(&table[i].base, __ATOMIC_ACQUIRE);

		if (base > 1 && address - base < table[i].bytes)
			return &table[i];
	}
	return NULL;
}

static size_t append(char *line, size_t used, size_t room, const char *text)
{
	while (*text && used < room)
		line[used++] = *text++;
	return used;
}

static void explain(int number, siginfo_t *info, void *context)
{
	const struct watched *region = find((uintptr_t)info->si_addr);
	char line[512];
	size_t used = 0;

	(void)context;
	if (!region) {
		/* Returning does again what failed, and then it ends the program. */
		signal(number, SIG_DFL);
		return;
	}
	used = append(line, used, sizeof(line), program_name);
	used = append(line, used, sizeof(line), ": ");
	used = append(line, used, sizeof(line), region->source);
	used = append(line, used, sizeof(line),
		      ": the file was cut short while it was in use; its frames are lost. "
		      "Stop the pipeline's programs, then create its links anew\n");
	if (write(STDERR_FILENO, line, used) < 0)
		_exit(EX_IOERR); /* there is no other place to say it */
	_exit(EX_PROTOCOL);
}

int ivp_fault_catch(const char *program)
{
	struct sigaction action = {.sa_sigaction = explain, .sa_flags = SA_SIGINFO};

	program_name = program;
	sigemptyset(&action.sa_mask);
	return sigaction(SIGBUS, &action, NULL) < 0 ? -errno : 0;
}
