/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/job_message.h"

#include "base/json.h"
#include "celery_samples.h"
#include "mutate.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NAME "sentry.data_export.tasks.assemble_download"

static struct job_message parse(const char *text)
{
    struct error error;
    struct job_message message;
    if (!job_message_parse(text, strlen(text), &message, &error))
        fail_msg("%s: %s", text, error.message);
    return message;
}

static void assert_refused(const char *text, const char *reason)
{
    struct error error;
    struct job_message message;
    if (job_message_parse(text, strlen(text), &message, &error))
        fail_msg("taken: %s", text);
    assert_int_equal(error.code, ERROR_INVALID);
    assert_string_equal(error.message, reason);
}

/* Returns an envelope around `body`, which is not encoded. */
static char *envelope(const char *body, const char *headers)
{
    json_error_t ignored;
    json_t *header_map = json_loads(headers, 0, &ignored);
    json_t *root =
        json_pack("{s:s, s:s, s:s, s:o, s:{}}", "body", body, "content-type", "application/json",
                  "content-encoding", "utf-8", "headers", header_map, "properties");
    assert_non_null(root);
    char *text = json_dumps(root, 0);
    json_decref(root);
    return text;
}

static struct job_message parse_call(const char *body, const char *headers)
{
    char *text = envelope(body, headers);
    struct job_message message = parse(text);
    free(text);
    return message;
}

static void assert_call_refused(const char *body, const char *headers, const char *reason)
{
    char *text = envelope(body, headers);
    assert_refused(text, reason);
    free(text);
}

static int64_t usec(const char *iso)
{
    struct error error;
    int64_t result = 0;
    assert_true(clock_parse_iso(iso, strlen(iso), &result, &error));
    return result;
}

/* ---- plain ---- */

static void plain_jobs(void **state)
{
    (void)state;
    struct job_message message =
        parse("{\"data_export_id\": 27, \"limit\": null, \"environment_id\": null}");
    assert_int_equal(message.data_export_id, 27);
    assert_int_equal(message.limit_kind, JOB_LIMIT_NONE);
    assert_int_equal(message.environment_kind, JOB_ENVIRONMENT_ALL);
    assert_int_equal(message.eta, USEC_NONE);
    assert_int_equal(message.expires, USEC_NONE);
    assert_int_equal(parse("{\"data_export_id\":1}").data_export_id, 1);
    assert_int_equal(parse(" {\"data_export_id\": \"27\", \"more\": {}} ").data_export_id, 27);
    assert_int_equal(parse("{\"data_export_id\": 9223372036854775807}").data_export_id, INT64_MAX);
    assert_int_equal(parse("{\"data_export_id\": 1, \"data_export_id\": 2}").data_export_id, 2);
}

static void bad_ids(void **state)
{
    (void)state;
    static const char *const values[] = {"0",
                                         "-1",
                                         "27.0",
                                         "true",
                                         "[27]",
                                         "{}",
                                         "\"\"",
                                         "\"27x\"",
                                         "\" 27\"",
                                         "\"-27\"",
                                         "\"0\"",
                                         "\"1e3\"",
                                         "\"+1\"",
                                         "9223372036854775808",
                                         "\"9223372036854775808\"",
                                         "1e400",
                                         "1e3",
                                         "NaN"};
    for (size_t i = 0; i < ARRAY_LENGTH(values); i++) {
        char text[100];
        (void)snprintf(text, sizeof(text), "{\"data_export_id\": %s}", values[i]);
        assert_refused(text, "data_export_id is no whole number from 1 to 9223372036854775807");
    }
    assert_refused("{\"data_export_id\": null}", "a job without a data_export_id");
}

static void assert_limit(const char *value, enum job_limit kind, int64_t rows)
{
    char text[200];
    (void)snprintf(text, sizeof(text), "{\"data_export_id\": 1, \"limit\": %s}", value);
    struct job_message message = parse(text);
    if (message.limit_kind != kind)
        fail_msg("%s", value);
    assert_int_equal(message.limit, rows);
}

