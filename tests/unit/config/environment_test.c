/* SPDX-License-Identifier: Apache-2.0 */
#include "config/environment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#define NAME "EXPORTD_TEST_VALUE"

static int clear(void **state)
{
    (void)state;
    return unsetenv(NAME) | unsetenv(NAME "_FILE");
}

static void set(const char *name, const char *value)
{
    assert_int_equal(setenv(name, value, 1), 0);
}

/* `expected` may be NULL: the value is not set. */
static void assert_value(bool is_secret, const char *expected)
{
    struct error error;
    char *value = NULL;
    if (!environment_read(NAME, is_secret, &value, &error))
        fail_msg("%s", error.message);
    if (expected == NULL)
        assert_null(value);
    else
        assert_string_equal(value, expected);
    free(value);
}

static void assert_refused(const char *message)
{
    struct error error;
    char *value = NULL;
    assert_false(environment_read(NAME, true, &value, &error));
    assert_null(value);
    assert_int_equal(error.code, ERROR_USAGE);
    assert_string_equal(error.message, message);
}

/* Sets NAME_FILE to a file with these bytes. */
static void set_file(char path[64], const char *text, size_t size)
{
    (void)snprintf(path, 64, "/tmp/environment_test_XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, size), size);
    (void)close(fd);
    set(NAME "_FILE", path);
}

static void a_variable(void **state)
{
    (void)state;
    assert_false(environment_has(NAME));
    assert_value(true, NULL);
    set(NAME, ""); /* counts as not set */
    assert_false(environment_has(NAME));
    assert_value(true, NULL);
    set(NAME, " text\n");
    assert_true(environment_has(NAME));
    assert_value(false, " text\n");
}

static void a_file(void **state)
{
    (void)state;
    char path[64];
    set_file(path, " secret\r\n\n", 10);
    assert_true(environment_has(NAME));
    assert_value(true, " secret");
    assert_value(false, NULL); /* only secrets can be in a file */
    set(NAME, "direct");
    assert_value(false, "direct");
    assert_refused(NAME " and " NAME "_FILE are both set: which one counts?");
    assert_int_equal(unsetenv(NAME), 0);
    assert_int_equal(unlink(path), 0);
    assert_refused(NAME "_FILE: cannot open the file it names");
}

static void assert_bad_file(const char *text, size_t size, const char *message)
{
    char path[64];
    set_file(path, text, size);
    assert_refused(message);
    assert_int_equal(unlink(path), 0);
}

static void bad_files(void **state)
{
    (void)state;
    static char large[8192];
    memset(large, 'x', sizeof(large));
    assert_bad_file("", 0, NAME "_FILE: the file it names is empty or no text");
    assert_bad_file("\n", 1, NAME "_FILE: the file it names is empty or no text");
    assert_bad_file("secret\0x", 8, NAME "_FILE: the file it names is empty or no text");
    assert_bad_file(large, sizeof(large),
                    NAME "_FILE: not a readable file of less than 8192 bytes");
    set(NAME "_FILE", "/"); /* a folder */
    assert_refused(NAME "_FILE: not a readable file of less than 8192 bytes");
}

static void a_file_of_the_largest_size(void **state)
{
    (void)state;
    char path[64];
    char text[8192];
    memset(text, 'x', sizeof(text));
    set_file(path, text, sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_value(true, text);
    assert_int_equal(unlink(path), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, clear, clear)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_variable),
        TEST(a_file),
        TEST(bad_files),
        TEST(a_file_of_the_largest_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
