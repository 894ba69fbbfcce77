/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/base64.h"

enum { PADDING = 64, LINE_END = 65, FOREIGN = 66 };

static unsigned value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (unsigned)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (unsigned)(c - 'a' + 26);
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0' + 52);
    switch (c) {
    case '+':
        return 62;
    case '/':
        return 63;
    case '=':
        return PADDING;
    case '\r':
    case '\n':
        return LINE_END;
    default:
        return FOREIGN;
    }
}

/* Four characters under way. */
struct quantum {
    uint32_t bits;
    int characters, padding;
};

/* Appends the bytes of a full quantum and begins the next; padding stays on record. */
static bool finish(struct quantum *quantum, struct buffer *out, struct error *error)
{
    const char bytes[] = {(char)(quantum->bits >> 16 & 255), (char)(quantum->bits >> 8 & 255),
                          (char)(quantum->bits & 255)};
    size_t count = (size_t)(3 - quantum->padding);
    uint32_t unused = quantum->bits & ((1U << (8 * quantum->padding)) - 1);
    if (unused != 0)
        return error_set(error, ERROR_INVALID, "bad base64: bits behind the last byte");
    quantum->bits = 0;
    quantum->characters = 0;
    return buffer_append(out, bytes, count, error);
}

static bool add(struct quantum *quantum, unsigned value, struct error *error)
{
    if (value == FOREIGN)
        return error_set(error, ERROR_INVALID, "bad base64: a character of another alphabet");
    if (value == PADDING) {
        if (quantum->characters < 2)
            return error_set(error, ERROR_INVALID, "bad base64: misplaced padding");
        quantum->padding++;
        value = 0;
    } else if (quantum->padding > 0) {
        return error_set(error, ERROR_INVALID, "bad base64: more behind the padding");
    }
    quantum->bits = quantum->bits << 6 | value;
    quantum->characters++;
    return true;
}

bool base64_decode(const char *text, size_t size, struct buffer *out, struct error *error)
{
    struct quantum quantum = {.bits = 0};
    for (size_t i = 0; i < size; i++) {
        unsigned value = value_of(text[i]);
        if (value == LINE_END)
            continue;
        if (!add(&quantum, value, error) ||
            (quantum.characters == 4 && !finish(&quantum, out, error)))
            return false;
    }
    if (quantum.characters != 0)
        return error_set(error, ERROR_INVALID, "bad base64: it ends too early");
    return true;
}
