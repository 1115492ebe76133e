/* SPDX-License-Identifier: MIT */
#include "helpers/bell.h"

#include <endian.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "doorbell/listener.h"

struct fixture {
	char folder[256], path[300];
	struct ivp_bell_server *server;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct ivp_bell_server_conf conf;

	assert_non_null(f);
	make_test_folder(f->folder);
	snprintf(f->path, sizeof(f->path), "%s/bell", f->folder);
	conf = test_bell_conf(f->path);
	assert_int_equal(ivp_bell_server_create(&conf, &f->server, NULL), 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	ivp_bell_server_destroy(f->server);
	remove_test_folder(f->folder);
	free(f);
	return 0;
}

/* A message as it comes: its value, and the descriptor or -1. False at the end, or if none came. */
static bool take(int socket, int64_t *value, int *fd)
{
	uint64_t bytes;
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec vector = {&bytes, sizeof(bytes)};
	struct msghdr header = {.msg_iov = &vector,
				.msg_iovlen = 1,
				.msg_control = &control,
				.msg_controllen = sizeof(control)};

	*fd = -1;
	if (recvmsg(socket, &header, MSG_DONTWAIT) != sizeof(bytes))
		return false;
	*value = (int64_t)le64toh(bytes);
	if (header.msg_controllen > 0)
		memcpy(fd, CMSG_DATA(&control.header), sizeof(*fd));
	return true;
}

static void expect(int socket, int64_t value, bool with_fd)
{
	int64_t got = 0;
	int fd = -1;

	assert_true(take(socket, &got, &fd));
	assert_int_equal(got, value);
	assert_int_equal(fd >= 0, with_fd);
	if (fd >= 0)
		close(fd);
}

static void expect_greeting(int socket, int64_t number)
{
	expect(socket, 0, false);
	expect(socket, number, false);
	expect(socket, -1, true);
}

static bool hung_up(int socket)
{
	char byte;

	return recv(socket, &byte, 1, MSG_DONTWAIT) == 0;
}

/* Connects as a stranger does; the server has yet to take it. */
static int call(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void a_client_is_greeted_as_qemu_expects_it(void **state)
{
	struct fixture *f = *state;
	int64_t value;
	int first = call(f->path), second, fd;

	ivp_bell_server_serve(f->server);
	expect_greeting(first, 0);
	expect(first, 0, true); /* two vectors of its own */
	expect(first, 0, true);
	assert_false(take(first, &value, &fd));
	second = call(f->path);
	ivp_bell_server_serve(f->server);
	expect(first, 1, true);
	expect(first, 1, true);
	expect_greeting(second, 1);
	expect(second, 0, true);
	expect(second, 0, true);
	expect(second, 1, true); /* its own come last */
	expect(second, 1, true);
	close(second);
	ivp_bell_server_serve(f->server);
	expect(first, 1, false);
	assert_int_equal(ivp_bell_server_clients(f->server), 1);
	close(first);
}

static void the_page_says_whose_it_is_and_cannot_be_resized(void **state)
{
	struct fixture *f = *state;
	const struct ivp_bell_query query = test_bell_query(0);
	int fd = ivp_bell_server_page(f->server);
	struct ivp_wire_bell bell;
	struct stat info;

	assert_int_equal(fstat(fd, &info), 0);
	assert_int_equal(info.st_size, IVP_PAGE); /* a power of two, or QEMU would abort */
	assert_true(ftruncate(fd, 0) < 0);
	assert_true(ftruncate(fd, 2 * IVP_PAGE) < 0);
	void *page = mmap(NULL, IVP_PAGE, PROT_READ, MAP_SHARED, fd, 0);
	assert_true(page != MAP_FAILED);
	assert_int_equal(ivp_bell_read_page(page, &query, &bell, NULL), 0);
	assert_string_equal(bell.link_name, "middle");
	assert_string_equal(bell.pipeline_name, "test");
	assert_int_equal(bell.vectors, 2);
	assert_true(bell.server != 0);
	munmap(page, IVP_PAGE);
}

static void a_client_that_speaks_is_dropped(void **state)
{
	struct fixture *f = *state;
	int good = call(f->path), bad = call(f->path);

	ivp_bell_server_serve(f->server);
	assert_int_equal(ivp_bell_server_clients(f->server), 2);
	assert_int_equal(send(bad, "x", 1, 0), 1);
	ivp_bell_server_serve(f->server);
	assert_int_equal(ivp_bell_server_clients(f->server), 1);
	close(bad);
	close(good);
}

/* Its buffer is full at some time; from then on it is owed something for as long as another client
 * stays that it was not told of. */
static void a_client_that_does_not_listen_is_dropped_and_hurts_nobody(void **state)
{
	struct fixture *f = *state;
	int deaf = call(f->path), last = -1;
	struct ivp_bell bell;

	ivp_bell_server_serve(f->server);
	for (int i = 0; i < 600; i++) {
		if (last >= 0)
			close(last);
		last = ivp_bell_server_join(f->server);
		assert_true(last >= 0);
		ivp_bell_server_serve(f->server);
	}
	join_directly(&bell, f->server, 0);
	assert_true(bell.server != 0);
	while (ivp_bell_server_clients(f->server) > 2) {
		struct pollfd polled = {.fd = ivp_bell_server_fd(f->server), .events = POLLIN};

		assert_true(poll(&polled, 1, -1) > 0); /* the server's own tick */
		ivp_bell_server_serve(f->server);
	}
	ivp_bell_close(&bell);
	close(last);
	close(deaf);
}

static void who_comes_and_goes_leaves_its_number_to_nobody(void **state)
{
	struct fixture *f = *state;
	struct ivp_bell bell;
	uint32_t last = 0;

	for (int i = 0; i < 200; i++) {
		join_directly(&bell, f->server, 0);
		assert_true(i == 0 || bell.own == last + 1);
		last = bell.own;
		ivp_bell_close(&bell);
		ivp_bell_server_serve(f->server);
		assert_int_equal(ivp_bell_server_clients(f->server), 0);
	}
}

static void numbers_go_round(void **state)
{
	struct ivp_bell_server_conf conf = test_bell_conf(NULL);
	struct ivp_bell last, first, bell;
	struct ivp_bell_server *server;

	(void)state;
	conf.first = UINT16_MAX;
	assert_int_equal(ivp_bell_server_create(&conf, &server, NULL), 0);
	join_directly(&last, server, 0);
	join_directly(&first, server, 0);
	assert_int_equal(last.own, UINT16_MAX);
	assert_int_equal(first.own, 0);
	join_directly(&bell, server, 0);
	assert_int_equal(bell.own, 1);
	ivp_bell_close(&bell);
	ivp_bell_close(&first);
	ivp_bell_close(&last);
	ivp_bell_server_destroy(server);
}

static void one_too_many_is_turned_away(void **state)
{
	struct fixture *f = *state;
	int fds[IVP_BELL_PEERS];

	for (int i = 0; i < IVP_BELL_PEERS; i++)
		assert_true((fds[i] = ivp_bell_server_join(f->server)) >= 0);
	assert_int_equal(ivp_bell_server_join(f->server), -EMFILE);
	int late = call(f->path);
	ivp_bell_server_serve(f->server);
	assert_true(hung_up(late));
	close(fds[7]);
	ivp_bell_server_serve(f->server);
	fds[7] = ivp_bell_server_join(f->server);
	assert_true(fds[7] >= 0);
	for (int i = 0; i < IVP_BELL_PEERS; i++)
		close(fds[i]);
	close(late);
}

static void a_second_server_is_refused_with_the_name_of_the_first(void **state)
{
	struct fixture *f = *state;
	const struct ivp_bell_server_conf conf = test_bell_conf(f->path);
	struct ivp_bell_server *second;
	struct ivp_why why;
	char number[32];

	assert_int_equal(ivp_bell_server_create(&conf, &second, &why), -EBUSY);
	snprintf(number, sizeof(number), "process %d ", (int)getpid());
	assert_non_null(strstr(why.text, number));
	assert_int_equal(access(f->path, F_OK), 0);
}

static void the_socket_of_a_dead_server_is_replaced(void **state)
{
	struct fixture *f = *state;
	char path[330];
	int status;
	pid_t child;

	snprintf(path, sizeof(path), "%s/dead", f->folder);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		const struct ivp_bell_server_conf conf = test_bell_conf(path);
		struct ivp_bell_server *server;

		_exit(ivp_bell_server_create(&conf, &server, NULL) != 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(access(path, F_OK), 0);

	const struct ivp_bell_server_conf conf = test_bell_conf(path);
	struct ivp_bell_server *server;
	assert_int_equal(ivp_bell_server_create(&conf, &server, NULL), 0);
	ivp_bell_server_destroy(server);
	assert_int_equal(access(path, F_OK), -1);
}

static void a_file_is_not_replaced(void **state)
{
	struct fixture *f = *state;
	char path[330];
	struct ivp_bell_server *server;
	struct ivp_why why;

	snprintf(path, sizeof(path), "%s/file", f->folder);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	const struct ivp_bell_server_conf conf = test_bell_conf(path);
	assert_int_equal(ivp_bell_server_create(&conf, &server, &why), -EEXIST);
	assert_non_null(strstr(why.text, "is no socket"));
	unlink(path);
}

static void the_socket_has_the_rights_of_its_link(void **state)
{
	struct fixture *f = *state;
	char path[330];
	struct ivp_bell_server *server;
	struct stat info;

	snprintf(path, sizeof(path), "%s/open", f->folder);
	struct ivp_bell_server_conf conf = test_bell_conf(path);
	conf.mode = 0660;
	assert_int_equal(ivp_bell_server_create(&conf, &server, NULL), 0);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0660);
	ivp_bell_server_destroy(server);
	conf.owner = "no-such-user-here";
	assert_int_equal(ivp_bell_server_create(&conf, &server, NULL), -ENOENT);
	assert_int_equal(access(path, F_OK), -1);
}

static void only_a_listening_socket_is_taken_over(void **state)
{
	struct fixture *f = *state;
	struct ivp_bell_server_conf conf = test_bell_conf(NULL);
	struct ivp_bell_server *server;
	char path[330];
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	conf.listener = ends[0];
	assert_int_equal(ivp_bell_server_create(&conf, &server, NULL), -ENOTSOCK);
	close(ends[1]);
	snprintf(path, sizeof(path), "%s/passed", f->folder);
	assert_int_equal(ivp_bell_listener_make(path, 0600, NULL, &conf.listener, NULL), 0);
	assert_int_equal(ivp_bell_server_create(&conf, &server, NULL), 0);
	int client = call(path);
	ivp_bell_server_serve(server);
	expect_greeting(client, 0);
	close(client);
	ivp_bell_server_destroy(server);
	assert_int_equal(unlink(path), 0); /* whose it was takes it away */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(a_client_is_greeted_as_qemu_expects_it),
	    TEST(the_page_says_whose_it_is_and_cannot_be_resized),
	    TEST(a_client_that_speaks_is_dropped),
	    TEST(a_client_that_does_not_listen_is_dropped_and_hurts_nobody),
	    TEST(who_comes_and_goes_leaves_its_number_to_nobody),
	    TEST(numbers_go_round),
	    TEST(one_too_many_is_turned_away),
	    TEST(a_second_server_is_refused_with_the_name_of_the_first),
	    TEST(the_socket_of_a_dead_server_is_replaced),
	    TEST(a_file_is_not_replaced),
	    TEST(the_socket_has_the_rights_of_its_link),
	    TEST(only_a_listening_socket_is_taken_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
