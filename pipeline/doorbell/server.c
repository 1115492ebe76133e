/* SPDX-License-Identifier: MIT */
/*
 * What a client has to be told follows from who is there: each client has, for each place in the
 * table, how many descriptors of the peer there it has got, and the numbers of peers that left and
 * were known to it. So there is no queue that could grow. A client that has not taken what it is
 * owed within PATIENCE_NS, or is owed more farewells than there are places, is dropped.
 *
 * Numbers are given in rotation, so one comes back only after 65,535 others: a ring that is late
 * meets nobody.
 */
#include "doorbell/server.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <ivpipe/ring.h>
#include "base/units.h"
#include "doorbell/listener.h"
#include "transport/bell.h"
#include "transport/window.h"

#define VERSION     0
#define PLACES      IVP_BELL_PEERS
#define NUMBERS     (1u + UINT16_MAX)
#define PATIENCE_NS 3000000000u /* for a client that does not take what it is owed */
#define TICK_NS     500000000u
#define EVENTS      16

/* Marks in epoll data, above all places. */
enum { LISTENER = PLACES, TIMER };

struct client {
	int socket; /* -1: a free place */
	uint32_t number;
	int bells[IVP_BELL_VECTORS]; /* what rings it */
	unsigned greeting;           /* of version, number, page: how many are sent */
	unsigned told[PLACES];       /* descriptors of each peer that it has got */
	unsigned farewells;
	uint32_t left[PLACES]; /* numbers to say farewell to */
	uint64_t owed_ns;      /* since when it takes nothing; 0: nothing is owed */
};

struct ivp_bell_server {
	char *path; /* NULL: not made by us */
	int listener, epoll, timer, page;
	unsigned vectors, clients;
	uint32_t next; /* number */
	bool deaf;     /* too few descriptors to take anybody for now */
	struct client client[PLACES];
};

static int watch(struct ivp_bell_server *server, int fd, uint32_t mark)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = mark};

	return epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* The page is sealed at its size: a client that could shrink it would crash the others. */
static int make_page(const struct ivp_bell_server_conf *conf, unsigned vectors)
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

static int set_up(struct ivp_bell_server *server, const struct ivp_bell_server_conf *conf)
{
	const struct itimerspec tick = {.it_interval.tv_nsec = TICK_NS,
					.it_value.tv_nsec = TICK_NS};
	int error;

	server->epoll = epoll_create1(EPOLL_CLOEXEC);
	server->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (server->epoll < 0 || server->timer < 0 ||
	    timerfd_settime(server->timer, 0, &tick, NULL) < 0)
		return -errno;
	server->page = make_page(conf, server->vectors);
	if (server->page < 0)
		return server->page;
	error = watch(server, server->timer, TIMER);
	if (!error && server->listener >= 0)
		error = watch(server, server->listener, LISTENER);
	return error;
}

int ivp_bell_server_create(const struct ivp_bell_server_conf *conf, struct ivp_bell_server **made,
			   struct ivp_why *why)
{
	struct ivp_bell_server *server = calloc(1, sizeof(*server));
	int error = 0;

	*made = server;
	if (!server) {
		ivp_why_set(why, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	server->listener = conf->listener;
	server->epoll = server->timer = server->page = -1;
	server->vectors = 1 + conf->consumers;
	server->next = conf->first;
	for (unsigned i = 0; i < PLACES; i++)
		server->client[i].socket = -1;
	if (conf->listener >= 0)
		error = ivp_bell_listener_take(conf->listener, why);
	else if (conf->path)
		error = ivp_bell_listener_make(conf->path, conf->mode, conf->owner,
					       &server->listener, why);
	if (!error && conf->listener < 0 && conf->path) {
		server->path = strdup(conf->path);
		error = server->path ? 0 : -ENOMEM;
	}
	if (!error) {
		error = set_up(server, conf);
		if (error)
			ivp_why_set(why, "link '%s': cannot serve its doorbell: %s", conf->link,
				    strerror(-error));
	}
	if (error) {
		ivp_bell_server_destroy(server);
		*made = NULL;
	}
	return error;
}

static void drop(struct ivp_bell_server *server, unsigned place)
{
	struct client *gone = &server->client[place];

	if (gone->socket < 0)
		return;
	close(gone->socket);
	for (unsigned v = 0; v < server->vectors; v++)
		close(gone->bells[v]);
	*gone = (struct client){.socket = -1, .number = gone->number};
	server->clients--;
	for (unsigned i = 0; i < PLACES; i++) {
		struct client *other = &server->client[i];

		if (other->socket < 0 || other->told[place] == 0)
			continue;
		other->told[place] = 0;
		/* More farewells than places: it stalls, and is dropped by the next look at it. */
		if (other->farewells < PLACES)
			other->left[other->farewells] = gone->number;
		other->farewells++;
	}
}

void ivp_bell_server_destroy(struct ivp_bell_server *server)
{
	if (!server)
		return;
	for (unsigned i = 0; i < PLACES; i++)
		drop(server, i);
	if (server->path)
		unlink(server->path); /* nobody else takes it while we live */
	free(server->path);
	const int fds[] = {server->listener, server->epoll, server->timer, server->page};
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	free(server);
}

/* Returns 0; -EAGAIN if the client cannot take it now; -EPIPE if it never will. */
static int send_one(const struct client *client, int64_t value, int fd)
{
	uint64_t bytes = htole64((uint64_t)value);
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.header = {.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS,
				.cmsg_len = CMSG_LEN(sizeof(int))}};
	struct iovec vector = {&bytes, sizeof(bytes)};
	struct msghdr header = {.msg_iov = &vector, .msg_iovlen = 1};
	ssize_t n;

	if (fd >= 0) {
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
		header.msg_control = &control;
		header.msg_controllen = sizeof(control);
	}
	n = sendmsg(client->socket, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n == sizeof(bytes))
		return 0;
	/* ETOOMANYREFS: too many descriptors are on their way, to clients that do not take them. */
	if (n < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOBUFS || errno == ENOMEM ||
		      errno == ETOOMANYREFS))
		return -EAGAIN;
	return -EPIPE;
}

