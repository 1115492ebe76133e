/* SPDX-License-Identifier: MIT */
/* What client and device have in common: whose bell it is, the sleep, and the judgement of rings. */
#include "transport/bell.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/units.h"
#include "transport/bell-backend.h"

/* Sleeps in a row that ran out although the position moved: a ring late by chance is one, or two. */
#define MOST_MISSED 4

/* News of a peer that joins reach the machines of the others in their own time, and what they ring
 * before is lost: at first sleeps are short, 1 s in all. */
#define YOUNG_SLEEPS 100
#define YOUNG_NS     10000000u
#define RETRY_NS     1000000000u /* between two looks for a new server */

int ivp_bell_path(char *path, size_t bytes, const char *pipeline, const char *link)
{
	int length = snprintf(path, bytes, "/dev/shm/ivpipe.%s.%s.bell", pipeline, link);

	return length < 0 || (size_t)length >= bytes ? -ENAMETOOLONG : length;
}

int ivp_bell_read_page(const void *page, const struct ivp_bell_query *query,
		       struct ivp_wire_bell *copy, struct ivp_why *why)
{
	static const uint8_t unknown[16];
	const uint64_t *words = page;
	uint64_t copied[sizeof(*copy) / sizeof(uint64_t)];

	copied[0] = ivp_load_acquire(&words[0]);
	for (size_t i = 1; i < sizeof(copied) / sizeof(copied[0]); i++)
		copied[i] = ivp_load_relaxed(&words[i]);
	memcpy(copy, copied, sizeof(*copy));
	if (copy->magic != IVP_BELL_MAGIC) {
		ivp_why_set(why, "its memory is not a doorbell page of ivpipe: who serves it?");
		return -ENOMSG;
	}
	if (copy->major != IVP_WIRE_MAJOR || copy->server == 0 || copy->vectors < 2 ||
	    copy->vectors > IVP_BELL_VECTORS) {
		ivp_why_set(why,
			    "its server speaks version %u.%u with %u vectors; use the "
			    "doorbell server of this version",
			    copy->major, copy->minor, copy->vectors);
		return -EPROTONOSUPPORT;
	}
	copy->link_name[IVP_NAME_BYTES - 1] = copy->pipeline_name[IVP_NAME_BYTES - 1] = '\0';
	if (strcmp(copy->link_name, query->link) != 0 ||
	    (query->pipeline && strcmp(copy->pipeline_name, query->pipeline) != 0) ||
	    (query->uuid && memcmp(copy->uuid, unknown, 16) != 0 &&
	     memcmp(copy->uuid, query->uuid, 16) != 0)) {
		ivp_why_set(why, "it is the doorbell of another link, or of another creation");
		return -ENOENT;
	}
	if (query->vector >= copy->vectors) {
		ivp_why_set(why, "its server has %u vectors, and vector %u is needed",
			    copy->vectors, query->vector);
		return -EPROTO;
	}
	return 0;
}

static void make_empty(struct ivp_bell *bell)
{
	memset(bell, 0, sizeof(*bell));
	bell->wait_fd = bell->socket = -1;
	for (size_t i = 0; i < 3; i++)
		bell->vfio_fds[i] = -1;
}

/* Joins the server of the link on this host. */
static int open_socket(struct ivp_bell *bell, const struct ivp_bell_query *query,
		       struct ivp_why *why)
{
	struct stat info;
	char path[128];

	if (query->pipeline &&
	    ivp_bell_path(path, sizeof(path), query->pipeline, query->link) > 0 &&
	    lstat(path, &info) == 0)
		return ivp_bell_connect(bell, path, query, why);
	ivp_why_set(why, "nobody serves one: no ivshmem-doorbell device, no socket");
	return -ENOENT;
}

/* What opening and joining again end with. */
static void settle(struct ivp_bell *bell, const struct ivp_bell_query *query, int error)
{
	if (error)
		ivp_bell_close(bell);
	else
		bell->young = YOUNG_SLEEPS;
	bell->wanted = true;
	bell->vector = query->vector;
	bell->wake = query->wake;
}

int ivp_bell_open(struct ivp_bell *bell, const struct ivp_bell_query *query, struct ivp_why *why)
{
	struct ivp_why part = {""};
	int error;

	make_empty(bell);
	error = ivp_bell_find_device(bell, query, &part);
	if (error == -ENOENT)
		error = open_socket(bell, query, &part);
	settle(bell, query, error);
	if (why)
		why->text[0] = '\0';
	if (part.text[0])
		ivp_why_set(why, "link '%s': doorbell: %s", query->link, part.text);
	return error;
}

