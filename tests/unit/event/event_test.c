/* SPDX-License-Identifier: Apache-2.0 */
#include "event/event.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define EVENT(data)                                                                                \
    "{\"event_id\": \"656ff65f2ad85adfcd47958838977531\", \"project_id\": 1, \"hashes\": [\"h\"]," \
    " \"datetime\": \"2017-12-10T06:55:46Z\", \"data\": {" data "}}"
#define TAGS(tags) EVENT("\"tags\": {" tags "}")
#define USER(user) EVENT("\"sentry.interfaces.User\": {" user "}")

static struct arena *arena;

static int make_arena(void **state)
{
    (void)state;
    arena = arena_new((size_t)1024 * 1024);
    return arena == NULL ? -1 : 0;
}

static int free_arena(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static struct event read_line(const char *line)
{
    struct error error;
    struct event event = {.line_number = 1};
    assert_true(event_read(line, strlen(line), arena, &event, &error));
    return event;
}

static struct event read_good(const char *line)
{
    struct event event = read_line(line);
    if (event.state != EVENT_READ)
        fail_msg("%s", event.reason);
    return event;
}

/* The value of a tag that counts, or NULL. */
static const char *tag(const struct event *event, const char *key)
{
    const char *value = NULL;
    for (size_t i = 0; i < event->tag_count; i++) {
        if (strcmp(event->tags[i].key, key) != 0)
            continue;
        assert_null(value); /* one tag per key */
        value = event->tags[i].value;
    }
    return value;
}

static void test_an_event_that_says_nothing(void **state)
{
    struct event event = read_good(EVENT(""));
    (void)state;
    assert_string_equal(event.environment, "");
    assert_string_equal(event.logger, "");
    assert_null(event.level);
    assert_null(event.release);
    assert_null(event.user_tag);
    assert_int_equal(event.tag_count, 0);
}

static void test_what_tags_say_stays_a_tag(void **state)
{
    struct event event = read_good(TAGS("\"environment\": \"prod\", \"release\": 100, \"level\": "
                                        "\"info\", \"logger\": \"web\", \"color\": \"red\""));
    (void)state;
    assert_string_equal(event.environment, "prod");
    assert_string_equal(event.release, "100");
    assert_string_equal(event.level, "info");
    assert_string_equal(event.logger, "web");
    assert_int_equal(event.tag_count, 5);
    assert_string_equal(tag(&event, "environment"), "prod");
    assert_string_equal(tag(&event, "sentry:release"), "100");
    assert_string_equal(tag(&event, "color"), "red");
}

static void test_a_tag_without_a_value_does_not_count(void **state)
{
    struct event event = read_good(
        TAGS("\"environment\": \"\", \"release\": \"\", \"level\": \"\", \"color\": \"\""));
    (void)state;
    assert_string_equal(event.environment, "");
    assert_null(event.release);
    assert_null(event.level);
    assert_int_equal(event.tag_count, 0);
}

static void test_a_long_logger_is_cut(void **state)
{
    char line[512];
    char name[201];
    (void)state;
    memset(name, 'a', 200);
    name[200] = '\0';
    (void)snprintf(line, sizeof(line), TAGS("\"logger\": \"%s\""), name);
    struct event event = read_good(line);
    assert_int_equal(strlen(event.logger), 64);
    assert_string_equal(tag(&event, "logger"), name);
}

static void assert_user(const char *line, const char *user_tag, const char *hash)
{
    struct event event = read_good(line);
    assert_string_equal(event.user_tag, user_tag);
    assert_string_equal(event.user_hash, hash);
    assert_string_equal(tag(&event, "sentry:user"), user_tag);
}

/* The hashes are the MD5 of "7", "jane", "j@example.com", "::1" and "a:b". */
static void test_the_first_attribute_names_the_user(void **state)
{
    (void)state;
    assert_user(USER("\"id\": 7, \"username\": \"jane\""), "id:7",
                "8f14e45fceea167a5a36dedd4bea2543");
    assert_user(USER("\"email\": \"j@example.com\", \"username\": \"jane\""), "username:jane",
                "5844a15e76563fedd11840fd6f40ea7b");
    assert_user(USER("\"ip_address\": \"::1\", \"email\": \"j@example.com\", \"id\": \"\""),
                "email:j@example.com", "19c7cf93d7e33c17730e5fccd7f4ab2e");
    assert_user(USER("\"ip_address\": \"::1\""), "ip:::1", "837ec5754f503cfaaee0929fd48974e7");
    assert_user(USER("\"id\": \"a:b\""), "id:a:b", "d8160c9b3dc20d4e931aeb4f45262155");
}

static void test_the_user_displaces_a_user_tag(void **state)
{
    (void)state;
    struct event event = read_good(
        EVENT("\"tags\": {\"user\": \"id:9\"}, \"sentry.interfaces.User\": {\"id\": \"7\"}"));
    assert_int_equal(event.tag_count, 1);
    assert_string_equal(tag(&event, "sentry:user"), "id:7");
    event = read_good(TAGS("\"user\": \"id:9\""));
    assert_string_equal(tag(&event, "sentry:user"), "id:9");
    assert_null(event.user_tag);
}

static void assert_bad(const char *line, const char *reason)
{
    struct event event = read_line(line);
    assert_int_equal(event.state, EVENT_BAD);
    assert_string_equal(event.reason, reason);
}

static void test_what_is_wrong_makes_a_bad_event(void **state)
{
    (void)state;
    assert_bad("[]", "no JSON object");
}

static void test_a_bad_environment_is_dropped(void **state)
{
    struct event event = read_good(TAGS("\"environment\": \"a/b\", \"color\": \"red\""));
    (void)state;
    assert_string_equal(event.environment, "");
    assert_int_equal(event.tag_count, 1);
    assert_string_equal(tag(&event, "color"), "red");
    assert_int_equal(event.line.dropped, 1);
    assert_string_equal(event.line.drop_reason,
                        "the tag 'environment' has a slash or line break or over 64 characters");
}

static void test_times_move_together(void **state)
{
    struct error error;
    struct event event = read_good(EVENT("\"received\": 1512888947"));
    int64_t datetime = event.line.datetime;
    (void)state;
    assert_true(event_shift(&event, 5 * USEC_PER_SECOND, &error));
    assert_int_equal(event.line.datetime, datetime + 5 * USEC_PER_SECOND);
    assert_int_equal(event.line.received, datetime + 6 * USEC_PER_SECOND);
    event = read_good(EVENT(""));
    assert_true(event_shift(&event, -1, &error));
    assert_int_equal(event.line.datetime, datetime - 1);
    assert_true(event.line.received == USEC_NONE);
}

static void test_times_stay_within_the_calendar(void **state)
{
    struct error error;
    struct event event = read_good(EVENT(""));
    (void)state;
    assert_false(event_shift(&event, USEC_LAST, &error));
    assert_false(event_shift(&event, INT64_MAX, &error));
    assert_false(event_shift(&event, USEC_FIRST * 2, &error));
    assert_int_equal(error.code, ERROR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_event_that_says_nothing, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(test_what_tags_say_stays_a_tag, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(test_a_tag_without_a_value_does_not_count, make_arena,
                                        free_arena),
        cmocka_unit_test_setup_teardown(test_a_long_logger_is_cut, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(test_the_first_attribute_names_the_user, make_arena,
                                        free_arena),
        cmocka_unit_test_setup_teardown(test_the_user_displaces_a_user_tag, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(test_what_is_wrong_makes_a_bad_event, make_arena,
                                        free_arena),
        cmocka_unit_test_setup_teardown(test_a_bad_environment_is_dropped, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(test_times_move_together, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(test_times_stay_within_the_calendar, make_arena,
                                        free_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
