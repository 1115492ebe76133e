/* SPDX-License-Identifier: MIT */
/*
 * The argument list leaves nothing to QEMU's defaults: a guest has a processor, memory, a serial
 * line and its windows, no network, no disk, no display. The seccomp filter takes from the QEMU
 * process what it does not need, should a guest take it over.
 */
#include "supervisor/qemu.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "supervisor/bells.h"
#include "transport/region.h"
#include "transport/window.h"

#define FIRST_PCI_DEVICE 0x10 /* above what q35 has built in, below its bridges at 0x1f */
#define FIRST_BELL       0x18
#define MIB              (1u << 20)
#define HUGE_PAGE        (2ull << 20) /* a transparent one */

/* panic and reboot: a stage that crashes ends its guest at once. The crypto self-tests cost
 * 0.1 s of every boot, and the guest uses no crypto. no_timer_check: on a busy host the emulated
 * timer ticks late, and the kernel's test of it would panic. */
#define KERNEL_WORDS "console=ttyS0 quiet panic=-1 reboot=t cryptomgr.notests no_timer_check"

static int add_window(const struct ivp_topology *topology, const struct ivp_link_conf *link,
		      unsigned kind, bool writes, struct ivp_guest_window *windows, int count,
		      struct ivp_why *why)
{
	const bool shared = link->isolation == IVP_ISOLATION_SHARED;
	struct ivp_guest_window *window = &windows[count];
	struct ivp_layout layout;
	int error = ivp_link_layout(link, &layout, why);

	if (error)
		return error;
	*window = (struct ivp_guest_window){
	    .link = link,
	    .bytes =
		kind == IVP_WINDOW_DATA ? layout.data_object_bytes : layout.credit_object_bytes,
	    .writable = shared || writes,
	    .pci_device = FIRST_PCI_DEVICE + (unsigned)count,
	};
	if (shared && !writes)
		window->lock_at = layout.credit_offset;
	snprintf(window->label, sizeof(window->label), "%s.%s", link->name,
		 kind == IVP_WINDOW_DATA ? "data" : "credit0");
	error = ivp_region_path(window->path, sizeof(window->path),
				kind == IVP_WINDOW_DATA ? link->folder : IVP_REGION_FOLDER,
				topology->name, link->name, kind, 0);
	if (error < 0) {
		ivp_why_set(why, "link %s: the path of its window is too long", link->name);
		return error;
	}
	return 0;
}

/* Appends the windows of one link to the count that are there. Returns the new number. */
static int add_link(const struct ivp_topology *topology, const struct ivp_link_conf *link,
		    bool produces, struct ivp_guest_window *windows, int count, struct ivp_why *why)
{
	int error = add_window(topology, link, IVP_WINDOW_DATA, produces, windows, count, why);

	if (error)
		return error;
	count++;
	if (link->isolation == IVP_ISOLATION_SHARED)
		return count;
	error = add_window(topology, link, IVP_WINDOW_CREDIT, !produces, windows, count, why);
	return error ? error : count + 1;
}

int ivp_guest_windows(const struct ivp_topology *topology, const struct ivp_stage_conf *stage,
		      struct ivp_guest_window windows[IVP_GUEST_WINDOWS], struct ivp_why *why)
{
	int count = add_link(topology, stage->input, false, windows, 0, why);

	if (count > 0)
		count = add_link(topology, stage->output, true, windows, count, why);
	return count;
}

int ivp_guest_bells(const struct ivp_topology *topology, const struct ivp_stage_conf *stage,
		    struct ivp_guest_bell bells[IVP_GUEST_BELLS], struct ivp_why *why)
{
	const struct ivp_link_conf *const links[IVP_GUEST_BELLS] = {stage->input, stage->output};
	int count = 0;

