/* SPDX-License-Identifier: MIT */
#ifndef IVP_CONFIG_FIT_H
#define IVP_CONFIG_FIT_H

#include "config/topology.h"

/*
 * For a whole and sorted chain: do the images that stages make fit the frames of their links, as
 * far as the configuration alone can tell? An error where no image can fit, a warning where one
 * with colour and transparency (RGBA8) cannot. Have feeder and sink slots for their threads? A
 * warning if not. And does a file that is sent as bytes find stages that copy, frames that do not
 * get smaller, and a sink for it?
 */
void ivp_check_fit(const struct ivp_topology *topology, struct ivp_diag *diag);

#endif
