/* SPDX-License-Identifier: Apache-2.0 */
#include "config/config.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

/* Removes every EXPORTD_ variable; each test sets its own. */
static int clear(void **state)
{
    (void)state;
    for (char **entry = environ; *entry != NULL;) {
        char name[200];
        size_t size = strcspn(*entry, "=");
        if (strncmp(*entry, "EXPORTD_", 8) == 0 && size < sizeof(name)) {
            memcpy(name, *entry, size);
            name[size] = '\0';
            (void)unsetenv(name);
            entry = environ;
        } else {
            entry++;
        }
    }
    return unsetenv("TMPDIR");
}

static void set(const char *name, const char *value)
{
    assert_int_equal(setenv(name, value, 1), 0);
}

static void load(struct config *config)
{
    struct error error;
    if (!config_load(NULL, config, &error))
        fail_msg("%s", error.message);
}

static void assert_refused(const char *name, const char *value, const char *message)
{
    struct error error;
    struct config config;
    set(name, value);
    if (config_load(NULL, &config, &error))
        fail_msg("taken: %s=%s", name, value);
    config_free(&config);
    assert_int_equal(unsetenv(name), 0);
    assert_int_equal(error.code, ERROR_USAGE);
    assert_string_equal(error.message, message);
}

static void expect_steps(const struct config *config, int count, const int *steps)
{
    assert_int_equal(config->priority_steps.count, count);
    for (int i = 0; i < count; i++)
        assert_int_equal(config->priority_steps.numbers[i], steps[i]);
}

static void defaults(void **state)
{
    (void)state;
    struct config config;
    load(&config);
    assert_string_equal(config.database_url, "");
    assert_string_equal(config.redis_url, "redis://127.0.0.1:6379/0");
    assert_string_equal(config.lock_redis_url, config.redis_url);
    assert_string_equal(config.queue, "data_export");
    assert_string_equal(config.redis_key_prefix, "");
    assert_string_equal(config.priority_sep, "\x06\x16");
    expect_steps(&config, 4, (const int[]){0, 3, 6, 9});
    assert_true(config.concurrency >= 1 && config.concurrency <= 4);
    assert_string_equal(config.tagstore, "postgres");
    assert_int_equal(config.page_size, 1000);
    assert_int_equal(config.page_size_max, 10000);
    assert_int_equal(config.retention_days, 90);
    assert_string_equal(config.storage_url, "file:///var/lib/exportd/files");
    assert_string_equal(config.mail_url, "smtp://127.0.0.1:25");
    assert_string_equal(config.mail_from, "root@localhost");
    assert_string_equal(config.url_prefix, "http://localhost:8000");
    assert_int_equal(config.max_failures, 5);
    assert_int_equal(config.retry_base_seconds, 10);
    assert_int_equal(config.give_up_hours, 24);
    assert_int_equal(config.lease_seconds, 30);
    assert_int_equal(config.stop_seconds, 25);
    assert_int_equal(config.expiration_days, 28);
    assert_int_equal(config.history_days, 90);
    assert_int_equal(config.audit_days, 400);
    assert_false(config.csv_formula_guard);
    assert_string_equal(config.storage_mode, "0600");
    assert_int_equal(config_log_level(&config), LOG_INFO);
    assert_string_equal(config.tmpdir, "/var/tmp");
    assert_int_equal(config.max_file_bytes, 2147483647);
    config_free(&config);
    assert_null(config.queue);
}

