/* SPDX-License-Identifier: Apache-2.0 */
#include "tagstore/snuba/border.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct error error;
static char text[4 * BORDER_MAX];

/* Moves the border to a value of `times` times `unit`, and checks how many of its bytes are asked
   for. */
static void assert_asked(const char *unit, size_t times, size_t bytes)
{
    struct border border;
    text[0] = '\0';
    for (size_t i = 0; i < times; i++)
        (void)memcpy(&text[i * strlen(unit)], unit, strlen(unit) + 1);
    border_init(&border);
    assert_string_equal(border_text(&border), "");
    assert_true(border_move(&border, text, &error));
    assert_int_equal(strlen(border_text(&border)), bytes);
    assert_int_equal(border_is_whole(&border), bytes == strlen(text));
    assert_memory_equal(border_text(&border), text, bytes);
    border_free(&border);
}

static void test_a_beginning_fits(void **state)
{
    (void)state;
    assert_asked("x", 200, 200);
    assert_asked("x", BORDER_FIRST, BORDER_FIRST);
    assert_asked("x", BORDER_FIRST + 1, BORDER_FIRST);
    assert_asked("'", BORDER_FIRST, BORDER_FIRST / 2);
    assert_asked("\\", BORDER_FIRST, BORDER_FIRST / 2);
    assert_asked("\xf0\x9f\x98\x80", 1000, BORDER_FIRST / 4);
    assert_asked("\xe2\x98\x83", 1000, BORDER_FIRST / 12 * 3); /* whole characters */
}

static void test_it_is_lengthened(void **state)
{
    (void)state;
    static const size_t lengths[] = {8192, 16384, 32768, 65536, BORDER_MAX};
    struct border border;
    bool done = true;
    border_init(&border);
    assert_true(border_lengthen(&border, &done, &error));
    assert_false(done); /* there is no border */
    assert_true(border_move(&border, "short", &error));
    assert_true(border_lengthen(&border, &done, &error));
    assert_false(done); /* the border is the whole value */
    (void)memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_true(border_move(&border, text, &error));
    for (size_t i = 0; i < ARRAY_LENGTH(lengths); i++) {
        assert_true(border_lengthen(&border, &done, &error));
        assert_true(done);
        assert_int_equal(strlen(border_text(&border)), lengths[i]);
    }
    assert_true(border_lengthen(&border, &done, &error));
    assert_false(done); /* the border is as long as it can be */
    border_free(&border);
}

/* ---- which rows of a page are new ---- */

static void assert_judged(const struct border *border, const char *const *values, size_t first,
                          size_t end)
{
    struct snuba_cell cells[8] = {0};
    bool mended[8] = {false};
    struct snuba_answer answer = {.columns = 1, .cells = cells, .mended = mended};
    struct border_rows rows;
    for (; values[answer.rows] != NULL; answer.rows++)
        cells[answer.rows] =
            (struct snuba_cell){.kind = SNUBA_CELL_TEXT, .text = values[answer.rows]};
    assert_int_equal(border_judge(border, &answer, &rows), first != SIZE_MAX);
    if (first != SIZE_MAX) {
        assert_int_equal(rows.first, first);
        assert_int_equal(rows.end, end);
    }
}

#define ODD "\xef\xbf\xbd"
#define JUDGE(first, end, ...)                                                                     \
    assert_judged(&border, (const char *const[]){__VA_ARGS__, NULL}, first, end)

static void test_which_rows_are_new(void **state)
{
    (void)state;
    struct border border;
    border_init(&border);
    JUDGE(0, 3, "", "a", "b");
    JUDGE(0, 2, "a", "b", ODD);
    JUDGE(0, 0, ODD, ODD);
    JUDGE(SIZE_MAX, 0, "b", "a");
    JUDGE(SIZE_MAX, 0, "a", "a");
    (void)memset(text, 'x', BORDER_FIRST);
    (void)memcpy(&text[BORDER_FIRST], "m", 2);
    assert_true(border_move(&border, text, &error));
    char before[BORDER_FIRST + 2];
    char behind[BORDER_FIRST + 2];
    (void)memcpy(before, text, BORDER_FIRST);
    (void)memcpy(behind, text, BORDER_FIRST);
    (void)memcpy(&before[BORDER_FIRST], "a", 2);
    (void)memcpy(&behind[BORDER_FIRST], "z", 2);
    JUDGE(2, 4, before, text, ODD, behind);
    JUDGE(2, 0, before, text);
    JUDGE(2, 0, before, text, ODD);
    JUDGE(0, 1, behind);
    JUDGE(SIZE_MAX, 0, border_text(&border), behind);
    JUDGE(SIZE_MAX, 0, text, before);
    border_free(&border);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_beginning_fits),
        cmocka_unit_test(test_it_is_lengthened),
        cmocka_unit_test(test_which_rows_are_new),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
