/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/clean_text.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define FFFD          "\xef\xbf\xbd"
#define TEXT(literal) (literal), sizeof(literal) - 1

static void assert_cleaned(const char *text, size_t size, const char *expected)
{
    struct error error;
    struct buffer out;
    buffer_init(&out, 1000);
    assert_true(clean_text(text, size, &out, &error));
    assert_string_equal(out.data, expected);
    assert_int_equal(out.size, strlen(expected));
    assert_true(clean_text_is_clean(out.data, out.size));
    bool same = out.size == size && memcmp(out.data, text, size) == 0;
    assert_int_equal(clean_text_is_clean(text, size), same);
    buffer_free(&out);
}

static void clean_text_stays(void **state)
{
    (void)state;
    assert_cleaned(TEXT(""), "");
    assert_cleaned(TEXT("plain\t\r\n\x7f"), "plain\t\r\n\x7f");
    assert_cleaned(TEXT("\xc2\x80 \xdf\xbf \xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf"),
                   "\xc2\x80 \xdf\xbf \xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf");
    assert_cleaned(TEXT("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"), "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
}

static void nul_bytes_are_dropped(void **state)
{
    (void)state;
    assert_cleaned(TEXT("\0a\0\0b\0"), "ab");
    assert_cleaned(TEXT("\xc3\0\xa9"), FFFD FFFD);
}

/* The results of Python's bytes.decode("utf-8", "replace") for the same bytes. */
static void each_piece_of_dirt_becomes_one_character(void **state)
{
    (void)state;
    assert_cleaned(TEXT("\x80"), FFFD);
    assert_cleaned(TEXT("a\xff z"), "a" FFFD " z");
    assert_cleaned(TEXT("\xc0\x80"), FFFD FFFD);
    assert_cleaned(TEXT("\xc3"), FFFD);
    assert_cleaned(TEXT("\xc3("), FFFD "(");
    assert_cleaned(TEXT("\xe2\x82"), FFFD);
    assert_cleaned(TEXT("\xe2\x82x"), FFFD "x");
    assert_cleaned(TEXT("\xe0\x80\x80"), FFFD FFFD FFFD);
    assert_cleaned(TEXT("\xed\xa0\xbd"), FFFD FFFD FFFD);
    assert_cleaned(TEXT("\xf0\x9f\x98"), FFFD);
    assert_cleaned(TEXT("\xf0\x9f\x98\xf0\x9f\x98\x80"), FFFD "\xf0\x9f\x98\x80");
    assert_cleaned(TEXT("\xf4\x90\x80\x80"), FFFD FFFD FFFD FFFD);
    assert_cleaned(TEXT("\xf5\x80\x80\x80"), FFFD FFFD FFFD FFFD);
}

static void cutting_counts_characters(void **state)
{
    (void)state;
    assert_int_equal(clean_text_cut(TEXT("abc"), 2), 2);
    assert_int_equal(clean_text_cut(TEXT("abc"), 0), 0);
    assert_int_equal(clean_text_cut(TEXT("abc"), 9), 3);
    assert_int_equal(clean_text_cut(TEXT("\xc3\xa9\xf0\x9f\x98\x80x"), 1), 2);
    assert_int_equal(clean_text_cut(TEXT("\xc3\xa9\xf0\x9f\x98\x80x"), 2), 6);
    assert_int_equal(clean_text_cut(TEXT("\xc3\xa9\xf0\x9f\x98\x80x"), 3), 7);
}

/* ---- JSON ---- */

static void assert_mended(const char *text, size_t size, const char *expected)
{
    struct error error;
    struct buffer out;
    buffer_init(&out, 3 * size);
    assert_true(clean_json(text, size, &out, &error));
    assert_string_equal(out.data, expected);
    assert_int_equal(out.size, strlen(expected));
    buffer_free(&out);
}

static void good_json_stays(void **state)
{
    (void)state;
    static const char text[] = "{\"a\": [1, -0, 2.5e-3, true, null, \"x\\n\\\"\\u00e9\\\\\"], "
                               "\"\xc3\xa9\": 9223372036854775807, \"b\": -9223372036854775808}";
    assert_mended(TEXT(text), text);
}

static void strings_are_mended(void **state)
{
    (void)state;
    assert_mended(TEXT("\"\xff\""), "\"" FFFD "\"");
    assert_mended(TEXT("\"a\0b\""), "\"ab\"");
    assert_mended(TEXT("\"a\\u0000b\""), "\"ab\"");
    assert_mended(TEXT("\"\\\\u0000\""), "\"\\\\u0000\""); /* a backslash, then u0000 as text */
    assert_mended(TEXT("\"\\ud83d\""), "\"" FFFD "\"");
    assert_mended(TEXT("\"\\uDE00x\""), "\"" FFFD "x\"");
    assert_mended(TEXT("\"\\ud83d\\ude00\""), "\"\\ud83d\\ude00\"");
    assert_mended(TEXT("\"\\uD83D\\uD83D\\uDE00\""), "\"" FFFD "\\uD83D\\uDE00\"");
    assert_mended(TEXT("\"\\ud83d\\u0000\""), "\"" FFFD "\"");
    assert_mended(TEXT("\"\\ud83d\\n\""), "\"" FFFD "\\n\"");
}

static void cut_strings_do_no_harm(void **state)
{
    (void)state;
    assert_mended(TEXT("\""), "\"");
    assert_mended(TEXT("\"abc"), "\"abc");
    assert_mended(TEXT("\"\\"), "\"\\");
    assert_mended(TEXT("\"\\u00"), "\"\\u00");
    assert_mended(TEXT("\"\\ud83d\\"), "\"" FFFD "\\");
    assert_mended(TEXT("\"\\u00g0\""), "\"\\u00g0\"");
    assert_mended(TEXT("\"\xf0\x9f"), "\"" FFFD);
}

static void numbers_too_large_become_strings(void **state)
{
    (void)state;
    assert_mended(TEXT("18446744073709551615"), "\"18446744073709551615\"");
    assert_mended(TEXT("[9223372036854775808]"), "[\"9223372036854775808\"]");
    assert_mended(TEXT("-9223372036854775809"), "\"-9223372036854775809\"");
    assert_mended(TEXT("{\"n\":1e400}"), "{\"n\":\"1e400\"}");
    assert_mended(TEXT("[NaN,Infinity,-Infinity]"), "[\"NaN\",\"Infinity\",\"-Infinity\"]");
    assert_mended(TEXT("[1e308, 1e-400]"), "[1e308, 1e-400]");
    assert_mended(TEXT("99999999999999999999.5"), "99999999999999999999.5");
}

static void bad_numbers_stay_bad(void **state)
{
    (void)state;
    assert_mended(TEXT("099999999999999999999"), "099999999999999999999");
    assert_mended(TEXT("1.e400"), "1.e400");
    assert_mended(TEXT("1e"), "1e");
    assert_mended(TEXT("-"), "-");
    assert_mended(TEXT("1-2+3"), "1-2+3");
}

static void a_byte_order_mark_is_dropped(void **state)
{
    (void)state;
    assert_mended(TEXT("\xef\xbb\xbf{}"), "{}");
    assert_mended(TEXT("\xef\xbb\xbf"), "");
}

static void numbers_of_any_length(void **state)
{
    (void)state;
    struct error error;
    json_t *value = NULL;
    char digits[1001];
    memset(digits, '7', 1000);
    digits[1000] = '\0';
    assert_true(clean_json_parse(digits, 1000, 1000, &value, &error));
    assert_string_equal(json_string_value(value), digits);
    json_decref(value);
}

static void parsing(void **state)
{
    (void)state;
    struct error error;
    json_t *value = NULL;
    assert_true(
        clean_json_parse(TEXT("{\"k\": \"a\xff\\u0000\\ud800\", \"k2\": 1}"), 100, &value, &error));
    assert_string_equal(json_string_value(json_object_get(value, "k")), "a" FFFD FFFD);
    assert_int_equal(json_integer_value(json_object_get(value, "k2")), 1);
    json_decref(value);
    assert_true(clean_json_parse(TEXT("\"\xff\xff\""), 4, &value, &error)); /* grows to 8 bytes */
    json_decref(value);
    assert_false(clean_json_parse(TEXT("\"abc\""), 4, &value, &error));
    assert_int_equal(error.code, ERROR_TOO_LARGE);
    assert_null(value);
    assert_false(clean_json_parse(TEXT("{\"a\":1} x"), 100, &value, &error));
    assert_int_equal(error.code, ERROR_INVALID);
    assert_false(clean_json_parse("", 0, 100, &value, &error));
    assert_int_equal(error.code, ERROR_INVALID);
    assert_null(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clean_text_stays),
        cmocka_unit_test(nul_bytes_are_dropped),
        cmocka_unit_test(each_piece_of_dirt_becomes_one_character),
        cmocka_unit_test(cutting_counts_characters),
        cmocka_unit_test(good_json_stays),
        cmocka_unit_test(strings_are_mended),
        cmocka_unit_test(cut_strings_do_no_harm),
        cmocka_unit_test(numbers_too_large_become_strings),
        cmocka_unit_test(bad_numbers_stay_bad),
        cmocka_unit_test(a_byte_order_mark_is_dropped),
        cmocka_unit_test(numbers_of_any_length),
        cmocka_unit_test(parsing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
