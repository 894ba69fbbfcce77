/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a task again and again: first its first allocation fails, then its second, and so on until
 * the task succeeds. Each failure must be ERROR_AWAY and must leak nothing (LeakSanitizer checks
 * when the test ends). jansson's allocations fail, too.
 */
#ifndef TESTS_NO_MEMORY_H
#define TESTS_NO_MEMORY_H

#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#ifdef EXPORTD_FAULTS

typedef bool (*no_memory_task)(const void *context, struct error *error);

/* Returns how many allocations the task makes. */
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
            fail_msg("allocation %" PRIu64 " failed, but the task succeeded", n);
        if (error.code != ERROR_AWAY)
            fail_msg("allocation %" PRIu64 " failed: %s: %s", n, error_code_name(error.code),
                     error.message);
    }
    fail_msg("the task never succeeds");
    return 0;
}

#endif
#endif
