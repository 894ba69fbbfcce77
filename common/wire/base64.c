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

/* The characters of the present group of four. */
struct group {
    uint32_t bits;
    int characters, padding;
};

/* Appends the bytes of a full group and begins the next. `padding` is kept: nothing may follow
   it. */
static bool finish_group(struct group *group, struct buffer *out, struct error *error)
{
    const char bytes[] = {(char)(group->bits >> 16 & 255), (char)(group->bits >> 8 & 255),
                          (char)(group->bits & 255)};
    size_t count = (size_t)(3 - group->padding);
    uint32_t unused = group->bits & ((1U << (8 * group->padding)) - 1);
    if (unused != 0)
        return error_set(error, ERROR_INVALID, "bad base64: bits behind the last byte");
    group->bits = 0;
    group->characters = 0;
    return buffer_append(out, bytes, count, error);
}

static bool add_character(struct group *group, unsigned value, struct error *error)
{
    if (value == FOREIGN)
        return error_set(error, ERROR_INVALID, "bad base64: a character of another alphabet");
    if (value == PADDING) {
        if (group->characters < 2)
            return error_set(error, ERROR_INVALID, "bad base64: misplaced padding");
        group->padding++;
        value = 0;
    } else if (group->padding > 0) {
        return error_set(error, ERROR_INVALID, "bad base64: more behind the padding");
    }
    group->bits = group->bits << 6 | value;
    group->characters++;
    return true;
}

bool base64_decode(const char *text, size_t size, struct buffer *out, struct error *error)
{
    struct group group = {.bits = 0};
    for (size_t i = 0; i < size; i++) {
        unsigned value = value_of(text[i]);
        if (value == LINE_END)
            continue;
        if (!add_character(&group, value, error) ||
            (group.characters == 4 && !finish_group(&group, out, error)))
            return false;
    }
    if (group.characters != 0)
        return error_set(error, ERROR_INVALID, "bad base64: it ends too early");
    return true;
}
