/* SPDX-License-Identifier: MIT */
/* Bells of a host, which are clients of a server; those of guests are tested in guests. */
#include "helpers/bell.h"

#include <sys/mman.h>

#include "base/units.h"
#include "transport/notify.h"

#define LONG 60000000000ull /* longer than any test here takes */

struct fixture {
	char folder[256], path[300];
	struct test_bell_server server;
	struct ivp_bell producer, consumer;
	struct ivp_wire_owner head, tail; /* the live words of the two windows */
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	make_test_folder(f->folder);
	snprintf(f->path, sizeof(f->path), "%s/bell", f->folder);
	start_bell_server(&f->server, f->path);
	join_by_path(&f->producer, f->path, IVP_VECTOR_PRODUCER);
	join_by_path(&f->consumer, f->path, IVP_VECTOR_CONSUMER(0));
	ivp_notify_join(&f->head, &f->producer);
	ivp_notify_join(&f->tail, &f->consumer);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	ivp_bell_close(&f->producer);
	ivp_bell_close(&f->consumer);
	if (f->server.server)
		stop_bell_server(&f->server);
	remove_test_folder(f->folder);
	free(f);
	return 0;
}

static void wait_for_frame(struct fixture *f)
{
	struct ivp_backoff backoff = {.sleep_ns = 1000};
	const struct ivp_wait wait = {
	    .own = &f->tail, .peer = &f->head, .seen = 0, .enough = 1, .bell = &f->consumer};

	ivp_notify_wait(&wait, LONG, &backoff);
}

static void *wait_in_thread(void *fixture)
{
	wait_for_frame(fixture);
	return NULL;
}

static void publish(struct fixture *f)
{
	const struct ivp_attach self = {.bell = &f->producer};

	ivp_store_release(&f->head.position, 1);
	ivp_ring_moved();
	ivp_notify_ring(&f->head, &f->tail, 0, 1, &self, IVP_VECTOR_CONSUMER(0));
}

/* A sleeper that is not rung stays for a quarter of a second each time; that it was the ring that
 * woke it is what missed says. */
static void a_ring_wakes_a_sleeper(void **state)
{
	struct fixture *f = *state;
	pthread_t thread;

	assert_true(ivp_bell_wakes(&f->consumer, &f->head));
	assert_int_equal(pthread_create(&thread, NULL, wait_in_thread, f), 0);
	while (ivp_load_acquire(&f->tail.wake_at) == 0)
		sched_yield();
	publish(f);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(f->head.wakeups, 1);
	assert_int_equal(f->consumer.missed, 0);
}

static void nobody_is_rung_who_does_not_wait(void **state)
{
	struct fixture *f = *state;

	publish(f);
	assert_int_equal(f->head.wakeups, 0);
	assert_false(ivp_bell_sleep(&f->consumer, 0));
}

static void rings_before_the_sleep_are_kept_and_are_one(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 3; i++)
		ivp_bell_ring(&f->producer, f->consumer.own, IVP_VECTOR_CONSUMER(0));
	assert_true(ivp_bell_sleep(&f->consumer, LONG));
	assert_false(ivp_bell_sleep(&f->consumer, 0));
}

static void each_role_has_a_vector_of_its_own(void **state)
{
	struct fixture *f = *state;

	ivp_bell_ring(&f->producer, f->consumer.own, IVP_VECTOR_PRODUCER);
	assert_false(ivp_bell_sleep(&f->consumer, 0));
	ivp_bell_ring(&f->consumer, f->producer.own, IVP_VECTOR_PRODUCER);
	assert_true(ivp_bell_sleep(&f->producer, LONG));
}

static void a_number_that_cannot_be_rings_nobody(void **state)
{
	struct fixture *f = *state;

	ivp_bell_ring(&f->producer, UINT32_MAX, 1);
	ivp_bell_ring(&f->producer, 65535, 1);
	ivp_bell_ring(&f->producer, f->consumer.own, 99);
	assert_false(ivp_bell_sleep(&f->consumer, 0));
}

