/* SPDX-License-Identifier: MIT */
/*
 * What a client has to be told follows from who is there: each client has, for each place in the
 * table, how many descriptors of the peer there it has got, and the numbers of peers that left and
 * were known to it. So there is no queue that could grow.
 */
#include "doorbell/client.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define VERSION 0 /* of the protocol */

/* Returns 0; -EAGAIN if the client cannot take it now; -EPIPE if it never will. */
static int send_one(const struct ivp_bell_client *client, int64_t value, int fd)
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

static int send_greeting(const struct ivp_bell_table *table, struct ivp_bell_client *client)
{
	int error = 0;

	while (!error && client->greeting < 3) {
		if (client->greeting == 0)
			error = send_one(client, VERSION, -1);
		else if (client->greeting == 1)
			error = send_one(client, client->number, -1);
		else
			error = send_one(client, -1, table->page);
		client->greeting += error == 0;
	}
	return error;
}

static int send_peer(const struct ivp_bell_table *table, struct ivp_bell_client *client,
		     unsigned place)
{
	const struct ivp_bell_client *peer = &table->client[place];
	int error = 0;

	while (!error && peer->socket >= 0 && client->told[place] < table->vectors) {
		error = send_one(client, peer->number, peer->bells[client->told[place]]);
		client->told[place] += error == 0;
	}
	return error;
}

/* All that the client is owed: others first, its own last, by which it knows that it has all. */
int ivp_bell_client_tell(struct ivp_bell_table *table, unsigned place)
{
	struct ivp_bell_client *client = &table->client[place];
	int error = send_greeting(table, client);

	while (!error && client->farewells > 0) {
		error = send_one(client, client->left[0], -1);
		if (!error)
			memmove(client->left, client->left + 1,
				--client->farewells * sizeof(client->left[0]));
	}
	for (unsigned i = 0; !error && i < IVP_BELL_PEERS; i++)
		if (i != place)
			error = send_peer(table, client, i);
	return error ? error : send_peer(table, client, place);
}

void ivp_bell_client_drop(struct ivp_bell_table *table, unsigned place)
{
	struct ivp_bell_client *gone = &table->client[place];

	if (gone->socket < 0)
		return;
	close(gone->socket);
	for (unsigned v = 0; v < table->vectors; v++)
		close(gone->bells[v]);
	*gone = (struct ivp_bell_client){.socket = -1, .number = gone->number};
	table->count--;
	for (unsigned i = 0; i < IVP_BELL_PEERS; i++) {
		struct ivp_bell_client *other = &table->client[i];

		if (other->socket < 0 || other->told[place] == 0)
			continue;
		other->told[place] = 0;
		/* More farewells than places: it stalls, and is dropped by the next look at it. */
		if (other->farewells < IVP_BELL_PEERS)
			other->left[other->farewells] = gone->number;
		other->farewells++;
	}
}
