/* SPDX-License-Identifier: MIT */
/*
 * All chunks but the last have the size of the link's frames, which never changes, so the number
 * of the last chunk says where a new life goes on. The checksum is of what was read into the
 * slots; a new life reads the file's beginning again for it.
 */
#include "host/send.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/log.h"
#include "base/units.h"
#include "host/marks.h"

#define PIECE_BYTES (256u << 10) /* read again, between two signs of life */
#define POLL_MS     100          /* for a pipe that has nothing, between two */

struct send {
	struct ivp_output_port *port;
	const struct ivp_send_options *options;
	struct ivp_feeder_account *account;
	XXH3_state_t hash;
	int fd;
	bool seekable;
	off_t begin;   /* where in the file the stream begins: standard input may be read into */
	uint64_t size; /* 0: not known */
	uint64_t next, at; /* chunk and byte of the stream */
};

static const char *name_of(const struct send *send)
{
	return strcmp(send->options->path, "-") == 0 ? "standard input" : send->options->path;
}

static int fail(const struct send *send, int error, struct ivp_why *why)
{
	ivp_why_set(why, "%s: cannot be read: %s", name_of(send), strerror(-error));
	return error;
}

static bool told_to_stop(const struct send *send)
{
	return send->options->stop && *send->options->stop;
}

static int open_source(struct send *send, struct ivp_why *why)
{
	const char *path = send->options->path;
	struct stat info;

	send->fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	if (send->fd < 0 || fstat(send->fd, &info) < 0)
		return fail(send, -errno, why);
	if (S_ISDIR(info.st_mode))
		return fail(send, -EISDIR, why);
	send->begin = lseek(send->fd, 0, SEEK_CUR);
	send->seekable = send->begin >= 0 && S_ISREG(info.st_mode);
	if (send->seekable && info.st_size > send->begin)
		send->size = (uint64_t)(info.st_size - send->begin);
	return 0;
}

/* Waits until there is something to read, or the end. Returns 0, -EINTR if told to stop. */
static int await_bytes(const struct send *send)
{
	struct pollfd source = {.fd = send->fd, .events = POLLIN};

	while (!send->seekable) {
		const int ready = poll(&source, 1, POLL_MS);

		ivp_producer_beat(&send->port->link);
		if (told_to_stop(send))
			return -EINTR;
		if (ready > 0)
			break;
		if (ready < 0 && errno != EINTR)
			return -errno;
	}
	return 0;
}

/* Reads until room is full or the file ends; *got: how much. */
static int fill(const struct send *send, uint8_t *to, size_t room, size_t *got)
{
	for (*got = 0; *got < room;) {
		const int error = await_bytes(send);
		ssize_t n;

		if (error)
			return error;
		n = send->seekable ? pread(send->fd, to + *got, room - *got,
					   send->begin + (off_t)(send->at + *got))
				   : read(send->fd, to + *got, room - *got);
		if (n == 0)
			break;
		if (n > 0)
			*got += (size_t)n;
		else if (errno != EINTR && errno != EAGAIN)
			return -errno;
	}
	return 0;
}

/* Sums the first bytes up again, which an earlier life has sent. */
static int catch_up(struct send *send, uint64_t sent, struct ivp_why *why)
{
	uint8_t *piece = malloc(PIECE_BYTES);
	int error = piece ? 0 : -ENOMEM;
	size_t got = 1;

	while (!error && got > 0 && send->at < sent) {
		size_t room = sent - send->at < PIECE_BYTES ? sent - send->at : PIECE_BYTES;

		ivp_producer_beat(&send->port->link);
		error = fill(send, piece, room, &got);
		if (!error)
			XXH3_64bits_update(&send->hash, piece, got);
		send->at += got;
	}
	free(piece);
	if (error)
		return fail(send, error, why);
	if (send->at == sent)
		return 0;
	ivp_why_set(why, "%s: has %llu bytes, but %llu were sent already: it has been changed",
		    send->options->path, (unsigned long long)send->at, (unsigned long long)sent);
	return -ESTALE;
}

