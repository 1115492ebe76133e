/* SPDX-License-Identifier: MIT */
/* The memory that a doorbell server hands out: a page that says whose it is. Thread-safe. */
#ifndef IVP_DOORBELL_PAGE_H
#define IVP_DOORBELL_PAGE_H

#include "doorbell/server.h"

/* Returns a descriptor of a new one, of a life of its own, or -errno. */
int ivp_bell_page_make(const struct ivp_bell_server_conf *conf, unsigned vectors);

#endif
