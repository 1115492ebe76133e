/* SPDX-License-Identifier: MIT */
/*
 * A client of a doorbell server, by the protocol of QEMU's docs/specs/ivshmem-spec. All messages
 * come from the server: eight bytes, little-endian, some with a descriptor.
 *
 *     0                     the protocol's version
 *     N                     our number
 *     -1 + memory           the page
 *     P + eventfd           a peer, once for each vector; our own number: what rings us
 *     P                     the peer P has left
 *
 * The server is a program of this host and still not believed: what it sends beyond its turn, its
 * vectors or our table is closed; a message that cannot be ends the connection. The descriptors
 * that are there work on without it.
 */
#include <endian.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/units.h"
#include "transport/bell-backend.h"

#define VERSION     0
#define PATIENCE_NS 3000000000u /* for all that greets a client */

struct message {
	int64_t value;
	int fd; /* -1: none came with it */
};

static void drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Closes all descriptors that came but the first, which it returns. */
static int first_descriptor(struct msghdr *header)
{
	int first = -1, fd;

	for (struct cmsghdr *part = CMSG_FIRSTHDR(header); part; part = CMSG_NXTHDR(header, part)) {
		if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = 0; CMSG_LEN(at + sizeof(fd)) <= part->cmsg_len; at += sizeof(fd)) {
			memcpy(&fd, CMSG_DATA(part) + at, sizeof(fd));
			if (first < 0)
				first = fd;
			else
				close(fd);
		}
	}
	return first;
}

/* One message, without waiting. Returns 0; -EAGAIN; -EPIPE at the end; -EPROTO for a part of one. */
static int receive(int socket, struct message *message)
{
	uint64_t bytes = 0;
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(4 * sizeof(int))];
	} control;
	struct iovec vector = {&bytes, sizeof(bytes)};
	struct msghdr header = {.msg_iov = &vector,
				.msg_iovlen = 1,
				.msg_control = &control,
				.msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	message->fd = -1;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? -EAGAIN : -EPIPE;
	message->fd = first_descriptor(&header);
	message->value = (int64_t)le64toh(bytes);
	if (n == sizeof(bytes) && !(header.msg_flags & MSG_CTRUNC))
		return 0;
	drop(&message->fd);
	return n == 0 ? -EPIPE : -EPROTO;
}

static struct ivp_bell_peer *find(const struct ivp_bell *bell, uint32_t id)
{
	for (unsigned i = 0; i < IVP_BELL_PEERS; i++)
		if (bell->peers[i].count > 0 && bell->peers[i].id == id)
			return &bell->peers[i];
	return NULL;
}

static struct ivp_bell_peer *find_free(const struct ivp_bell *bell)
{
	for (unsigned i = 0; i < IVP_BELL_PEERS; i++)
		if (bell->peers[i].count == 0)
			return &bell->peers[i];
	return NULL;
}

static void forget(struct ivp_bell_peer *peer)
{
	while (peer->count > 0)
		close(peer->fds[--peer->count]);
}

/* A message after the greeting: somebody joins or leaves. Takes message->fd. Returns 0, or -EPROTO
 * for what cannot be. */
static int take(struct ivp_bell *bell, struct message *message)
{
	struct ivp_bell_peer *peer;

	if (message->value < 0 || message->value > UINT16_MAX) {
		drop(&message->fd);
		return -EPROTO;
	}
	peer = find(bell, (uint32_t)message->value);
	if (message->fd < 0) {
		if (peer)
			forget(peer);
		return 0;
	}
	if (!peer && (peer = find_free(bell)) != NULL)
		peer->id = (uint32_t)message->value;
	/* Beyond our table, or more vectors than the page says: not to be rung. */
	if (peer && peer->count < bell->vectors)
		peer->fds[peer->count++] = message->fd;
	else
		drop(&message->fd);
	return 0;
}

void ivp_bell_take_news(struct ivp_bell *bell)
{
	struct message message;
	int error = 0;

	while (bell->socket >= 0 && (error = receive(bell->socket, &message)) == 0)
		if ((error = take(bell, &message)) != 0)
			break;
	if (error != -EPIPE && error != -EPROTO)
		return;
	drop(&bell->socket);
	bell->deserted = true;
}

void ivp_bell_ring_client(struct ivp_bell *bell, uint32_t id, unsigned vector)
{
	const uint64_t one = 1;
	const struct ivp_bell_peer *peer = find(bell, id);

	if (!peer || vector >= peer->count) {
		ivp_bell_take_news(bell);
		peer = find(bell, id);
	}
	/* A counter that is full rings as loudly; a ring that is lost is covered by the timeout of
	 * whoever sleeps. */
	if (peer && vector < peer->count && write(peer->fds[vector], &one, sizeof(one)) < 0)
		return;
}

