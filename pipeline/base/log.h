/* SPDX-License-Identifier: MIT */
/*
 * Lines on standard error: "program[instance]: text". Only programs and their host-side drivers
 * log; transport, codecs, configuration and filters report to their caller instead.
 * Thread-safe: each line is one write.
 */
#ifndef IVP_BASE_LOG_H
#define IVP_BASE_LOG_H

enum ivp_log_level { IVP_LOG_ERROR, IVP_LOG_WARNING, IVP_LOG_INFO, IVP_LOG_DEBUG };

/* instance may be NULL or "". Both strings must live as long as the program. Default level INFO. */
void ivp_log_open(const char *program, const char *instance, enum ivp_log_level level);
__attribute__((format(printf, 2, 3))) void ivp_log(enum ivp_log_level level, const char *format,
						   ...);

/* What could move a terminal's cursor becomes '?', line ends and tabs become blanks. In place. */
void ivp_log_make_harmless(char *text);

#endif
