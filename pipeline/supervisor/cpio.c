/* SPDX-License-Identifier: MIT */
/*
 * An entry is a header of 110 characters (a magic and 13 numbers of 8 hexadecimal digits), the
 * name with its NUL, and the data; name and data are each padded so that what follows starts at
 * a multiple of 4.
 */
#include "supervisor/cpio.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define HEADER_BYTES 110
#define BLOCK_BYTES  512

static int put(struct ivp_cpio *cpio, const void *data, size_t bytes)
{
	if (bytes > 0 && fwrite(data, 1, bytes, cpio->to) != bytes)
		return errno ? -errno : -EIO;
	cpio->bytes += bytes;
	return 0;
}

static int pad(struct ivp_cpio *cpio, unsigned boundary)
{
	static const char zeros[BLOCK_BYTES];

	return put(cpio, zeros, (boundary - cpio->bytes % boundary) % boundary);
}

static int put_entry(struct ivp_cpio *cpio, const char *name, unsigned mode, const void *data,
		     size_t bytes, unsigned major, unsigned minor)
{
	const unsigned links = S_ISDIR(mode) ? 2 : 1;
	const size_t name_bytes = strlen(name) + 1;
	char header[HEADER_BYTES + 1];
	int error;

	if (bytes > UINT32_MAX || name_bytes > UINT16_MAX)
		return -EFBIG;
	errno = 0;
	/* magic, inode, mode, uid, gid, links, mtime, size, device (2), its own device (2), length
	 * of the name, checksum */
	snprintf(header, sizeof(header),
		 "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", cpio->entries++,
		 mode, 0u, 0u, links, 0u, (unsigned)bytes, 0u, 0u, major, minor,
		 (unsigned)name_bytes, 0u);
	error = put(cpio, header, HEADER_BYTES);
	if (!error)
		error = put(cpio, name, name_bytes);
	if (!error)
		error = pad(cpio, 4);
	if (!error)
		error = put(cpio, data, bytes);
	return error ? error : pad(cpio, 4);
}

int ivp_cpio_folder(struct ivp_cpio *cpio, const char *name, unsigned permissions)
{
	return put_entry(cpio, name, S_IFDIR | permissions, NULL, 0, 0, 0);
}

int ivp_cpio_file(struct ivp_cpio *cpio, const char *name, unsigned permissions, const void *data,
		  size_t bytes)
{
	return put_entry(cpio, name, S_IFREG | permissions, data, bytes, 0, 0);
}

int ivp_cpio_device(struct ivp_cpio *cpio, const char *name, unsigned permissions, unsigned major,
		    unsigned minor)
{
	return put_entry(cpio, name, S_IFCHR | permissions, NULL, 0, major, minor);
}

int ivp_cpio_finish(struct ivp_cpio *cpio)
{
	int error = put_entry(cpio, "TRAILER!!!", 0, NULL, 0, 0, 0);

	return error ? error : pad(cpio, BLOCK_BYTES);
}
