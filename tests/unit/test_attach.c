/* SPDX-License-Identifier: MIT */
#include "helpers/links.h"

struct fixture {
	struct test_link link;
	struct ivp_wire_header *data, *credit;
	struct ivp_producer producer;
	struct ivp_consumer consumer;
	struct ivp_why why;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct ivp_geometry geometry = link_geometry(4, 1000);

	geometry.consumers = 2;
	make_link(&f->link, &geometry);
	f->data = f->link.data.base;
	f->credit = f->link.credit[1].base;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	destroy_link(&f->link);
	free(f);
	return 0;
}

static int produce(struct fixture *f)
{
	f->why.text[0] = 0;
	return ivp_producer_attach(&f->producer, f->link.data, f->link.credit, 2, &plain_peer,
				   &f->why);
}

/* As the second of the two consumers. */
static int consume(struct fixture *f)
{
	f->why.text[0] = 0;
	return ivp_consumer_attach(&f->consumer, f->link.data, f->link.credit[1], &plain_peer,
				   &f->why);
}

/* The reason is the caller's, and stands in the recovery block for the peer. */
static void assert_refused(struct fixture *f, void *window, unsigned reason, const char *words)
{
	const struct ivp_wire_recovery *block = recovery_in(window);

	if (!strstr(f->why.text, words))
		fail_msg("'%s' does not say '%s'", f->why.text, words);
	if (!strstr(block->text, words))
		fail_msg("'%s' does not say '%s'", block->text, words);
	assert_int_equal(block->reason, reason);
	assert_true(block->serial > 0);
	assert_int_equal(block->serial % 2, 0);
	assert_int_equal(block->major, IVP_WIRE_MAJOR);
	/* Not attached. */
	assert_int_equal(owner_in(window)->generation, 0);
	assert_int_equal(owner_in(window)->state, IVP_STATE_ABSENT);
}

static void attaching_counts_and_tells_who_is_there(void **state)
{
	const struct ivp_attach self = {.kernel_id = 9, .process_id = 1234};
	struct fixture *f = *state;
	const struct ivp_wire_owner *own = owner_in(f->data);

	owner_in(f->data)->wake_at = 55;
	assert_int_equal(
	    ivp_producer_attach(&f->producer, f->link.data, f->link.credit, 2, &self, &f->why), 0);
	assert_int_equal(own->generation, 1);
	assert_int_equal(own->state, IVP_STATE_ATTACHED);
	assert_int_equal(own->kernel_id, 9);
	assert_int_equal(own->process_id, 1234);
	assert_true(own->heartbeat > 0);
	/* What an earlier life waited for is forgotten. */
	assert_int_equal(own->wake_at, 0);
	assert_int_equal(f->producer.left_state, IVP_STATE_ABSENT);
	assert_string_equal(f->producer.header.link_name, "middle");
	assert_int_equal(consume(f), 0);
	assert_int_equal(owner_in(f->credit)->generation, 1);
	assert_int_equal(owner_in(f->link.credit[0].base)->generation, 0);
	ivp_consumer_finish(&f->consumer, IVP_STATE_FINISHED, 0);
	assert_int_equal(owner_in(f->credit)->state, IVP_STATE_FINISHED);
	assert_int_equal(consume(f), 0);
	assert_int_equal(f->consumer.left_state, IVP_STATE_FINISHED);
	assert_int_equal(owner_in(f->credit)->generation, 2);
	/* Nobody touched a header. */
	assert_int_equal(ivp_window_inspect(f->data, f->link.data.bytes, &f->producer.header, NULL),
			 0);
}

static void finishing_what_was_never_attached_is_harmless(void **state)
{
	struct fixture *f = *state;

	ivp_producer_finish(&f->producer, IVP_STATE_FINISHED, 0);
	ivp_consumer_finish(&f->consumer, IVP_STATE_FINISHED, 0);
	f->data->epoch = 78;
	assert_int_equal(produce(f), -EBADMSG);
	ivp_producer_finish(&f->producer, IVP_STATE_FINISHED, 0);
	assert_int_equal(owner_in(f->data)->state, IVP_STATE_ABSENT);
}

