/* SPDX-License-Identifier: MIT */
/* The capability calls themselves; libcap would be a library for three system calls. */
#include "base/confine.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

void ivp_confine_bound(void)
{
	/* EPERM: nothing is lost, without that right the set means nothing to this process. */
	for (int number = 0; prctl(PR_CAPBSET_READ, number, 0, 0, 0) >= 0; number++)
		(void)prctl(PR_CAPBSET_DROP, number, 0, 0, 0);
}

int ivp_confine(uint64_t keep)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) < 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		data[i].permitted &= (uint32_t)(keep >> 32 * i);
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	/* The ambient set goes with the inheritable one. */
	if (syscall(SYS_capset, &header, data) < 0)
		return -1;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

int ivp_confine_to_files(void)
{
	ivp_confine_bound();
	return ivp_confine(1ull << CAP_DAC_OVERRIDE | 1ull << CAP_DAC_READ_SEARCH |
			   1ull << CAP_FOWNER);
}
