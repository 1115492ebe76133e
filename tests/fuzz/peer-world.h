/* SPDX-License-Identifier: MIT */
/* Shared by peer.c, peer-steps.c and peer-wraps.c, and by nothing else: the input at work. */
#ifndef IVP_TESTS_FUZZ_PEER_WORLD_H
#define IVP_TESTS_FUZZ_PEER_WORLD_H

#include "fuzz/peer.h"

/* A word that is one thing when it is looked at and another when it is looked at again: it changes
 * after each load (clang), or at each event. */
struct peer_alternation {
	uint8_t *at;           /* NULL: none */
	const uint8_t *tested; /* the same word, as the code under test sees it */
	size_t width;
	uint64_t values[2];
	unsigned side;
	bool loaded; /* since it changed last */
};

struct peer_world {
	struct script *script;
	struct peer_link links[PEER_LINKS];
	unsigned link_count;
	bool active, acting, all_steps, sees_loads;
	unsigned passed; /* events since the last step */
	unsigned waits;
	uint64_t now_ns;
	const uint8_t *once; /* memory that may be loaded once, and what was */
	size_t once_bytes;
	struct peer_alternation alternation;
	uint8_t loaded[sizeof(struct ivp_wire_descriptor) / 8];
};

extern struct peer_world peer_world;

/* peer.c */
void peer_strike(void); /* something happened in the code under test */
/* Formats the windows anew; not 0: the data window as that of another geometry. */
void peer_heal(struct peer_link *link, uint8_t other);

/* peer-steps.c */
void peer_act(void); /* the step at hand */
/* What a peer may write: the piece of it that the code names. */
struct ivp_mapping peer_part(const struct peer_link *link, uint8_t code);

static inline struct ivp_wire_owner *peer_owner(const struct ivp_mapping *window)
{
	return (void *)((uint8_t *)window->base + IVP_WIRE_OWNER_OFFSET);
}

#endif
