/* SPDX-License-Identifier: MIT */
#include "base/signals.h"

#include <stddef.h>

void ivp_signals_block(sigset_t *before)
{
	static const int faults[] = {SIGBUS, SIGSEGV, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS};
	sigset_t set;

	sigfillset(&set);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		sigdelset(&set, faults[i]);
	(void)pthread_sigmask(SIG_SETMASK, &set, before);
}