/* Where to begin, by what the own window says. *more: false if the stream is complete. */
static int find_start(struct send *send, bool *more, struct ivp_why *why)
{
	const struct ivp_wire_header *header = &send->port->link.header;
	struct ivp_wire_owner *own = send->port->link.ring.own;
	struct ivp_frame last;
	const bool any = ivp_producer_last(&send->port->link, &last);
	uint64_t sent;

	*more = true;
	if (!any || (last.kind == IVP_KIND_END && send->options->anew)) {
		ivp_store_relaxed(&own->expected,
				  send->size ? own->frames + own->rejected +
						   (send->size - 1) / header->payload_bytes + 1
					     : 0);
		return 0;
	}
	if (last.kind == IVP_KIND_END) {
		ivp_log(IVP_LOG_INFO, "the stream is complete already");
		send->next = last.id;
		*more = false;
		return 0;
	}
	if (last.kind != IVP_KIND_BYTES) {
		ivp_why_set(why,
			    "link '%s' holds a stream of images that has not ended: feed it to its "
			    "end, or create the link anew",
			    header->link_name);
		return -EPROTO;
	}
	sent = last.id * header->payload_bytes + last.payload_bytes;
	if (!send->seekable) {
		ivp_why_set(why,
			    "%s cannot be read again, and its first %llu bytes were sent before: "
			    "create the link anew",
			    name_of(send), (unsigned long long)sent);
		return -ESPIPE;
	}
	send->next = last.id + 1;
	ivp_log(IVP_LOG_INFO, "goes on behind chunk %llu, the last in the link",
		(unsigned long long)last.id);
	return catch_up(send, sent, why);
}

static void commit(struct send *send, const struct ivp_slot *slot, const struct ivp_marks *marks,
		   struct ivp_frame *frame)
{
	frame->id = frame->origin_position = send->next;
	frame->flags = IVP_FLAG_LAST;
	frame->metadata_bytes = ivp_marks_put(marks, slot);
	ivp_producer_commit(&send->port->link, frame);
}

/* The next chunk. Returns 0, 1 at the end of the file, or -errno. */
static int send_chunk(struct send *send, struct ivp_why *why)
{
	const struct ivp_marks marks = {.has_offset = true, .offset = send->at};
	struct ivp_frame frame = {.kind = IVP_KIND_BYTES, .source_time_ns = ivp_now_ns()};
	uint64_t wait_ns = 0, busy_ns;
	struct ivp_slot slot;
	size_t got;
	int error = ivp_output_port_slot(send->port, &slot, &wait_ns, why);

	if (error)
		return error;
	error = fill(send, slot.payload, slot.payload_bytes, &got);
	if (error == -EINTR)
		return 0;
	if (error)
		return fail(send, error, why);
	if (got == 0)
		return 1;
	XXH3_64bits_update(&send->hash, slot.payload, got);
	frame.payload_bytes = got;
	busy_ns = ivp_now_ns() - frame.source_time_ns - wait_ns;
	ivp_producer_account(&send->port->link, busy_ns, wait_ns);
	commit(send, &slot, &marks, &frame);
	send->next++;
	send->at += got;
	send->account->busy_ns += busy_ns;
	send->account->wait_ns += wait_ns;
	return got < slot.payload_bytes;
}

static int send_end(struct send *send, bool whole, struct ivp_why *why)
{
	const struct ivp_marks marks = {.has_bytes = whole,
					.bytes = send->at,
					.has_hash = whole,
					.hash = XXH3_64bits_digest(&send->hash)};
	struct ivp_frame frame = {.kind = IVP_KIND_END};
	struct ivp_slot slot;
	int error = ivp_output_port_slot(send->port, &slot, &send->account->wait_ns, why);

	if (error)
		return error;
	commit(send, &slot, &marks, &frame);
	if (whole) {
		ivp_log(IVP_LOG_INFO, "%llu bytes sent in %llu chunks, XXH3 %016llx",
			(unsigned long long)send->at, (unsigned long long)send->next,
			(unsigned long long)marks.hash);
		return 0;
	}
	ivp_why_set(why, "told to stop behind %llu bytes: the stream has ended, the file has not",
		    (unsigned long long)send->at);
	return -ECANCELED;
}

int ivp_send_run(struct ivp_output_port *port, const struct ivp_send_options *options,
		 struct ivp_feeder_account *account, struct ivp_why *why)
{
	struct send send = {.port = port, .options = options, .account = account};
	const uint64_t begin_ns = ivp_now_ns();
	bool more = false;
	int error;

	*account = (struct ivp_feeder_account){0};
	XXH3_64bits_reset(&send.hash);
	error = open_source(&send, why);
	if (!error)
		error = find_start(&send, &more, why);
	account->first = send.next;
	while (!error && more && !told_to_stop(&send))
		error = send_chunk(&send, why);
	if (error >= 0 && more)
		error = send_end(&send, error > 0, why);
	if (send.fd >= 0)
		close(send.fd);
	account->injected = send.next;
	account->bytes = more ? send.at : port->link.ring.own->bytes;
	account->elapsed_ns = ivp_now_ns() - begin_ns;
	return error;
}
