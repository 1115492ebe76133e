/* SPDX-License-Identifier: MIT */
/* Opening ports and closing them: port-wait.c has what they do in between. */
#include "transport/port.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/units.h"
#include "transport/notify.h"
#include "transport/wakeup.h"

#define RETRY_NS     20000000u   /* between two looks for a window */
#define FORBIDDEN_NS 2000000000u /* a window under creation is closed to all: for how long */

/* Equal for processes of one kernel, different for those of two; 0 if it cannot be known. */
static uint64_t kernel_id(void)
{
	char boot[64];
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, boot, sizeof(boot));

	if (fd >= 0)
		close(fd);
	return length > 0 ? XXH3_64bits(boot, (size_t)length) | 1 : 0;
}

uint64_t ivp_port_kernel_id(void)
{
	return kernel_id();
}

static struct ivp_attach describe_self(const struct ivp_port_options *options,
				       struct ivp_bell *bell)
{
	const bool futex = options->wake == IVP_WAKE_AUTO || options->wake == IVP_WAKE_FUTEX;

	/* Peers look at it too, so neither side sleeps or rings by a futex without it. */
	return (struct ivp_attach){.kernel_id = futex ? kernel_id() : 0,
				   .bell = bell->server ? bell : NULL,
				   .process_id = (uint32_t)getpid(),
				   .checksum = options->checksum};
}

/* A link without a doorbell is no worse than it was meant to be; one whose doorbell is of no use
 * to us is, and its user is told once. */
static int open_bell(struct ivp_bell *bell, const struct ivp_port_options *options,
		     const struct ivp_wire_header *header, unsigned vector, struct ivp_why *why)
{
	const struct ivp_bell_query query = {
	    .pipeline = options->pipeline,
	    .link = options->link,
	    .uuid = header->uuid,
	    .vector = vector,
	    .wake = options->wake,
	};
	struct ivp_why part = {""};
	int error;

	memset(bell, 0, sizeof(*bell));
	if (options->wake == IVP_WAKE_FUTEX || options->wake == IVP_WAKE_POLL)
		return 0;
	error = ivp_bell_open(bell, &query, &part);
	if (error && options->wake != IVP_WAKE_AUTO) {
		ivp_why_set(why, "%s; 'wake = auto' would do without", part.text);
		return -ENODEV;
	}
	if (part.text[0] && error != -ENOENT && options->tell)
		options->tell(part.text);
	bell->told = error != 0;
	return 0;
}

const char *ivp_port_wake_name(enum ivp_wake wake, const struct ivp_bell *bell, char text[64])
{
	const bool futex = wake == IVP_WAKE_AUTO || wake == IVP_WAKE_FUTEX;

	/* On a host both are of use: between its own programs, and with machines. */
	if (bell->server && bell->wait_fd >= 0)
		snprintf(text, 64, "%sdoorbell by %s",
			 futex && bell->socket >= 0 ? "futex or " : "", bell->how);
	else
		snprintf(text, 64, "%s%s", futex ? "futex or polling" : "polling",
			 bell->server ? " (its doorbell has no interrupts)" : "");
	return text;
}

/* One writer for each window: the lock goes when the process goes. */
static int claim(const struct ivp_window *window, const char *what, const char *link,
		 struct ivp_why *why)
{
	struct flock lock = {.l_type = F_WRLCK,
			     .l_whence = SEEK_SET,
			     .l_start = window->base - window->region.base,
			     .l_len = 1};

	if (fcntl(window->region.fd, F_OFD_SETLK, &lock) == 0 ||
	    (errno != EAGAIN && errno != EACCES))
		return 0;
	ivp_why_set(why, "link '%s': another process is its %s already (%s)", link, what,
		    window->region.source);
	return -EBUSY;
}

/* Finds one window, waiting until it is there. */
static int await_window(const struct ivp_port_options *options, unsigned kind, unsigned consumer,
			bool writable, struct ivp_window *window, struct ivp_why *why)
{
	const struct ivp_window_query query = {
	    .pipeline = options->pipeline,
	    .link = options->link,
	    .uuid = options->uuid,
	    .kind = kind,
	    .consumer = consumer,
	    .writable = writable,
	    .where = kind == IVP_WINDOW_DATA ? options->data : options->credit,
	    .memory = options->memory,
	};
	uint64_t start = ivp_now_ns();
	struct ivp_why part;

	for (;;) {
		int error = ivp_window_locate(&query, window, &part);
		uint64_t waited = ivp_now_ns() - start;
		bool hope = error == -ENOENT || error == -EAGAIN ||
			    (error == -EACCES && waited < FORBIDDEN_NS);
		if (error == 0)
			return 0;
		if (!hope) {
			ivp_why_set(why, "%s", part.text);
			return error;
		}
		if (options->stop && __atomic_load_n(options->stop, __ATOMIC_RELAXED)) {
			ivp_why_set(why, "link '%s': stopped while waiting for its windows",
				    options->link);
			return -EINTR;
		}
		if (waited >= options->patience_ns) {
			ivp_why_set(why, "%s; waited %.1f s for it to be created", part.text,
				    (double)waited / 1e9);
			return -ETIMEDOUT;
		}
		usleep(RETRY_NS / 1000);
	}
}

static struct ivp_mapping mapping_of(const struct ivp_window *window)
{
	return (struct ivp_mapping){window->base, window->bytes};
}