static void limits(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "-1",
        "\"x\"",
        "\"5\"",
        "\"\"",
        "true",
        "false",
        "10.5",
        "1.0",
        "[]",
        "[5]",
        "{}",
        "1e400",
        "NaN",
        "9223372036854775808",
        "100000000000000000000000000000000000000000000000000000000000"};
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
        assert_limit(wrong[i], JOB_LIMIT_WRONG, 0);
    assert_limit("null", JOB_LIMIT_NONE, 0);
    assert_limit("0", JOB_LIMIT_NONE, 0);
    assert_limit("-0", JOB_LIMIT_NONE, 0);
    assert_limit("1", JOB_LIMIT_ROWS, 1);
    assert_limit("9223372036854775807", JOB_LIMIT_ROWS, INT64_MAX);
}

static void assert_environment(const char *value, enum job_environment kind, int64_t id)
{
    char text[200];
    (void)snprintf(text, sizeof(text), "{\"data_export_id\": 1, \"environment_id\": %s}", value);
    struct job_message message = parse(text);
    if (message.environment_kind != kind)
        fail_msg("%s", value);
    assert_int_equal(message.environment_id, id);
}

static void environments(void **state)
{
    (void)state;
    assert_environment("null", JOB_ENVIRONMENT_ALL, 0);
    assert_environment("0", JOB_ENVIRONMENT_ALL, 0);
    assert_environment("5", JOB_ENVIRONMENT_ONE, 5);
    assert_environment("\"5\"", JOB_ENVIRONMENT_ONE, 5);
    assert_environment("-5", JOB_ENVIRONMENT_ONE, -5);
    assert_environment("9223372036854775808", JOB_ENVIRONMENT_WRONG, 0);
    assert_environment("\"production\"", JOB_ENVIRONMENT_WRONG, 0);
    assert_environment("\"\"", JOB_ENVIRONMENT_WRONG, 0);
    assert_environment("5.0", JOB_ENVIRONMENT_WRONG, 0);
    assert_environment("true", JOB_ENVIRONMENT_WRONG, 0);
    assert_environment("[5]", JOB_ENVIRONMENT_WRONG, 0);
}

/* The arguments of Sentry since June 2020, and unknown ones. */
static void newer_arguments(void **state)
{
    (void)state;
    struct job_message message =
        parse("{\"data_export_id\": 27, \"export_limit\": 2, \"offset\": 10000, \"batch_size\":"
              " 10000, \"bytes_written\": 5, \"export_retries\": 3, \"__transaction_id\": \"x\"}");
    assert_int_equal(message.limit_kind, JOB_LIMIT_ROWS);
    assert_int_equal(message.limit, 2);
    assert_string_equal(message.unknown, "");
    message = parse("{\"data_export_id\": 27, \"limit\": 3, \"export_limit\": 2}");
    assert_int_equal(message.limit, 3);
    message = parse("{\"data_export_id\": 27, \"limit\": null, \"export_limit\": \"2\"}");
    assert_int_equal(message.limit_kind, JOB_LIMIT_WRONG);
    message = parse("{\"data_export_id\": 27, \"format\": \"jsonl\", \"none\": null, \"x\": 0}");
    assert_string_equal(message.unknown, "format x");
}

static void many_unknown_arguments(void **state)
{
    (void)state;
    char text[4000];
    int used = snprintf(text, sizeof(text), "{\"data_export_id\": 1");
    for (int i = 0; i < 40; i++)
        used += snprintf(text + used, sizeof(text) - (size_t)used,
                         ", \"%d\u00e4a name that is longer than most\": 1", i);
    (void)snprintf(text + used, sizeof(text) - (size_t)used, "}");
    struct job_message message = parse(text);
    assert_in_range(strlen(message.unknown), 64, JOB_UNKNOWN_MAX - 1);
}

static void garbage(void **state)
{
    (void)state;
    assert_refused("", "not valid JSON at byte 0");
    assert_refused("garbage", "not valid JSON at byte 7");
    assert_refused("27", "neither a job nor a Celery message");
    assert_refused("[]", "neither a job nor a Celery message");
    assert_refused("null", "neither a job nor a Celery message");
    assert_refused("\"data_export_id\"", "neither a job nor a Celery message");
    assert_refused("{}", "neither a job nor a Celery message");
    assert_refused("{\"body\": \"x\"}", "neither a job nor a Celery message");
}

