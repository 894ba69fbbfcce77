/* SPDX-License-Identifier: Apache-2.0 */
#include "config/priority.h"

#include "base/text.h"

enum { PRIORITY_MAX = 255 };

bool priority_parse_steps(const char *text, struct priority_steps *steps)
{
    const char *at = text;
    int64_t number = -1;
    steps->count = 0;
    for (;;) {
        char digits[8];
        size_t size = strcspn(at, ",");
        /* a text that is too long becomes "", which is not a number */
        (void)snprintf(digits, sizeof(digits), "%.*s", (int)(size < sizeof(digits) ? size : 0), at);
        if (steps->count == PRIORITY_STEPS_MAX ||
            !text_to_int64(digits, number + 1, PRIORITY_MAX, &number))
            return false;
        steps->numbers[steps->count++] = (int)number;
        if (at[size] == '\0')
            return true;
        at += size + 1;
    }
}

/* Reads the escape at `at` into *byte. Returns its size, or 0 if it is not valid. */
static size_t read_escape(const char *at, char *byte)
{
    char digits[3] = "";
    char *end = NULL;
    if (at[1] == '\\') {
        *byte = '\\';
        return 2;
    }
    if (at[1] != 'x' || strspn(at + 2, "0123456789abcdefABCDEF") < 2)
        return 0;
    memcpy(digits, at + 2, 2);
    *byte = (char)strtol(digits, &end, 16);
    return *byte == '\0' ? 0 : 4;
}

bool priority_unescape(char *text)
{
    char *to = text;
    for (const char *at = text; *at != '\0';) {
        size_t size = 1;
        char byte = *at;
        if (*at == '\\')
            size = read_escape(at, &byte);
        if (size == 0)
            return false;
        *to++ = byte;
        at += size;
    }
    *to = '\0';
    return true;
}
