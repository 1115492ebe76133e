// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * A UIO driver for QEMU's ivshmem devices, in guests of ivpipe.
 *
 * It maps BAR 2, which is memory of the host, as what it is: ordinary write-back memory. sysfs and
 * vfio-pci map it uncached, which hosts with AMD's processors take at its word under KVM. Below
 * 4 GiB the firmware's MTRRs say that all of the PCI hole is uncached, and the kernel obeys them;
 * so a device that nobody uses yet has its BAR 2 moved above, where memory is write-back.
 *
 * A device with interrupts, ivshmem-doorbell, counts them, of any vector, for read(2) and poll(2)
 * of /dev/uioN. mmap(2) at page 0 is BAR 0, uncached; at page 1, BAR 2. A mapping that the process
 * asks for read-only is read-only for good.
 *
 * It has no table of devices and takes what it is given by driver_override: other ivshmem devices
 * are somebody else's.
 */
#include <linux/atomic.h>
#include <linux/interrupt.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uio_driver.h>
#include <linux/version.h>

#define DRIVER_NAME "ivpipe_uio"
#define MAX_VECTORS 16 /* a link has at most 1 + 8 */

enum { MAP_REGISTERS, MAP_WINDOW };

struct ivpipe_uio {
	struct uio_info info;
	int vectors;
};

static irqreturn_t ring(int irq, void *context)
{
	struct ivpipe_uio *device = context;

	uio_event_notify(&device->info);
	return IRQ_HANDLED;
}

/*
 * pci_assign_resource() looks above 4 GiB first for a BAR of 64 bits. While the BAR is without an
 * address the device must not decode any. Who has enabled the device may have it mapped.
 */
static void move_window_up(struct pci_dev *pdev)
{
	const struct resource *window = &pdev->resource[2];
	u16 command;

	if (window->start >= SZ_4G || !(window->flags & IORESOURCE_MEM_64) ||
	    atomic_read(&pdev->enable_cnt) > 0)
		return;
	pci_read_config_word(pdev, PCI_COMMAND, &command);
	pci_write_config_word(pdev, PCI_COMMAND, command & ~PCI_COMMAND_MEMORY);
	pci_release_resource(pdev, 2);
	if (pci_assign_resource(pdev, 2))
		pci_warn(pdev, "there is no address for its memory\n");
	pci_write_config_word(pdev, PCI_COMMAND, command);
}

/* uio checks that the range lies inside the map. */
static int map(struct uio_info *info, struct vm_area_struct *vma)
{
	const unsigned long number = vma->vm_pgoff;
	const unsigned long bytes = vma->vm_end - vma->vm_start;
	const struct uio_mem *mem;

	if (number > MAP_WINDOW)
		return -EINVAL;
	mem = &info->mem[number];
	if (bytes > mem->size)
		return -EINVAL;
	if (!(vma->vm_flags & VM_WRITE)) {
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
		vm_flags_clear(vma, VM_MAYWRITE);
#else
		vma->vm_flags &= ~VM_MAYWRITE;
#endif
	}
	if (number == MAP_REGISTERS)
		vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	/* The offset has chosen the map; from here on it means nothing. */
	vma->vm_pgoff = 0;
	return remap_pfn_range(vma, vma->vm_start, mem->addr >> PAGE_SHIFT, bytes,
			       vma->vm_page_prot);
}

static void describe(struct uio_mem *mem, const char *name, struct pci_dev *pdev, int bar)
{
	const resource_size_t start = pci_resource_start(pdev, bar);

	mem->name = name;
	mem->addr = start & PAGE_MASK;
	mem->offs = start & ~PAGE_MASK;
	mem->size = PAGE_ALIGN(mem->offs + pci_resource_len(pdev, bar));
	mem->memtype = UIO_MEM_PHYS;
}

/* A device without MSI-X has no interrupts, and none is missed. */
static int take_interrupts(struct pci_dev *pdev, struct ivpipe_uio *device)
{
	int error = 0, i;

	device->vectors = pci_alloc_irq_vectors(pdev, 1, MAX_VECTORS, PCI_IRQ_MSIX);
	if (device->vectors < 0) {
		device->vectors = 0;
		return 0;
	}
	for (i = 0; i < device->vectors && !error; i++)
		error = request_irq(pci_irq_vector(pdev, i), ring, 0, DRIVER_NAME, device);
	if (!error) {
		pci_set_master(pdev); /* an interrupt is a write to the bus */
		return 0;
	}
	for (i -= 2; i >= 0; i--)
		free_irq(pci_irq_vector(pdev, i), device);
	pci_free_irq_vectors(pdev);
	return error;
}

static void give_interrupts_back(struct pci_dev *pdev, struct ivpipe_uio *device)
{
	int i;

	if (!device->vectors)
		return;
	pci_clear_master(pdev);
	for (i = 0; i < device->vectors; i++)
		free_irq(pci_irq_vector(pdev, i), device);
	pci_free_irq_vectors(pdev);
}

static int probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct ivpipe_uio *device;
	int error;

	if (!(pci_resource_flags(pdev, 0) & IORESOURCE_MEM) ||
	    !(pci_resource_flags(pdev, 2) & IORESOURCE_MEM))
		return -ENODEV;
	device = kzalloc(sizeof(*device), GFP_KERNEL);
	if (!device)
		return -ENOMEM;
	move_window_up(pdev);
	error = pci_enable_device(pdev);
	if (error)
		goto no_device;
	describe(&device->info.mem[MAP_REGISTERS], "registers", pdev, 0);
	describe(&device->info.mem[MAP_WINDOW], "window", pdev, 2);
	device->info.name = DRIVER_NAME;
	device->info.version = "1";
	device->info.mmap = map;
	device->info.irq = pdev->msix_cap ? UIO_IRQ_CUSTOM : UIO_IRQ_NONE;
	error = uio_register_device(&pdev->dev, &device->info);
	if (error)
		goto no_uio;
	/* After that: a ring needs somebody to count it. */
	error = take_interrupts(pdev, device);
	if (error)
		goto no_interrupts;
	pci_set_drvdata(pdev, device);
	return 0;

no_interrupts:
	uio_unregister_device(&device->info);
no_uio:
	pci_disable_device(pdev);
no_device:
	kfree(device);
	return error;
}

static void remove(struct pci_dev *pdev)
{
	struct ivpipe_uio *device = pci_get_drvdata(pdev);

	give_interrupts_back(pdev, device);
	uio_unregister_device(&device->info);
	pci_disable_device(pdev);
	kfree(device);
}

static const struct pci_device_id no_ids[] = {{}};

static struct pci_driver ivpipe_driver = {
	.name = DRIVER_NAME,
	.id_table = no_ids,
	.probe = probe,
	.remove = remove,
};

module_pci_driver(ivpipe_driver);

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("ivshmem devices of ivpipe: write-back memory, interrupts");
