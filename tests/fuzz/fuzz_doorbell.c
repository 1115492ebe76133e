/* SPDX-License-Identifier: MIT */
/*
 * Both ends of the doorbell protocol. Clients of a server that speak, stall, cut their connection
 * anywhere and come in crowds: the server stays within its places, tells each client only of
 * peers that are there, and its last words to each are its own number. And a server that says
 * anything, with and without descriptors: the client takes or refuses it.
 */
#include "fuzz/fuzz.h"

#include <endian.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "doorbell/server.h"
#include "transport/bell-backend.h"

#define CLIENTS 8

static const struct ivp_bell_query query = {.pipeline = "fuzz", .link = "link"};

static struct ivp_bell_server *make_server(void)
{
	const struct ivp_bell_server_conf conf = {
	    .pipeline = "fuzz", .link = "link", .consumers = 1, .listener = -1};
	struct ivp_bell_server *server;

	CHECK(ivp_bell_server_create(&conf, &server, NULL) == 0);
	return server;
}

/* Takes one message without looking; a part of one if cut. */
static void take_some(int socket, size_t bytes)
{
	char room[64], control[CMSG_SPACE(4 * sizeof(int))];
	struct iovec vector = {room, 1 + bytes % sizeof(room)};
	struct msghdr header = {.msg_iov = &vector,
				.msg_iovlen = 1,
				.msg_control = control,
				.msg_controllen = sizeof(control)};

	if (recvmsg(socket, &header, MSG_DONTWAIT) <= 0)
		return;
	for (struct cmsghdr *part = CMSG_FIRSTHDR(&header); part; part = CMSG_NXTHDR(&header, part))
		for (size_t at = 0; CMSG_LEN(at + sizeof(int)) <= part->cmsg_len;
		     at += sizeof(int)) {
			int fd;

			memcpy(&fd, CMSG_DATA(part) + at, sizeof(fd));
			close(fd);
		}
}

static void hang_up(int *socket)
{
	if (*socket >= 0)
		close(*socket);
	*socket = -1;
}

/* A client that behaves finds its greeting whatever the others did. */
static void check_service(struct ivp_bell_server *server)
{
	struct ivp_bell bell = {.wait_fd = -1, .socket = -1, .vfio_fds = {-1, -1, -1}};
	int socket = ivp_bell_server_join(server);

	CHECK(socket >= 0);
	CHECK(ivp_bell_greet(&bell, socket, &query, NULL) == 0);
	CHECK(bell.server != 0 && bell.wait_fd >= 0);
	ivp_bell_close(&bell);
	ivp_bell_server_serve(server);
}

static void be_clients(struct script *script)
{
	struct ivp_bell_server *server = make_server();
	int sockets[CLIENTS];
	unsigned open = 0;

	memset(sockets, -1, sizeof(sockets));
	for (int steps = 0; script_left(script) > 0 && steps < 200; steps++) {
		const uint8_t what = take8(script);
		int *socket = &sockets[what % CLIENTS];
		const uint8_t *bytes;
		size_t count;

		switch (what / CLIENTS % 6) {
		case 0:
			hang_up(socket);
			*socket = ivp_bell_server_join(server);
			CHECK(*socket >= 0);
			break;
		case 1:
			hang_up(socket);
			break;
		case 2:
			count = take_bytes(script, take8(script), &bytes);
			if (*socket >= 0 && count > 0)
				(void)!send(*socket, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL);
			break;
		case 3:
			if (*socket >= 0)
				take_some(*socket, take8(script));
			break;
		case 4:
			if (*socket >= 0)
				(void)shutdown(*socket, take8(script) % 3);
			break;
		default:
			ivp_bell_server_serve(server);
			break;
		}
	}
	ivp_bell_server_serve(server);
	for (int i = 0; i < CLIENTS; i++)
		open += sockets[i] >= 0;
	CHECK(ivp_bell_server_clients(server) <= open);
	check_service(server);
	for (int i = 0; i < CLIENTS; i++)
		hang_up(&sockets[i]);
	ivp_bell_server_serve(server);
	CHECK(ivp_bell_server_clients(server) == 0);
	ivp_bell_server_destroy(server);
}

