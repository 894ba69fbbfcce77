/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/event_line.h"

#include "base/buffer.h"
#include "mutate.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ID "\"event_id\": \"656ff65f2ad85adfcd47958838977531\""
/* The smallest event, and room for more members. */
#define EVENT(more)                                                                                \
    "{" ID                                                                                         \
    ", \"project_id\": 1, \"primary_hash\": \"h\", \"datetime\": \"2017-12-10T06:55:46Z\"" more    \
    "}"
#define DATA(data) EVENT(", \"data\": {" data "}")
#define TAGS(tags) DATA("\"tags\": " tags)
#define USER(user) DATA("\"sentry.interfaces.User\": " user)

static const char sample[] =
    "{" ID ", \"hashes\": [\"bff54c7659516d6791d73c5d54d91293\"], \"primary_hash\":"
    " \"bff54c7659516d6791d73c5d54d91293\", \"project_id\": 1, \"message\": \"reverse mapping "
    "failed\","
    " \"platform\": \"other\", \"datetime\": \"2017-12-10T06:55:46.000000Z\", \"data\": "
    "{\"received\":"
    " 1512888946, \"tags\": {\"server_name\": \"LabSZ\", \"logger\": \"sshd\", \"pid\": \"24200\"},"
    " \"sentry.interfaces.User\": {\"username\": \"webmaster\", \"ip_address\": "
    "\"173.234.31.186\"}}}";

static struct arena *arena;

static int make_arena(void **state)
{
    (void)state;
    arena = arena_new((size_t)4 * EVENT_LINE_MAX);
    return arena == NULL ? -1 : 0;
}

