/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plays a machine without memory: a task is run with its first allocation failing, then with its
 * second, and so on until it gets through. It has to say ERROR_AWAY each time, and to leave nothing
 * behind (LeakSanitizer looks when the test ends). jansson's memory comes from the same place.
 */
#ifndef TESTS_NO_MEMORY_H
#define TESTS_NO_MEMORY_H

#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#ifdef EXPORTD_FAULTS

typedef bool (*no_memory_task)(const void *context, struct error *error);

/* How many allocations the task makes. */
static inline uint64_t no_memory_run(no_memory_task task, const void *context)
{
    for (uint64_t n = 1; n < 100000; n++) {
        struct error error = {.code = ERROR_NONE};
        memory_fail(n);
        bool done = task(context, &error);
        bool failed = memory_failed();
        if (!failed && !done)
            fail_msg("with all memory: %s", error.message);
        if (!failed)
            return n - 1;
        if (done)
            fail_msg("allocation %" PRIu64 " failed, and nobody noticed", n);
        if (error.code != ERROR_AWAY)
            fail_msg("allocation %" PRIu64 " failed: %s: %s", n, error_code_name(error.code),
                     error.message);
    }
    fail_msg("it never ends");
    return 0;
}

#endif
#endif
