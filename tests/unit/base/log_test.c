/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/metric.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define FFFD "\xef\xbf\xbd"

/* Between begin and end, standard error is written to a file. */
struct capture {
    int saved;
    FILE *file;
    char text[64 * 1024];
    size_t size;
};

static struct capture capture;

static void begin(enum log_format format, enum log_level level)
{
    capture.file = tmpfile();
    assert_non_null(capture.file);
    capture.saved = dup(STDERR_FILENO);
    assert_true(capture.saved >= 0);
    assert_true(dup2(fileno(capture.file), STDERR_FILENO) >= 0);
    log_setup(format, level);
}

static const char *end(void)
{
    assert_true(dup2(capture.saved, STDERR_FILENO) >= 0);
    (void)close(capture.saved);
    rewind(capture.file);
    capture.size = fread(capture.text, 1, sizeof(capture.text) - 1, capture.file);
    capture.text[capture.size] = '\0';
    (void)fclose(capture.file);
    log_setup(LOG_TEXT, LOG_INFO);
    return capture.text;
}

/* Parses the only line, which must be JSON and end with a newline. */
static json_t *end_json(void)
{
    struct error error;
    json_t *value = NULL;
    const char *line = end();
    assert_true(capture.size > 0 && strchr(line, '\n') == line + capture.size - 1);
    if (!json_parse(line, capture.size, sizeof(capture.text), &value, &error))
        fail_msg("%s: %s", line, error.message);
    return value;
}

static void assert_member(const json_t *object, const char *name, const char *text)
{
    assert_string_equal(json_string_value(json_object_get(object, name)), text);
}

static void lines_for_journald(void **state)
{
    (void)state;
    struct stat status;
    char journal[64];
    begin(LOG_JSON, LOG_DEBUG);
    assert_int_equal(fstat(STDERR_FILENO, &status), 0);
    (void)snprintf(journal, sizeof(journal), "%ju:%ju", (uintmax_t)status.st_dev,
                   (uintmax_t)status.st_ino);
    assert_int_equal(setenv("JOURNAL_STREAM", journal, 1), 0);
    log_setup(LOG_JSON, LOG_DEBUG);
    log_event(LOG_DEBUG, "a", NULL);
    log_event(LOG_INFO, "b", NULL);
    log_event(LOG_WARNING, "c", NULL);
    log_event(LOG_ERROR, "d", NULL);
    assert_int_equal(setenv("JOURNAL_STREAM", "1:2", 1), 0); /* another process's */
    log_setup(LOG_JSON, LOG_DEBUG);
    log_event(LOG_ERROR, "e", NULL);
    assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
    const char *line = end();
    static const char *const begins[] = {"<7>{", "<6>{", "<4>{", "<3>{", "{"};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(strncmp(line, begins[i], strlen(begins[i])), 0);
        line = strchr(line, '\n') + 1;
    }
    assert_string_equal(line, "");
}

static void json_lines(void **state)
{
    (void)state;
    begin(LOG_JSON, LOG_INFO);
    LOG(LOG_WARNING, "dataexport.start", log_int("rows", -5), log_text("name", "a\"b\\c\n\x1b\x7f"),
        log_text("empty", NULL), log_text("utf8", "\xc3\xa9\xf0\x9f\x98\x80"),
        log_text("dirt", "\xff\xe2\x82z"));
    json_t *line = end_json();
    assert_member(line, "level", "warning");
    assert_member(line, "event", "dataexport.start");
    assert_int_equal(json_integer_value(json_object_get(line, "rows")), -5);
    assert_member(line, "name", "a\"b\\c\n\x1b\x7f");
    assert_member(line, "empty", "");
    assert_member(line, "utf8", "\xc3\xa9\xf0\x9f\x98\x80");
    assert_member(line, "dirt", FFFD FFFD "z");
    assert_int_equal(strlen(json_string_value(json_object_get(line, "ts"))), 27);
    assert_null(json_object_get(line, "data_export_id"));
    assert_int_equal(json_object_size(line), 8);
    json_decref(line);
}

