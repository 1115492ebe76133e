/* SPDX-License-Identifier: MIT */
#include "doorbell/page.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <ivpipe/ring.h>
#include "transport/window.h"

/* The page is sealed at its size: a client that could shrink it would crash the others. */
int ivp_bell_page_make(const struct ivp_bell_server_conf *conf, unsigned vectors)
{
	struct ivp_wire_bell *bell;
	int error = 0, fd = memfd_create("ivpipe-bell", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, IVP_PAGE) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0 ||
	    (bell = mmap(NULL, IVP_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)) ==
		MAP_FAILED) {
		error = -errno;
		close(fd);
		return error;
	}
	*bell = (struct ivp_wire_bell){
	    .major = IVP_WIRE_MAJOR,
	    .minor = IVP_WIRE_MINOR,
	    .vectors = vectors,
	    .server = ivp_epoch_make(),
	};
	if (conf->uuid)
		memcpy(bell->uuid, conf->uuid, sizeof(bell->uuid));
	memcpy(bell->link_name, conf->link, strnlen(conf->link, IVP_NAME_BYTES - 1));
	memcpy(bell->pipeline_name, conf->pipeline, strnlen(conf->pipeline, IVP_NAME_BYTES - 1));
	ivp_store_release(&bell->magic, IVP_BELL_MAGIC);
	munmap(bell, IVP_PAGE);
	return fd;
}
