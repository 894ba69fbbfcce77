/* SPDX-License-Identifier: Apache-2.0 */
/* takeover.c and old_queue.c: a queue that 0.1.0 kept in Redis is taken over. Over a private Redis
   and a private PostgreSQL. */
#include "job/takeover.h"

#include "intake_fixture.h"

#define OLD "exportd:{" QUEUE "}:"

static struct takeover takeover_of(const struct door *door)
{
    return (struct takeover){
        .pg = door->fixture->pg, .redis = door->redis.redis, .queue = QUEUE, .lists = door->lists};
}

static void tell_redis(const struct door *door, const char *words)
{
    redis_reply_free(ask_redis(door->redis.redis, words));
}

static void take_over(const struct door *door, struct takeover_count *count)
{
    struct error error;
    const struct takeover takeover = takeover_of(door);
    if (!takeover_queue(&takeover, count, &error))
        fail_msg("%s", error.message);
}

static void expect_due(const struct door *door, bool expected)
{
    struct error error;
    bool due = !expected;
    const struct takeover takeover = takeover_of(door);
    if (!takeover_is_due(&takeover, &due, &error))
        fail_msg("%s", error.message);
    assert_int_equal(due, expected);
}

/* The messages of kombu's first list; the one that is served next comes first. */
static void expect_served(const struct door *door, const char *const *messages, size_t count)
{
    struct redis_reply *reply = ask_redis(door->redis.redis, "LRANGE " QUEUE " 0 -1");
    assert_int_equal(redis_count(reply), count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(redis_text(redis_item(reply, count - 1 - i), NULL), messages[i]);
    redis_reply_free(reply);
}

/* ---- once ---- */

static void test_a_queue_is_taken_over_once(void **state)
{
    const struct door *door = *state;
    struct error error;
    struct takeover_count count;
    expect_due(door, true);
    take_over(door, &count);
    assert_int_equal(count.dead + count.delayed + count.in_work, 0);
    assert_false(count.paused);
    expect_due(door, false);

    struct takeover other = takeover_of(door);
    bool due = false;
    other.queue = "other";
    assert_true(takeover_is_due(&other, &due, &error));
    assert_true(due);
    assert_true(takeover_end(&other, &error));
    assert_true(takeover_is_due(&other, &due, &error));
    assert_false(due);
}

static void test_an_intake_before_the_takeover_ends_nothing(void **state)
{
    struct door *door = *state;
    lease(&door->intake);
    expect_due(door, true);
    run_sql(door->fixture->pg, "UPDATE exportd.queue SET paused = true");
    struct takeover_count count;
    take_over(door, &count);
    expect_sql(door->fixture->pg, "SELECT concat(intake, ' ', paused) FROM exportd.queue", "one t");
}

static void test_without_redis_it_stays_due(void **state)
{
    const struct door *door = *state;
    struct error error;
    struct takeover_count count;
    struct takeover takeover = takeover_of(door);
    takeover.redis = NULL;
    insert_row_of(door->fixture, 1, "now()");
    run_sql(door->fixture->pg,
            "INSERT INTO exportd.export (data_export_id, date_added, organization_id, query_type,"
            " query_info, state, attempt, failures, rows, bytes, pages)"
            " SELECT id, date_added, organization_id, 0, '', 'waiting', 0, 0, 0, 0, 0"
            " FROM sentry_exporteddata");
    assert_true(takeover_queue(&takeover, &count, &error));
    expect_due(door, true);
    expect_sql(door->fixture->pg,
               "SELECT f.queue FROM exportd.export e JOIN exportd.flow f USING (queue,"
               " organization_id)",
               QUEUE);
}

/* ---- workers ---- */

static void expect_workers(const struct door *door, int64_t lease_seconds, bool refused)
{
    struct error error;
    const struct takeover takeover = takeover_of(door);
    assert_int_equal(takeover_check_workers(&takeover, lease_seconds, &error), !refused);
    if (refused)
        assert_int_equal(error.code, ERROR_CONFLICT);
}

static void test_workers(void **state)
{
    const struct door *door = *state;
    char words[128];
    expect_workers(door, 60, false);
    (void)snprintf(words, sizeof(words), "ZADD " OLD "workers %" PRId64 " dead",
                   clock_wall_usec() / 1000 - 70000);
    tell_redis(door, words);
    expect_workers(door, 60, false);
    expect_workers(door, 80, true);
    (void)snprintf(words, sizeof(words), "ZADD " OLD "workers %" PRId64 " alive",
                   clock_wall_usec() / 1000);
    tell_redis(door, words);
    expect_workers(door, 60, true);
}

/* ---- messages ---- */

static void test_dead_messages(void **state)
{
    const struct door *door = *state;
    struct takeover_count count;
    tell_redis(door, "XADD " OLD "dead 1585152738123-0 message {\"data_export_id\":7} reason"
                     " \xff worker w");
    tell_redis(door, "XADD " OLD "dead 1585152738123-1 other field");
    for (int i = 0; i < 70; i++) {
        char words[128];
        (void)snprintf(words, sizeof(words), "XADD " OLD "dead 1585152738124-%d message %d", i, i);
        tell_redis(door, words);
    }
    take_over(door, &count);
    assert_int_equal(count.dead, 72);
    expect_no_keys(door);
    expect_sql(door->fixture->pg, "SELECT count(*) FROM exportd.dead", "72");
    expect_sql(door->fixture->pg,
               "SELECT concat_ws(' ', extract(epoch FROM date_added), queue, priority, reason,"
               " worker, data_export_id, retry_until, convert_from(message, 'UTF8'))"
               " FROM exportd.dead WHERE id = 1",
               "1585152738.123000 " QUEUE " 0 \xef\xbf\xbd w 7 {\"data_export_id\":7}");
}

/* Dead messages that were in PostgreSQL before a crash are not added again. */
static void test_dead_messages_that_were_not_removed(void **state)
{
    const struct door *door = *state;
    struct takeover_count count;
    for (int i = 0; i < 2; i++) {
        tell_redis(door, "XADD " OLD "dead 1585152738123-0 message m reason r worker w");
        take_over(door, &count);
        assert_int_equal(count.dead, 1);
    }
    expect_sql(door->fixture->pg, "SELECT count(*) FROM exportd.dead", "1");
}

static void test_messages_in_work_are_served_next(void **state)
{
    const struct door *door = *state;
    struct takeover_count count;
    push_text(door, QUEUE, "waits");
    push_text(door, OLD "processing:one", "first");
    push_text(door, OLD "processing:one", "second");
    push_text(door, "exportd:{other}:processing:one", "of another queue");
    take_over(door, &count);
    assert_int_equal(count.in_work, 2);
    expect_served(door, (const char *[]){"first", "second", "waits"}, 3);
    assert_int_equal(length_of(door, "exportd:{other}:processing:one"), 1);
}

static void test_delayed_messages(void **state)
{
    const struct door *door = *state;
    struct takeover_count count;
    for (int i = 0; i < 70; i++) {
        char words[128];
        (void)snprintf(words, sizeof(words), "ZADD " OLD "delayed %d message-%d", i, i);
        tell_redis(door, words);
    }
    take_over(door, &count);
    assert_int_equal(count.delayed, 70);
    assert_int_equal(length_of(door, QUEUE), 70);
}

static void test_what_is_special_in_a_name(void **state)
{
    const struct door *door = *state;
    struct error error;
    struct takeover_count count;
    struct intake_naming naming = plain_naming;
    naming.key_prefix = "a*";
    naming.queue = "[b]?\\";
    struct intake_lists *lists = intake_lists_new(&naming);
    assert_non_null(lists);
    struct takeover takeover = takeover_of(door);
    takeover.queue = naming.queue;
    takeover.lists = lists;
    push_text(door, "exportd:{a*[b]?\\}:processing:w", "ours");
    push_text(door, "exportd:{aab??}:processing:w", "of another queue");
    push_text(door, "exportd:{axxb?\\}:processing:w", "of another queue");
    assert_true(takeover_queue(&takeover, &count, &error));
    assert_int_equal(count.in_work, 1);
    assert_int_equal(length_of(door, "a*[b]?\\"), 1);
    intake_lists_free(lists);
}

static void test_pause_and_notes(void **state)
{
    const struct door *door = *state;
    struct takeover_count count;
    tell_redis(door, "SET " OLD "paused 1");
    tell_redis(door, "SET " OLD "swept 1");
    tell_redis(door, "HSET " OLD "crashes a 1");
    tell_redis(door, "HSET " OLD "missing a 1");
    tell_redis(door, "ZADD " OLD "known 1 w");
    tell_redis(door, "ZADD " OLD "workers 1 w");
    take_over(door, &count);
    assert_true(count.paused);
    expect_no_keys(door);
    expect_sql(door->fixture->pg, "SELECT paused FROM exportd.queue", "t");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DOOR_TEST(test_a_queue_is_taken_over_once),
        DOOR_TEST(test_an_intake_before_the_takeover_ends_nothing),
        DOOR_TEST(test_without_redis_it_stays_due),
        DOOR_TEST(test_workers),
        DOOR_TEST(test_dead_messages),
        DOOR_TEST(test_dead_messages_that_were_not_removed),
        DOOR_TEST(test_messages_in_work_are_served_next),
        DOOR_TEST(test_delayed_messages),
        DOOR_TEST(test_what_is_special_in_a_name),
        DOOR_TEST(test_pause_and_notes),
    };
    return cmocka_run_group_tests(tests, start_door, stop_door);
}
