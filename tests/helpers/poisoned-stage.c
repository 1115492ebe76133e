/* SPDX-License-Identifier: MIT */
/*
 * pipeline-stage, linked so that some frames end stage "victim" each time, whatever its filter and
 * however fast the machine: those 13 pixels wide stop it, as if it hung, those 17 wide abort it,
 * and those 19 wide do so twice and then no more.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "stage/chain.h"
#include "transport/port.h"

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) the linker's names */
int __real_ivp_chain_plan(struct ivp_chain *chain, const struct ivp_shape *in,
			  struct ivp_shape *out, struct ivp_why *why);
int __wrap_ivp_chain_plan(struct ivp_chain *chain, const struct ivp_shape *in,
			  struct ivp_shape *out, struct ivp_why *why);
unsigned __real_ivp_consumer_begin(struct ivp_consumer *consumer);
unsigned __wrap_ivp_consumer_begin(struct ivp_consumer *consumer);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static unsigned attempt;

unsigned __wrap_ivp_consumer_begin(struct ivp_consumer *consumer)
{
	attempt = __real_ivp_consumer_begin(consumer);
	return attempt;
}

/* Called for each frame that is to be filtered, when its work has begun. */
int __wrap_ivp_chain_plan(struct ivp_chain *chain, const struct ivp_shape *in,
			  struct ivp_shape *out, struct ivp_why *why)
{
	const bool victim = chain->stage && strcmp(chain->stage, "victim") == 0;

	if (victim && in->width == 13)
		(void)raise(SIGSTOP);
	if (victim && (in->width == 17 || (in->width == 19 && attempt <= 2)))
		abort();
	return __real_ivp_chain_plan(chain, in, out, why);
}
