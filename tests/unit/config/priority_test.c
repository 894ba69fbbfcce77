/* SPDX-License-Identifier: Apache-2.0 */
#include "config/priority.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void steps(void **state)
{
    (void)state;
    struct priority_steps steps;
    assert_true(priority_parse_steps("0,3,6,9", &steps));
    assert_int_equal(steps.count, 4);
    assert_memory_equal(steps.numbers, ((const int[]){0, 3, 6, 9}), 4 * sizeof(int));
    assert_true(priority_parse_steps("255", &steps));
    assert_int_equal(steps.count, 1);
    assert_int_equal(steps.numbers[0], 255);
    assert_true(priority_parse_steps("0,1,2,3,4,5,6,7,8,9", &steps));
    assert_int_equal(steps.count, PRIORITY_STEPS_MAX);
}

static void wrong_steps(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",    ",",    "0,",     ",0",
                                        "-1",  "0,,3", "0, 3",   "3,0",
                                        "0,0", "256",  "0,3x",   "0,99999999999999999999",
                                        "0;3", "0x1",  "0,1,2,", "0,1,2,3,4,5,6,7,8,9,10"};
    struct priority_steps steps;
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
        if (priority_parse_steps(wrong[i], &steps))
            fail_msg("accepted: %s", wrong[i]);
}

static void escapes(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", ""},         {"plain", "plain"},   {"\\x06\\x16", "\x06\x16"},
        {"\\\\", "\\"},   {"\\\\x06", "\\x06"}, {":\\x0A\\xff", ":\n\xff"},
        {"\\x41b", "Ab"}, {"\\\\\\x42", "\\B"}, {"a\\x200", "a 0"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char text[32];
        (void)snprintf(text, sizeof(text), "%s", cases[i][0]);
        assert_true(priority_unescape(text));
        assert_string_equal(text, cases[i][1]);
    }
}

static void wrong_escapes(void **state)
{
    (void)state;
    static const char *const wrong[] = {"\\",    "\\x",   "\\x1", "\\x00",
                                        "\\xg0", "\\x0g", "\\n",  "a\\"};
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        char text[32];
        (void)snprintf(text, sizeof(text), "%s", wrong[i]);
        if (priority_unescape(text))
            fail_msg("accepted: %s", wrong[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps),
        cmocka_unit_test(wrong_steps),
        cmocka_unit_test(escapes),
        cmocka_unit_test(wrong_escapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