static int free_arena(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static struct event_line parse(const char *line)
{
    struct error error;
    struct event_line event;
    if (!event_line_parse(line, strlen(line), arena, &event, &error))
        fail_msg("%s: %s", line, error.message);
    return event;
}

static void assert_refused(const char *line, const char *reason)
{
    struct error error;
    struct event_line event;
    if (event_line_parse(line, strlen(line), arena, &event, &error))
        fail_msg("taken: %s", line);
    assert_int_equal(error.code, ERROR_INVALID);
    assert_string_equal(error.message, reason);
}

/* The line is accepted, but `count` of its parts are dropped. */
static struct event_line assert_dropped(const char *line, size_t count, const char *reason)
{
    struct event_line event = parse(line);
    assert_int_equal(event.dropped, count);
    assert_string_equal(event.drop_reason, reason);
    return event;
}

static void a_whole_event(void **state)
{
    (void)state;
    struct event_line event = parse(sample);
    assert_string_equal(event.event_id, "656ff65f2ad85adfcd47958838977531");
    assert_int_equal(event.project_id, 1);
    assert_int_equal(event.hash_count, 1);
    assert_string_equal(event.hashes[0], "bff54c7659516d6791d73c5d54d91293");
    assert_string_equal(event.message, "reverse mapping failed");
    assert_string_equal(event.platform, "other");
    assert_int_equal(event.datetime, INT64_C(1512888946) * USEC_PER_SECOND);
    assert_int_equal(event.received, INT64_C(1512888946) * USEC_PER_SECOND);
    assert_int_equal(event.tag_count, 3);
    assert_string_equal(event.tags[0].key, "server_name");
    assert_string_equal(event.tags[0].value, "LabSZ");
    assert_string_equal(event.tags[2].key, "pid");
    assert_string_equal(event.tags[2].value, "24200");
    assert_null(event.user.id);
    assert_null(event.user.email);
    assert_string_equal(event.user.username, "webmaster");
    assert_string_equal(event.user.ip_address, "173.234.31.186");
}

static void the_least_event(void **state)
{
    (void)state;
    struct event_line event = parse(EVENT(""));
    assert_int_equal(event.hash_count, 1);
    assert_string_equal(event.hashes[0], "h");
    assert_string_equal(event.message, "");
    assert_null(event.platform);
    assert_int_equal(event.received, USEC_NONE);
    assert_int_equal(event.tag_count, 0);
    assert_null(event.user.id);
    event =
        parse(EVENT(", \"message\": null, \"platform\": null, \"hashes\": null, \"data\": null"));
    assert_string_equal(event.hashes[0], "h");
    event = parse(DATA("\"tags\": null, \"received\": null, \"sentry.interfaces.User\": null"));
    assert_int_equal(event.tag_count, 0);
}

static void lines_that_are_no_events(void **state)
{
    (void)state;
    assert_refused("", "not valid JSON at byte 0");
    assert_refused("[1]", "no JSON object");
    assert_refused("null", "no JSON object");
    assert_refused("{}", "project_id is no whole number from 1");
    assert_refused("{\"project_id\": 0}", "project_id is no whole number from 1");
    assert_refused("{\"project_id\": true}", "project_id is no whole number from 1");
    assert_refused("{\"project_id\": 9223372036854775808}", "project_id is no whole number from 1");
    assert_refused("{\"project_id\": 1}", "event_id is not 32 hex digits");
    assert_refused("{\"project_id\": 1, " ID "}", "neither hashes nor primary_hash is there");
    assert_refused("{\"project_id\": 1, " ID ", \"primary_hash\": \"h\"}",
                   "datetime is neither a text nor seconds since 1970");
    assert_refused(EVENT(", \"datetime\": \"2017-13-10T06:55:46Z\""),
                   "datetime: not a time as in 2020-03-25T16:12:18Z of the years 0001 to 9999");
    assert_refused(EVENT(", \"message\": 5"), "message is no text");
    assert_refused(EVENT(", \"platform\": []"),
                   "platform is no text of at most 64 characters in one line");
    assert_refused(EVENT(", \"platform\": \"a\\nb\""),
                   "platform is no text of at most 64 characters in one line");
    assert_refused(EVENT(", \"data\": []"), "data is no map");
}

static void event_ids(void **state)
{
    (void)state;
    struct event_line event =
        parse(EVENT(", \"event_id\": \"656FF65F-2AD8-5ADF-CD47-958838977531\""));
    assert_string_equal(event.event_id, "656ff65f2ad85adfcd47958838977531");
    static const char reason[] = "event_id is not 32 hex digits";
    assert_refused(EVENT(", \"event_id\": \"656ff65f2ad85adfcd4795883897753\""), reason);
    assert_refused(EVENT(", \"event_id\": \"656ff65f2ad85adfcd479588389775311\""), reason);
    assert_refused(EVENT(", \"event_id\": \"656ff65f2ad85adfcd4795883897753g\""), reason);
    assert_refused(EVENT(", \"event_id\": 65"), reason);
}

static void hashes(void **state)
{
    (void)state;
    struct event_line event = parse(EVENT(", \"hashes\": [\"b\", \"a\", \"b\", \"xyz\"]"));
    assert_int_equal(event.hash_count, 3);
    assert_string_equal(event.hashes[0], "b");
    assert_string_equal(event.hashes[1], "a");
    assert_string_equal(event.hashes[2], "xyz");
    static const char bad_list[] = "hashes is no list of at least one";
    static const char bad_hash[] = "a hash is no text of 1 to 32 bytes";
    assert_refused(EVENT(", \"hashes\": []"), bad_list);
    assert_refused(EVENT(", \"hashes\": \"a\""), bad_list);
    assert_refused(EVENT(", \"hashes\": [\"\"]"), bad_hash);
    assert_refused(EVENT(", \"hashes\": [5]"), bad_hash);
    assert_refused(EVENT(", \"hashes\": [null]"), bad_hash);
    assert_refused(EVENT(", \"hashes\": [\"123456789012345678901234567890123\"]"), bad_hash);
    assert_refused(EVENT(", \"primary_hash\": 5"), bad_hash);
}

static void received(void **state)
{
    (void)state;
    assert_int_equal(parse(DATA("\"received\": 1.5")).received, 1500000);
    assert_int_equal(parse(DATA("\"received\": 1512888946.123457")).received, 1512888946123457);
    assert_int_equal(parse(DATA("\"received\": -1.25")).received, -1250000);
    assert_int_equal(parse(DATA("\"received\": 0")).received, 0);
    static const char reason[] = "received is no time in seconds since 1970";
    assert_refused(DATA("\"received\": \"1512888946\""), reason);
    assert_refused(DATA("\"received\": 1e300"), reason);
    assert_refused(DATA("\"received\": 253402300800"), reason);
    assert_refused(DATA("\"received\": -1e400"), reason);
    assert_refused(DATA("\"received\": NaN"), reason);
    assert_refused(DATA("\"received\": true"), reason);
}

static void assert_tag(struct event_line event, size_t i, const char *key, const char *value)
{
    assert_true(i < event.tag_count);
    assert_string_equal(event.tags[i].key, key);
    assert_string_equal(event.tags[i].value, value);
}

static void reserved_keys_and_repeated_ones(void **state)
{
    (void)state;
    struct event_line event = parse(
        TAGS("[[\"release\", \"1\"], [\"a\", \"x\"], [\"sentry:release\", \"2\"], [\"a\", \"y\"],"
             " [\"user\", \"id:1\"], [\"dist\", \"d\"], [\"filename\", \"f\"],"
             " [\"function\", \"g\"], [\"environment\", \"e\"]]"));
    assert_int_equal(event.tag_count, 7);
    assert_tag(event, 0, "sentry:release", "2");
    assert_tag(event, 1, "a", "y");
    assert_tag(event, 2, "sentry:user", "id:1");
    assert_tag(event, 3, "sentry:dist", "d");
    assert_tag(event, 4, "sentry:filename", "f");
    assert_tag(event, 5, "sentry:function", "g");
    assert_tag(event, 6, "environment", "e");
    event = parse(TAGS("{\"a\": \"x\", \"release\": \"1\", \"a\": \"z\"}"));
    assert_int_equal(event.tag_count, 2);
    assert_tag(event, 0, "a", "z");
}

static void assert_value(const char *json, const char *text)
{
    char line[1000];
    (void)snprintf(line, sizeof(line), TAGS("{\"k\": %s}"), json);
    struct event_line event = parse(line);
    assert_int_equal(event.tag_count, 1);
    assert_string_equal(event.tags[0].value, text);
}

/* Numbers are printed as by Python's json module and str(). */
static void tag_values_that_are_no_text(void **state)
{
    (void)state;
    assert_value("100", "100");
    assert_value("-9223372036854775808", "-9223372036854775808");
    assert_value("18446744073709551616", "18446744073709551616");
    assert_value("0.5", "0.5");
    assert_value("0.1", "0.1");
    assert_value("1.0", "1.0");
    assert_value("1.50", "1.5");
    assert_value("-0.0", "-0.0");
    assert_value("1e5", "100000.0");
    assert_value("123456789012345680.0", "1.2345678901234568e+17");
    assert_value("1e15", "1000000000000000.0");
    assert_value("1e16", "1e+16");
    assert_value("1e-4", "0.0001");
    assert_value("1e-5", "1e-05");
    assert_value("1.7976931348623157e308", "1.7976931348623157e+308");
    assert_value("5e-324", "5e-324");
    assert_value("0.30000000000000004", "0.30000000000000004");
    assert_value("true", "true");
    assert_value("false", "false");
    assert_value("\"\"", "");
    assert_value("\"\\u00fc\\ud800\"", "\xc3\xbc\xef\xbf\xbd");
    assert_value("\"\\\\u0000\"", "\\u0000");
}

static void assert_one_dropped(const char *line, const char *reason)
{
    struct event_line event = assert_dropped(line, 1, reason);
    assert_int_equal(event.tag_count, 0);
}

static void bad_tags(void **state)
{
    (void)state;
    static const char bad_key[] = "a tag key is not 1 to 32 of [a-zA-Z0-9_.:-]";
    assert_one_dropped(TAGS("5"), "tags is neither a map nor a list of pairs");
    assert_one_dropped(TAGS("{\"\": \"v\"}"), bad_key);
    assert_one_dropped(TAGS("{\"a b\": \"v\"}"), bad_key);
    assert_one_dropped(TAGS("{\"\\u00e9\": \"v\"}"), bad_key);
    assert_one_dropped(TAGS("{\"abcdefghijklmnopqrstuvwxyz1234567\": \"v\"}"), bad_key);
    assert_tag(parse(TAGS("{\"abcdefghijklmnopqrstuvwxyz_.:-12\": \"v\"}")), 0,
               "abcdefghijklmnopqrstuvwxyz_.:-12", "v");
    assert_one_dropped(TAGS("{\"k\": null}"), "the tag 'k' has no plain value");
    assert_one_dropped(TAGS("{\"k\": [1]}"), "the tag 'k' has no plain value");
    assert_one_dropped(TAGS("{\"k\": {}}"), "the tag 'k' has no plain value");
    assert_one_dropped(TAGS("{\"k\": \"a\\nb\"}"),
                       "the tag 'k' has a value with a newline or of over 200 characters");
    static const char bad_pair[] = "a tag is no pair of a key and a value";
    assert_one_dropped(TAGS("[[\"k\"]]"), bad_pair);
    assert_one_dropped(TAGS("[[\"k\", \"v\", \"w\"]]"), bad_pair);
    assert_one_dropped(TAGS("[[5, \"v\"]]"), bad_pair);
    assert_one_dropped(TAGS("[\"k\"]"), bad_pair);
    assert_one_dropped(TAGS("[{\"k\": \"v\"}]"), bad_pair);
}

static void the_rest_of_the_tags_stays(void **state)
{
    (void)state;
    struct event_line event =
        assert_dropped(TAGS("{\"a/b\": \"1\", \"b\": \"2\", \"c\": null, \"d\": \"4\"}"), 2,
                       "a tag key is not 1 to 32 of [a-zA-Z0-9_.:-]");
    assert_int_equal(event.tag_count, 2);
    assert_tag(event, 0, "b", "2");
    assert_tag(event, 1, "d", "4");
    event = assert_dropped(TAGS("[null, [\"a\", \"1\"], [\"b\", \"x\\ny\"]]"), 2,
                           "a tag is no pair of a key and a value");
    assert_int_equal(event.tag_count, 1);
    event = assert_dropped(
        DATA(
            "\"tags\": {\"a\": \"1\"}, \"sentry.interfaces.User\": {\"id\": \"7\", \"email\": []}"),
        1, "the user's email has no plain value");
    assert_tag(event, 0, "a", "1");
    assert_string_equal(event.user.id, "7");
}

static void lengths_count_characters(void **state)
{
    (void)state;
    char line[2000];
    char value[500];
    for (size_t i = 0; i < 201; i++)
        memcpy(value + 2 * i, "\xc3\xa9", 2);
    value[402] = '\0';
    (void)snprintf(line, sizeof(line), TAGS("{\"k\": \"%s\"}"), value);
    assert_one_dropped(line, "the tag 'k' has a value with a newline or of over 200 characters");
    (void)snprintf(line, sizeof(line), TAGS("{\"k\": \"%s\"}"), value + 2);
    assert_tag(parse(line), 0, "k", value + 2);
}

static void users(void **state)
{
    (void)state;
    struct event_line event =
        parse(USER("{\"id\": 42, \"email\": \"a@b.c\", \"username\": \"\", \"ip_address\": null}"));
    assert_string_equal(event.user.id, "42");
    assert_string_equal(event.user.email, "a@b.c");
    assert_null(event.user.username);
    assert_null(event.user.ip_address);
    assert_one_dropped(USER("[]"), "the user is no map");
    assert_one_dropped(USER("{\"id\": {}}"), "the user's id has no plain value");
    assert_one_dropped(USER("{\"username\": \"a\\nb\"}"),
                       "the user's username has a newline or over 128 characters");
    char line[1000];
    char email[77];
    memset(email, 'e', 76);
    email[76] = '\0';
    (void)snprintf(line, sizeof(line), USER("{\"email\": \"%s\"}"), email);
    assert_one_dropped(line, "the user's email has a newline or over 75 characters");
    (void)snprintf(line, sizeof(line), USER("{\"email\": \"%s\"}"), email + 1);
    assert_string_equal(parse(line).user.email, email + 1);
}

static void what_stands_beside_the_event_id(void **state)
{
    (void)state;
    struct event_line event = parse(EVENT(
        ", \"tags\": [[\"color\", \"red\"], [\"level\", \"info\"]], \"environment\": \"prod\","
        " \"release\": \"1.0\", \"dist\": \"7\", \"level\": \"error\", \"logger\": \"\","
        " \"server_name\": null, \"transaction\": \"/cart\", \"received\": 1.5,"
        " \"user\": {\"id\": 7, \"name\": \"Jane\"}"));
    assert_int_equal(event.tag_count, 6);
    assert_tag(event, 0, "color", "red");
    assert_tag(event, 1, "level", "error");
    assert_tag(event, 2, "environment", "prod");
    assert_tag(event, 3, "sentry:release", "1.0");
    assert_tag(event, 4, "sentry:dist", "7");
    assert_tag(event, 5, "transaction", "/cart");
    assert_int_equal(event.received, 1500000);
    assert_string_equal(event.user.id, "7");
    assert_int_equal(event.dropped, 0);
    event = assert_dropped(EVENT(", \"release\": {\"version\": \"1\"}, \"tags\": {\"a\": \"b\"}"),
                           1, "the tag 'release' has no plain value");
    assert_tag(event, 0, "a", "b");
}

static void data_comes_before_the_event(void **state)
{
    (void)state;
    struct event_line event = parse(
        EVENT(", \"tags\": {\"a\": 1, \"b\": 1}, \"level\": \"info\", \"received\": 1,"
              " \"user\": {\"id\": 7, \"email\": \"a@b.c\"}, \"data\": {\"tags\": {\"b\": 2,"
              " \"level\": \"error\"}, \"received\": 2, \"user\": {\"username\": \"jane\"}}"));
    assert_int_equal(event.tag_count, 3);
    assert_tag(event, 0, "a", "1");
    assert_tag(event, 1, "b", "2");
    assert_tag(event, 2, "level", "error");
    assert_int_equal(event.received, 2000000);
    assert_null(event.user.id);
    assert_null(event.user.email);
    assert_string_equal(event.user.username, "jane");
    event = parse(DATA("\"user\": {\"id\": 8}, \"sentry.interfaces.User\": {\"id\": 7}"));
    assert_string_equal(event.user.id, "7");
}

static void other_names_of_members(void **state)
{
    (void)state;
    static const char line[] = "{" ID ", \"hashes\": [\"h\"], \"project\": 5, \"timestamp\": %s}";
    static const char *const times[] = {"1512888946.5", "\"2017-12-10T06:55:46.5+00:00\""};
    for (size_t i = 0; i < ARRAY_LENGTH(times); i++) {
        char text[300];
        (void)snprintf(text, sizeof(text), line, times[i]);
        struct event_line event = parse(text);
        assert_int_equal(event.project_id, 5);
        assert_int_equal(event.datetime, INT64_C(1512888946500000));
    }
}

/* Returns `before`, `count` times `item`, and `after`. */
static char *long_line(const char *before, const char *item, size_t count, const char *after)
{
    struct error error;
    struct buffer line;
    buffer_init(&line, EVENT_LINE_MAX);
    assert_true(buffer_append_text(&line, before, &error));
    for (size_t i = 0; i < count; i++)
        assert_true(buffer_printf(&line, &error, "%s%s", i == 0 ? "" : ",", item));
    assert_true(buffer_append_text(&line, after, &error));
    return line.data; /* for free(), as the buffer uses malloc */
}

static void assert_bound(const char *before, const char *item, const char *after, size_t bound)
{
    struct error error;
    struct event_line event;
    char *line = long_line(before, item, bound, after);
    assert_true(event_line_parse(line, strlen(line), arena, &event, &error));
    free(line);
    line = long_line(before, item, bound + 1, after);
    assert_false(event_line_parse(line, strlen(line), arena, &event, &error));
    assert_int_equal(error.code, ERROR_TOO_LARGE);
    free(line);
}

static void bounds(void **state)
{
    (void)state;
    static const char start[] =
        "{" ID ", \"project_id\": 1, \"datetime\": \"2017-12-10T06:55:46Z\",";
    char before[300];
    (void)snprintf(before, sizeof(before), "%s \"hashes\": [", start);
    assert_bound(before, "\"h\"", "]}", EVENT_HASHES_MAX);
}

static void the_first_thousand_tags_stay(void **state)
{
    (void)state;
    struct error error;
    struct buffer line;
    buffer_init(&line, EVENT_LINE_MAX);
    assert_true(buffer_append_text(&line,
                                   "{" ID
                                   ", \"project_id\": 1, \"primary_hash\": \"h\", \"datetime\": "
                                   "\"2017-12-10T06:55:46Z\", \"data\": {\"tags\": {\"first\": 1",
                                   &error));
    for (int i = 0; i < EVENT_TAGS_MAX + 1; i++)
        assert_true(buffer_printf(&line, &error, ", \"k%d\": %d", i, i));
    assert_true(buffer_append(&line, "}}}", sizeof("}}}"), &error));
    struct event_line event = assert_dropped(line.data, 2, "there are more than 1000 tags");
    assert_int_equal(event.tag_count, EVENT_TAGS_MAX);
    assert_tag(event, 0, "first", "1");
    assert_tag(event, 999, "k998", "998");
    buffer_free(&line);
}

static void a_long_line(void **state)
{
    (void)state;
    struct error error;
    struct event_line event;
    char *line = malloc(EVENT_LINE_MAX + 1);
    assert_non_null(line);
    memset(line, ' ', EVENT_LINE_MAX + 1);
    memcpy(line, sample, sizeof(sample) - 1);
    assert_true(event_line_parse(line, EVENT_LINE_MAX, arena, &event, &error));
    assert_false(event_line_parse(line, EVENT_LINE_MAX + 1, arena, &event, &error));
    assert_int_equal(error.code, ERROR_TOO_LARGE);
    free(line);
}

static void a_full_arena(void **state)
{
    (void)state;
    for (size_t maximum = 0; maximum < 2000; maximum += 16) {
        struct error error = {.code = ERROR_NONE};
        struct event_line event;
        struct arena *small = arena_new(maximum);
        assert_non_null(small);
        if (!event_line_parse(sample, sizeof(sample) - 1, small, &event, &error))
            assert_int_equal(error.code, ERROR_TOO_LARGE);
        else
            assert_true(maximum > 300);
        arena_free(small);
    }
}

static void check_any(const char *text, size_t size)
{
    struct error error = {.code = ERROR_NONE};
    struct event_line event;
    char *copy = mutate_exact_copy(text, size);
    if (event_line_parse(copy, size, arena, &event, &error)) {
        assert_true(event.project_id >= 1 && event.hash_count >= 1);
        assert_int_equal(strlen(event.event_id), 32);
        for (size_t i = 0; i < event.tag_count; i++)
            assert_true(strlen(event.tags[i].value) <= (size_t)4 * EVENT_TAG_VALUE_MAX);
    } else {
        assert_true(error.code == ERROR_INVALID && error.message[0] != '\0');
    }
    arena_reset(arena);
    free(copy);
}

static void spoiled_lines(void **state)
{
    (void)state;
    static const char *const seeds[] = {
        sample, TAGS("[[\"release\", 1.5], [\"a\", true], [\"a\", 18446744073709551616]]"),
        USER("{\"id\": 42, \"email\": \"a\\ud83d\\ude00@b.c\", \"username\": \"\xc3\xa9\"}"),
        EVENT(", \"hashes\": [\"b\", \"a\", \"b\"], \"data\": {\"received\": 1.25e9}")};
    struct mutator mutator = {.state = 20171210};
    char text[4096];
    for (size_t i = 0; i < 40000; i++) {
        const char *seed = seeds[i % ARRAY_LENGTH(seeds)];
        size_t size = strlen(seed);
        memcpy(text, seed, size + 1);
        check_any(text, mutate(&mutator, text, size, sizeof(text)));
    }
    for (size_t size = 0; size < sizeof(sample) - 1; size++)
        check_any(sample, size);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_event),
        cmocka_unit_test(the_least_event),
        cmocka_unit_test(lines_that_are_no_events),
        cmocka_unit_test(event_ids),
        cmocka_unit_test(hashes),
        cmocka_unit_test(received),
        cmocka_unit_test(reserved_keys_and_repeated_ones),
        cmocka_unit_test(tag_values_that_are_no_text),
        cmocka_unit_test(what_stands_beside_the_event_id),
        cmocka_unit_test(data_comes_before_the_event),
        cmocka_unit_test(other_names_of_members),
        cmocka_unit_test(bad_tags),
        cmocka_unit_test(the_rest_of_the_tags_stays),
        cmocka_unit_test(the_first_thousand_tags_stay),
        cmocka_unit_test(lengths_count_characters),
        cmocka_unit_test(users),
        cmocka_unit_test(bounds),
        cmocka_unit_test(a_long_line),
        cmocka_unit_test(a_full_arena),
        cmocka_unit_test(spoiled_lines),
    };
    return cmocka_run_group_tests(tests, make_arena, free_arena);
}