static void text_lines(void **state)
{
    (void)state;
    begin(LOG_TEXT, LOG_INFO);
    LOG(LOG_ERROR, "mail.failed", log_int("id", 7), log_text("why", "no\nforged line"));
    const char *line = end();
    assert_string_equal(line + 27, " error mail.failed id=7 why=\"no\\u000aforged line\"\n");
}

static void levels(void **state)
{
    (void)state;
    begin(LOG_TEXT, LOG_WARNING);
    LOG(LOG_DEBUG, "a", log_int("n", 1));
    LOG(LOG_INFO, "b", log_int("n", 1));
    log_event(LOG_WARNING, "c", NULL);
    assert_string_equal(end() + 27, " warning c\n");
    begin(LOG_TEXT, LOG_DEBUG);
    log_event(LOG_DEBUG, "d", NULL);
    assert_string_equal(end() + 27, " debug d\n");
}

static void lines_of_a_job(void **state)
{
    (void)state;
    begin(LOG_JSON, LOG_INFO);
    log_set_job(27, 2);
    LOG(LOG_INFO, "e", log_int("data_export_id", 99), log_int("attempt", 99), log_int("rows", 5));
    log_clear_job();
    json_t *line = end_json();
    assert_int_equal(json_integer_value(json_object_get(line, "data_export_id")), 27);
    assert_int_equal(json_integer_value(json_object_get(line, "attempt")), 2);
    assert_int_equal(json_integer_value(json_object_get(line, "rows")), 5);
    assert_int_equal(json_object_size(line), 6);
    json_decref(line);
    assert_null(strstr(capture.text, ":99")); /* not repeated */
    begin(LOG_TEXT, LOG_INFO);
    LOG(LOG_INFO, "e", log_int("data_export_id", 99));
    assert_string_equal(end() + 27, " info e data_export_id=99\n");
}

static void what_a_job_is_about(void **state)
{
    (void)state;
    begin(LOG_TEXT, LOG_INFO);
    log_set_job(27, 2);
    log_set_subject(3, 7, "color");
    LOG(LOG_INFO, "e", log_int("rows", 5));
    assert_string_equal(end() + 27, " info e data_export_id=27 attempt=2 organization_id=3"
                                    " project_id=7 key=\"color\" rows=5\n");
    begin(LOG_TEXT, LOG_INFO);
    log_set_subject(3, 0, "");
    log_event(LOG_INFO, "e", NULL);
    assert_string_equal(end() + 27, " info e data_export_id=27 attempt=2 organization_id=3\n");
    begin(LOG_TEXT, LOG_INFO);
    log_set_job(28, 1);
    log_event(LOG_INFO, "e", NULL);
    assert_string_equal(end() + 27, " info e data_export_id=28 attempt=1\n");
    log_clear_job();
}

static void errors(void **state)
{
    (void)state;
    struct error error;
    error_set(&error, ERROR_AWAY, "redis: connection refused");
    begin(LOG_TEXT, LOG_INFO);
    log_error(LOG_WARNING, "redis.away", &error);
    assert_string_equal(end() + 27,
                        " warning redis.away code=\"away\" error=\"redis: connection refused\"\n");
}

/* Texts of every length near the limit: the line stays JSON, with whole characters. */
static void long_lines(void **state)
{
    (void)state;
    static const char *const units[] = {"x", "\xc3\xa9", "\xf0\x9f\x98\x80", "\x01", "\"", "\xff"};
    static char text[9000];
    for (size_t u = 0; u < ARRAY_LENGTH(units); u++) {
        for (size_t pad = 0; pad < 40; pad++) {
            size_t unit = strlen(units[u]);
            size_t size = pad;
            memset(text, 'p', pad);
            for (; size + unit < sizeof(text); size += unit)
                memcpy(text + size, units[u], unit);
            text[size] = '\0';
            begin(LOG_JSON, LOG_INFO);
            LOG(LOG_INFO, "long", log_text("text", text), log_text("more", text),
                log_int("last", 1));
            json_t *line = end_json();
            assert_true(capture.size <= 4096 && capture.size > 3900);
            assert_memory_equal(json_string_value(json_object_get(line, "text")), text, pad);
            json_decref(line);
        }
    }
}

