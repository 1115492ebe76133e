/* SPDX-License-Identifier: MIT */
/* A picture by ray tracing: balls on a table before a wall, one lamp with soft shadows. */
#ifndef IVP_TESTS_HELPERS_STILL_LIFE_H
#define IVP_TESTS_HELPERS_STILL_LIFE_H

#include "helpers/paint.h"

struct vector {
	double x, y, z;
};

struct ball {
	struct vector centre;
	double radius;
	struct colour colour;
};

#define BALLS 4

static const struct ball balls[BALLS] = {
    {{-1.15, 0.95, 4.6}, 0.95, {0.83, 0.20, 0.14}},
    {{0.75, 0.62, 3.9}, 0.62, {0.94, 0.70, 0.16}},
    {{1.85, 1.15, 6.1}, 1.15, {0.12, 0.36, 0.58}},
    {{-0.05, 0.30, 3.0}, 0.30, {0.28, 0.56, 0.24}},
};

/* Unit vectors, but for rounding. */
static const struct vector towards_lamp = {-0.52, 0.74, -0.43}, upwards = {0, 1, 0};

static inline double dot(struct vector a, struct vector b)
{
	return a.x * b.x + a.y * b.y + a.z * b.z;
}

/* a + t b */
static inline struct vector along(struct vector a, double t, struct vector b)
{
	return (struct vector){a.x + t * b.x, a.y + t * b.y, a.z + t * b.z};
}

/* The ball that a ray meets first, and how far away; -1 for none. */
static inline int meet_ball(struct vector from, struct vector ray, double *distance)
{
	int hit = -1;

	for (int i = 0; i < BALLS; i++) {
		const struct vector q = along(from, -1, balls[i].centre);
		const double b = dot(q, ray);
		const double root = b * b - dot(q, q) + balls[i].radius * balls[i].radius;

		if (root > 0 && (hit < 0 || -b - sqrt(root) < *distance)) {
			*distance = -b - sqrt(root);
			hit = i;
		}
	}
	return hit;
}

/* How much of the lamp reaches a place, and in closed how much the balls shut out the rest. */
static inline double lamp_at(struct vector place, struct vector normal, int self, double *closed)
{
	double lit = 1;

	*closed = 0;
	for (int i = 0; i < BALLS; i++) {
		const struct vector q = along(balls[i].centre, -1, place);
		const double far = dot(q, towards_lamp), apart2 = dot(q, q);
		const double miss = sqrt(fmax(0, apart2 - far * far)) - balls[i].radius;

		if (i == self)
			continue;
		/* The lamp has a size: its edge of light widens with the distance. */
		if (far > 0)
			lit *= ramp(-0.13 * far, 0.13 * far, miss);
		*closed += 0.55 * balls[i].radius * balls[i].radius / apart2 *
			   clamp01(0.5 + 0.5 * dot(q, normal));
	}
	return lit;
}

/* Planks with a grain along them. */
static inline struct colour table_at(double x, double z, double distance)
{
	const double at = x * 1.1 + 40, plank = floor(at), gap = fabs(at - plank - 0.5);
	const double fibres = rough(x * 14, z * 0.9 + plank * 7, 5, 600 + (uint32_t)plank);
	const struct colour wood = scale((struct colour){0.66, 0.47, 0.30},
					 1 + 0.34 * fibres + 0.09 * noise(plank, 0, 610));

	return scale(wood, 1 - 0.45 * ramp(0.485, 0.5, gap) * ramp(16, 4, distance));
}

static inline struct colour paint_still_life(double x, double y, double width, double height)
{
	const struct vector eye = {0, 1.55, -0.6};
	struct vector ray = {(x - width / 2) / height * 1.15,
			     (height / 2 - y) / height * 1.15 - 0.17, 1.25};
	struct vector place, normal = upwards;
	struct colour c, wall;
	double distance = 0, lit, closed, sheen = 0;
	int hit;

	ray = along((struct vector){0, 0, 0}, 1 / sqrt(dot(ray, ray)), ray);
	hit = meet_ball(eye, ray, &distance);
	wall = scale((struct colour){0.64, 0.62, 0.58},
		     1.0 - 0.30 * fabs(ray.x) - 0.5 * ray.y +
			 0.03 * rough(ray.x * 5, ray.y * 5, 3, 500));
	if (hit < 0 && ray.y > -0.02)
		return wall;
	if (hit < 0)
		distance = -eye.y / ray.y;
	place = along(eye, distance, ray);
	if (hit >= 0) {
		normal = along(place, -1, balls[hit].centre);
		normal = along((struct vector){0, 0, 0}, 1 / balls[hit].radius, normal);
	}
	lit = lamp_at(place, normal, hit, &closed);
	if (hit >= 0) {
		const struct vector mirrored = along(ray, -2 * dot(ray, normal), normal);

		c = balls[hit].colour;
		sheen = 0.75 * pow(clamp01(dot(mirrored, towards_lamp)), 60) * lit;
		closed += 0.35 * clamp01(-normal.y);
	} else {
		c = table_at(place.x, place.z, distance);
	}
	c = scale(c, (0.30 + 0.78 * clamp01(dot(normal, towards_lamp)) * lit) *
			 (1 - clamp01(closed) * 0.72));
	if (hit < 0)
		c = mix(c, wall, ramp(5, 30, distance));
	return mix(c, (struct colour){1, 1, 1}, sheen);
}

#endif
