/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* utf8_step at the beginning of `bytes`: its result, negative if it is not a character. */
static int step_of(const char *bytes, size_t size)
{
    bool valid = false;
    size_t step = utf8_step(bytes, size, &valid);
    return valid ? (int)step : -(int)step;
}

static void steps(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        int step;
    } cases[] = {
        {"a", 1},
        {"\x7f", 1},
        {"\xc2\x80", 2},
        {"\xdf\xbf", 2},
        {"\xe0\xa0\x80", 3},
        {"\xed\x9f\xbf", 3},
        {"\xee\x80\x80", 3},
        {"\xf0\x90\x80\x80", 4},
        {"\xf4\x8f\xbf\xbf", 4},
        {"\x80", -1},             /* not a first byte */
        {"\xc1\xbf", -1},         /* overlong */
        {"\xe0\x9f\xbf", -1},     /* overlong */
        {"\xf0\x8f\xbf\xbf", -1}, /* overlong */
        {"\xed\xa0\x80", -1},     /* a surrogate */
        {"\xf4\x90\x80\x80", -1}, /* above U+10FFFF */
        {"\xf5\x80\x80\x80", -1},
        {"\xc3", -1}, /* cut */
        {"\xe2\x82", -2},
        {"\xf0\x9f\x98", -3},
        {"\xc3(", -1}, /* an ASCII character is not swallowed */
        {"\xe2\x82(", -2},
        {"\xe2\x82\xc3\xa9", -2},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        assert_int_equal(step_of(cases[i].bytes, strlen(cases[i].bytes)), cases[i].step);
    assert_int_equal(step_of("\xe2\x82\xac", 2), -2); /* bytes after `size` are not read */
    assert_int_equal(step_of("\0", 1), 1);
}

/* Encodes a code point, valid or not, in the shortest form. */
static size_t encode(uint32_t code, char bytes[4])
{
    size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = length; i-- > 1; code >>= 6)
        bytes[i] = (char)(0x80 | (code & 0x3f));
    bytes[0] = (char)(leads[length] | code);
    return length;
}

static void every_code_point(void **state)
{
    (void)state;
    for (uint32_t code = 0; code < 0x120000; code++) {
        char bytes[4];
        size_t size = encode(code, bytes);
        bool expected = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
        int step = step_of(bytes, size);
        if (expected ? step != (int)size : step >= 0)
            fail_msg("U+%04X: %d", (unsigned)code, step);
    }
}

static void mending(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", ""},
        {"plain \xc3\xa9", "plain \xc3\xa9"},
        {"\xff\xc3\xa9\xe2\x82", "?\xc3\xa9??"},
        {"\xed\xa0\x80", "???"},
        {"\xf0\x9f\x98.", "???."},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char text[32];
        (void)snprintf(text, sizeof(text), "%s", cases[i][0]);
        utf8_mend(text);
        assert_string_equal(text, cases[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps),
        cmocka_unit_test(every_code_point),
        cmocka_unit_test(mending),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
