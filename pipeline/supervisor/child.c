/* SPDX-License-Identifier: MIT */
/*
 * fork(2) and exec(2) with everything that can go wrong between them told to the parent through
 * a pipe: one int, the errno of what failed; nothing, when exec has closed the pipe.
 */
#include "supervisor/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/units.h"

/* In the child: everything up to exec. Only async-signal-safe calls. Returns on failure. */
static void become(const struct ivp_child *child, const struct ivp_child_files *files, int console,
		   pid_t parent)
{
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const struct sigaction standard = {.sa_handler = SIG_DFL};
	sigset_t none;

	(void)sigemptyset(&none);
	/* What we ignore or block would stay so across exec. */
	if (sigaction(SIGPIPE, &standard, NULL) < 0 || sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		return;
	if (null < 0 || setpgid(0, 0) < 0)
		return;
	if (dup2(files->input >= 0 ? files->input : null, STDIN_FILENO) < 0 ||
	    dup2(files->output >= 0 ? files->output : console, STDOUT_FILENO) < 0 ||
	    dup2(console, STDERR_FILENO) < 0)
		return;
	for (unsigned i = 0; i < files->kept_count; i++)
		if (fcntl(files->kept[i], F_SETFD, 0) < 0)
			return;
	/* A change of user would take back PR_SET_PDEATHSIG. */
	if ((files->walls && ivp_walls_enter(files->walls) < 0) ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return;
	if (getppid() != parent) { /* it died before prctl */
		errno = ECHILD;
		return;
	}
	(void)execvp(child->arguments.words[0], child->arguments.words);
}

/* Returns 0 when exec has succeeded, else -errno of what did not. */
static int await_exec(int from)
{
	int error = 0;
	ssize_t n;

	do
		n = read(from, &error, sizeof(error));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n == sizeof(error) ? -error : 0;
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int start(struct ivp_child *child, const struct ivp_child_files *files, int console[2],
		 int result[2])
{
	const pid_t parent = getpid();
	int error;

	if (pipe2(console, O_CLOEXEC) < 0 || pipe2(result, O_CLOEXEC) < 0 ||
	    fcntl(console[0], F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	child->life_ns = ivp_now_ns();
	if (child->started_ns == 0)
		child->started_ns = child->life_ns;
	child->pid = fork();
	if (child->pid < 0) {
		child->pid = 0;
		return -errno;
	}
	if (child->pid == 0) {
		become(child, files, console[1], parent);
		error = errno;
		_exit(write(result[1], &error, sizeof(error)) < 0 ? EX_OSERR : EX_UNAVAILABLE);
	}
	close_one(&result[1]);
	error = await_exec(result[0]);
	if (!error) {
		child->pidfd = pidfd_open(child->pid, 0);
		if (child->pidfd < 0)
			error = -errno;
	}
	if (error) {
		kill(child->pid, SIGKILL);
		while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
			;
		child->pid = 0;
	}
	return error;
}

int ivp_child_start(struct ivp_child *child, const struct ivp_child_files *files,
		    struct ivp_why *why)
{
	int console[2] = {-1, -1}, result[2] = {-1, -1};
	const bool as_other = files->walls && files->walls->other;
	int error = child->arguments.error;

	child->exit_line = -1;
	child->ended = false;
	child->told = false;
	child->late = false;
	child->stall = (struct ivp_stall){0};
	child->console.trusted = !child->guest;
	if (!error)
		error = start(child, files, console, result);
	if (error) {
		ivp_why_set(why, "cannot start %s%s: %s%s", child->arguments.words[0],
			    as_other ? " as another user" : "", strerror(-error),
			    as_other ? "; --user names one who may, root for no other" : "");
	} else {
		child->output = console[0];
		console[0] = -1;
	}
	close_one(&console[0]);
	close_one(&console[1]);
	close_one(&result[0]);
	close_one(&result[1]);
	return error;
}

void ivp_child_signal(const struct ivp_child *child, int signal)
{
	/* Through the pidfd: the number may be another process by now, if it was collected. */
	if (child->pidfd >= 0)
		(void)pidfd_send_signal(child->pidfd, signal, NULL, 0);
}

bool ivp_child_reap(struct ivp_child *child)
{
	siginfo_t info = {0};

	if (child->pidfd < 0)
		return child->ended;
	if (waitid(P_PIDFD, (id_t)child->pidfd, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0)
		return false;
	child->ended = true;
	child->ended_ns = ivp_now_ns();
	child->wait_code = info.si_code;
	child->wait_status = info.si_status;
	close_one(&child->pidfd);
	return true;
}

static bool is_success(int status)
{
	return status == EX_OK || status == EX_DATAERR;
}

bool ivp_child_succeeded(const struct ivp_child *child)
{
	if (!child->ended || child->wait_code != CLD_EXITED)
		return false;
	if (child->guest)
		return child->wait_status == 0 && is_success(child->exit_line);
	return is_success(child->wait_status);
}

char *ivp_child_describe_end(const struct ivp_child *child, char text[160])
{
	const char *what = child->guest ? "QEMU " : "";

	if (child->wait_code != CLD_EXITED)
		snprintf(text, 160, "%swas killed by signal %d (%s)", what, child->wait_status,
			 strsignal(child->wait_status));
	else if (child->guest && child->wait_status == 0 && child->exit_line >= 0)
		snprintf(text, 160, "its stage ended with exit status %d", child->exit_line);
	else if (child->guest && child->wait_status == 0)
		snprintf(text, 160, "the guest crashed or was reset");
	else
		snprintf(text, 160, "%sended with exit status %d", what, child->wait_status);
	return text;
}

void ivp_child_finish(struct ivp_child *child)
{
	if (child->pidfd >= 0) {
		siginfo_t info;

		ivp_child_signal(child, SIGKILL);
		while (waitid(P_PIDFD, (id_t)child->pidfd, &info, WEXITED) < 0 && errno == EINTR)
			;
	}
	close_one(&child->pidfd);
	close_one(&child->output);
	ivp_arguments_finish(&child->arguments);
	child->pid = 0;
}
