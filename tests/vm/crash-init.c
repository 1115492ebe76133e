/* SPDX-License-Identifier: MIT */
/* The init of a guest that crashes: the kernel panics. */
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

int main(void)
{
	puts("these are the last words of a stage");
	fflush(stdout);
	tcdrain(STDOUT_FILENO);
	abort();
}
