/* SPDX-License-Identifier: MIT */
/*
 * Chunks are written where they belong and before they are released, so the hidden file holds at
 * least what the producer will not send again; what it holds more is cut off. It is not synced
 * before its end: whatever takes the machine down takes the link too, and the stream begins anew.
 */
#include "host/receive.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/log.h"
#include "base/units.h"
#include "host/file.h"
#include "host/marks.h"

#define PIECE_BYTES (256u << 10) /* read again, between two signs of life */

struct receive {
	struct ivp_input_port *port;
	struct ivp_sink_account *account;
	struct ivp_ledger ledger;
	struct ivp_notes notes;
	XXH3_state_t hash;
	const char *path;
	char *folder_copy, *name_copy;
	const char *name; /* of the file in folder; NULL: standard output */
	int folder;
	struct ivp_file file;
	uint64_t at;
	bool begun, damaged;
};

static int fail(const struct receive *receive, int error, struct ivp_why *why)
{
	ivp_why_set(why, "%s: cannot be written: %s",
		    receive->name ? receive->path : "standard output", strerror(-error));
	return error == -ENOMEM ? error : -EIO;
}

static int open_folder(struct receive *receive, struct ivp_why *why)
{
	if (strcmp(receive->path, "-") == 0)
		return 0;
	receive->folder_copy = strdup(receive->path);
	receive->name_copy = strdup(receive->path);
	if (!receive->folder_copy || !receive->name_copy)
		return -ENOMEM;
	receive->name = basename(receive->name_copy);
	receive->folder = open(dirname(receive->folder_copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return receive->folder < 0 ? fail(receive, -errno, why) : 0;
}

/* From here on the stream is only taken, to its end. */
static void give_up(struct receive *receive, const char *reason)
{
	struct ivp_tally *tally = &receive->account->tally;

	if (receive->damaged)
		return;
	ivp_log(IVP_LOG_ERROR, "%s: %s; %s", receive->name ? receive->path : "standard output",
		reason,
		receive->name ? "there will be no file" : "what went out already is not whole");
	ivp_file_abandon(&receive->file);
	tally->quarantined += tally->delivered;
	tally->delivered = 0;
	receive->damaged = true;
}

/* Sums up again what an earlier life has written, up to byte end. *whole: is it all there? */
static int read_again(struct receive *receive, int fd, uint64_t end, bool *whole)
{
	uint8_t *piece = malloc(PIECE_BYTES);
	int error = piece ? 0 : -ENOMEM;
	ssize_t n = 1;

	while (!error && n > 0 && receive->at < end) {
		const uint64_t rest = end - receive->at;

		ivp_consumer_beat(&receive->port->link);
		n = pread(fd, piece, rest < PIECE_BYTES ? rest : PIECE_BYTES, (off_t)receive->at);
		if (n < 0)
			error = -errno;
		else
			XXH3_64bits_update(&receive->hash, piece, (size_t)n);
		receive->at += n > 0 ? (uint64_t)n : 0;
	}
	free(piece);
	*whole = receive->at == end;
	return error;
}

/* Did an earlier life give the file its name already, and died before it released the end? */
static int find_finished(struct receive *receive, uint64_t bytes, bool *whole)
{
	int fd = openat(receive->folder, receive->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int error = 0;

	*whole = false;
	if (fd >= 0)
		error = read_again(receive, fd, bytes, whole);
	if (fd >= 0)
		close(fd);
	return error;
}

/* The first frame of this life: makes the file, or goes on with it. */
static int begin(struct receive *receive, const struct ivp_frame *frame,
		 const struct ivp_marks *marks, unsigned attempt)
{
	const bool end = frame->kind == IVP_KIND_END;
	const uint64_t before = end ? marks->bytes : marks->offset;
	bool whole = false;
	int error;

	receive->begun = true;
	if (!receive->name) {
		if (before > 0 || attempt > 1)
			give_up(receive, "standard output cannot go on where a sink was killed");
		return 0;
	}
	if (before == 0)
		return ivp_file_begin(&receive->file, receive->folder, receive->name);
	error = ivp_file_resume(&receive->file, receive->folder, receive->name);
	if (error == -ENOENT && end) {
		error = find_finished(receive, before, &whole);
	} else if (!error) {
		error = read_again(receive, fileno(receive->file.stream), before, &whole);
		if (!error && ftruncate(fileno(receive->file.stream), (off_t)receive->at) < 0)
			error = -errno;
	}
	if (error && error != -ENOENT)
		return error;
	if (!whole)
		give_up(receive, "the beginning of the stream is gone: feed it again");
	return 0;
}

static int write_all(struct receive *receive, const uint8_t *bytes, size_t count)
{
	while (count > 0) {
		const ssize_t n = receive->name ? pwrite(fileno(receive->file.stream), bytes, count,
							 (off_t)receive->at)
						: write(STDOUT_FILENO, bytes, count);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		XXH3_64bits_update(&receive->hash, bytes, (size_t)n);
		bytes += n;
		count -= (size_t)n;
		receive->at += (uint64_t)n;
	}
	return 0;
}

static int take_chunk(struct receive *receive, const struct ivp_frame *frame,
		      const struct ivp_marks *marks, struct ivp_why *why)
{
	struct ivp_tally *tally = &receive->account->tally;
	const uint64_t now_ns = ivp_now_ns();
	int error;

	if (!receive->damaged && (!marks->has_offset || marks->offset != receive->at))
		give_up(receive, "a chunk is missing, or is not where it belongs");
	if (receive->damaged) {
		tally->quarantined++;
		return 0;
	}
	error = write_all(receive, frame->payload, frame->payload_bytes);
	if (error)
		return fail(receive, error, why);
	tally->delivered++;
	tally->bytes = receive->at;
	ivp_tally_add_trail(tally, frame);
	if (frame->source_time_ns != 0 && frame->source_time_ns <= now_ns)
		ivp_latency_add(&receive->account->latency, now_ns - frame->source_time_ns);
	return 0;
}

static int take_end(struct receive *receive, const struct ivp_marks *marks, struct ivp_why *why)
{
	const uint64_t hash = XXH3_64bits_digest(&receive->hash);
	int error = 0;

	if (!marks->has_bytes || !marks->has_hash)
		give_up(receive, "the stream was ended before its file was");
	else if (marks->bytes != receive->at || marks->hash != hash)
		give_up(receive, "its length or its checksum is not that of what was sent");
	if (receive->damaged)
		return 0;
	/* Without a stream an earlier life has done it. */
	if (receive->name && receive->file.stream)
		error = ivp_file_commit(&receive->file);
	if (!error && receive->name && fsync(receive->folder) < 0)
		error = -errno;
	if (error)
		return fail(receive, error, why);
	ivp_log(IVP_LOG_INFO, "%llu bytes received in %llu chunks, XXH3 %016llx",
		(unsigned long long)receive->at,
		(unsigned long long)receive->account->tally.delivered, (unsigned long long)hash);
	return 0;
}

/* Of an error frame the reason; else that it does not belong here. */
static int take_stranger(struct receive *receive, const struct ivp_frame *frame,
			 struct ivp_why *why)
{
	char text[320];
	int error = ivp_notes_read(&receive->notes, frame, why);

	if (error)
		return error;
	if (frame->kind == IVP_KIND_ERROR)
		snprintf(text, sizeof(text), "chunk %llu failed: %s", (unsigned long long)frame->id,
			 receive->notes.reason[0] ? receive->notes.reason
						  : "it was changed on the way");
	else
		snprintf(text, sizeof(text),
			 "frame %llu is no chunk of a file (kind %u): is the feeder run with "
			 "--bytes?",
			 (unsigned long long)frame->id, frame->kind);
	give_up(receive, text);
	receive->account->tally.quarantined++;
	return 0;
}

static int take(struct receive *receive, const struct ivp_frame *frame, struct ivp_why *why)
{
	const unsigned attempt = ivp_consumer_begin(&receive->port->link);
	struct ivp_marks marks;
	int error = ivp_marks_read(&marks, frame);

	if (error) {
		ivp_why_set(why, "chunk %llu: its metadata are malformed",
			    (unsigned long long)frame->id);
		return error;
	}
	if (!receive->begun && !receive->damaged &&
	    (frame->kind == IVP_KIND_BYTES || frame->kind == IVP_KIND_END)) {
		error = begin(receive, frame, &marks, attempt);
		if (error)
			return fail(receive, error, why);
	}
	switch (frame->kind) {
	case IVP_KIND_BYTES:
		return take_chunk(receive, frame, &marks, why);
	case IVP_KIND_END:
		error = take_end(receive, &marks, why);
		receive->account->tally.ended = !error;
		return error;
	default:
		return take_stranger(receive, frame, why);
	}
}

static int run(struct receive *receive, struct ivp_why *why)
{
	struct ivp_consumer *link = &receive->port->link;
	struct ivp_tally *tally = &receive->account->tally;
	const uint64_t before_ns = tally->elapsed_ns;
	uint64_t first_ns = 0;
	struct ivp_frame frame;

	while (!tally->ended) {
		int error = ivp_input_port_next(receive->port, &frame, NULL, why);

		if (!error && first_ns == 0)
			first_ns = ivp_now_ns();
		if (!error)
			error = take(receive, &frame, why);
		if (error)
			return error;
		tally->elapsed_ns = before_ns + (ivp_now_ns() - first_ns);
		ivp_ledger_note(&receive->ledger, link->ring.tail + 1, tally);
		ivp_consumer_release(link);
	}
	return 0;
}

int ivp_receive_run(struct ivp_input_port *port, const char *path, const char *ledger,
		    struct ivp_sink_account *account, struct ivp_why *why)
{
	struct receive receive = {.port = port, .account = account, .path = path, .folder = -1};
	int error;

	*account = (struct ivp_sink_account){0};
	XXH3_64bits_reset(&receive.hash);
	error = ivp_notes_init(&receive.notes, port->link.header.metadata_bytes);
	if (!error)
		error = open_folder(&receive, why);
	if (!error)
		error =
		    ivp_sink_take_over(&port->link, ledger, &receive.ledger, &account->tally, why);
	if (!error && ivp_sink_has_ended(&port->link))
		account->tally.ended = true;
	if (!error)
		error = run(&receive, why);
	/* For the next life, if this one did not come to the end. */
	ivp_file_keep(&receive.file);
	ivp_ledger_close(&receive.ledger);
	if (receive.folder >= 0)
		close(receive.folder);
	free(receive.folder_copy);
	free(receive.name_copy);
	ivp_notes_finish(&receive.notes);
	return error;
}