static void many_fields(void **state)
{
    (void)state;
    struct log_field fields[1001];
    for (int i = 0; i < 1000; i++)
        fields[i] = log_int("a_rather_long_name_of_a_field", INT64_MIN);
    fields[1000] = (struct log_field){.name = NULL};
    begin(LOG_JSON, LOG_INFO);
    log_event(LOG_INFO, "many", fields);
    json_decref(end_json());
    assert_true(capture.size <= 4096);
}

static void *chatter(void *number)
{
    log_set_job(*(int64_t *)number, 1);
    for (int i = 0; i < 200; i++)
        LOG(LOG_INFO, "chatter", log_int("thread", *(int64_t *)number));
    return NULL;
}

static void lines_of_threads_do_not_mix(void **state)
{
    (void)state;
    pthread_t threads[2];
    int64_t numbers[] = {1, 2};
    begin(LOG_TEXT, LOG_INFO);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, chatter, &numbers[i]), 0);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    int count = 0;
    for (const char *line = end(); *line != '\0'; line = strchr(line, '\n') + 1, count++)
        if (strncmp(line + 27, " info chatter data_export_id=1 attempt=1 thread=1\n", 50) != 0 &&
            strncmp(line + 27, " info chatter data_export_id=2 attempt=1 thread=2\n", 50) != 0)
            fail_msg("%.100s", line);
    assert_int_equal(count, 400);
}

/* With a full pipe the first line waits a second, the next ones do not wait, and no line is cut. */
static void a_log_that_is_not_read(void **state)
{
    (void)state;
    static char text[128 * 1024];
    struct buffer metrics;
    struct error error;
    int pipes[2];
    begin(LOG_TEXT, LOG_INFO);
    assert_int_equal(pipe2(pipes, O_NONBLOCK), 0);
    assert_true(dup2(pipes[1], STDERR_FILENO) >= 0);
    while (write(pipes[1], text, 1000) > 0) {
    }
    assert_int_equal(fcntl(pipes[1], F_SETFL, 0), 0); /* from now on a write blocks */
    int64_t began = clock_monotonic_ms();
    for (int i = 0; i < 500; i++)
        LOG(LOG_INFO, "lost", log_int("i", i));
    assert_in_range(clock_monotonic_ms() - began, 900, 5000);
    while (read(pipes[0], text, sizeof(text)) > 0) {
    }
    log_event(LOG_INFO, "a", NULL);
    log_event(LOG_INFO, "b", NULL);
    ssize_t got = read(pipes[0], text, sizeof(text) - 1);
    (void)end();
    assert_true(got > 0);
    text[got] = '\0';
    const char *second = strchr(text, '\n') + 1;
    const char *third = strchr(second, '\n') + 1;
    assert_memory_equal(text + 27, " warning log.lines-lost lines=500\n", 34);
    buffer_init(&metrics, 1 << 20);
    assert_true(metric_print(&metrics, &error));
    assert_non_null(strstr(metrics.data, "\nexportd_log_lines_lost_total 500\n"));
    buffer_free(&metrics);
    assert_memory_equal(second + 27, " info a\n", 8);
    assert_string_equal(third + 27, " info b\n");
    (void)close(pipes[0]);
    (void)close(pipes[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_lines),
        cmocka_unit_test(lines_for_journald),
        cmocka_unit_test(text_lines),
        cmocka_unit_test(levels),
        cmocka_unit_test(lines_of_a_job),
        cmocka_unit_test(what_a_job_is_about),
        cmocka_unit_test(errors),
        cmocka_unit_test(long_lines),
        cmocka_unit_test(many_fields),
        cmocka_unit_test(lines_of_threads_do_not_mix),
        cmocka_unit_test(a_log_that_is_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
