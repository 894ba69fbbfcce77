/* SPDX-License-Identifier: Apache-2.0 */
#include "config/source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#define NAME "EXPORTD_REDIS_URL" /* a secret */

static int clear(void **state)
{
    (void)state;
    return unsetenv(NAME) | unsetenv(NAME "_FILE") | unsetenv("CREDENTIALS_DIRECTORY");
}

static void set(const char *name, const char *value)
{
    assert_int_equal(setenv(name, value, 1), 0);
}

/* Reads NAME from the environment and a file of settings with this text. */
static bool read_with(const char *settings, struct config_value *value, struct error *error)
{
    char path[] = "/tmp/source_test_XXXXXX";
    struct config_source source;
    const struct config_faults faults = {config_keep_first, error};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, settings, strlen(settings)), strlen(settings));
    (void)close(fd);
    *value = (struct config_value){.text = NULL};
    error->code = ERROR_NONE;
    bool done = config_source_open(path, &source, error);
    if (done)
        config_source_check_names(&source, &faults);
    done =
        done && error->code == ERROR_NONE && config_source_read(&source, NAME, true, value, error);
    config_source_close(&source);
    assert_int_equal(unlink(path), 0);
    return done;
}

/* `expected` may be NULL: there is no value. */
static void assert_value_with(const char *settings, const char *expected)
{
    struct error error;
    struct config_value value;
    if (!read_with(settings, &value, &error))
        fail_msg("%s", error.message);
    if (expected == NULL)
        assert_null(value.text);
    else
        assert_string_equal(value.text, expected);
    free(value.text);
}

static void assert_refused_with(const char *settings, const char *message)
{
    struct error error;
    struct config_value value;
    assert_false(read_with(settings, &value, &error));
    assert_null(value.text);
    assert_int_equal(error.code, ERROR_USAGE);
    assert_non_null(strstr(error.message, message));
}

static void assert_value(const char *expected)
{
    assert_value_with("", expected);
}

static void assert_refused(const char *message)
{
    assert_refused_with("", message);
}

/* Sets NAME_FILE to a file with these bytes. */
static void set_file(char path[64], const char *text, size_t size)
{
    (void)snprintf(path, 64, "/tmp/source_test_XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, size), size);
    (void)close(fd);
    set(NAME "_FILE", path);
}

static void a_variable(void **state)
{
    (void)state;
    assert_value(NULL);
    set(NAME, ""); /* counts as not set */
    assert_value(NULL);
    set(NAME, " text\n");
    assert_value(" text\n");
}

static void a_line_of_the_settings_file(void **state)
{
    (void)state;
    assert_value_with(NAME "=one\n" NAME "=two\n", "two");
    assert_value_with(NAME "=one\n" NAME "=\n", NULL);
    set(NAME, "environment");
    assert_value_with(NAME "=one\n", "environment");
    assert_refused_with("EXPORTD_REDIS_ULR=x\n",
                        ": EXPORTD_REDIS_ULR: no such setting; is EXPORTD_REDIS_URL meant?");
    assert_refused_with("PATH=x\n", ": PATH does not begin with EXPORTD_");
    assert_refused_with(NAME "\n", ": line 1: not NAME=value");
}

static void a_file(void **state)
{
    (void)state;
    char path[64];
    set_file(path, " secret\r\n\n", 10);
    assert_value(" secret");
    assert_value_with(NAME "=one\n", " secret");
    set(NAME, "direct");
    assert_refused(NAME " and " NAME "_FILE are both set: which one counts?");
    assert_int_equal(unsetenv(NAME), 0);
    assert_int_equal(unlink(path), 0);
    assert_refused(NAME "_FILE: cannot open the file: No such file or directory");
}

static void a_credential(void **state)
{
    (void)state;
    char folder[] = "/tmp/source_test_XXXXXX";
    char path[64];
    assert_non_null(mkdtemp(folder));
    set("CREDENTIALS_DIRECTORY", folder);
    assert_value(NULL);
    (void)snprintf(path, sizeof(path), "%s/" NAME, folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs("handed over\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_value("handed over");
    assert_refused_with(NAME "=one\n", NAME " is set and is a credential, too: which one counts?");
    assert_int_equal(unlink(path) + rmdir(folder), 0);
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
    assert_bad_file("", 0, NAME "_FILE: the file is empty");
    assert_bad_file("\n", 1, NAME "_FILE: the file is empty");
    assert_bad_file("secret\0x", 8, NAME "_FILE: not a text");
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
    assert_value(text);
    assert_int_equal(unlink(path), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, clear, clear)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_variable), TEST(a_line_of_the_settings_file), TEST(a_file), TEST(a_credential),
        TEST(bad_files),  TEST(a_file_of_the_largest_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