static void windows_that_do_not_belong_together_are_refused(void **state)
{
	struct fixture *f = *state;
	const struct ivp_wire_header good = *f->credit;

#define refused(change, words)                                                                     \
	do {                                                                                       \
		*f->credit = good;                                                                 \
		f->credit->change;                                                                 \
		assert_int_equal(produce(f), -EBADMSG);                                            \
		assert_refused(f, f->data, IVP_REFUSED_GEOMETRY, words);                           \
		assert_int_equal(consume(f), -EBADMSG);                                            \
		assert_refused(f, f->credit, IVP_REFUSED_GEOMETRY, words);                         \
	} while (0)
	refused(uuid[15] = 99, "different links");
	refused(link_name[0] = 'n', "different links");
	refused(epoch = 78, "not created together");
	refused(slots = 2, "geometry");
	refused(consumers = 3, "geometry");
	refused(policy = IVP_POLICY_LATEST, "geometry");
	refused(isolation = IVP_ISOLATION_SHARED, "geometry");
	refused(descriptor_stride = 512, "geometry");
	refused(descriptor_offset += 64, "geometry");
	refused(metadata_offset += 64, "geometry");
	refused(payload_offset -= 64, "geometry");
	refused(payload_stride -= 64, "strides");
	refused(payload_bytes = 999, "geometry");
	refused(metadata_stride -= 64, "strides");
	refused(metadata_bytes = 255, "geometry");
	refused(credit_offset = 64, "geometry");
	refused(pipeline_name[0] = 'n', "geometry");
#undef refused
}

static void another_minor_version_of_the_peer_is_no_obstacle(void **state)
{
	struct fixture *f = *state;

	f->credit->minor = 3;
	assert_int_equal(produce(f), 0);
	assert_int_equal(consume(f), 0);
}

static void a_peer_of_another_version_is_refused_and_told(void **state)
{
	struct fixture *f = *state;

	f->credit->major = 9;
	assert_int_equal(produce(f), -EPROTONOSUPPORT);
	assert_refused(f, f->data, IVP_REFUSED_VERSION, "version 9.");
	/* And the one whose own window it is says what it saw. */
	assert_int_equal(consume(f), -EPROTONOSUPPORT);
	assert_refused(f, f->credit, IVP_REFUSED_VERSION, "version 9.");
	assert_int_equal(recovery_in(f->credit)->detail, 9 << 16 | IVP_WIRE_MINOR);
}

static void a_window_in_the_wrong_place_is_refused(void **state)
{
	struct fixture *f = *state;
	struct ivp_mapping crossed[2] = {f->link.credit[1], f->link.credit[0]};

	assert_int_equal(
	    ivp_producer_attach(&f->producer, f->link.data, crossed, 2, &plain_peer, &f->why),
	    -EINVAL);
	assert_refused(f, f->data, IVP_REFUSED_IDENTITY, "belongs there");
	assert_int_equal(ivp_consumer_attach(&f->consumer, f->link.credit[0], f->link.credit[1],
					     &plain_peer, &f->why),
			 -EINVAL);
	assert_refused(f, f->credit, IVP_REFUSED_IDENTITY, "belongs there");
	assert_int_equal(
	    ivp_consumer_attach(&f->consumer, f->link.data, f->link.data, &plain_peer, &f->why),
	    -EINVAL);
	assert_refused(f, f->data, IVP_REFUSED_IDENTITY, "not a credit window");
	assert_int_equal(ivp_producer_attach(&f->producer, f->link.credit[0], f->link.credit, 2,
					     &plain_peer, &f->why),
			 -EINVAL);
	assert_refused(f, f->link.credit[0].base, IVP_REFUSED_IDENTITY, "not a data window");
	assert_int_equal(ivp_producer_attach(&f->producer, f->link.data, f->link.credit, 1,
					     &plain_peer, &f->why),
			 -EINVAL);
	assert_refused(f, f->data, IVP_REFUSED_GEOMETRY, "not every consumer");
}

