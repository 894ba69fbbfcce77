/* SPDX-License-Identifier: Apache-2.0 */
/* The dead list: adding, listing, retrying and dropping entries, and pending ones. */
#include "job/dead.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../export_fixture.h"

#define QUEUE    "data_export"
#define LONG_AGO "'2020-03-25 16:12:18+00'"

static int prepare_dead(void **state)
{
    struct fixture *fixture = *state;
    run_sql(fixture->pg, "TRUNCATE exportd.dead RESTART IDENTITY");
    return prepare(state);
}

static void add_bytes(struct fixture *fixture, const char *bytes, size_t size, const char *reason)
{
    struct error error;
    const struct dead_message message = {
        .queue = QUEUE, .worker = "one", .bytes = bytes, .size = size, .reason = reason};
    if (!dead_add(fixture->pg, &message, &error))
        fail_msg("%s", error.message);
}

static void add(struct fixture *fixture, const char *text)
{
    add_bytes(fixture, text, strlen(text), "because");
}

static void add_pending(struct fixture *fixture, const char *text, int64_t id)
{
    struct error error;
    const struct dead_message message = {.queue = QUEUE,
                                         .worker = "one",
                                         .bytes = text,
                                         .size = strlen(text),
                                         .priority = 6,
                                         .data_export_id = id,
                                         .pending = true,
                                         .reason = DEAD_NO_ROW};
    if (!dead_add(fixture->pg, &message, &error))
        fail_msg("%s", error.message);
}

static json_t *list(struct fixture *fixture, const char *after, int64_t max)
{
    struct error error;
    json_t *entries = NULL;
    const struct dead_page page = {.queue = QUEUE, .after = after, .max = max};
    if (!dead_list(fixture->pg, &page, &entries, &error))
        fail_msg("%s", error.message);
    return entries;
}

static const char *text_of(const json_t *entries, size_t index, const char *name)
{
    const char *text = json_string_value(json_object_get(json_array_get(entries, index), name));
    assert_non_null(text);
    return text;
}

static void expect_counts(struct fixture *fixture, int64_t dead, int64_t pending)
{
    struct error error;
    struct dead_count count;
    assert_true(dead_count(fixture->pg, QUEUE, &count, &error));
    assert_int_equal(count.dead, dead);
    assert_int_equal(count.pending, pending);
}

static void expect_retried(struct fixture *fixture, int64_t expected)
{
    struct error error;
    int64_t enqueued = -1;
    if (!dead_retry_pending(fixture->pg, QUEUE, &enqueued, &error))
        fail_msg("%s", error.message);
    assert_int_equal(enqueued, expected);
}

static void expect_kept(struct fixture *fixture, const char *entry, enum error_code code,
                        const char *message)
{
    struct error error;
    assert_false(dead_retry(fixture->pg, QUEUE, entry, &error));
    assert_int_equal(error.code, code);
    assert_string_equal(error.message, message);
}

/* ---- adding and listing ---- */

static void pages(void **state)
{
    struct fixture *fixture = *state;
    add(fixture, "a");
    add(fixture, "b");
    add(fixture, "c");
    json_t *page = list(fixture, "", 2);
    assert_int_equal(json_array_size(page), 2);
    assert_string_equal(text_of(page, 0, "message"), "a");
    assert_string_equal(text_of(page, 0, "reason"), "because");
    assert_string_equal(text_of(page, 0, "worker"), "one");
    assert_string_equal(text_of(page, 0, "id"), "1");
    assert_int_equal(strlen(text_of(page, 0, "date_added")), strlen("2020-03-25T16:12:18.123456Z"));
    json_t *rest = list(fixture, text_of(page, 1, "id"), 2);
    assert_int_equal(json_array_size(rest), 1);
    assert_string_equal(text_of(rest, 0, "message"), "c");
    json_decref(rest);
    json_decref(page);
    expect_counts(fixture, 3, 0);
}

static void any_bytes(void **state)
{
    struct fixture *fixture = *state;
    char large[5000];
    memset(large, '\xff', sizeof(large));
    add_bytes(fixture, "a\0\x80z", 4, "a cut \xc3");
    add_bytes(fixture, large, sizeof(large), "large");
    add_bytes(fixture, "", 0, "nothing");
    json_t *entries = list(fixture, "", 10);
    assert_string_equal(text_of(entries, 0, "message"), "a\xef\xbf\xbdz");
    assert_string_equal(text_of(entries, 0, "reason"), "a cut \xef\xbf\xbd");
    assert_int_equal(strlen(text_of(entries, 1, "message")), 3 * 2000);
    assert_string_equal(text_of(entries, 2, "message"), "");
    json_decref(entries);
    expect_sql(fixture->pg, "SELECT encode(message, 'hex') FROM exportd.dead WHERE id = 1",
               "6100807a");
}

/* An intake has died between COMMIT and LREM: its successor adds the message again. */
static void the_same_message_is_there_once(void **state)
{
    struct fixture *fixture = *state;
    add(fixture, "a");
    add_pending(fixture, "a", 27); /* its row may still arrive */
    expect_counts(fixture, 0, 1);
    add(fixture, "a");
    add(fixture, "b");
    expect_counts(fixture, 2, 0);
}

/* ---- retry and drop ---- */

static void retry(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    add(fixture, "{\"data_export_id\": 27, \"limit\": 5}");
    expect_kept(fixture, "1", ERROR_NOT_FOUND, "no export has this id");
    insert_row_of(fixture, 27, LONG_AGO);
    assert_true(dead_retry(fixture->pg, QUEUE, "1", &error));
    expect_sql(fixture->pg, "SELECT concat_ws(' ', state, \"limit\") FROM exportd.export",
               "waiting 5");
    expect_kept(fixture, "1", ERROR_NOT_FOUND, "the dead list has no entry 1");
    add(fixture, "{\"data_export_id\": 27}"); /* exportd knows the export now: no error */
    assert_true(dead_retry(fixture->pg, QUEUE, "2", &error));
    expect_counts(fixture, 0, 0);
}

