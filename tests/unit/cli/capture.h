/* SPDX-License-Identifier: Apache-2.0 */
/* Collects what a function prints on the standard streams. Nothing may be asserted in between: the
   message of a failure would be collected, too. */
#ifndef TESTS_CLI_CAPTURE_H
#define TESTS_CLI_CAPTURE_H

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

struct capture {
    FILE *files[2]; /* of standard output and standard error */
    int saved[2];
    char out[1024], err[1024];
};

static inline void capture_start(struct capture *capture)
{
    (void)fflush(stdout);
    (void)fflush(stderr);
    for (int i = 0; i < 2; i++) {
        capture->files[i] = tmpfile();
        assert_non_null(capture->files[i]);
        capture->saved[i] = dup(STDOUT_FILENO + i);
        assert_true(capture->saved[i] >= 0);
    }
    for (int i = 0; i < 2; i++)
        (void)dup2(fileno(capture->files[i]), STDOUT_FILENO + i);
}

static inline void capture_end(struct capture *capture)
{
    char *texts[2] = {capture->out, capture->err};
    (void)fflush(stdout);
    (void)fflush(stderr);
    for (int i = 0; i < 2; i++) {
        (void)dup2(capture->saved[i], STDOUT_FILENO + i);
        (void)close(capture->saved[i]);
        rewind(capture->files[i]);
        size_t size = fread(texts[i], 1, sizeof(capture->out) - 1, capture->files[i]);
        texts[i][size] = '\0';
        (void)fclose(capture->files[i]);
    }
}

#endif
