/* SPDX-License-Identifier: Apache-2.0 */
/* The parsers of wire/ without memory. */
#include "../no_memory.h"

#include "celery_samples.h"
#include "wire/base64.h"
#include "wire/clean_text.h"
#include "wire/event_line.h"
#include "wire/job_message.h"
#include "wire/pickle.h"

#ifdef EXPORTD_FAULTS

static bool read_message(const void *text, struct error *error)
{
    struct job_message message;
    return job_message_parse(text, strlen(text), &message, error);
}

static void messages(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"data_export_id\": 27, \"limit\": 18446744073709551616, \"environment_id\": null}",
        CELERY_PROTOCOL_1,
        CELERY_PROTOCOL_2,
        CELERY_PICKLE_1,
        CELERY_PICKLE_2,
        SENTRY_PICKLE,
        CELERY_COMPRESSED,
    };
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        assert_true(no_memory_run(read_message, texts[i]) > 5);
}

static bool print_a_job(const void *context, struct error *error)
{
    (void)context;
    static const struct job_message message = {.data_export_id = 27,
                                               .limit_kind = JOB_LIMIT_WRONG,
                                               .environment_kind = JOB_ENVIRONMENT_ONE,
                                               .environment_id = 5};
    struct buffer out;
    buffer_init(&out, 1000);
    bool done = job_message_print(&message, &out, error);
    buffer_free(&out);
    return done;
}

static void printing_a_message(void **state)
{
    (void)state;
    assert_true(no_memory_run(print_a_job, NULL) > 5);
}

/* [[1, 2.5, "text"], {"key": (1 << 70,)}, "text"] */
static bool read_pickle(const void *context, struct error *error)
{
    (void)context;
    static const char bytes[] = "\x80\x02](](K\x01G@\x04\x00\x00\x00\x00\x00\x00U\x04textq\x01"
                                "e}U\x03key\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00@\x85sh\x01"
                                "e.";
    json_t *value = NULL;
    bool done = pickle_parse(bytes, sizeof(bytes) - 1, &value, error);
    assert_true(done == (value != NULL));
    json_decref(value);
    return done;
}

static void pickles(void **state)
{
    (void)state;
    assert_true(no_memory_run(read_pickle, NULL) > 15);
}

static bool read_event(const void *text, struct error *error)
{
    struct event_line event;
    struct arena *arena = arena_new((size_t)1024 * 1024);
    bool done = arena != NULL ? event_line_parse(text, strlen(text), arena, &event, error)
                              : error_no_memory(error);
    arena_free(arena);
    return done;
}

static void events(void **state)
{
    (void)state;
    assert_true(
        no_memory_run(
            read_event,
            "{\"event_id\": \"1f2e3d4c5b6a79881f2e3d4c5b6a7988\", \"project_id\": 1,"
            " \"hashes\": [\"c4a4d06bc314205bb3b6bdb612dde7f1\"], \"message\": \"b\\ud83dm\","
            " \"datetime\": \"2017-12-10T06:55:46.000000Z\", \"data\": {\"tags\": [[\"a\", 0.5],"
            " [\"release\", \"1.0\"]], \"sentry.interfaces.User\": {\"id\": 7}}}") > 20);
}

static bool clean(const void *text, struct error *error)
{
    struct buffer out;
    buffer_init(&out, 10000);
    bool done = clean_text(text, strlen(text), &out, error) &&
                clean_json(text, strlen(text), &out, error) &&
                base64_decode("YWJj", 4, &out, error);
    buffer_free(&out);
    return done;
}

static void texts(void **state)
{
    (void)state;
    assert_true(no_memory_run(clean, "a text \xff with \xf0\x9f\x98\x80 that does not fit into "
                                     "the first piece of a buffer, which has 64 bytes") > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages), cmocka_unit_test(printing_a_message),
        cmocka_unit_test(pickles),  cmocka_unit_test(events),
        cmocka_unit_test(texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void)
{
    return 0;
}
#endif