static void given_values(void **state)
{
    (void)state;
    struct config config;
    set("EXPORTD_REDIS_URL", "redis://:secret@10.0.0.1:6380/2");
    set("EXPORTD_LOCK_REDIS_URL", "unix:///run/redis.sock");
    set("EXPORTD_QUEUE", "other");
    set("EXPORTD_CONCURRENCY", "64");
    set("EXPORTD_PAGE_SIZE", "1");
    set("EXPORTD_PAGE_SIZE_MAX", "2000");
    set("EXPORTD_URL_PREFIX", "https://sentry.example.com//");
    set("EXPORTD_CSV_FORMULA_GUARD", "on");
    set("EXPORTD_LOG_LEVEL", "error");
    set("EXPORTD_LOG_FORMAT", "text");
    set("EXPORTD_MAIL_URL", "file:///var/mail");
    set("EXPORTD_HISTORY_DAYS", ""); /* empty counts as not set */
    set("TMPDIR", "/scratch");
    load(&config);
    assert_string_equal(config.redis_url, "redis://:secret@10.0.0.1:6380/2");
    assert_string_equal(config.lock_redis_url, "unix:///run/redis.sock");
    assert_string_equal(config.queue, "other");
    assert_int_equal(config.concurrency, 64);
    assert_int_equal(config.page_size, 1);
    assert_int_equal(config.page_size_max, 2000);
    assert_string_equal(config.url_prefix, "https://sentry.example.com");
    assert_true(config.csv_formula_guard);
    assert_int_equal(config_log_level(&config), LOG_ERROR);
    assert_int_equal(config_log_format(&config), LOG_TEXT);
    assert_int_equal(config.history_days, 90);
    assert_string_equal(config.tmpdir, "/scratch");
    config_free(&config);
}

static void assert_redis(const char *redis_url, const char *lock_redis_url)
{
    struct config config;
    load(&config);
    assert_string_equal(config.redis_url, redis_url);
    assert_string_equal(config.lock_redis_url, lock_redis_url);
    assert_int_equal(config_has_redis(&config), redis_url[0] != '\0');
    assert_int_equal(config_has_lock_redis(&config), lock_redis_url[0] != '\0');
    config_free(&config);
}

static void without_redis(void **state)
{
    (void)state;
    set("EXPORTD_REDIS_URL", "none");
    assert_redis("", "");
    set("EXPORTD_LOCK_REDIS_URL", "none");
    assert_redis("", "");
    set("EXPORTD_LOCK_REDIS_URL", "redis://sentry/0");
    assert_redis("", "redis://sentry/0");
    set("EXPORTD_REDIS_URL", "redis://queue/0");
    assert_redis("redis://queue/0", "redis://sentry/0");
    set("EXPORTD_LOCK_REDIS_URL", "none");
    assert_redis("redis://queue/0", "");
    assert_refused("EXPORTD_REDIS_URL", "None",
                   "EXPORTD_REDIS_URL: not a URL as in scheme://host:port/path");
    assert_refused("EXPORTD_STORAGE_URL", "none",
                   "EXPORTD_STORAGE_URL: not a URL as in scheme://host:port/path");
}

static void numbers_out_of_range(void **state)
{
    (void)state;
    assert_refused("EXPORTD_PAGE_SIZE", "0",
                   "EXPORTD_PAGE_SIZE: not a whole number from 1 to 10000");
    assert_refused("EXPORTD_PAGE_SIZE", "10001",
                   "EXPORTD_PAGE_SIZE: not a whole number from 1 to 10000");
    assert_refused("EXPORTD_PAGE_SIZE_MAX", "10001",
                   "EXPORTD_PAGE_SIZE_MAX: not a whole number from 1 to 10000");
    assert_refused("EXPORTD_CONCURRENCY", "-1",
                   "EXPORTD_CONCURRENCY: not a whole number from 1 to 64");
    assert_refused("EXPORTD_CONCURRENCY", "4x",
                   "EXPORTD_CONCURRENCY: not a whole number from 1 to 64");
    assert_refused("EXPORTD_CONCURRENCY", "99999999999999999999",
                   "EXPORTD_CONCURRENCY: not a whole number from 1 to 64");
}