static void what_cannot_be_read_stays(void **state)
{
    struct fixture *fixture = *state;
    add(fixture, "garbage");
    struct error error;
    assert_false(dead_retry(fixture->pg, QUEUE, "1", &error));
    assert_int_equal(error.code, ERROR_INVALID);
    expect_counts(fixture, 1, 0);
}

static void unknown_entries(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    static const char *const wrong[] = {"", "0", "-1", "1-0", "x", "7", "99999999999999999999"};
    add(fixture, "a");
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        json_t *entries = NULL;
        const struct dead_page page = {.queue = QUEUE, .after = wrong[i], .max = 1};
        assert_false(dead_retry(fixture->pg, QUEUE, wrong[i], &error));
        assert_int_equal(error.code, ERROR_NOT_FOUND);
        assert_false(dead_drop(fixture->pg, QUEUE, wrong[i], &error));
        assert_int_equal(error.code, ERROR_NOT_FOUND);
        if (i == 0 || text_equal(wrong[i], "7"))
            continue;
        assert_false(dead_list(fixture->pg, &page, &entries, &error));
        assert_int_equal(error.code, ERROR_NOT_FOUND);
    }
    assert_false(dead_drop(fixture->pg, "another", "1", &error));
    assert_true(dead_drop(fixture->pg, QUEUE, "1", &error));
    expect_counts(fixture, 0, 0);
}

static void retry_all(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    struct dead_retried retried;
    for (int id = 1; id <= 150; id++) {
        char text[64];
        (void)snprintf(text, sizeof(text), "{\"data_export_id\": %d}", id);
        add(fixture, text);
        if (id % 3 == 0)
            insert_row_of(fixture, id, LONG_AGO);
    }
    add(fixture, "garbage");
    assert_true(dead_retry_all(fixture->pg, QUEUE, &retried, &error));
    assert_int_equal(retried.enqueued, 50);
    assert_int_equal(retried.left, 101);
    expect_counts(fixture, 101, 0);
    expect_sql(fixture->pg, "SELECT count(*) FROM exportd.export WHERE state = 'waiting'", "50");
}

/* ---- pending entries ---- */

static void a_row_that_comes_late(void **state)
{
    struct fixture *fixture = *state;
    add_pending(fixture, "{\"data_export_id\": 27}", 27);
    expect_retried(fixture, 0);
    expect_counts(fixture, 0, 1);
    json_t *entries = list(fixture, "", 10); /* not dead yet */
    assert_int_equal(json_array_size(entries), 0);
    json_decref(entries);
    insert_row_of(fixture, 27, LONG_AGO);
    expect_retried(fixture, 1);
    expect_counts(fixture, 0, 0);
    expect_sql(fixture->pg, "SELECT concat_ws(' ', state, priority) FROM exportd.export",
               "waiting 6");
}

static void a_row_that_does_not_come(void **state)
{
    struct fixture *fixture = *state;
    add_pending(fixture, "{\"data_export_id\": 27}", 27);
    expect_sql(fixture->pg,
               "SELECT retry_until - date_added BETWEEN '9 s' AND '11 s' FROM exportd.dead", "t");
    run_sql(fixture->pg, "UPDATE exportd.dead SET retry_until = clock_timestamp()");
    expect_retried(fixture, 0);
    expect_counts(fixture, 1, 0);
    expect_sql(fixture->pg, "SELECT reason FROM exportd.dead", DEAD_NO_ROW);
}

static void a_clock_that_is_set_back(void **state)
{
    struct fixture *fixture = *state;
    add_pending(fixture, "{\"data_export_id\": 27}", 27);
    run_sql(fixture->pg, "UPDATE exportd.dead SET retry_until = retry_until + interval '5 hours'");
    expect_retried(fixture, 0);
    expect_counts(fixture, 0, 1);
    expect_sql(fixture->pg,
               "SELECT retry_until - clock_timestamp() BETWEEN '5 s' AND '10 s' FROM exportd.dead",
               "t");
}

static void one_that_is_refused_holds_up_none(void **state)
{
    struct fixture *fixture = *state;
    add_pending(fixture, "{\"data_export_id\": 27}", 27);
    add_pending(fixture, "{\"data_export_id\": 28}", 28);
    insert_row_of(fixture, 27, LONG_AGO);
    insert_row_of(fixture, 28, LONG_AGO);
    run_sql(fixture->pg,
            "ALTER TABLE exportd.export ADD CONSTRAINT never CHECK (data_export_id <> 27)");
    expect_retried(fixture, 1);
    run_sql(fixture->pg, "ALTER TABLE exportd.export DROP CONSTRAINT never");
    expect_counts(fixture, 1, 0);
    expect_sql(fixture->pg, "SELECT reason LIKE '%23514%' FROM exportd.dead", "t");
}

#define TEST(function) cmocka_unit_test_setup(function, prepare_dead)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pages),
        TEST(any_bytes),
        TEST(the_same_message_is_there_once),
        TEST(retry),
        TEST(what_cannot_be_read_stays),
        TEST(unknown_entries),
        TEST(retry_all),
        TEST(a_row_that_comes_late),
        TEST(a_row_that_does_not_come),
        TEST(a_clock_that_is_set_back),
        TEST(one_that_is_refused_holds_up_none),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
