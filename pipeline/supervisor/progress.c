/* SPDX-License-Identifier: MIT */
/* Ten drawings a second at most: more only costs time, on the terminal's side too. */
#include "supervisor/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/units.h"

#define PERIOD_NS 100000000u
#define TEXT_ROOM 48 /* columns for the numbers beside the bar */
#define BAR_MOST  60

void ivp_progress_begin(struct ivp_progress *progress)
{
	const char *term = getenv("TERM");

	*progress = (struct ivp_progress){
	    .on = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0,
	};
}

void ivp_progress_clear(struct ivp_progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
	progress->shown = false;
}

static unsigned bar_columns(void)
{
	struct winsize size;
	unsigned columns = 80;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		columns = size.ws_col;
	if (columns <= TEXT_ROOM)
		return 0;
	return columns - TEXT_ROOM < BAR_MOST ? columns - TEXT_ROOM : BAR_MOST;
}

static void draw_bar(uint64_t done, uint64_t total)
{
	const unsigned columns = bar_columns();
	const unsigned full = (unsigned)((double)done / (double)total * columns);

	if (columns == 0)
		return;
	fputc('[', stderr);
	for (unsigned i = 0; i < columns; i++)
		fputc(i < full ? '#' : '.', stderr);
	fputs("] ", stderr);
}

/* Is there a line to draw, and is it time? */
static bool is_due(struct ivp_progress *progress)
{
	const uint64_t now = ivp_now_ns();

	if (!progress->on || now - progress->drawn_ns < PERIOD_NS)
		return false;
	progress->drawn_ns = now;
	return true;
}

static void end_line(struct ivp_progress *progress)
{
	fputs("\033[K", stderr);
	fflush(stderr);
	progress->shown = true;
}

void ivp_progress_say(struct ivp_progress *progress, const char *text)
{
	if (!is_due(progress))
		return;
	fprintf(stderr, "\r%s", text);
	end_line(progress);
}

void ivp_progress_draw(struct ivp_progress *progress, uint64_t done, uint64_t total)
{
	double rate = 0;
	uint64_t now;

	if (!is_due(progress))
		return;
	now = progress->drawn_ns;
	if (done > 0 && progress->first_ns == 0)
		progress->first_ns = now;
	if (done > 1 && now > progress->first_ns)
		rate = (double)(done - 1) / ((double)(now - progress->first_ns) / 1e9);
	if (total > 0 && done > total)
		done = total;
	fputc('\r', stderr);
	if (total > 0) {
		draw_bar(done, total);
		fprintf(stderr, "%llu of %llu frames", (unsigned long long)done,
			(unsigned long long)total);
	} else {
		fprintf(stderr, "%llu frames", (unsigned long long)done);
	}
	if (rate > 0)
		fprintf(stderr, ", %.1f a second", rate);
	end_line(progress);
}