static void the_size_is_bounded(void **state)
{
    (void)state;
    struct error error;
    struct job_message message;
    size_t size = JOB_MESSAGE_MAX + 1;
    char *text = malloc(size);
    assert_non_null(text);
    memset(text, ' ', size);
    static const char job[] = "{\"data_export_id\": 7}";
    memcpy(text, job, sizeof(job) - 1);
    assert_true(job_message_parse(text, size - 1, &message, &error));
    assert_int_equal(message.data_export_id, 7);
    assert_false(job_message_parse(text, size, &message, &error));
    assert_int_equal(error.code, ERROR_TOO_LARGE);
    memset(text, '[', size);
    assert_false(job_message_parse(text, size - 1, &message, &error));
    assert_int_equal(error.code, ERROR_INVALID);
    free(text);
}

/* ---- Celery ---- */

static void what_celery_sends(void **state)
{
    (void)state;
    static const char *const by_name[] = {CELERY_PROTOCOL_1, CELERY_PROTOCOL_2};
    static const char *const by_position[] = {CELERY_PROTOCOL_1_TIMES, CELERY_PROTOCOL_2_TIMES};
    for (size_t i = 0; i < 2; i++) {
        struct job_message message = parse(by_name[i]);
        assert_int_equal(message.data_export_id, 27);
        assert_int_equal(message.limit_kind, JOB_LIMIT_NONE);
        assert_int_equal(message.environment_kind, JOB_ENVIRONMENT_ALL);
        assert_int_equal(message.eta, USEC_NONE);
        assert_int_equal(message.expires, USEC_NONE);
        message = parse(by_position[i]);
        assert_int_equal(message.data_export_id, 27);
        assert_int_equal(message.limit_kind, JOB_LIMIT_ROWS);
        assert_int_equal(message.limit, 100);
        assert_int_equal(message.eta, usec("2030-01-02T01:04:05.678901Z"));
        assert_int_equal(message.expires, usec("2030-12-31T22:00:00Z"));
    }
}

static void pickle_bodies(void **state)
{
    (void)state;
    static const char *const messages[] = {CELERY_PICKLE_1, CELERY_PICKLE_2, CELERY_COMPRESSED,
                                           SENTRY_PICKLE};
    for (size_t i = 0; i < ARRAY_LENGTH(messages); i++) {
        struct job_message message = parse(messages[i]);
        assert_int_equal(message.data_export_id, 27);
        assert_int_equal(message.limit_kind, JOB_LIMIT_NONE);
        assert_int_equal(message.environment_kind, JOB_ENVIRONMENT_ALL);
        assert_int_equal(message.eta, USEC_NONE);
        assert_int_equal(message.expires, USEC_NONE);
    }
}

/* Returns an envelope of protocol 2 around a pickle. */
#define PICKLED(body)                                                                              \
    "{\"body\": \"" body "\", \"content-type\": \"application/x-python-serialize\","               \
    " \"content-encoding\": \"binary\", \"headers\": {\"task\": \"" NAME "\"},"                    \
    " \"properties\": {\"body_encoding\": \"base64\"}}"

static void pickled_arguments(void **state)
{
    (void)state;
    /* ((3, 10, 4), {}, {}) */
    struct job_message message = parse(PICKLED("gAJLA0sKSwSHfX2HLg=="));
    assert_int_equal(message.data_export_id, 3);
    assert_int_equal(message.limit, 10);
    assert_int_equal(message.environment_id, 4);
    /* ((3, 1 << 70, 1 << 70), {}, {}): the limit is wrong, the environment does not exist */
    message = parse(PICKLED("gAIoSwOKCQAAAAAAAAAAQIoJAAAAAAAAAABAdH19hy4="));
    assert_int_equal(message.limit_kind, JOB_LIMIT_WRONG);
    assert_int_equal(message.environment_kind, JOB_ENVIRONMENT_WRONG);
    /* ((1 << 70,), {}, {}) */
    assert_refused(PICKLED("gAKKCQAAAAAAAAAAQIV9fYcu"),
                   "data_export_id is no whole number from 1 to 9223372036854775807");
    /* ((3,), {1: 2}, {}) */
    assert_refused(
        PICKLED("gAJLA4V9SwFLAnN9hy4="),
        "the message's body: a pickle's SETITEM at byte 10: a dict's key that is no text");
    /* ((datetime.date(2030, 1, 1),), {}, {}) */
    assert_refused(PICKLED("gARjZGF0ZXRpbWUKZGF0ZQpDBAfuAQGFUoV9fYcu"),
                   "the message's body: a pickle's GLOBAL at byte 2: only plain data of protocols "
                   "2 to 5 is read");
}

