/* SPDX-License-Identifier: MIT */
/* The descriptors of all servers are watched by one of epoll(7), which is readable if one is. */
#include "supervisor/bells.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static bool takes_doorbells(enum ivp_wake wake)
{
	return wake != IVP_WAKE_FUTEX && wake != IVP_WAKE_POLL;
}

static bool takes_nothing_else(enum ivp_wake wake)
{
	return takes_doorbells(wake) && wake != IVP_WAKE_AUTO;
}

bool ivp_bells_wanted(const struct ivp_topology *topology, const struct ivp_link_conf *link)
{
	/* Of the producer and of the consumer; feeder and sink are as the topology says. */
	enum ivp_wake wake[2] = {topology->wake, topology->wake};
	bool guest = false;

	for (unsigned i = 0; i < topology->stage_count; i++) {
		const struct ivp_stage_conf *stage = topology->stages[i];

		if (stage->output != link && stage->input != link)
			continue;
		guest = guest || stage->run == IVP_RUN_GUEST;
		wake[stage->input == link] = ivp_stage_wake(topology, stage);
	}
	return takes_nothing_else(wake[0]) || takes_nothing_else(wake[1]) ||
	       (guest && takes_doorbells(wake[0]) && takes_doorbells(wake[1]));
}

static int watch(struct ivp_bells *bells, const struct ivp_bell_server *server)
{
	struct epoll_event event = {.events = EPOLLIN};

	if (bells->ready < 0)
		bells->ready = epoll_create1(EPOLL_CLOEXEC);
	if (bells->ready < 0 ||
	    epoll_ctl(bells->ready, EPOLL_CTL_ADD, ivp_bell_server_fd(server), &event) < 0)
		return -errno;
	return 0;
}

int ivp_bells_add(struct ivp_bells *bells, const struct ivp_topology *topology,
		  const struct ivp_link_conf *link, const char *path, int listener,
		  struct ivp_why *why)
{
	struct ivp_link_bell *list =
	    reallocarray(bells->list, bells->count + 1, sizeof(*bells->list));
	struct ivp_bell_server *server;
	char usual[128];
	int error;

	if (!list) {
		ivp_why_set(why, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	bells->list = list;
	error = ivp_bell_path(usual, sizeof(usual), topology->name, link->name);
	if (error < 0) {
		ivp_why_set(why, "link %s: the path of its doorbell is too long", link->name);
		return error;
	}
	const struct ivp_bell_server_conf conf = {
	    .pipeline = topology->name,
	    .link = link->name,
	    .uuid = link->has_uuid ? link->uuid : NULL,
	    .consumers = 1,
	    .path = path ? path : usual,
	    .listener = listener,
	    .mode = link->mode,
	    .owner = link->owner,
	};
	error = ivp_bell_server_create(&conf, &server, why);
	if (error)
		return error;
	error = watch(bells, server);
	if (error) {
		ivp_why_set(why, "cannot watch a doorbell server: %s", strerror(-error));
		ivp_bell_server_destroy(server);
		return error;
	}
	list[bells->count++] = (struct ivp_link_bell){link, server};
	return 0;
}

int ivp_bells_create(struct ivp_bells *bells, const struct ivp_topology *topology,
		     struct ivp_why *why)
{
	int error = 0;

	*bells = (struct ivp_bells){.ready = -1};
	for (unsigned i = 0; !error && i < topology->link_count; i++)
		if (ivp_bells_wanted(topology, topology->links[i]))
			error = ivp_bells_add(bells, topology, topology->links[i], NULL, -1, why);
	if (error)
		ivp_bells_destroy(bells);
	return error;
}

void ivp_bells_destroy(struct ivp_bells *bells)
{
	for (unsigned i = 0; i < bells->count; i++)
		ivp_bell_server_destroy(bells->list[i].server);
	if (bells->ready >= 0)
		close(bells->ready);
	free(bells->list);
	*bells = (struct ivp_bells){.ready = -1};
}

void ivp_bells_serve(const struct ivp_bells *bells)
{
	for (unsigned i = 0; i < bells->count; i++)
		ivp_bell_server_serve(bells->list[i].server);
}

struct ivp_bell_server *ivp_bells_find(const struct ivp_bells *bells,
				       const struct ivp_link_conf *link)
{
	for (unsigned i = 0; i < bells->count; i++)
		if (bells->list[i].link == link)
			return bells->list[i].server;
	return NULL;
}
