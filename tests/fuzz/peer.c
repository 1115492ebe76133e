/* SPDX-License-Identifier: MIT */
/*
 * The links of peer.h, and when a step strikes. Windows are memfds that are mapped twice: for the
 * code under test into an arena of unreachable address space, for the peer anywhere. They are made
 * once for each geometry.
 */
#include "fuzz/peer-world.h"

#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/hooks.h"

#define ARENA_BYTES (1ull << 30)
#define GEOMETRIES  256

volatile sig_atomic_t peer_stop;

/* A memory object: the data window, a credit window, or all of them if they are shared. */
struct object {
	uint8_t *tested, *peer;
	size_t bytes;
};

struct windows {
	bool made, cut;
	struct object data, credit[IVP_MAX_CONSUMERS];
};

struct peer_world peer_world;

static uint8_t *arena;
static size_t arena_used;

static void before_load(const void *address);

/* Memory as the code under test sees it, with nothing on either side. */
static uint8_t *place_in_arena(int fd, size_t bytes, int protection)
{
	uint8_t *place;

	if (!arena) {
		arena = mmap(NULL, ARENA_BYTES, PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		CHECK(arena != MAP_FAILED);
		arena_used = IVP_PAGE;
	}
	CHECK(arena_used + bytes + IVP_PAGE <= ARENA_BYTES);
	place = mmap(arena + arena_used, bytes, protection, MAP_SHARED | MAP_FIXED, fd, 0);
	CHECK(place != MAP_FAILED);
	arena_used += bytes + IVP_PAGE;
	return place;
}

static void make_object(struct object *object, uint64_t bytes, bool writable)
{
	const int fd = memfd_create("ivpipe-fuzz", MFD_CLOEXEC);

	object->bytes = (size_t)bytes;
	CHECK(fd >= 0 && ftruncate(fd, (off_t)bytes) == 0);
	object->peer = mmap(NULL, object->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(object->peer != MAP_FAILED);
	object->tested =
	    place_in_arena(fd, object->bytes, writable ? PROT_READ | PROT_WRITE : PROT_READ);
	close(fd);
}

static struct ivp_geometry choose_geometry(uint8_t code)
{
	static const uint64_t payloads[] = {192, 4096, 8192, 16384};
	static const uint32_t metadata[] = {512, 64, 1024, 4096};
	struct ivp_geometry geometry = {
	    .link_name = "hostile",
	    .pipeline_name = "fuzz",
	    .uuid = {1, 2, 3},
	    .epoch = 77,
	    .slots = IVP_MIN_SLOTS << (code & 3) % 3,
	    .consumers = code & 16 ? 3 : 1,
	    .isolation = code & 32 ? IVP_ISOLATION_SHARED : IVP_ISOLATION_ONE_WAY,
	    .payload_bytes = payloads[code >> 2 & 3],
	    .metadata_bytes = metadata[code >> 2 & 3],
	    .policy = code >> 6,
	};

	while (geometry.slots < ivp_ring_least_slots(geometry.policy, geometry.consumers))
		geometry.slots *= 2;
	return geometry;
}

static void make_windows(struct windows *windows, const struct peer_link *link)
{
	const bool shared = link->geometry.isolation == IVP_ISOLATION_SHARED;
	const unsigned consumers = link->geometry.consumers;

	make_object(&windows->data,
		    link->layout.data_window_bytes +
			(shared ? (uint64_t)consumers * IVP_WIRE_CREDIT_BYTES : 0),
		    shared || link->role == PEER_TESTS_PRODUCER);
	for (unsigned i = 0; !shared && i < consumers; i++)
		make_object(&windows->credit[i], IVP_WIRE_CREDIT_BYTES,
			    link->role == PEER_TESTS_CONSUMER);
	windows->made = true;
}

static void map_windows(struct peer_link *link, const struct windows *windows)
{
	const uint64_t offset = link->layout.credit_offset;

	link->data = (struct ivp_mapping){windows->data.tested, windows->data.bytes};
	link->peer_data = (struct ivp_mapping){windows->data.peer, windows->data.bytes};
	for (unsigned i = 0; i < link->geometry.consumers; i++) {
		const struct object *credit = &windows->credit[i];
		const uint64_t at = offset + (uint64_t)i * IVP_WIRE_CREDIT_BYTES;

		if (offset) {
			link->credit[i].base = windows->data.tested + at;
			link->peer_credit[i].base = windows->data.peer + at;
		} else {
			link->credit[i].base = credit->tested;
			link->peer_credit[i].base = credit->peer;
		}
		link->credit[i].bytes = link->peer_credit[i].bytes = IVP_WIRE_CREDIT_BYTES;
	}
}

void peer_heal(struct peer_link *link, uint8_t other)
{
	struct ivp_geometry geometry = choose_geometry(other);
	struct ivp_layout layout;

	CHECK(ivp_layout_compute(&geometry, &layout, NULL) == 0);
	for (unsigned i = 0; i < link->geometry.consumers; i++)
		ivp_window_format(link->peer_credit[i].base, &link->geometry, &link->layout,
				  IVP_WINDOW_CREDIT, i);
	ivp_window_format(link->peer_data.base, other ? &geometry : &link->geometry,
			  other ? &layout : &link->layout, IVP_WINDOW_DATA, 0);
}

/* All sides stand where they would after so many frames. */
static void start_at(struct peer_link *link, uint64_t position)
{
	peer_owner(&link->peer_data)->position = position;
	for (unsigned i = 0; i < link->geometry.consumers; i++)
		peer_owner(&link->peer_credit[i])->position = position;
}

/* To a consumer, the data window ends sooner than it should; or is whole again. */
static void cut(struct peer_link *link, struct windows *windows, uint8_t start)
{
	const size_t pages = windows->data.bytes / IVP_PAGE, kept = 1 + (start >> 2 & 31) % pages;

	if (link->role != PEER_TESTS_CONSUMER || link->geometry.isolation != IVP_ISOLATION_ONE_WAY)
		return;
	CHECK(mprotect(windows->data.tested, windows->data.bytes, PROT_READ) == 0);
	windows->cut = (start & 0x80) && kept < pages;
	if (!windows->cut)
		return;
	link->data.bytes = kept * IVP_PAGE;
	CHECK(mprotect(windows->data.tested + link->data.bytes,
		       windows->data.bytes - link->data.bytes, PROT_NONE) == 0);
}

struct peer_link *peer_add_link(enum peer_role role)
{
	static struct windows all[PEER_LINKS][GEOMETRIES];
	static const uint64_t starts[] = {0, 0, 5, UINT32_MAX};
	struct peer_link *link = &peer_world.links[peer_world.link_count];
	const uint8_t code = take8(peer_world.script), start = take8(peer_world.script);
	struct windows *windows = &all[peer_world.link_count][code];

	CHECK(peer_world.link_count < PEER_LINKS);
	memset(link, 0, sizeof(*link));
	link->role = role;
	link->geometry = choose_geometry(code);
	CHECK(ivp_layout_compute(&link->geometry, &link->layout, NULL) == 0);
	if (!windows->made)
		make_windows(windows, link);
	map_windows(link, windows);
	memset(link->peer_data.base, 0, link->peer_data.bytes);
	for (unsigned i = 0; i < link->geometry.consumers; i++)
		memset(link->peer_credit[i].base, 0, IVP_WIRE_CREDIT_BYTES);
	peer_heal(link, 0);
	if (start & 0x80 || windows->cut)
		cut(link, windows, start);
	start_at(link, starts[start % 4]);
	peer_world.link_count++;
	hooks_watch(arena, ARENA_BYTES, before_load);
	return link;
}

const struct peer_link *peer_link_at(unsigned index)
{
	CHECK(index < peer_world.link_count);
	return &peer_world.links[index];
}

/* Linear for small ones, then in larger steps. */
static unsigned events_of(uint8_t delay)
{
	if (delay == PEER_ALTERNATE)
		return 0;
	return delay < 128 ? delay : 128u + (delay - 128u) * 32u;
}

static bool is_step(void)
{
	return script_left(peer_world.script) >= 2 &&
	       (peer_world.all_steps || *peer_world.script->at & 0x80);
}

static void alternate(void)
{
	struct peer_alternation *word = &peer_world.alternation;

	word->side ^= 1;
	word->loaded = false;
	memcpy(word->at, &word->values[word->side], word->width);
}

/* Something happened in the code under test. */
void peer_strike(void)
{
	if (!peer_world.active || peer_world.acting)
		return;
	if (peer_world.alternation.at && (peer_world.alternation.loaded || !peer_world.sees_loads))
		alternate();
	while (is_step()) {
		if (peer_world.passed < events_of(peer_world.script->at[1])) {
			peer_world.passed++;
			return;
		}
		peer_world.passed = 0;
		peer_world.acting = true;
		peer_act();
		peer_world.acting = false;
	}
}

/* A load from a window by the code under test is about to happen. */
static void before_load(const void *address)
{
	if (!peer_world.active || peer_world.acting)
		return;
	if (peer_world.once &&
	    (uintptr_t)address - (uintptr_t)peer_world.once < peer_world.once_bytes)
		CHECK(peer_world.loaded[((uintptr_t)address - (uintptr_t)peer_world.once) / 8]++ ==
		      0);
	peer_world.sees_loads = true;
	peer_strike();
	/* A load may begin before the word, but is aligned to its own size, 8 bytes at most. */
	if (peer_world.alternation.at &&
	    (uintptr_t)address / 8 == (uintptr_t)peer_world.alternation.tested / 8)
		peer_world.alternation.loaded = true;
}

void peer_load_once(const void *memory, size_t bytes)
{
	memset(peer_world.loaded, 0, sizeof(peer_world.loaded));
	peer_world.once = memory;
	peer_world.once_bytes = memory ? bytes : 0;
	CHECK(peer_world.once_bytes <= sizeof(struct ivp_wire_descriptor));
}

bool peer_step(void)
{
	if (!is_step())
		return false;
	peer_world.passed = 0;
	peer_world.acting = true;
	peer_act();
	peer_world.acting = false;
	return true;
}

void peer_all_steps(void)
{
	peer_world.all_steps = true;
}

void peer_begin(struct script *script)
{
	memset(&peer_world, 0, sizeof(peer_world));
	peer_world.script = script;
	peer_world.now_ns = 1000000000000u;
	peer_world.active = true;
	peer_stop = 0;
	hooks_watch(NULL, 0, NULL);
}

void peer_finish(void)
{
	peer_world.active = false;
	hooks_watch(NULL, 0, NULL);
}

/* A byte of a peer's that changes to and fro. */
struct flicker {
	volatile uint8_t *at;
	uint8_t to;
};

static struct {
	pthread_t thread;
	struct flicker flickers[64];
	unsigned count;
	int go, started;
} race;

static void *flicker(void *nothing)
{
	(void)nothing;
	while (__atomic_load_n(&race.go, __ATOMIC_RELAXED)) {
		for (unsigned i = 0; i < race.count; i++) {
			const uint8_t was = *race.flickers[i].at;

			*race.flickers[i].at = race.flickers[i].to;
			if (i % 4 != 3) /* one in four stays */
				*race.flickers[i].at = was;
		}
		__atomic_store_n(&race.started, 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

void peer_race_begin(void)
{
	memset(&race, 0, sizeof(race));
	while (script_left(peer_world.script) >= 4 && race.count < 64) {
		const uint8_t code = take8(peer_world.script), part_code = take8(peer_world.script);
		const struct peer_link *link = &peer_world.links[code % peer_world.link_count];
		const struct ivp_mapping part = peer_part(link, part_code);
		const size_t at = (take8(peer_world.script) * (code & 2 ? 8u : 1u)) % part.bytes;

		race.flickers[race.count].at = (uint8_t *)part.base + at;
		race.flickers[race.count++].to = take8(peer_world.script);
	}
	race.go = 1;
	CHECK(pthread_create(&race.thread, NULL, flicker, NULL) == 0);
	while (!__atomic_load_n(&race.started, __ATOMIC_ACQUIRE))
		sched_yield();
}

void peer_race_end(void)
{
	__atomic_store_n(&race.go, 0, __ATOMIC_RELAXED);
	CHECK(pthread_join(race.thread, NULL) == 0);
}
