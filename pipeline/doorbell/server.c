/* SPDX-License-Identifier: MIT */
/*
 * Who comes, who goes, and when: what they are told is in client.c. A client that has not taken
 * what it is owed within PATIENCE_NS, or is owed more farewells than there are places, is dropped.
 *
 * Numbers are given in rotation, so one comes back only after 65,535 others: a ring that is late
 * meets nobody.
 */
#include "doorbell/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/units.h"
#include "doorbell/client.h"
#include "doorbell/listener.h"
#include "doorbell/page.h"

#define NUMBERS     (1u + UINT16_MAX)
#define PATIENCE_NS 3000000000u /* for a client that does not take what it is owed */
#define TICK_NS     500000000u
#define EVENTS      16

/* Marks in epoll data, above all places. */
enum { LISTENER = IVP_BELL_PEERS, TIMER };

struct ivp_bell_server {
	char *path; /* NULL: not made by us */
	int listener, epoll, timer;
	uint32_t next; /* number */
	bool deaf;     /* too few descriptors to take anybody for now */
	struct ivp_bell_table table;
};

static int watch(struct ivp_bell_server *server, int fd, uint32_t mark)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = mark};

	return epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
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
	server->table.page = ivp_bell_page_make(conf, server->table.vectors);
	if (server->table.page < 0)
		return server->table.page;
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
	server->epoll = server->timer = server->table.page = -1;
	server->table.vectors = 1 + conf->consumers;
	server->next = conf->first;
	for (unsigned i = 0; i < IVP_BELL_PEERS; i++)
		server->table.client[i].socket = -1;
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

void ivp_bell_server_destroy(struct ivp_bell_server *server)
{
	if (!server)
		return;
	for (unsigned i = 0; i < IVP_BELL_PEERS; i++)
		ivp_bell_client_drop(&server->table, i);
	if (server->path)
		unlink(server->path); /* nobody else takes it while we live */
	free(server->path);
	const int fds[] = {server->listener, server->epoll, server->timer, server->table.page};
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	free(server);
}

/* Tells everybody what is new; drops who cannot be told. A drop is news: again, then. */
static void tell_all(struct ivp_bell_server *server)
{
	const uint64_t now = ivp_now_ns();
	bool news = true;

	while (news) {
		news = false;
		for (unsigned i = 0; i < IVP_BELL_PEERS; i++) {
			struct ivp_bell_client *client = &server->table.client[i];
			int error = -EPIPE;

			if (client->socket < 0)
				continue;
			if (client->farewells <= IVP_BELL_PEERS)
				error = ivp_bell_client_tell(&server->table, i);
			if (!error)
				client->owed_ns = 0;
			else if (error == -EAGAIN && client->owed_ns == 0)
				client->owed_ns = now;
			if (!error || (error == -EAGAIN && now - client->owed_ns < PATIENCE_NS))
				continue;
			ivp_bell_client_drop(&server->table, i);
			news = true;
		}
	}
}

static uint32_t choose_number(struct ivp_bell_server *server)
{
	for (;;) {
		const uint32_t number = server->next++ % NUMBERS;
		bool free = true;

		for (unsigned i = 0; i < IVP_BELL_PEERS; i++)
			free = free && (server->table.client[i].socket < 0 ||
					server->table.client[i].number != number);
		if (free)
			return number;
	}
}

static int make_bells(const struct ivp_bell_server *server, struct ivp_bell_client *client)
{
	for (unsigned v = 0; v < server->table.vectors; v++) {
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

	while (place < IVP_BELL_PEERS && server->table.client[place].socket >= 0)
		place++;
	if (place < IVP_BELL_PEERS) {
		struct ivp_bell_client client = {.socket = socket, .number = choose_number(server)};

		error = make_bells(server, &client);
		if (!error) {
			server->table.client[place] = client;
			server->table.count++;
			error = watch(server, socket, place);
			if (!error)
				return 0;
			ivp_bell_client_drop(&server->table, place);
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
		ivp_bell_client_drop(&server->table, mark);
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
	return server->table.count;
}

int ivp_bell_server_page(const struct ivp_bell_server *server)
{
	return server->table.page;
}
