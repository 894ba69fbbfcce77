/* SPDX-License-Identifier: Apache-2.0 */
/* The log lines of a piece of a test: standard error goes into a file meanwhile. */
#ifndef TEST_LOG_CAPTURE_H
#define TEST_LOG_CAPTURE_H

#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static FILE *captured;
static int kept_stderr;
static char captured_text[16 * 1024];

static void capture_log(void)
{
    captured = tmpfile();
    kept_stderr = dup(STDERR_FILENO);
    assert_true(captured != NULL && kept_stderr >= 0);
    assert_true(dup2(fileno(captured), STDERR_FILENO) >= 0);
}

/* The lines since capture_log, valid until the next call. */
static const char *end_capture(void)
{
    assert_true(dup2(kept_stderr, STDERR_FILENO) >= 0);
    assert_int_equal(close(kept_stderr), 0);
    rewind(captured);
    size_t size = fread(captured_text, 1, sizeof(captured_text) - 1, captured);
    captured_text[size] = '\0';
    assert_int_equal(fclose(captured), 0);
    return captured_text;
}

/* How often the event occurs in a log. */
static int count_event(const char *log, const char *event)
{
    int count = 0;
    for (const char *at = strstr(log, event); at != NULL; at = strstr(at + 1, event))
        count++;
    return count;
}

#endif