/* In the form that an environment file allows. */
static void kombu_names(void **state)
{
    (void)state;
    struct config config;
    set("EXPORTD_REDIS_KEY_PREFIX", "{sentry}:");
    set("EXPORTD_PRIORITY_SEP", ":\\x0A\\\\\\xff");
    set("EXPORTD_PRIORITY_STEPS", "0,1,2,3,4,5,6,7,8,255");
    load(&config);
    assert_string_equal(config.redis_key_prefix, "{sentry}:");
    assert_string_equal(config.priority_sep, ":\n\\\xff");
    expect_steps(&config, 10, (const int[]){0, 1, 2, 3, 4, 5, 6, 7, 8, 255});
    config_free(&config);
    set("EXPORTD_PRIORITY_STEPS", "5");
    load(&config);
    expect_steps(&config, 1, (const int[]){5});
    config_free(&config);
    assert_int_equal(unsetenv("EXPORTD_PRIORITY_SEP"), 0);
    assert_refused("EXPORTD_PRIORITY_STEPS", "3,0",
                   "EXPORTD_PRIORITY_STEPS: not up to ten numbers from 0 to 255, ascending, as in "
                   "0,3,6,9");
    static const char *const wrong_seps[] = {
        "\\x0", "01234567890123456789012345678901234567890123456789012345678901234"};
    for (size_t i = 0; i < ARRAY_LENGTH(wrong_seps); i++)
        assert_refused("EXPORTD_PRIORITY_SEP", wrong_seps[i],
                       "EXPORTD_PRIORITY_SEP: not a text of at most 64 bytes as in \\x06\\x16; a "
                       "backslash is written twice");
    char prefix[202];
    memset(prefix, 'p', sizeof(prefix) - 1);
    prefix[sizeof(prefix) - 1] = '\0';
    assert_refused("EXPORTD_REDIS_KEY_PREFIX", prefix,
                   "EXPORTD_REDIS_KEY_PREFIX: a text of at most 200 bytes");
}

static void words_and_switches(void **state)
{
    (void)state;
    assert_refused("EXPORTD_TAGSTORE", "mysql", "EXPORTD_TAGSTORE: must be one of: postgres snuba");
    assert_refused("EXPORTD_LOG_LEVEL", "INFO",
                   "EXPORTD_LOG_LEVEL: must be one of: debug info warning error");
    assert_refused("EXPORTD_LOG_LEVEL", "debug info",
                   "EXPORTD_LOG_LEVEL: must be one of: debug info warning error");
    assert_refused("EXPORTD_STORAGE_MODE", "0644",
                   "EXPORTD_STORAGE_MODE: must be one of: 0600 0640 0660");
    assert_refused("EXPORTD_CSV_FORMULA_GUARD", "yes",
                   "EXPORTD_CSV_FORMULA_GUARD: must be on or off");
}

static void urls(void **state)
{
    (void)state;
    assert_refused("EXPORTD_REDIS_URL", "localhost:6379",
                   "EXPORTD_REDIS_URL: not a URL as in scheme://host:port/path");
    assert_refused("EXPORTD_REDIS_URL", "http://:secret@h",
                   "EXPORTD_REDIS_URL: the scheme 'http' is not one of: redis unix");
    assert_refused("EXPORTD_REDIS_URL", "redis:///0", "EXPORTD_REDIS_URL: the URL names no host");
    assert_refused("EXPORTD_REDIS_URL", "unix://run/redis.sock",
                   "EXPORTD_REDIS_URL: needs three slashes and an absolute path: unix:///path");
    assert_refused("EXPORTD_STORAGE_URL", "ftp://bucket",
                   "EXPORTD_STORAGE_URL: the scheme 'ftp' is not one of: file");
    assert_refused("EXPORTD_STORAGE_URL", "file:///",
                   "EXPORTD_STORAGE_URL: needs three slashes and an absolute path: file:///path");
}

static void rules_of_single_settings(void **state)
{
    (void)state;
    assert_refused("EXPORTD_QUEUE", "a{b}",
                   "EXPORTD_QUEUE: a name of at most 200 characters without braces");
    assert_refused("EXPORTD_MAIL_FROM", "nobody",
                   "EXPORTD_MAIL_FROM: not an address as in a@b.c or Name <a@b.c>");
    assert_refused("EXPORTD_MAIL_FROM", "a@b.c\r\nBcc: d@e.f",
                   "EXPORTD_MAIL_FROM: not an address as in a@b.c or Name <a@b.c>");
    assert_refused("EXPORTD_MAIL_FROM", "Me <a@b.c> x",
                   "EXPORTD_MAIL_FROM: not an address as in a@b.c or Name <a@b.c>");
    assert_refused("EXPORTD_MAIL_FROM", "Me <ab.c>",
                   "EXPORTD_MAIL_FROM: not an address as in a@b.c or Name <a@b.c>");
    assert_refused("EXPORTD_MAIL_FROM", "M\"e <a@b.c>",
                   "EXPORTD_MAIL_FROM: the name has control characters, quotes or brackets");
    assert_refused("EXPORTD_MAIL_FROM", "Me\n <a@b.c>",
                   "EXPORTD_MAIL_FROM: the name has control characters, quotes or brackets");
    assert_refused("EXPORTD_MAIL_FROM", "M\xff <a@b.c>",
                   "EXPORTD_MAIL_FROM: the name has control characters, quotes or brackets");
    assert_refused("EXPORTD_URL_PREFIX", "http://h/\n",
                   "EXPORTD_URL_PREFIX: has control characters");
}

