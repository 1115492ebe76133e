/* SPDX-License-Identifier: MIT */
/* A doorbell server in a thread, and bells that are its clients. */
#ifndef IVP_TESTS_HELPERS_BELL_H
#define IVP_TESTS_HELPERS_BELL_H

#include "helpers/test.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "doorbell/server.h"
#include "transport/bell-backend.h"

static const uint8_t test_bell_uuid[16] = {1, 2, 3};

struct test_bell_server {
	struct ivp_bell_server *server;
	pthread_t thread;
	int stop; /* an eventfd */
};

static inline struct ivp_bell_server_conf test_bell_conf(const char *path)
{
	return (struct ivp_bell_server_conf){.pipeline = "test",
					     .link = "middle",
					     .uuid = test_bell_uuid,
					     .consumers = 1,
					     .path = path,
					     .listener = -1,
					     .mode = 0600};
}

static inline struct ivp_bell_query test_bell_query(unsigned vector)
{
	return (struct ivp_bell_query){
	    .pipeline = "test", .link = "middle", .uuid = test_bell_uuid, .vector = vector};
}

static inline void *serve_in_thread(void *context)
{
	struct test_bell_server *at = context;
	struct pollfd polled[2] = {{.fd = ivp_bell_server_fd(at->server), .events = POLLIN},
				   {.fd = at->stop, .events = POLLIN}};

	while (poll(polled, 2, -1) > 0 && !polled[1].revents)
		ivp_bell_server_serve(at->server);
	return NULL;
}

/* Serves at->server from now on. */
static inline void serve_bell_server(struct test_bell_server *at)
{
	at->stop = eventfd(0, EFD_CLOEXEC);
	assert_true(at->stop >= 0);
	assert_int_equal(pthread_create(&at->thread, NULL, serve_in_thread, at), 0);
}

static inline void start_bell_server(struct test_bell_server *at, const char *path)
{
	const struct ivp_bell_server_conf conf = test_bell_conf(path);
	struct ivp_why why = {""};

	if (ivp_bell_server_create(&conf, &at->server, &why) != 0)
		fail_msg("%s", why.text);
	serve_bell_server(at);
}

static inline void stop_bell_server(struct test_bell_server *at)
{
	const uint64_t one = 1;

	assert_int_equal(write(at->stop, &one, sizeof(one)), sizeof(one));
	assert_int_equal(pthread_join(at->thread, NULL), 0);
	close(at->stop);
	ivp_bell_server_destroy(at->server);
}

static inline void empty_bell(struct ivp_bell *bell)
{
	*bell = (struct ivp_bell){.wait_fd = -1, .socket = -1, .vfio_fds = {-1, -1, -1}};
}

/* Joins a server that another thread serves. */
static inline void join_by_path(struct ivp_bell *bell, const char *path, unsigned vector)
{
	const struct ivp_bell_query query = test_bell_query(vector);
	struct ivp_why why = {""};

	empty_bell(bell);
	if (ivp_bell_connect(bell, path, &query, &why) != 0)
		fail_msg("%s", why.text);
}

/* Joins a server of this thread. */
static inline void join_directly(struct ivp_bell *bell, struct ivp_bell_server *server,
				 unsigned vector)
{
	const struct ivp_bell_query query = test_bell_query(vector);
	struct ivp_why why = {""};
	int socket = ivp_bell_server_join(server);

	assert_true(socket >= 0);
	empty_bell(bell);
	if (ivp_bell_greet(bell, socket, &query, &why) != 0)
		fail_msg("%s", why.text);
}

#endif