static void who_attaches_rings_once(void **state)
{
	struct fixture *f = *state;

	ivp_notify_greet(&f->tail, &f->producer, IVP_VECTOR_CONSUMER(0));
	assert_true(ivp_bell_sleep(&f->consumer, LONG));
}

static void peers_of_two_servers_do_not_rely_on_rings(void **state)
{
	struct fixture *f = *state;

	f->head.bell_server++;
	assert_false(ivp_bell_wakes(&f->consumer, &f->head));
	assert_non_null(strstr(ivp_bell_trouble(&f->consumer, &f->head), "two lives"));
	f->head.bell_server = 0; /* joined to none: nobody promised anything */
	assert_null(ivp_bell_trouble(&f->consumer, &f->head));
	assert_false(ivp_bell_wakes(&f->consumer, &f->head));
}

static void rings_outlive_the_server(void **state)
{
	struct fixture *f = *state;

	/* What the producer was told by then. */
	ivp_bell_ring(&f->producer, f->consumer.own, IVP_VECTOR_CONSUMER(0));
	assert_true(ivp_bell_sleep(&f->consumer, LONG));
	stop_bell_server(&f->server);
	f->server.server = NULL;
	while (!f->producer.deserted)
		ivp_bell_sleep(&f->producer, LONG);
	while (!f->consumer.deserted)
		ivp_bell_sleep(&f->consumer, LONG);
	ivp_bell_ring(&f->producer, f->consumer.own, IVP_VECTOR_CONSUMER(0));
	assert_true(ivp_bell_sleep(&f->consumer, LONG));
	assert_non_null(strstr(ivp_bell_trouble(&f->producer, &f->tail), "server is gone"));
	assert_true(ivp_bell_wakes(&f->producer, &f->tail));
}

static void rings_that_keep_away_are_given_up(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 3; i++)
		ivp_bell_judge(&f->consumer, false, true);
	assert_true(ivp_bell_wakes(&f->consumer, &f->head));
	ivp_bell_judge(&f->consumer, true, true); /* here is one */
	for (int i = 0; i < 4; i++)
		ivp_bell_judge(&f->consumer, false, true);
	assert_false(ivp_bell_wakes(&f->consumer, &f->head));
	assert_non_null(ivp_bell_trouble(&f->consumer, &f->head));
}

/* A server at the usual place, for a pipeline of this test's own, and its clients. */
static void start_usual_server(struct test_bell_server *at, const char *pipeline)
{
	char path[128];
	struct ivp_bell_server_conf conf = test_bell_conf(path);
	struct ivp_why why = {""};

	assert_true(ivp_bell_path(path, sizeof(path), pipeline, "middle") > 0);
	conf.pipeline = pipeline;
	if (ivp_bell_server_create(&conf, &at->server, &why) != 0)
		fail_msg("%s", why.text);
	serve_bell_server(at);
}

static void open_usual_bell(struct ivp_bell *bell, struct ivp_wire_owner *own, const char *pipeline,
			    unsigned vector)
{
	struct ivp_bell_query query = test_bell_query(vector);

	query.pipeline = pipeline;
	assert_int_equal(ivp_bell_open(bell, &query, NULL), 0);
	ivp_notify_join(own, bell);
}

