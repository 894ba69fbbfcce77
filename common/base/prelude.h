/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Included by every file, directly or through another header: common standard headers, attributes
 * for the compiler's checks, and a list of forbidden functions.
 */
#ifndef BASE_PRELUDE_H
#define BASE_PRELUDE_H

#include "base/memory.h"

#include <inttypes.h>
#include <malloc.h> /* before its functions are poisoned */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The caller must use the result. */
#define MUST_CHECK __attribute__((warn_unused_result))

/* Argument number `text` is a printf format; its arguments begin with number `first`. */
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Copies without a bound, functions with hidden state, and parsers that report no error. */
#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets strtok
#pragma GCC poison atoi atol atoll atof localtime gmtime ctime asctime

/* The program allocates by base/memory.h only; tests may use malloc. */
#if defined(EXPORTD_PROGRAM) && !defined(BASE_MEMORY_IMPLEMENTATION)
#pragma GCC poison malloc calloc realloc reallocarray strdup strndup asprintf vasprintf
#endif

#endif
