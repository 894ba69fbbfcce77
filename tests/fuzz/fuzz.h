/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For every fuzz target. A target calls one parser with bytes from libFuzzer, and checks what the
 * parser promises about the input that it accepts; the sanitizers find other errors. The bytes are
 * in a block of exactly their size, so that a read beyond them is found.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include "base/buffer.h"
#include "base/json.h"

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            (void)fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Checks that an error has a code and a message: one line of clean text. */
static inline void check_error(const struct error *error)
{
    CHECK(error->code != ERROR_NONE && error->code != ERROR_AWAY);
    CHECK(error->message[0] != '\0' && strlen(error->message) < ERROR_MESSAGE_MAX);
    CHECK(strchr(error->message, '\n') == NULL);
}

/* Returns the bytes up to their first NUL as a text, which the caller frees. */
static inline char *fuzz_text(const uint8_t *bytes, size_t size)
{
    char *text = strndup((const char *)bytes, size);
    CHECK(text != NULL);
    return text;
}

/* Whether jansson accepts the bytes as UTF-8 without a NUL. */
static inline bool is_clean(const char *text, size_t size)
{
    json_t *value = json_stringn(text, size);
    bool clean = value != NULL && memchr(text, '\0', size) == NULL;
    json_decref(value);
    return clean;
}

#endif