/* Attaching checks against the memory that is there, not against what a header says. */
static struct ivp_mapping rest_of_region(const struct ivp_window *window)
{
	size_t offset = (size_t)(window->base - window->region.base);

	return (struct ivp_mapping){window->base, window->region.bytes - offset};
}

static void name_link(struct ivp_why *why, const char *link, const char *text)
{
	ivp_why_set(why, "link '%s': %s", link, text);
}

int ivp_input_port_open(struct ivp_input_port *port, const struct ivp_port_options *options,
			struct ivp_why *why)
{
	struct ivp_attach self;
	struct ivp_why part;

	memset(port, 0, sizeof(*port));
	port->data.region.fd = port->credit.region.fd = -1;
	port->patience_ns = options->patience_ns;
	port->stop = options->stop;
	int error =
	    await_window(options, IVP_WINDOW_CREDIT, options->consumer, true, &port->credit, why);
	if (!error)
		error = await_window(options, IVP_WINDOW_DATA, 0, false, &port->data, why);
	if (!error)
		error = claim(&port->credit, "consumer", options->link, why);
	if (!error)
		error = open_bell(&port->bell, options, (const void *)port->credit.base,
				  IVP_VECTOR_CONSUMER(options->consumer), why);
	if (!error) {
		self = describe_self(options, &port->bell);
		error = ivp_consumer_attach(&port->link, rest_of_region(&port->data),
					    mapping_of(&port->credit), &self, &part);
		if (error)
			name_link(why, options->link, part.text);
	}
	port->tell = options->tell;
	port->fetch = options->loads == IVP_LOADS_STREAMING ||
		      (options->loads == IVP_LOADS_AUTO && port->data.slow > 0);
	if (!error)
		ivp_backoff_set(&port->link.backoff, options->wait, ivp_wakeup_cost_ns());
	if (error) {
		ivp_bell_close(&port->bell);
		ivp_window_close(&port->credit);
		ivp_window_close(&port->data);
	}
	return error;
}

static int open_credits(struct ivp_output_port *port, const struct ivp_port_options *options,
			unsigned consumers, struct ivp_why *why)
{
	for (unsigned i = 0; i < consumers; i++) {
		int error =
		    await_window(options, IVP_WINDOW_CREDIT, i, false, &port->credit[i], why);
		if (error)
			return error;
	}
	return 0;
}

int ivp_output_port_open(struct ivp_output_port *port, const struct ivp_port_options *options,
			 struct ivp_why *why)
{
	struct ivp_mapping credits[IVP_MAX_CONSUMERS];
	struct ivp_attach self;
	struct ivp_why part;
	unsigned consumers = 0;

	memset(port, 0, sizeof(*port));
	for (unsigned i = 0; i < IVP_MAX_CONSUMERS; i++)
		port->credit[i].region.fd = -1;
	port->data.region.fd = -1;
	port->patience_ns = options->patience_ns;
	port->stop = options->stop;
	int error = await_window(options, IVP_WINDOW_DATA, 0, true, &port->data, why);
	if (!error)
		error = claim(&port->data, "producer", options->link, why);
	if (!error) {
		/* Our own window: inspected when it was located, checked again by attach. */
		consumers =
		    __atomic_load_n(&((const struct ivp_wire_header *)port->data.base)->consumers,
				    __ATOMIC_RELAXED);
		if (consumers > IVP_MAX_CONSUMERS)
			consumers = IVP_MAX_CONSUMERS;
		error = open_credits(port, options, consumers, why);
	}
	if (!error)
		error = open_bell(&port->bell, options, (const void *)port->data.base,
				  IVP_VECTOR_PRODUCER, why);
	if (!error) {
		self = describe_self(options, &port->bell);
		for (unsigned i = 0; i < consumers; i++)
			credits[i] = mapping_of(&port->credit[i]);
		error = ivp_producer_attach(&port->link, rest_of_region(&port->data), credits,
					    consumers, &self, &part);
		if (error)
			name_link(why, options->link, part.text);
	}
	port->tell = options->tell;
	if (!error) {
		ivp_backoff_set(&port->link.backoff, options->wait, ivp_wakeup_cost_ns());
		port->link.stores = options->stores;
	}
	if (error) {
		ivp_bell_close(&port->bell);
		ivp_window_close(&port->data);
		for (unsigned i = 0; i < IVP_MAX_CONSUMERS; i++)
			ivp_window_close(&port->credit[i]);
	}
	return error;
}

void ivp_ports_join(struct ivp_input_port *input, struct ivp_output_port *output)
{
	input->other = output;
	output->other = input;
}

void ivp_input_port_close(struct ivp_input_port *port, uint32_t state, uint32_t exit_code)
{
	ivp_consumer_finish(&port->link, state, exit_code);
	ivp_bell_close(&port->bell);
	ivp_window_close(&port->credit);
	ivp_window_close(&port->data);
}

void ivp_output_port_close(struct ivp_output_port *port, uint32_t state, uint32_t exit_code)
{
	ivp_producer_finish(&port->link, state, exit_code);
	ivp_bell_close(&port->bell);
	ivp_window_close(&port->data);
	for (unsigned i = 0; i < IVP_MAX_CONSUMERS; i++)
		ivp_window_close(&port->credit[i]);
}