static void a_new_server_is_joined_where_a_peer_is(void **state)
{
	struct fixture *f = *state;
	const struct ivp_wire_owner *const both[] = {&f->tail, &f->head};
	struct ivp_bell_query names = test_bell_query(0);
	struct test_bell_server second, third;
	struct ivp_bell old, new;
	char pipeline[32];

	snprintf(pipeline, sizeof(pipeline), "b%d", (int)getpid());
	names.pipeline = pipeline;
	start_usual_server(&second, pipeline);
	open_usual_bell(&old, &f->head, pipeline, IVP_VECTOR_PRODUCER);
	open_usual_bell(&new, &f->tail, pipeline, IVP_VECTOR_CONSUMER(0));
	assert_false(ivp_bell_rejoin(&old, &names, both, 1)); /* as it should be */
	f->tail.bell_server++;
	assert_false(ivp_bell_rejoin(&old, &names, both, 1)); /* ours lives */
	ivp_bell_close(&new);
	stop_bell_server(&second);
	old.tried_ns = 0;
	assert_false(ivp_bell_rejoin(&old, &names, both, 1)); /* nobody serves */
	start_usual_server(&third, pipeline);
	open_usual_bell(&new, &f->tail, pipeline, IVP_VECTOR_CONSUMER(0));
	assert_false(ivp_bell_rejoin(&old, &names, both, 1)); /* not again so soon */
	old.tried_ns = 0;
	assert_false(ivp_bell_rejoin(&old, &names, both, 2)); /* one is where we are */
	assert_true(ivp_bell_rejoin(&old, &names, both, 1));
	ivp_notify_join(&f->head, &old);
	assert_true(ivp_bell_wakes(&old, &f->tail));
	assert_true(ivp_bell_wakes(&new, &f->head));
	ivp_bell_ring(&new, old.own, IVP_VECTOR_PRODUCER);
	assert_true(ivp_bell_sleep(&old, LONG));
	ivp_bell_ring(&old, new.own, IVP_VECTOR_CONSUMER(0));
	assert_true(ivp_bell_sleep(&new, LONG));
	ivp_bell_close(&old);
	ivp_bell_close(&new);
	stop_bell_server(&third);
}

static void who_found_no_server_joins_the_one_that_comes(void **state)
{
	struct fixture *f = *state;
	const struct ivp_wire_owner *const peers[] = {&f->tail};
	struct ivp_bell_query query = test_bell_query(IVP_VECTOR_PRODUCER);
	struct ivp_bell early, late, never = {0};
	struct test_bell_server server;
	char pipeline[32];

	snprintf(pipeline, sizeof(pipeline), "c%d", (int)getpid());
	query.pipeline = pipeline;
	assert_int_equal(ivp_bell_open(&early, &query, NULL), -ENOENT);
	f->tail.bell_server = 0;
	assert_false(ivp_bell_rejoin(&early, &query, peers, 1));
	start_usual_server(&server, pipeline);
	open_usual_bell(&late, &f->tail, pipeline, IVP_VECTOR_CONSUMER(0));
	assert_false(ivp_bell_rejoin(&never, &query, peers, 1)); /* whoever wants none */
	assert_true(ivp_bell_rejoin(&early, &query, peers, 1));
	assert_true(ivp_bell_wakes(&early, &f->tail));
	ivp_bell_close(&early);
	ivp_bell_close(&late);
	stop_bell_server(&server);
}

static void the_bell_of_another_link_is_refused(void **state)
{
	struct fixture *f = *state;
	struct ivp_bell_query query = test_bell_query(0);
	struct ivp_bell bell;
	struct ivp_why why;

	query.link = "other";
	empty_bell(&bell);
	assert_int_equal(ivp_bell_connect(&bell, f->path, &query, &why), -EBADMSG);
	assert_non_null(strstr(why.text, "another link"));
	ivp_bell_close(&bell);
	query = test_bell_query(5);
	empty_bell(&bell);
	assert_int_equal(ivp_bell_connect(&bell, f->path, &query, &why), -EPROTO);
	assert_non_null(strstr(why.text, "2 vectors"));
	ivp_bell_close(&bell);
}

/* Sends one message as a server would. */
static void say(int socket, int64_t value, int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.header = {.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS,
				.cmsg_len = CMSG_LEN(sizeof(int))}};
	struct iovec vector = {&value, sizeof(value)};
	struct msghdr header = {.msg_iov = &vector, .msg_iovlen = 1};

	if (fd >= 0) {
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
		header.msg_control = &control;
		header.msg_controllen = sizeof(control);
	}
	assert_int_equal(sendmsg(socket, &header, 0), sizeof(value));
}