/* A message of the greeting, waiting for it. */
static int await(int socket, uint64_t deadline_ns, struct message *message)
{
	struct pollfd polled = {.fd = socket, .events = POLLIN};
	int error;

	while ((error = receive(socket, message)) == -EAGAIN) {
		uint64_t now = ivp_now_ns();

		if (now >= deadline_ns)
			return -ETIMEDOUT;
		if (poll(&polled, 1, (int)((deadline_ns - now) / 1000000 + 1)) < 0 &&
		    errno != EINTR)
			return -errno;
	}
	return error;
}

static int map_page(int fd, const struct ivp_bell_query *query, struct ivp_wire_bell *page,
		    struct ivp_why *why)
{
	struct stat info;
	int error;

	if (fstat(fd, &info) < 0 || info.st_size < IVP_PAGE) {
		ivp_why_set(why, "its memory is shorter than a page: not a server of ivpipe");
		return -ENOMSG;
	}
	void *base = mmap(NULL, IVP_PAGE, PROT_READ, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED) {
		error = -errno;
		ivp_why_set(why, "cannot map its page: %s", strerror(-error));
		return error;
	}
	error = ivp_bell_read_page(base, query, page, why);
	munmap(base, IVP_PAGE);
	/* -ENOENT is for the search: the socket is there. */
	return error == -ENOENT ? -EBADMSG : error;
}

static int greet_page(struct ivp_bell *bell, const struct ivp_bell_query *query,
		      uint64_t deadline_ns, struct ivp_wire_bell *page, struct ivp_why *why)
{
	struct message message = {.fd = -1};
	int error = await(bell->socket, deadline_ns, &message);

	drop(&message.fd);
	if (!error && message.value != VERSION) {
		ivp_why_set(why, "its server speaks version %lld of the ivshmem protocol, not 0",
			    (long long)message.value);
		return -EPROTONOSUPPORT;
	}
	if (!error)
		error = await(bell->socket, deadline_ns, &message);
	drop(&message.fd);
	bell->own = (uint32_t)message.value;
	if (!error && (message.value < 0 || message.value > UINT16_MAX))
		error = -EPROTO;
	if (!error)
		error = await(bell->socket, deadline_ns, &message);
	if (!error && (message.value != -1 || message.fd < 0))
		error = -EPROTO;
	if (!error)
		error = map_page(message.fd, query, page, why);
	drop(&message.fd);
	return error;
}

/* Until our own descriptors are all there, which come last. */
static int await_own(struct ivp_bell *bell, const struct ivp_bell_query *query,
		     uint64_t deadline_ns)
{
	struct ivp_bell_peer *own = NULL;
	struct message message;

	while (!own || own->count < bell->vectors) {
		int error = await(bell->socket, deadline_ns, &message);
		if (!error)
			error = take(bell, &message);
		if (error)
			return error;
		own = find(bell, bell->own);
	}
	bell->wait_fd = own->fds[query->vector];
	own->fds[query->vector] = own->fds[--own->count];
	forget(own);
	return 0;
}

int ivp_bell_greet(struct ivp_bell *bell, int socket, const struct ivp_bell_query *query,
		   struct ivp_why *why)
{
	const uint64_t deadline_ns = ivp_now_ns() + PATIENCE_NS;
	struct ivp_wire_bell page = {0};
	int error;

	bell->socket = socket;
	bell->how = "eventfd";
	bell->event_bytes = sizeof(uint64_t);
	bell->peers = calloc(IVP_BELL_PEERS, sizeof(*bell->peers));
	if (!bell->peers)
		return -ENOMEM;
	error = greet_page(bell, query, deadline_ns, &page, why);
	if (error)
		return error;
	bell->vectors = page.vectors;
	error = await_own(bell, query, deadline_ns);
	if (!error)
		bell->server = page.server;
	return error;
}

int ivp_bell_connect(struct ivp_bell *bell, const char *path, const struct ivp_bell_query *query,
		     struct ivp_why *why)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct ivp_why part = {""};
	int error = 0;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path));
	bell->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (bell->socket < 0 ||
	    connect(bell->socket, (struct sockaddr *)&address, sizeof(address)) < 0)
		error = -errno;
	if (!error)
		error = ivp_bell_greet(bell, bell->socket, query, &part);
	if (part.text[0])
		ivp_why_set(why, "%s: %s", path, part.text);
	else if (error == -ECONNREFUSED)
		ivp_why_set(why, "%s: its server is gone; start 'pipeline doorbell-server' again",
			    path);
	else if (error == -EACCES)
		ivp_why_set(why, "%s: this user may not join; see mode and owner of the link",
			    path);
	else if (error)
		ivp_why_set(why, "%s: %s", path,
			    error == -EPROTO      ? "its server does not keep to the protocol"
			    : error == -EPIPE     ? "its server hung up; it may be full"
			    : error == -ETIMEDOUT ? "its server does not answer"
						  : strerror(-error));
	return error;
}
