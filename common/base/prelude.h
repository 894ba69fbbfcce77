/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first header of every file: the few standard headers that everybody needs, the attributes
 * that make the compiler look after us, and the poison for functions that nobody here may call.
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

/* The caller has to look at the result. */
#define MUST_CHECK __attribute__((warn_unused_result))

/* Argument number `text` is a printf format for the arguments from number `first` on. */
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Unbounded copies, hidden state, and parsers that cannot say no. */
#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets strtok
#pragma GCC poison atoi atol atoll atof localtime gmtime ctime asctime

/* The program takes its memory from base/memory.h; tests may do as they like. */
#if defined(EXPORTD_PROGRAM) && !defined(BASE_MEMORY_IMPLEMENTATION)
#pragma GCC poison malloc calloc realloc reallocarray strdup strndup asprintf vasprintf
#endif

#endif