void ivp_bell_close(struct ivp_bell *bell)
{
	if (!bell->how && bell->server == 0 && !bell->peers && bell->wait_fd == 0)
		return; /* zeroed */
	if (bell->registers)
		munmap(bell->registers, IVP_PAGE);
	for (unsigned i = 0; bell->peers && i < IVP_BELL_PEERS; i++)
		for (unsigned v = 0; v < bell->peers[i].count; v++)
			close(bell->peers[i].fds[v]);
	free(bell->peers);
	if (bell->wait_fd >= 0)
		close(bell->wait_fd);
	if (bell->socket >= 0)
		close(bell->socket);
	for (int i = 2; i >= 0; i--)
		if (bell->vfio_fds[i] >= 0)
			close(bell->vfio_fds[i]);
	make_empty(bell);
}

static bool joined(const struct ivp_bell *bell, const struct ivp_wire_owner *peer)
{
	return bell && bell->server != 0 && ivp_load_relaxed(&peer->bell_server) == bell->server;
}

bool ivp_bell_wakes(const struct ivp_bell *bell, const struct ivp_wire_owner *peer)
{
	return joined(bell, peer) && bell->wait_fd >= 0 && bell->missed < MOST_MISSED;
}

bool ivp_bell_reaches(const struct ivp_bell *bell, const struct ivp_wire_owner *peer)
{
	return joined(bell, peer) && ivp_load32_relaxed(&peer->bell_peer) != 0;
}

/* Is one of them somewhere else, and none where we are? */
static bool are_elsewhere(const struct ivp_bell *bell, const struct ivp_wire_owner *const *peers,
			  unsigned count)
{
	bool elsewhere = false;

	for (unsigned i = 0; i < count; i++) {
		if (joined(bell, peers[i]))
			return false;
		elsewhere = elsewhere || ivp_load_relaxed(&peers[i]->bell_server) != 0;
	}
	return elsewhere;
}

bool ivp_bell_rejoin(struct ivp_bell *bell, const struct ivp_bell_query *names,
		     const struct ivp_wire_owner *const *peers, unsigned count)
{
	struct ivp_bell_query query = *names;
	struct ivp_bell new;
	uint64_t now_ns;

	/* Devices have no way to join again. */
	if (!bell->wanted || (bell->server != 0 && !bell->peers) ||
	    !are_elsewhere(bell, peers, count))
		return false;
	now_ns = ivp_now_ns();
	if (now_ns - bell->tried_ns < RETRY_NS)
		return false;
	bell->tried_ns = now_ns;
	if (bell->server != 0)
		ivp_bell_take_news(bell);
	if (bell->server != 0 && !bell->deserted)
		return false; /* the others are those who came too early or too late */
	query.vector = bell->vector;
	query.wake = bell->wake;
	make_empty(&new);
	if (open_socket(&new, &query, NULL) != 0) {
		ivp_bell_close(&new);
		return false;
	}
	settle(&new, &query, 0);
	new.tried_ns = now_ns;
	ivp_bell_close(bell);
	*bell = new;
	return true;
}

void ivp_bell_ring(struct ivp_bell *bell, uint32_t peer, unsigned vector)
{
	if (peer > UINT16_MAX || vector >= bell->vectors)
		return; /* the number comes from the peer */
	if (bell->peers)
		ivp_bell_ring_client(bell, peer, vector);
	else
		ivp_bell_ring_device(bell, peer, vector);
}

/* Takes all rings out of wait_fd; returns whether there were any. */
static bool take_rings(const struct ivp_bell *bell)
{
	uint64_t count;

	return read(bell->wait_fd, &count, bell->event_bytes) == (ssize_t)bell->event_bytes;
}

bool ivp_bell_sleep(struct ivp_bell *bell, uint64_t timeout_ns)
{
	if (bell->young > 0 && timeout_ns > YOUNG_NS)
		timeout_ns = YOUNG_NS;
	const struct timespec timeout = {.tv_sec = (time_t)(timeout_ns / 1000000000u),
					 .tv_nsec = (long)(timeout_ns % 1000000000u)};
	struct pollfd polled[2] = {{.fd = bell->wait_fd, .events = POLLIN},
				   {.fd = bell->socket, .events = POLLIN}};

	if (ppoll(polled, 2, &timeout, NULL) <= 0)
		return false;
	if (polled[1].revents)
		ivp_bell_take_news(bell);
	return polled[0].revents && take_rings(bell);
}

void ivp_bell_judge(struct ivp_bell *bell, bool rung, bool moved)
{
	if (bell->young > 0)
		bell->young--;
	else if (rung)
		bell->missed = 0;
	else if (moved)
		bell->missed++;
}

const char *ivp_bell_trouble(const struct ivp_bell *bell, const struct ivp_wire_owner *peer)
{
	uint64_t server = ivp_load_relaxed(&peer->bell_server);

	if (!bell || bell->server == 0)
		return NULL;
	if (bell->missed >= MOST_MISSED)
		return "rings do not arrive; polling instead";
	if (bell->deserted)
		return "its server is gone; who is joined rings on, and a new one will be joined";
	if (server != 0 && server != bell->server)
		return "the server was started anew, and the two sides are joined to two lives of "
		       "it; start the older side anew too, a guest with its QEMU; polling instead";
	return NULL;
}