/* What a client makes of a server that says these things and hangs up. */
static int hear(const int64_t *values, const int *fds, size_t count, struct ivp_why *why)
{
	const struct ivp_bell_query query = test_bell_query(0);
	struct ivp_bell bell;
	int ends[2], error;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	for (size_t i = 0; i < count; i++)
		say(ends[0], values[i], fds[i]);
	close(ends[0]);
	empty_bell(&bell);
	why->text[0] = '\0';
	error = ivp_bell_greet(&bell, ends[1], &query, why);
	assert_int_equal(bell.server, 0);
	ivp_bell_close(&bell);
	return error;
}

static void a_server_that_cannot_be_is_refused(void **state)
{
	int zeros = memfd_create("zeros", MFD_CLOEXEC), tiny = memfd_create("tiny", MFD_CLOEXEC);
	struct ivp_why why;

	(void)state;
	assert_int_equal(ftruncate(zeros, IVP_PAGE), 0);
	assert_int_equal(hear(NULL, NULL, 0, &why), -EPIPE);
	assert_int_equal(hear((int64_t[]){7}, (int[]){-1}, 1, &why), -EPROTONOSUPPORT);
	assert_non_null(strstr(why.text, "version 7"));
	assert_int_equal(hear((int64_t[]){0, 70000}, (int[]){-1, -1}, 2, &why), -EPROTO);
	assert_int_equal(hear((int64_t[]){0, 1, -1}, (int[]){-1, -1, -1}, 3, &why), -EPROTO);
	assert_int_equal(hear((int64_t[]){0, 1, 1}, (int[]){-1, -1, zeros}, 3, &why), -EPROTO);
	assert_int_equal(hear((int64_t[]){0, 1, -1}, (int[]){-1, -1, tiny}, 3, &why), -ENOMSG);
	assert_non_null(strstr(why.text, "shorter than a page"));
	assert_int_equal(hear((int64_t[]){0, 1, -1}, (int[]){-1, -1, zeros}, 3, &why), -ENOMSG);
	assert_non_null(strstr(why.text, "not a doorbell page"));
	close(zeros);
	close(tiny);
}

static void a_socket_that_nobody_serves_is_told(void **state)
{
	struct fixture *f = *state;
	const struct ivp_bell_query query = test_bell_query(0);
	struct ivp_bell bell;
	struct ivp_why why;
	char path[330];

	snprintf(path, sizeof(path), "%s/dead", f->folder);
	const struct ivp_bell_server_conf conf = test_bell_conf(path);
	struct ivp_bell_server *server;
	assert_int_equal(ivp_bell_server_create(&conf, &server, NULL), 0);
	assert_int_equal(rename(path, f->path), 0); /* it stays when the server goes */
	ivp_bell_server_destroy(server);
	empty_bell(&bell);
	assert_int_equal(ivp_bell_connect(&bell, f->path, &query, &why), -ECONNREFUSED);
	assert_non_null(strstr(why.text, "start 'pipeline doorbell-server' again"));
	ivp_bell_close(&bell);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(a_ring_wakes_a_sleeper),
	    TEST(nobody_is_rung_who_does_not_wait),
	    TEST(rings_before_the_sleep_are_kept_and_are_one),
	    TEST(each_role_has_a_vector_of_its_own),
	    TEST(a_number_that_cannot_be_rings_nobody),
	    TEST(who_attaches_rings_once),
	    TEST(peers_of_two_servers_do_not_rely_on_rings),
	    TEST(rings_outlive_the_server),
	    TEST(rings_that_keep_away_are_given_up),
	    TEST(a_new_server_is_joined_where_a_peer_is),
	    TEST(who_found_no_server_joins_the_one_that_comes),
	    TEST(the_bell_of_another_link_is_refused),
	    TEST(a_server_that_cannot_be_is_refused),
	    TEST(a_socket_that_nobody_serves_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