	for (unsigned i = 0; i < IVP_GUEST_BELLS; i++) {
		struct ivp_guest_bell *bell = &bells[count];

		if (!ivp_bells_wanted(topology, links[i]))
			continue;
		*bell = (struct ivp_guest_bell){.link = links[i], .pci_device = FIRST_BELL + i};
		snprintf(bell->label, sizeof(bell->label), "%s.bell", links[i]->name);
		if (ivp_bell_path(bell->path, sizeof(bell->path), topology->name, links[i]->name) <
		    0) {
			ivp_why_set(why, "link %s: the path of its doorbell is too long",
				    links[i]->name);
			return -ENAMETOOLONG;
		}
		count++;
	}
	return count;
}

/* In QEMU's option lists a comma in a value is written twice. */
static void double_commas(const char *text, char *out, size_t bytes)
{
	size_t used = 0;

	for (; *text && used + 3 <= bytes; text++) {
		if (*text == ',')
			out[used++] = ',';
		out[used++] = *text;
	}
	out[used] = '\0';
}

/*
 * How QEMU is to have the memory, which is all there already. It populates what it may write: with
 * readonly=on QEMU 7.2 dies of prealloc=on, and where the kernel cannot populate, QEMU stores what
 * it has read from each page, which no other writer survives.
 */
static void add_memory_options(const struct ivp_guest_window *window, char *text, size_t bytes)
{
	const struct ivp_link_conf *link = window->link;
	const bool alone = window->writable && link->isolation == IVP_ISOLATION_ONE_WAY;
	size_t used = 0;

	text[0] = '\0';
	if (link->memory == IVP_MEMORY_THP && window->bytes >= HUGE_PAGE)
		used += (size_t)snprintf(text, bytes, ",align=2M");
	if (link->prefault && alone)
		used += (size_t)snprintf(text + used, bytes - used, ",prealloc=on");
	if (link->numa_node >= 0)
		snprintf(text + used, bytes - used, ",host-nodes=%d,policy=bind", link->numa_node);
}

static void add_device(struct ivp_arguments *arguments, const struct ivp_guest_window *window)
{
	char path[2 * sizeof(window->path)], options[96];

	double_commas(window->path, path, sizeof(path));
	add_memory_options(window, options, sizeof(options));
	ivp_arguments_add(arguments, "-object");
	ivp_arguments_add(arguments,
			  "memory-backend-file,id=memory.%s,mem-path=%s,size=%llu,share=on%s%s",
			  window->label, path, (unsigned long long)window->bytes,
			  window->writable ? "" : ",readonly=on", options);
	ivp_arguments_add(arguments, "-device");
	ivp_arguments_add(arguments, "ivshmem-plain,id=%s,memdev=memory.%s,addr=0x%x",
			  window->label, window->label, window->pci_device);
	ivp_arguments_add(arguments, "-smbios");
	ivp_arguments_add(arguments, "type=41,designation=%s,instance=%u,kind=other,pcidev=%s",
			  window->label, window->pci_device - FIRST_PCI_DEVICE + 1, window->label);
}

char *ivp_qemu_bell_socket(const struct ivp_guest_bell *bell, int fd)
{
	char path[2 * sizeof(bell->path)];
	char *text;

	double_commas(bell->path, path, sizeof(path));
	if ((fd < 0 ? asprintf(&text, "socket,id=server.%s,path=%s", bell->label, path)
		    : asprintf(&text, "socket,id=server.%s,fd=%d", bell->label, fd)) < 0)
		return NULL;
	return text;
}

/* Two vectors: one for the link's producer, one for its consumer. */
static void add_bell(struct ivp_arguments *arguments, const struct ivp_guest_bell *bell,
		     unsigned instance)
{
	char *socket = ivp_qemu_bell_socket(bell, -1);

	if (!socket) {
		arguments->error = -ENOMEM;
		return;
	}
	ivp_arguments_add(arguments, "-chardev");
	ivp_arguments_add(arguments, "%s", socket);
	ivp_arguments_add(arguments, "-device");
	ivp_arguments_add(arguments, "ivshmem-doorbell,id=%s,chardev=server.%s,vectors=2,addr=0x%x",
			  bell->label, bell->label, bell->pci_device);
	ivp_arguments_add(arguments, "-smbios");
	ivp_arguments_add(arguments, "type=41,designation=%s,instance=%u,kind=other,pcidev=%s",
			  bell->label, instance, bell->label);
	free(socket);
}

