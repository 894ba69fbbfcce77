/* SPDX-License-Identifier: Apache-2.0 */
#include "base/url.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct url parse(const char *text)
{
    struct error error;
    struct url url;
    if (!url_parse(text, &url, &error))
        fail_msg("refused: %s", text);
    return url;
}

static void all_parts(void **state)
{
    (void)state;
    struct url url =
        parse("smtps://me%40a.b:p%3A%2f@mail.example.com:465/p%20q?starttls=required&x=1");
    assert_string_equal(url.scheme, "smtps");
    assert_string_equal(url.user, "me@a.b");
    assert_string_equal(url.password, "p:/");
    assert_string_equal(url.host, "mail.example.com");
    assert_int_equal(url.port, 465);
    assert_string_equal(url.path, "/p q");
    assert_string_equal(url.query, "starttls=required&x=1");
}

static void parts_that_are_absent(void **state)
{
    (void)state;
    struct url url = parse("redis://localhost");
    assert_string_equal(url.host, "localhost");
    assert_string_equal(url.user, "");
    assert_string_equal(url.password, "");
    assert_int_equal(url.port, 0);
    assert_string_equal(url.path, "");
    assert_string_equal(url.query, "");
    url = parse("unix:///run/redis.sock?db=1");
    assert_string_equal(url.host, "");
    assert_string_equal(url.path, "/run/redis.sock");
    url = parse("redis://:secret@h/0");
    assert_string_equal(url.user, "");
    assert_string_equal(url.password, "secret");
    url = parse("redis://me@h?a=b");
    assert_string_equal(url.user, "me");
    assert_string_equal(url.password, "");
    assert_string_equal(url.path, "");
    assert_string_equal(url.query, "a=b");
}

static void odd_ones(void **state)
{
    (void)state;
    struct url url = parse("redis://u:a@b:c@h:1/"); /* the last @ and the first : count */
    assert_string_equal(url.user, "u");
    assert_string_equal(url.password, "a@b:c");
    assert_string_equal(url.host, "h");
    url = parse("redis://[::1]:6379/0");
    assert_string_equal(url.host, "::1");
    assert_int_equal(url.port, 6379);
    url = parse("http://[fe80::1]");
    assert_string_equal(url.host, "fe80::1");
    assert_int_equal(url.port, 0);
}

static void what_is_no_url(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "localhost",
                                      "localhost:6379",
                                      "://h",
                                      "redis:/h",
                                      "REDIS://h",
                                      "re dis://h",
                                      "redis://h:",
                                      "redis://h:0",
                                      "redis://h:65536",
                                      "redis://h:6379x",
                                      "redis://h:-1",
                                      "redis://[::1",
                                      "redis://[::1]x",
                                      "redis://::1",
                                      "redis://h/%",
                                      "redis://h/%2",
                                      "redis://h/%zz",
                                      "redis://h/%00",
                                      "redis://%00@h",
                                      "averyveryverylongscheme://h"};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        struct error error;
        struct url url;
        if (url_parse(bad[i], &url, &error))
            fail_msg("taken: %s", bad[i]);
        assert_int_equal(error.code, ERROR_INVALID);
        assert_string_equal(error.message, "not a URL as in scheme://host:port/path");
    }
}

static void parts_are_bounded(void **state)
{
    (void)state;
    struct error error;
    struct url url;
    char text[URL_TEXT_MAX + 100];
    for (int i = 0; i < 2; i++) { /* URL_PART_MAX - 1 bytes fit, one more does not */
        size_t size = (size_t)(URL_PART_MAX - 1 + i);
        memcpy(text, "redis://", 8);
        memset(text + 8, 'h', size);
        text[8 + size] = '\0';
        assert_int_equal(url_parse(text, &url, &error), i == 0);
        memcpy(text, "redis://h?", 10);
        size = (size_t)(URL_TEXT_MAX - 1 + i);
        memset(text + 10, 'q', size);
        text[10 + size] = '\0';
        assert_int_equal(url_parse(text, &url, &error), i == 0);
    }
}

static void options(void **state)
{
    (void)state;
    struct error error;
    char value[URL_PART_MAX];
    struct url url = parse("x://h?&a=1&ab=%2Fx%26&a=2&&e=&bad=%2&c=x=y");
    assert_true(url_option(&url, "a", value, &error));
    assert_string_equal(value, "1");
    assert_true(url_option(&url, "ab", value, &error));
    assert_string_equal(value, "/x&");
    assert_true(url_option(&url, "e", value, &error));
    assert_string_equal(value, "");
    assert_true(url_option(&url, "c", value, &error));
    assert_string_equal(value, "x=y");
    assert_true(url_option(&url, "none", value, &error));
    assert_string_equal(value, "");
    assert_false(url_option(&url, "bad", value, &error));
    assert_string_equal(error.message, "the option 'bad' is not readable");
    url = parse("x://h?starttls");
    assert_false(url_option(&url, "starttls", value, &error));
    assert_string_equal(error.message, "the option 'starttls' has no value");
}

static void unknown_options(void **state)
{
    (void)state;
    struct error error;
    static const char *const names[] = {"starttls", "cafile", NULL};
    struct url url = parse("x://h?cafile=/a&starttls=required");
    assert_true(url_check_options(&url, names, &error));
    url = parse("x://h?");
    assert_true(url_check_options(&url, names, &error));
    url = parse("x://h?starttl=required");
    assert_false(url_check_options(&url, names, &error));
    url = parse("x://h?cafile=a&starttlss");
    assert_false(url_check_options(&url, names, &error));
    assert_int_equal(error.code, ERROR_INVALID);
}

static void loopback(void **state)
{
    (void)state;
    assert_true(url_is_loopback("localhost"));
    assert_true(url_is_loopback("127.0.0.1"));
    assert_true(url_is_loopback("127.255.3.4"));
    assert_true(url_is_loopback("::1"));
    assert_false(url_is_loopback("128.0.0.1"));
    assert_false(url_is_loopback("localhost.example.com"));
    assert_false(url_is_loopback("127.0.0.1.example.com"));
    assert_false(url_is_loopback("::2"));
    assert_false(url_is_loopback(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_parts),         cmocka_unit_test(parts_that_are_absent),
        cmocka_unit_test(odd_ones),          cmocka_unit_test(what_is_no_url),
        cmocka_unit_test(parts_are_bounded), cmocka_unit_test(options),
        cmocka_unit_test(unknown_options),   cmocka_unit_test(loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