static void say(int socket, const void *bytes, size_t count, int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.header = {.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS,
				.cmsg_len = CMSG_LEN(sizeof(int))}};
	struct iovec vector = {(void *)(uintptr_t)bytes, count};
	struct msghdr header = {.msg_iov = &vector, .msg_iovlen = 1};

	if (fd >= 0) {
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
		header.msg_control = &control;
		header.msg_controllen = sizeof(control);
	}
	if (count > 0)
		(void)!sendmsg(socket, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* A page as a server has it, with some of the input's bytes over it. */
static int make_page(struct script *script)
{
	struct ivp_wire_bell bell = {.magic = IVP_BELL_MAGIC,
				     .major = IVP_WIRE_MAJOR,
				     .vectors = 2,
				     .server = 1,
				     .link_name = "link",
				     .pipeline_name = "fuzz"};
	const uint8_t *bytes;
	const size_t at = take8(script) % sizeof(bell);
	size_t count = take8(script) % 16;
	int fd = memfd_create("page", MFD_CLOEXEC);

	CHECK(fd >= 0);
	count = take_bytes(script, count < sizeof(bell) - at ? count : sizeof(bell) - at, &bytes);
	memcpy((uint8_t *)&bell + at, bytes, count);
	CHECK(ftruncate(fd, take8(script) == 255 ? 100 : IVP_PAGE) == 0);
	CHECK(pwrite(fd, &bell, sizeof(bell), 0) == sizeof(bell));
	return fd;
}

/* One message: mostly whole, with a number from a small range, sometimes any bytes. */
static void say_one(struct script *script, int socket, int page, int event)
{
	const uint8_t what = take8(script);
	const int fds[] = {-1, event, page, event};
	int64_t value = (int64_t)htole64((uint64_t)((int64_t)(what >> 4) - 1));
	const uint8_t *bytes;
	size_t count;

	if ((what & 12) != 12) {
		say(socket, &value, sizeof(value), fds[what & 3]);
		return;
	}
	count = take_bytes(script, take8(script) % 24, &bytes);
	say(socket, bytes, count, fds[what & 3]);
}

static void be_server(struct script *script)
{
	struct ivp_bell bell = {.wait_fd = -1, .socket = -1, .vfio_fds = {-1, -1, -1}};
	struct ivp_why why = {""};
	int page = make_page(script), event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), ends[2];
	const unsigned later = take8(script) % 8, right = take8(script) % 6;
	static const int64_t greeting[] = {0, 1, -1, 1, 1};

	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	/* A greeting that is as it should be up to some message, then what the input says. */
	for (unsigned i = 0; i < right; i++) {
		const uint64_t value = htole64((uint64_t)greeting[i]);

		say(ends[0], &value, sizeof(value), i == 2 ? page : i > 2 ? event : -1);
	}
	for (int i = 0; i < 100 && script_left(script) > later; i++)
		say_one(script, ends[0], page, event);
	CHECK(shutdown(ends[0], SHUT_WR) == 0);
	int error = ivp_bell_greet(&bell, ends[1], &query, &why);
	CHECK(error <= 0);
	CHECK((error == 0) == (bell.server != 0));
	if (!error) {
		CHECK(bell.vectors >= 2 && bell.vectors <= IVP_BELL_VECTORS && bell.wait_fd >= 0);
		for (unsigned i = 0; i < 4; i++)
			ivp_bell_ring(&bell, take8(script) % 20, take8(script) % 12);
		ivp_bell_sleep(&bell, 0);
		ivp_bell_take_news(&bell);
		CHECK(bell.deserted);
		for (unsigned i = 0; i < IVP_BELL_PEERS; i++)
			CHECK(bell.peers[i].count <= bell.vectors);
	}
	ivp_bell_close(&bell);
	close(ends[0]);
	close(event);
	close(page);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script script = {data, data + size};

	if (take8(&script) & 1)
		be_clients(&script);
	else
		be_server(&script);
	return 0;
}

void fuzz_seeds(fuzz_add *add)
{
	/* Joins, reads, words, ends. */
	add("\1\0\1\2\50\30\10\31\10\50\20\3abc\50\0\1\2\3\4\5\6\7\50\10\11\12\50\40\0\50", 30);
	add("\1\0\0\0\0\0\0\1\1\1\1\1\50\50\50\40\1\41\2\50", 19);
	/* A whole greeting, peers, departures. */
	add("\0\0\0\0\0\5\61\101\101\60\100\61\61", 14);
	add("\0\0\0\0\0\2\14\10abcdefgh\15\3abc\1", 18);
}