static void bodies_that_are_not_read(void **state)
{
    (void)state;
    assert_refused("{\"body\": \"x\", \"content-type\": \"application/x-msgpack\"}",
                   "a body of content type 'application/x-msgpack', which this version does not "
                   "read");
    assert_refused("{\"body\": \"x\", \"content-type\": \"application/json\","
                   " \"headers\": {\"compression\": \"application/x-bz2\"}}",
                   "a body compressed as 'application/x-bz2', which this version does not read");
    assert_refused("{\"body\": \"x\", \"content-type\": \"application/json\","
                   " \"headers\": {\"compression\": 1}}",
                   "a body compressed as '', which this version does not read");
    assert_refused("{\"body\": \"x\", \"content-type\": \"application/json\","
                   " \"headers\": {\"compression\": \"application/x-gzip\"}}",
                   "the message's body: broken compressed data");
    assert_refused("{\"body\": \"x\", \"content-type\": \"application/x-python-serialize\"}",
                   "the message's body: no pickle of protocol 2 to 5 (those of 0 and 1 are not "
                   "read)");
    assert_refused("{\"body\": \"x\", \"content-type\": \"text/\\u00fcber\"}",
                   "a body of content type 'text/\xc3\xbc"
                   "ber', which this version does not read");
    assert_refused("{\"body\": \"x\", \"headers\": {}}", "a message without a content type");
    assert_refused("{\"body\": \"x\", \"headers\": {}, \"content-type\": 5}",
                   "a message without a content type");
    assert_refused("{\"body\": \"x\", \"content-type\": \"application/json\","
                   " \"content-encoding\": \"utf-16\"}",
                   "a body in the encoding 'utf-16'");
    assert_refused("{\"body\": \"x\", \"content-type\": \"application/json\","
                   " \"properties\": {\"body_encoding\": \"hex\"}}",
                   "the message's body: a body encoding other than base64");
    assert_refused("{\"body\": {}, \"content-type\": \"application/json\"}",
                   "the message's body: a message whose body is no text");
    assert_refused("{\"body\": \"W10\", \"content-type\": \"application/json\","
                   " \"properties\": {\"body_encoding\": \"base64\"}}",
                   "the message's body: bad base64: it ends too early");
    assert_refused("{\"body\": \"/w==\", \"content-type\": \"application/json\","
                   " \"properties\": {\"body_encoding\": \"base64\"}}",
                   "the message's body: not valid JSON at byte 0");
}

static void envelopes_of_other_kinds(void **state)
{
    (void)state;
    struct job_message message =
        parse("{\"body\": \"{\\\"task\\\": \\\"" NAME "\\\", \\\"kwargs\\\":"
              " {\\\"data_export_id\\\": 5}}\","
              " \"content-type\": \"Application/JSON\","
              " \"content-encoding\": \"binary\"}");
    assert_int_equal(message.data_export_id, 5);
    message = parse("{\"body\": \"{\\\"task\\\": \\\"" NAME "\\\", \\\"args\\\": [5]}\","
                    " \"content-type\": \"application/json\", \"content-encoding\": null,"
                    " \"headers\": null, \"properties\": {\"body_encoding\": null}}");
    assert_int_equal(message.data_export_id, 5);
}