static void add_machine(struct ivp_arguments *arguments, const struct ivp_stage_conf *stage,
			const struct ivp_qemu_options *options)
{
	ivp_arguments_add(arguments, "-machine");
	/* In the kernel, KVM's interrupt controller cannot remap interrupts for the IOMMU. */
	ivp_arguments_add(arguments,
			  options->kvm && options->iommu ? "q35,kernel-irqchip=split" : "q35");
	ivp_arguments_add(arguments, "-accel");
	ivp_arguments_add(arguments, "%s", options->kvm ? "kvm" : "tcg,thread=multi");
	ivp_arguments_add(arguments, "-cpu");
	ivp_arguments_add(arguments, "%s", options->kvm ? "host" : "max");
	/* With a single possible processor TCG drops fences and makes atomic operations plain
	 * ones, as nobody in the guest could tell; our peers outside can. */
	ivp_arguments_add(arguments, "-smp");
	ivp_arguments_add(arguments, "%u,maxcpus=%u", stage->cpus, stage->cpus + 1);
	ivp_arguments_add(arguments, "-m");
	ivp_arguments_add(arguments, "%lluM",
			  (unsigned long long)((stage->memory_bytes + MIB - 1) / MIB));
}

int ivp_qemu_arguments(const struct ivp_topology *topology, const struct ivp_stage_conf *stage,
		       const struct ivp_qemu_options *options, struct ivp_arguments *arguments,
		       struct ivp_why *why)
{
	static const char *const fixed[] = {
	    "-nodefaults",
	    "-no-user-config",
	    "-display",
	    "none",
	    "-serial",
	    "stdio",
	    "-no-reboot",
	    "-sandbox",
	    "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"};
	struct ivp_guest_window windows[IVP_GUEST_WINDOWS];
	struct ivp_guest_bell bells[IVP_GUEST_BELLS];
	int count = ivp_guest_windows(topology, stage, windows, why);
	int bell_count = ivp_guest_bells(topology, stage, bells, why);

	if (count < 0 || bell_count < 0)
		return count < 0 ? count : bell_count;
	ivp_arguments_add(arguments, "%s", options->program);
	ivp_arguments_add(arguments, "-name");
	ivp_arguments_add(arguments, "ivpipe.%s.%s", topology->name, stage->name);
	add_machine(arguments, stage, options);
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		ivp_arguments_add(arguments, "%s", fixed[i]);
	ivp_arguments_add(arguments, "-kernel");
	ivp_arguments_add(arguments, "%s", options->kernel);
	ivp_arguments_add(arguments, "-initrd");
	ivp_arguments_add(arguments, "%s", options->initrd);
	ivp_arguments_add(arguments, "-append");
	ivp_arguments_add(arguments, KERNEL_WORDS);
	/* Before the devices that it is for. */
	if (options->iommu && bell_count > 0) {
		ivp_arguments_add(arguments, "-device");
		ivp_arguments_add(arguments, "intel-iommu,intremap=on");
	}
	for (int i = 0; i < count; i++)
		add_device(arguments, &windows[i]);
	for (int i = 0; i < bell_count; i++)
		add_bell(arguments, &bells[i], (unsigned)(count + i + 1));
	if (arguments->error)
		ivp_why_set(why, "%s", strerror(-arguments->error));
	return arguments->error;
}

bool ivp_qemu_has_kvm(void)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	bool usable;

	if (fd < 0)
		return false;
	usable = ioctl(fd, KVM_GET_API_VERSION, 0) == KVM_API_VERSION;
	close(fd);
	return usable;
}
