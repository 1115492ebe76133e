/* SPDX-License-Identifier: MIT */
#include "helpers/test.h"

#include <math.h>

#include "../stages/exact.h"

static void exp_is_that_of_the_c_library_but_for_the_last_bits(void **state)
{
	(void)state;
	for (int i = -2000; i <= 2000; i++)
		assert_true(fabs(ivp_exact_exp(i * 0.35) / exp(i * 0.35) - 1) < 2e-15);
	assert_true(ivp_exact_exp(0) == 1);
	assert_true(ivp_exact_exp(-701) == 0);
}

static void log_and_power_are_those_of_the_c_library_but_for_the_last_bits(void **state)
{
	(void)state;
	for (int i = 1; i <= 5000; i++) {
		double x = i * 0.00037;

		assert_true(fabs(ivp_exact_log(x) - log(x)) < 1e-15 * fmax(1, fabs(log(x))));
		for (int j = 1; x <= 1 && j <= 18; j++) {
			double y = j * j * 0.03;

			assert_true(fabs(ivp_exact_power(x, y) / pow(x, y) - 1) < 1e-13);
		}
	}
	assert_true(ivp_exact_log(1) == 0);
	assert_true(ivp_exact_power(1, 3) == 1);
	assert_true(ivp_exact_power(0, 0.5) == 0);
}

static void sinpi_is_the_sine_of_half_turns(void **state)
{
	(void)state;
	for (int i = -600; i <= 600; i++)
		assert_true(fabs(ivp_exact_sinpi(i / 64.0) - sin(M_PI * i / 64)) < 4e-15);
	for (int i = -5; i <= 5; i++) {
		assert_true(ivp_exact_sinpi(i) == 0);
		assert_true(fabs(ivp_exact_sinpi(i + 0.5)) > 1 - 1e-15);
	}
}

/* The promise of the module: these bits, whatever the machine. */
static void results_have_the_same_bits_everywhere(void **state)
{
	(void)state;
	assert_true(ivp_exact_exp(1) == 0x1.5bf0a8b14576ap+1);
	assert_true(ivp_exact_exp(-0.125) == 0x1.c3d6a24ed8222p-1);
	assert_true(ivp_exact_log(0.3) == -0x1.34378fcbda72p+0);
	assert_true(ivp_exact_sinpi(0.3) == 0x1.9e3779b97f4a8p-1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(exp_is_that_of_the_c_library_but_for_the_last_bits),
	    cmocka_unit_test(log_and_power_are_those_of_the_c_library_but_for_the_last_bits),
	    cmocka_unit_test(sinpi_is_the_sine_of_half_turns),
	    cmocka_unit_test(results_have_the_same_bits_everywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