static int send_greeting(const struct ivp_bell_server *server, struct client *client)
{
	int error = 0;

	while (!error && client->greeting < 3) {
		if (client->greeting == 0)
			error = send_one(client, VERSION, -1);
		else if (client->greeting == 1)
			error = send_one(client, client->number, -1);
		else
			error = send_one(client, -1, server->page);
		client->greeting += error == 0;
	}
	return error;
}

static int send_peer(const struct ivp_bell_server *server, struct client *client, unsigned place)
{
	const struct client *peer = &server->client[place];
	int error = 0;

	while (!error && peer->socket >= 0 && client->told[place] < server->vectors) {
		error = send_one(client, peer->number, peer->bells[client->told[place]]);
		client->told[place] += error == 0;
	}
	return error;
}

/* All that the client is owed: others first, its own last, by which it knows that it has all. */
static int send_owed(const struct ivp_bell_server *server, unsigned place)
{
	struct client *client = (struct client *)&server->client[place];
	int error = send_greeting(server, client);

	while (!error && client->farewells > 0) {
		error = send_one(client, client->left[0], -1);
		if (!error)
			memmove(client->left, client->left + 1,
				--client->farewells * sizeof(client->left[0]));
	}
	for (unsigned i = 0; !error && i < PLACES; i++)
		if (i != place)
			error = send_peer(server, client, i);
	return error ? error : send_peer(server, client, place);
}

/* Tells everybody what is new; drops who cannot be told. A drop is news: again, then. */
static void tell_all(struct ivp_bell_server *server)
{
	const uint64_t now = ivp_now_ns();
	bool news = true;

	while (news) {
		news = false;
		for (unsigned i = 0; i < PLACES; i++) {
			struct client *client = &server->client[i];
			int error = -EPIPE;

			if (client->socket < 0)
				continue;
			if (client->farewells <= PLACES)
				error = send_owed(server, i);
			if (!error)
				client->owed_ns = 0;
			else if (error == -EAGAIN && client->owed_ns == 0)
				client->owed_ns = now;
			if (!error || (error == -EAGAIN && now - client->owed_ns < PATIENCE_NS))
				continue;
			drop(server, i);
			news = true;
		}
	}
}

static uint32_t choose_number(struct ivp_bell_server *server)
{
	for (;;) {
		const uint32_t number = server->next++ % NUMBERS;
		bool free = true;

		for (unsigned i = 0; i < PLACES; i++)
			free = free &&
			       (server->client[i].socket < 0 || server->client[i].number != number);
		if (free)
			return number;
	}
}

static int make_bells(const struct ivp_bell_server *server, struct client *client)
{
	for (unsigned v = 0; v < server->vectors; v++) {
		client->bells[v] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (client->bells[v] < 0) {
			const int error = -errno;

			while (v > 0)
				close(client->bells[--v]);
			return error;
		}
	}
	return 0;
}

/* Takes a connection, which is closed if there is no place for it. Returns 0 or -errno. */
static int admit(struct ivp_bell_server *server, int socket)
{
	unsigned place = 0;
	int error = -EMFILE;

	while (place < PLACES && server->client[place].socket >= 0)
		place++;
	if (place < PLACES) {
		struct client client = {.socket = socket, .number = choose_number(server)};

		error = make_bells(server, &client);
		if (!error) {
			server->client[place] = client;
			server->clients++;
			error = watch(server, socket, place);
			if (!error)
				return 0;
			drop(server, place);
			return error;
		}
	}
	close(socket);
	return error;
}

/* Takes who is waiting at the door. Without descriptors nobody is taken until the next tick. */
static void take_callers(struct ivp_bell_server *server)
{
	int socket;

	while ((socket = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
		(void)admit(server, socket);
	if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
		server->deaf = epoll_ctl(server->epoll, EPOLL_CTL_DEL, server->listener, NULL) == 0;
}

/* A client has nothing to say: what becomes readable is its end, or a misuse. */
static void take_event(struct ivp_bell_server *server, uint32_t mark)
{
	uint64_t ticks;

	if (mark == LISTENER) {
		take_callers(server);
	} else if (mark == TIMER) {
		if (read(server->timer, &ticks, sizeof(ticks)) > 0 && server->deaf)
			server->deaf = watch(server, server->listener, LISTENER) < 0;
	} else {
		drop(server, mark);
	}
}

void ivp_bell_server_serve(struct ivp_bell_server *server)
{
	struct epoll_event events[EVENTS];
	int count = epoll_wait(server->epoll, events, EVENTS, 0);

	for (int i = 0; i < count; i++)
		take_event(server, events[i].data.u32);
	tell_all(server);
}

int ivp_bell_server_join(struct ivp_bell_server *server)
{
	int ends[2], error;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0) {
		error = -errno;
		close(ends[0]);
	} else {
		error = admit(server, ends[0]);
	}
	if (error) {
		close(ends[1]);
		return error;
	}
	tell_all(server);
	return ends[1];
}

int ivp_bell_server_fd(const struct ivp_bell_server *server)
{
	return server->epoll;
}

unsigned ivp_bell_server_clients(const struct ivp_bell_server *server)
{
	return server->clients;
}

int ivp_bell_server_page(const struct ivp_bell_server *server)
{
	return server->page;
}
