/* SPDX-License-Identifier: MIT */
/*
 * The steps of the protocol by name: the names of ring.h, and those that tests/model uses too.
 * A step is named just before it is taken. It costs nothing unless a test compiles the code with
 * IVP_STEPS; then ivp_step is called, which the test provides, and which may not return.
 */
#ifndef IVP_TRANSPORT_STEP_H
#define IVP_TRANSPORT_STEP_H

#define IVP_STEP_NAMES(X)                                                                          \
	X(attach)   /* first store to the own window: nobody waits */                              \
	X(attached) /* generation and state */                                                     \
	X(kick)     /* ring whoever sleeps on our position */                                      \
	X(P2)       /* producer: look at the tails */                                              \
	X(fill)     /* payload and metadata */                                                     \
	X(describe) /* descriptor */                                                               \
	X(withdraw) /* early start: nothing is shown */                                            \
	X(show)     /* store the descriptor of what is not filled yet */                           \
	X(R1)       /* store how many rows are finished */                                         \
	X(P1)       /* store head */                                                               \
	X(W2)       /* mover: look at the peer's wake_at */                                        \
	X(ring)     /* wake the peer */                                                            \
	X(C1)       /* consumer: look at head */                                                   \
	X(copy)     /* descriptor to private memory */                                             \
	X(R2)       /* early start: look at what is shown */                                       \
	X(confirm)  /* is what was committed what was shown? */                                    \
	X(abandon)  /* throw away */                                                               \
	X(begin)    /* forget the attempts at another frame */                                     \
	X(attempt)  /* count this one */                                                           \
	X(C2)       /* store tail */                                                               \
	X(released) /* no frame is at work */                                                      \
	X(D1)       /* links that overwrite: consumer: store claim, look at the producer's */      \
	X(D2)       /* producer: store claim, look at the consumers' */                            \
	X(held)     /* consumer: the claim holds */                                                \
	X(missed)   /* count what was missed */                                                    \
	X(taken)    /* count what was taken */                                                     \
	X(D3)       /* give the slot back */                                                       \
	X(dropped)  /* drop-newest: count a frame that is not published */                         \
	X(W1)       /* waiter: store wake_at */                                                    \
	X(recheck)  /* look at the peer's position again */                                        \
	X(sleep)    /* sleep, if the position is still the one that was seen */                    \
	X(leave)    /* state: finished or failed */

#ifdef IVP_STEPS
#define IVP_STEP_CONSTANT(name) IVP_STEP_##name,
enum ivp_step { IVP_STEP_NAMES(IVP_STEP_CONSTANT) IVP_STEP_COUNT };
void ivp_step(enum ivp_step step);
#define IVP_STEP(name) ivp_step(IVP_STEP_##name)
#else
#define IVP_STEP(name) ((void)0)
#endif

#endif