static void a_window_that_is_not_formatted_yet_is_no_refusal(void **state)
{
	struct fixture *f = *state;

	f->credit->magic = 0;
	assert_int_equal(produce(f), -EAGAIN);
	assert_int_equal(recovery_in(f->data)->serial, 0);
	assert_int_equal(consume(f), -EAGAIN);
	f->data->magic = 0;
	assert_int_equal(produce(f), -EAGAIN);
	/* Memory of somebody else is not written to. */
	memset(f->data, 'x', IVP_PAGE);
	assert_int_equal(produce(f), -ENOMSG);
	for (size_t i = 0; i < IVP_PAGE; i++)
		assert_int_equal(((uint8_t *)f->data)[i], 'x');
}

static void a_mapping_shorter_than_its_window_is_refused(void **state)
{
	struct fixture *f = *state;
	struct ivp_mapping whole = f->link.data;

	f->link.data.bytes = f->link.layout.data_window_bytes - IVP_PAGE;
	assert_int_equal(consume(f), -EBADMSG);
	assert_refused(f, f->credit, IVP_REFUSED_GEOMETRY, "truncated");
	assert_int_equal(produce(f), -EBADMSG);
	assert_refused(f, f->data, IVP_REFUSED_GEOMETRY, "truncated");
	f->link.data = whole;
	assert_int_equal(consume(f), 0);
}

static void positions_that_cannot_be_are_refused(void **state)
{
	/* Four slots. */
	static const struct {
		uint64_t head, tail;
		bool sound;
	} cases[] = {
	    {0, 0, true},     {4, 0, true},           {1ull << 40, (1ull << 40) - 4, true},
	    {5, 0, false},    {0, 1, false},          {100, 101, false},
	    {100, 95, false}, {0, UINT64_MAX, false}, {UINT64_MAX, 0, false},
	};

	for (size_t i = 0; i < count_of(cases); i++) {
		struct fixture *f;

		set_up(state);
		f = *state;
		owner_in(f->data)->position = cases[i].head;
		owner_in(f->link.credit[0].base)->position = cases[i].head;
		owner_in(f->link.credit[1].base)->position = cases[i].tail;
		assert_int_equal(produce(f), cases[i].sound ? 0 : -EPROTO);
		assert_int_equal(consume(f), cases[i].sound ? 0 : -EPROTO);
		if (!cases[i].sound) {
			assert_refused(f, f->data, IVP_REFUSED_CORRUPT, "positions");
			assert_refused(f, f->credit, IVP_REFUSED_CORRUPT, "positions");
		}
		tear_down(state);
	}
}

static void an_attachment_that_succeeds_takes_a_refusal_back(void **state)
{
	struct fixture *f = *state;

	f->credit->epoch = 78;
	assert_int_equal(produce(f), -EBADMSG);
	assert_int_equal(recovery_in(f->data)->serial, 2);
	f->credit->epoch = 77;
	assert_int_equal(produce(f), 0);
	assert_int_equal(recovery_in(f->data)->reason, IVP_REFUSED_NOT);
	assert_int_equal(recovery_in(f->data)->serial, 4);
	assert_string_equal(recovery_in(f->data)->text, "");
	assert_int_equal(produce(f), 0);
	assert_int_equal(recovery_in(f->data)->serial, 4);
}

int main(void)
{
#define on_link(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    on_link(attaching_counts_and_tells_who_is_there),
	    on_link(finishing_what_was_never_attached_is_harmless),
	    on_link(windows_that_do_not_belong_together_are_refused),
	    on_link(another_minor_version_of_the_peer_is_no_obstacle),
	    on_link(a_peer_of_another_version_is_refused_and_told),
	    on_link(a_window_in_the_wrong_place_is_refused),
	    on_link(a_window_that_is_not_formatted_yet_is_no_refusal),
	    on_link(a_mapping_shorter_than_its_window_is_refused),
	    cmocka_unit_test(positions_that_cannot_be_are_refused),
	    on_link(an_attachment_that_succeeds_takes_a_refusal_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