static void task_names(void **state)
{
    (void)state;
    static const char old[] = "{\"task\": \"sentry.tasks.data_export.assemble_download\"}";
    assert_int_equal(parse_call("[[8], {}, {}]", old).data_export_id, 8);
    assert_int_equal(
        parse_call("{\"task\": \"sentry.tasks.data_export.assemble_download\", \"args\": [9]}",
                   "{}")
            .data_export_id,
        9);
    assert_call_refused("{\"task\": \"sentry.tasks.other\", \"args\": [9]}", "{}",
                        "another task: 'sentry.tasks.other'");
    assert_call_refused("no JSON", "{\"task\": \"sentry.tasks.other\"}",
                        "another task: 'sentry.tasks.other'");
    assert_call_refused("{\"task\": \"a\\nb\\u007f\\u00e9\", \"args\": [9]}", "{}",
                        "another task: 'a?b?\xc3\xa9'");
    assert_call_refused("{\"args\": [9]}", "{}", "a message that names no task");
    assert_call_refused("[[9], {}, {}]", "{}", "a message that names no task");
    assert_call_refused("[[9], {}, {}]", "{\"task\": null}", "a message that names no task");
    assert_call_refused("[[9], {}, {}]", "{\"task\": \"" NAME "x\"}", "another task: '" NAME "x'");
}

static void arguments(void **state)
{
    (void)state;
    static const char headers[] = "{\"task\": \"" NAME "\"}";
    struct job_message message = parse_call("[[3, 10, 4], {}, {}]", headers);
    assert_int_equal(message.data_export_id, 3);
    assert_int_equal(message.limit, 10);
    assert_int_equal(message.environment_id, 4);
    message =
        parse_call("[[3], {\"environment_id\": 4, \"__transaction_id\": \"t\"}, {}]", headers);
    assert_int_equal(message.data_export_id, 3);
    assert_int_equal(message.environment_id, 4);
    assert_int_equal(message.limit_kind, JOB_LIMIT_NONE);
    message = parse_call("[null, {\"data_export_id\": \"12\", \"limit\": -1}]", headers);
    assert_int_equal(message.data_export_id, 12);
    assert_int_equal(message.limit_kind, JOB_LIMIT_WRONG);
    message = parse_call("{\"args\": [6], \"kwargs\": {\"limit\": 2}}", headers);
    assert_int_equal(message.data_export_id, 6);
    assert_int_equal(message.limit, 2);
    assert_call_refused("[[], {}, {}]", headers, "a job without a data_export_id");
    assert_call_refused("[[3], {\"data_export_id\": 3}, {}]", headers,
                        "a job that gives data_export_id twice");
    assert_call_refused("[[1, 2, 3, 4], {}, {}]", headers,
                        "a job with more than three positional arguments");
    assert_call_refused("[{}, {}, {}]", headers, "args must be a list and kwargs a map");
    assert_call_refused("[[1], [], {}]", headers, "args must be a list and kwargs a map");
    assert_call_refused("[[1]]", headers, "a body that is not [args, kwargs, embed]");
    assert_call_refused("5", headers, "a body that is not [args, kwargs, embed]");
}

static void times(void **state)
{
    (void)state;
    static const char call[] = "[[3], {}, {}]";
    struct job_message message =
        parse_call(call, "{\"task\": \"" NAME "\", \"eta\": \"2030-01-01T00:00:00-01:30\","
                         " \"expires\": \"2030-01-01 02:00:00.5\"}");
    assert_int_equal(message.eta, usec("2030-01-01T01:30:00Z"));
    assert_int_equal(message.expires, usec("2030-01-01T02:00:00.5Z"));
    message = parse_call("{\"task\": \"" NAME "\", \"args\": [3], \"utc\": false,"
                         " \"eta\": \"2030-01-01T00:00:00\", \"expires\": null}",
                         "{\"eta\": \"2031-01-01T00:00:00\"}");
    assert_int_equal(message.eta, usec("2030-01-01T00:00:00Z"));
    assert_int_equal(message.expires, USEC_NONE);
    assert_call_refused(call, "{\"task\": \"" NAME "\", \"eta\": \"tomorrow\"}",
                        "eta: not a time as in 2020-03-25T16:12:18Z of the years 0001 to 9999");
    assert_call_refused(call, "{\"task\": \"" NAME "\", \"expires\": 60}", "expires: not a time");
}