static void parts_that_are_not_built(void **state)
{
    (void)state;
    assert_refused("EXPORTD_SENTRY_DSN", "https://key@sentry.io/1",
                   "EXPORTD_SENTRY_DSN: this version does not have the part that it sets");
    assert_refused("EXPORTD_SENTRY_DSN_FILE", "/nonexistent",
                   "EXPORTD_SENTRY_DSN: this version does not have the part that it sets");
    assert_refused("EXPORTD_SENTRY_DSN", "https://key@sentry.example.com/1",
                   "EXPORTD_SENTRY_DSN: this version does not have the part that it sets");
    assert_refused("EXPORTD_CLICKHOUSE_URL", "http://127.0.0.1:8123/default",
                   "EXPORTD_CLICKHOUSE_URL: this version does not have the part that it sets");
    assert_refused(
        "EXPORTD_REDIS_URL", "rediss://h",
        "EXPORTD_REDIS_URL: the installed hiredis has no TLS, so rediss:// cannot be used");
    assert_refused(
        "EXPORTD_LOCK_REDIS_URL", "rediss://h",
        "EXPORTD_LOCK_REDIS_URL: the installed hiredis has no TLS, so rediss:// cannot be used");
    assert_refused("EXPORTD_TAGSTORE", "clickhouse",
                   "EXPORTD_TAGSTORE: this version does not have the tagstore 'clickhouse'");
    assert_refused("EXPORTD_STORAGE_URL", "s3://bucket",
                   "EXPORTD_STORAGE_URL: this version does not have the file store 's3'");
}

/* ---- secrets ---- */

static void write_secret(char path[64], const char *text, size_t size)
{
    (void)snprintf(path, 64, "/tmp/config_test_XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, size), size);
    (void)close(fd);
}

static void secrets_from_files(void **state)
{
    (void)state;
    struct config config;
    char path[64];
    write_secret(path, "redis://:from-file@h:1/0\r\n\n", 27);
    set("EXPORTD_REDIS_URL_FILE", path);
    load(&config);
    assert_string_equal(config.redis_url, "redis://:from-file@h:1/0");
    config_free(&config);
    assert_refused("EXPORTD_REDIS_URL", "redis://h",
                   "EXPORTD_REDIS_URL and EXPORTD_REDIS_URL_FILE are both set: which one counts?");
    assert_int_equal(unlink(path), 0);
    assert_refused("EXPORTD_REDIS_URL_FILE", path,
                   "EXPORTD_REDIS_URL_FILE: cannot open the file: No such file or directory");
}

/* No message shows the value of a secret. */
static void secrets_are_not_repeated(void **state)
{
    (void)state;
    static const char *const names[] = {"EXPORTD_REDIS_URL", "EXPORTD_STORAGE_URL",
                                        "EXPORTD_MAIL_URL"};
    static const char *const values[] = {"hunter2", "redis://u:hunter2@h:bad", "x://hunter2@h",
                                         "smtp://a:hunter2@h:0", "file://hunter2/x"};
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        for (size_t k = 0; k < ARRAY_LENGTH(values); k++) {
            struct error error;
            struct config config;
            set(names[i], values[k]);
            assert_false(config_load(NULL, &config, &error));
            config_free(&config);
            assert_null(strstr(error.message, "hunter2"));
            assert_non_null(strstr(error.message, names[i]));
        }
        assert_int_equal(unsetenv(names[i]), 0);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, clear, clear)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(defaults),
        TEST(given_values),
        TEST(without_redis),
        TEST(numbers_out_of_range),
        TEST(kombu_names),
        TEST(words_and_switches),
        TEST(urls),
        TEST(rules_of_single_settings),
        TEST(parts_that_are_not_built),
        TEST(secrets_from_files),
        TEST(secrets_are_not_repeated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
