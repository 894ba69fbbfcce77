/* SPDX-License-Identifier: Apache-2.0 */
/* The tags of templates, in the templates of the program. */
#include "mail/template.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define FFFD "\xef\xbf\xbd"

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new((size_t)4 * 1024 * 1024);
    return arena == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const char *fill(const char *file, const struct mail_value *values)
{
    struct error error;
    const char *text = mail_template_fill(file, values, arena, &error);
    if (text == NULL)
        fail_msg("%s", error.message);
    return text;
}

/* A section is there if it has a value, even "". Its tags take no line. */
static void test_sections(void **state)
{
    (void)state;
    static const struct mail_value all[] = {
        {"issue", "SHOP-1"},    {"key", "color"}, {"project", "shop"}, {"rows", ""},
        {"rows_number", "100"}, {"id", "27"},     {NULL, NULL}};
    static const struct mail_value some[] = {
        {"issue", NULL}, {"key", "color"}, {"id", "27"}, {NULL, NULL}};
    static const struct mail_value none[] = {{NULL, NULL}};
    assert_string_equal(fill("facts.txt", all), "Issue:    SHOP-1\n"
                                                "Tag key:  color\n"
                                                "Project:  shop\n"
                                                "Rows:     100\n"
                                                "Export:   27\n");
    assert_string_equal(fill("facts.txt", some), "Tag key:  color\nExport:   27\n");
    assert_string_equal(fill("facts.txt", none), "Export:   \n");
}

/* Sections within a line, one within another, and their opposite. */
static void test_sections_within_a_line(void **state)
{
    (void)state;
    static const struct {
        struct mail_value values[4];
        const char *subject;
    } cases[] = {
        {{{"sentry", ""}}, "Your Download is Ready!\n"},
        {{{"id", "27"}}, "Export ready: number 27\n"},
        {{{"id", "27"}, {"name", "SHOP-1"}, {"key", "color"}},
         "Export ready: \"color\" of SHOP-1\n"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_string_equal(fill("success.subject", cases[i].values), cases[i].subject);
    }
}

/* Another file has the same values, and takes no line of its own. */
static void test_another_file(void **state)
{
    (void)state;
    static const struct mail_value values[] = {{"id", "27"}, {"expiration", "soon"}, {NULL, NULL}};
    const char *text = fill("success.txt", values);
    static const char end[] = "The download will expire at soon\n\nExport:   27\n";
    assert_string_equal(text + strlen(text) - strlen(end), end);
}

/* The tag is indented by four blanks. */
static void test_further_lines_are_indented(void **state)
{
    (void)state;
    static const struct mail_value values[] = {
        {"message", "one\r\ntwo\n\n  three"}, {"id", "a\nb"}, {NULL, NULL}};
    const char *text = fill("failure.txt", values);
    assert_non_null(strstr(text, "\n\n    one\n    two\n    \n      three\n\n"));
    assert_non_null(strstr(text, "\nExport:   a\nb\n"));
}

static void test_what_becomes_of_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *value, *text, *html;
    } cases[] = {
        {"<b> & \"c\" 'd'", "<b> & \"c\" 'd'", "&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;"},
        {"a\tb", "a\tb", "a\tb"},
        {"a\r\nb\rc", "a\nbc", "a\nbc"},
        {"\x1b[2J\x7f\x01", FFFD "[2J" FFFD FFFD, FFFD "[2J" FFFD FFFD},
        {"{{id}} \xc3\xa4", "{{id}} \xc3\xa4", "{{id}} \xc3\xa4"},
        {"", "", ""},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char expected[128];
        const struct mail_value values[] = {{"id", cases[i].value}, {NULL, NULL}};
        (void)snprintf(expected, sizeof(expected), "Export:   %s\n", cases[i].text);
        assert_string_equal(fill("facts.txt", values), expected);
        (void)snprintf(expected, sizeof(expected), "<td>%s</td>", cases[i].html);
        assert_non_null(strstr(fill("facts.html", values), expected));
    }
}

static void test_a_value_that_is_too_long(void **state)
{
    (void)state;
    enum { SIZE = 1024 * 1024 };
    struct error error;
    char *value = memory_alloc(SIZE + 1);
    assert_non_null(value);
    memset(value, 'x', SIZE);
    value[SIZE] = '\0';
    const struct mail_value values[] = {{"id", value}, {NULL, NULL}};
    assert_null(mail_template_fill("facts.txt", values, arena, &error));
    assert_int_equal(error.code, ERROR_TOO_LARGE);
    value[SIZE - 1024] = '\0';
    assert_non_null(mail_template_fill("facts.txt", values, arena, &error));
    free(value);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_sections),
        TEST(test_sections_within_a_line),
        TEST(test_another_file),
        TEST(test_further_lines_are_indented),
        TEST(test_what_becomes_of_bytes),
        TEST(test_a_value_that_is_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