/* ---- printing ---- */

static void assert_prints(const char *text, const char *expected)
{
    struct error error;
    struct buffer out;
    struct job_message message = parse(text);
    buffer_init(&out, 200);
    assert_true(job_message_print(&message, &out, &error));
    assert_string_equal(out.data, expected);
    struct job_message again = parse(out.data);
    assert_int_equal(again.data_export_id, message.data_export_id);
    assert_int_equal(again.limit_kind, message.limit_kind);
    assert_int_equal(again.limit, message.limit);
    assert_int_equal(again.environment_kind, message.environment_kind);
    assert_int_equal(again.environment_id, message.environment_id);
    buffer_free(&out);
}

static void printing(void **state)
{
    (void)state;
    assert_prints(CELERY_PROTOCOL_1,
                  "{\"data_export_id\":27,\"limit\":null,\"environment_id\":null}");
    assert_prints(CELERY_PROTOCOL_2_TIMES,
                  "{\"data_export_id\":27,\"limit\":100,\"environment_id\":null}");
    assert_prints("{\"data_export_id\":9223372036854775807,\"environment_id\":-2}",
                  "{\"data_export_id\":9223372036854775807,\"limit\":null,\"environment_id\":-2}");
    assert_prints("{\"data_export_id\":1,\"limit\":\"x\",\"environment_id\":\"x\"}",
                  "{\"data_export_id\":1,\"limit\":false,\"environment_id\":false}");
}

/* ---- random bytes ---- */

static void check_any(const char *text, size_t size)
{
    struct error error = {.code = ERROR_NONE};
    struct job_message message;
    char *copy = mutate_exact_copy(text, size);
    if (job_message_parse(copy, size, &message, &error))
        assert_true(message.data_export_id >= 1);
    else
        assert_true(error.code == ERROR_INVALID && error.message[0] != '\0');
    free(copy);
}

static void spoiled_messages(void **state)
{
    (void)state;
    static const char *const seeds[] = {
        CELERY_PROTOCOL_1,
        CELERY_PROTOCOL_2,
        CELERY_PROTOCOL_1_TIMES,
        CELERY_PROTOCOL_2_TIMES,
        CELERY_PICKLE_1,
        CELERY_PICKLE_2,
        CELERY_COMPRESSED,
        SENTRY_PICKLE,
        "{\"body\":\"[[3,10,4],{\\\"limit\\\":1e9},{}]\",\"content-type\":\"application/json\","
        "\"headers\":{\"task\":\"" NAME "\",\"eta\":\"2030-01-01T00:00:00-01:30\"}}",
        "{\"data_export_id\": \"27\", \"limit\": 18446744073709551616, \"environment_id\": "
        "\"\\ud83d\"}"};
    struct mutator mutator = {.state = 20200325};
    char text[4096];
    for (size_t i = 0; i < 30000; i++) {
        const char *seed = seeds[i % ARRAY_LENGTH(seeds)];
        size_t size = strlen(seed);
        memcpy(text, seed, size + 1);
        check_any(text, mutate(&mutator, text, size, sizeof(text)));
    }
}

static void cut_messages(void **state)
{
    (void)state;
    for (size_t size = 0; size < strlen(CELERY_PROTOCOL_2); size++)
        check_any(CELERY_PROTOCOL_2, size);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_jobs),
        cmocka_unit_test(bad_ids),
        cmocka_unit_test(limits),
        cmocka_unit_test(environments),
        cmocka_unit_test(newer_arguments),
        cmocka_unit_test(many_unknown_arguments),
        cmocka_unit_test(garbage),
        cmocka_unit_test(the_size_is_bounded),
        cmocka_unit_test(what_celery_sends),
        cmocka_unit_test(pickle_bodies),
        cmocka_unit_test(pickled_arguments),
        cmocka_unit_test(bodies_that_are_not_read),
        cmocka_unit_test(envelopes_of_other_kinds),
        cmocka_unit_test(task_names),
        cmocka_unit_test(arguments),
        cmocka_unit_test(times),
        cmocka_unit_test(printing),
        cmocka_unit_test(spoiled_messages),
        cmocka_unit_test(cut_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
