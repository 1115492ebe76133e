/* SPDX-License-Identifier: MIT */
/* Signals of a program with threads: its first thread is the one that gets them. */
#ifndef IVP_BASE_SIGNALS_H
#define IVP_BASE_SIGNALS_H

#include <signal.h>

/*
 * Blocks signals for this thread and those that it starts from now on, but for faults: such a signal
 * is of the thread that it happens in, and blocked there it would end us without a word. *before is
 * for pthread_sigmask, when the threads are started. Thread-safe.
 */
void ivp_signals_block(sigset_t *before);

#endif
