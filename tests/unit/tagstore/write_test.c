/*
 * The write methods against real tables: EXPORTD_TEST_DATABASE_URL names a migrated database (with
 * --standalone) without rows; tests/system/test_units.py gives it. Skipped without. Each
 * test is a transaction that is rolled back, but for those that need several.
 */
#include "base/text.h"
#include "tagstore/postgres/postgres_tagstore.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { MAIN_PROJECT = 1, OTHER_PROJECT = 2 };

static struct pg *pg;
static struct tagstore *store;
static struct arena *arena;
static struct error error;

/* Every call has to succeed unless a test says otherwise. */
static void ok(bool done)
{
    if (!done)
        fail_msg("%s", error.message);
}

static void refused(bool done, enum error_code code)
{
    assert_false(done);
    assert_int_equal(error.code, code);
}

static struct pg *connect_pg(void)
{
    struct pg *made = pg_new(getenv("EXPORTD_TEST_DATABASE_URL"), "test");
    assert_non_null(made);
    ok(pg_connect(made, &error));
    return made;
}

static int start(void **state)
{
    (void)state;
    if (getenv("EXPORTD_TEST_DATABASE_URL") == NULL)
        return 0;
    pg = connect_pg();
    store = postgres_tagstore_new(pg);
    arena = arena_new((size_t)16 * 1024 * 1024);
    return store == NULL || arena == NULL ? -1 : 0;
}

static int end(void **state)
{
    (void)state;
    tagstore_free(store);
    pg_free(pg);
    arena_free(arena);
    return 0;
}

static int begin(void **state)
{
    (void)state;
    if (pg != NULL)
        ok(pg_begin(pg, &error));
    return 0;
}

static int rollback(void **state)
{
    (void)state;
    if (pg != NULL)
        pg_rollback(pg);
    return 0;
}

static void run(const char *sql)
{
    ok(pg_script(pg, sql, &error));
}

static int clear(void **state)
{
    (void)state;
    if (pg != NULL)
        run("TRUNCATE tagstore_eventtag, tagstore_grouptagvalue, tagstore_grouptagkey,"
            " tagstore_tagvalue, tagstore_tagkey;"
            " DELETE FROM sentry_project; DELETE FROM sentry_organization");
    return 0;
}

static void need_database(void)
{
    if (pg == NULL)
        skip();
}

/* The one text that a query answers with. */
static const char *text_of(const char *sql)
{
    struct pg_result *result = NULL;
    ok(pg_query(pg, sql, NULL, &result, &error));
    assert_int_equal(pg_rows(result), 1);
    const char *text = pg_text(result, 0, 0);
    text = arena_copy(arena, text == NULL ? "" : text, text == NULL ? 0 : strlen(text), &error);
    assert_non_null(text);
    pg_result_free(result);
    return text;
}

/* ---- the tables as a text; times are seconds since 1970 ---- */

#define SECONDS(column) "coalesce(extract(epoch FROM " column ")::bigint::text, '?')"
#define SEEN                                                                                       \
    "' ' || t.times_seen || 'x' || " SECONDS("t.first_seen") " || '-' || " SECONDS("t.last_seen")
#define KEY_JOIN   " t JOIN tagstore_tagkey k ON k.id = t.key_id "
#define VALUE_JOIN KEY_JOIN "JOIN tagstore_tagvalue v ON v.id = t.value_id "

static const char *tag_keys(void)
{
    return text_of("SELECT string_agg(project_id || '/' || environment_id || ' ' || key || ':'"
                   " || values_seen, ', ' ORDER BY project_id, environment_id, key COLLATE \"C\")"
                   " FROM tagstore_tagkey");
}

static const char *tag_values(void)
{
    return text_of("SELECT string_agg(k.environment_id || ' ' || k.key || '=' || t.value ||" SEEN
                   ", ', ' ORDER BY k.environment_id, k.key COLLATE \"C\", t.value COLLATE \"C\")"
                   " FROM tagstore_tagvalue" KEY_JOIN "WHERE t.project_id = 1");
}

static const char *group_keys(void)
{
    return text_of("SELECT string_agg(t.group_id || '/' || k.environment_id || ' ' || k.key || ':'"
                   " || t.values_seen, ', '"
                   " ORDER BY t.group_id, k.environment_id, k.key COLLATE \"C\")"
                   " FROM tagstore_grouptagkey" KEY_JOIN "WHERE t.project_id = 1");
}

static const char *group_values(void)
{
    return text_of("SELECT string_agg(t.group_id || '/' || k.environment_id || ' ' || k.key || '='"
                   " || v.value ||" SEEN ", ', ' ORDER BY t.group_id, k.environment_id,"
                   " k.key COLLATE \"C\", v.value COLLATE \"C\")"
                   " FROM tagstore_grouptagvalue" VALUE_JOIN "WHERE t.project_id = 1");
}

static const char *event_tags(void)
{
    return text_of("SELECT string_agg(t.event_id || ':' || t.group_id || '/' || k.environment_id ||"
                   " ' ' || k.key || '=' || v.value || ' ' || " SECONDS(
                       "t.date_added") ", ', ' ORDER BY t.event_id, k.key COLLATE \"C\", v.value "
                                       "COLLATE \"C\")"
                                       " FROM tagstore_eventtag" VALUE_JOIN
                                       "WHERE t.project_id = 1");
}

/* ---- the places and events of the tests ---- */

static struct tag_place place_of(int64_t group_id, int64_t environment_id, const char *key,
                                 const char *value)
{
    return (struct tag_place){.project_id = MAIN_PROJECT,
                              .group_id = group_id,
                              .environment_id = environment_id,
                              .key = key,
                              .value = value};
}

static int64_t second(int64_t seconds)
{
    return seconds * USEC_PER_SECOND;
}

/* An event of one tag, counted. */
static void observe(int64_t project_id, int64_t group_id, int64_t environment_id, int64_t event_id,
                    const char *key, const char *value, int64_t seconds)
{
    const struct tag_observation observation = {.project_id = project_id,
                                                .group_id = group_id,
                                                .environment_id = environment_id,
                                                .event_id = event_id,
                                                .key = key,
                                                .value = value,
                                                .seen = second(seconds)};
    ok(tagstore_record(store, &observation, 1, &error));
}

static void observe_group(int64_t group_id, int64_t environment_id, int64_t event_id,
                          const char *value, int64_t seconds)
{
    observe(MAIN_PROJECT, group_id, environment_id, event_id, "color", value, seconds);
}

static void incr(int64_t group_id, int64_t environment_id, const char *value, int64_t count,
                 int64_t first_seen, int64_t last_seen)
{
    struct tag_place place = place_of(group_id, environment_id, "color", value);
    struct tag_increment increment = {count, first_seen, last_seen};
    ok(group_id == 0 ? tagstore_incr_tag_value_times_seen(store, &place, &increment, &error)
                     : tagstore_incr_group_tag_value_times_seen(store, &place, &increment, &error));
}

/* ---- get_or_create and create ---- */

static void test_keys(void **state)
{
    (void)state;
    struct tag_place place = place_of(0, 3, "color", NULL);
    struct tag_row first, again;
    bool created = false;
    need_database();
    ok(tagstore_get_or_create_tag_key(store, &place, &first, &created, &error));
    assert_true(created && first.id > 0 && first.values_seen == 0);
    ok(tagstore_get_or_create_tag_key(store, &place, &again, &created, &error));
    assert_false(created);
    assert_int_equal(again.id, first.id);
    refused(tagstore_create_tag_key(store, &place, &again, &error), ERROR_CONFLICT);
    place.environment_id = 0;
    ok(tagstore_create_tag_key(store, &place, &again, &error));
    assert_int_not_equal(again.id, first.id);
    assert_string_equal(tag_keys(), "1/0 color:0, 1/3 color:0");
}

static void test_values(void **state)
{
    (void)state;
    struct tag_place place = place_of(0, 3, "color", "red");
    struct tag_row first, again;
    bool created = false;
    need_database();
    ok(tagstore_create_tag_value(store, &place, &first, &error));
    assert_true(first.id > 0 && first.times_seen == 0);
    assert_true(first.first_seen == USEC_NONE && first.last_seen == USEC_NONE);
    refused(tagstore_create_tag_value(store, &place, &again, &error), ERROR_CONFLICT);
    incr(0, 3, "red", 2, second(5), second(9));
    ok(tagstore_get_or_create_tag_value(store, &place, &again, &created, &error));
    assert_false(created);
    assert_int_equal(again.id, first.id);
    assert_int_equal(again.times_seen, 2);
    assert_int_equal(again.first_seen, second(5));
    assert_int_equal(again.last_seen, second(9));
    place.value = "";
    ok(tagstore_get_or_create_tag_value(store, &place, &again, &created, &error));
    assert_true(created);
    assert_string_equal(tag_keys(), "1/0 color:1, 1/3 color:2");
}

static void test_group_keys(void **state)
{
    (void)state;
    struct tag_place place = place_of(7, 3, "color", NULL);
    struct tag_row first, again;
    bool created = false;
    need_database();
    ok(tagstore_get_or_create_group_tag_key(store, &place, &first, &created, &error));
    assert_true(created && first.values_seen == 0);
    ok(tagstore_get_or_create_group_tag_key(store, &place, &again, &created, &error));
    assert_true(!created && again.id == first.id);
    refused(tagstore_create_group_tag_key(store, &place, &again, &error), ERROR_CONFLICT);
    place.group_id = 8;
    ok(tagstore_create_group_tag_key(store, &place, &again, &error));
    assert_string_equal(group_keys(), "7/3 color:0, 8/3 color:0");
    assert_string_equal(tag_keys(), "1/3 color:0");
}

static void test_group_values(void **state)
{
    (void)state;
    struct tag_place place = place_of(7, 3, "color", "red");
    struct tag_row first, again, key;
    bool created = false;
    need_database();
    ok(tagstore_create_group_tag_value(store, &place, &first, &error));
    assert_true(first.id > 0 && first.times_seen == 0 && first.first_seen == USEC_NONE);
    refused(tagstore_create_group_tag_value(store, &place, &again, &error), ERROR_CONFLICT);
    place.value = "blue";
    ok(tagstore_get_or_create_group_tag_value(store, &place, &again, &created, &error));
    assert_true(created && again.id != first.id);
    ok(tagstore_get_or_create_group_tag_value(store, &place, &again, &created, &error));
    assert_false(created);
    ok(tagstore_get_or_create_group_tag_key(store, &place, &key, &created, &error));
    assert_true(!created && key.values_seen == 2);
    assert_string_equal(tag_keys(), "1/3 color:2");
    assert_string_equal(group_values(), "7/3 color=blue 0x?-?, 7/3 color=red 0x?-?");
    assert_string_equal(tag_values(), "3 color=blue 0x?-?, 3 color=red 0x?-?");
}

static void test_texts_that_are_too_long(void **state)
{
    (void)state;
    struct tag_row row;
    bool created = false;
    need_database();
    char *value = arena_alloc(arena, 202, &error);
    memset(value, 'x', 201);
    struct tag_place place = place_of(7, 3, "color", value);
    refused(tagstore_get_or_create_tag_value(store, &place, &row, &created, &error), ERROR_INVALID);
    pg_rollback(pg);
    ok(pg_begin(pg, &error));
    value[33] = '\0';
    place = place_of(7, 3, value, "red");
    refused(tagstore_get_or_create_tag_key(store, &place, &row, &created, &error), ERROR_INVALID);
}

struct racer {
    pthread_t thread;
    int64_t id;
    struct error error;
    bool done, created;
};

static void *race(void *argument)
{
    struct racer *racer = argument;
    struct pg *mine = pg_new(getenv("EXPORTD_TEST_DATABASE_URL"), "test");
    struct tagstore *my_store = postgres_tagstore_new(mine);
    struct tag_place place = place_of(7, 3, "color", "red");
    struct tag_row row = {.id = 0};
    racer->done = pg_connect(mine, &racer->error) && pg_begin(mine, &racer->error) &&
                  tagstore_get_or_create_group_tag_value(my_store, &place, &row, &racer->created,
                                                         &racer->error) &&
                  pg_commit(mine, &racer->error);
    racer->id = row.id;
    tagstore_free(my_store);
    pg_free(mine);
    return NULL;
}

static void wait_for_lock(struct pg *watcher)
{
    for (int i = 0; i < 1000; i++) {
        struct pg_result *result = NULL;
        ok(pg_query(watcher,
                    "SELECT FROM pg_stat_activity WHERE datname = current_database()"
                    " AND wait_event_type = 'Lock'",
                    NULL, &result, &error));
        bool waits = pg_rows(result) > 0;
        pg_result_free(result);
        if (waits)
            return;
        clock_sleep_ms(10);
    }
    fail_msg("nobody waits for a lock");
}

/* The other one makes the same row, and has to wait for this one's COMMIT. */
static void test_only_one_creates(void **state)
{
    (void)state;
    struct tag_place place = place_of(7, 3, "color", "red");
    struct racer racer = {.created = true};
    struct tag_row row;
    bool created = false;
    need_database();
    struct pg *watcher = connect_pg();
    ok(pg_begin(pg, &error));
    ok(tagstore_create_tag_value(store, &place, &row, &error));
    ok(pg_commit(pg, &error));
    ok(pg_begin(pg, &error));
    ok(tagstore_get_or_create_group_tag_value(store, &place, &row, &created, &error));
    assert_true(created);
    assert_int_equal(pthread_create(&racer.thread, NULL, race, &racer), 0);
    wait_for_lock(watcher);
    ok(pg_commit(pg, &error));
    assert_int_equal(pthread_join(racer.thread, NULL), 0);
    pg_free(watcher);
    if (!racer.done)
        fail_msg("%s", racer.error.message);
    assert_false(racer.created);
    assert_int_equal(racer.id, row.id);
    assert_string_equal(tag_keys(), "1/3 color:1");
    assert_string_equal(group_keys(), "7/3 color:1");
}

/* ---- incr ---- */

static void test_incr_value(void **state)
{
    (void)state;
    need_database();
    incr(0, 3, "red", 1, USEC_NONE, second(50));
    assert_string_equal(tag_values(), "0 color=red 1x50-50, 3 color=red 1x50-50");
    incr(0, 3, "red", 4, second(20), USEC_NONE);
    incr(0, 4, "red", 2, second(30), second(70));
    incr(0, 3, "red", 1, second(40), second(60)); /* within what is known */
    incr(0, 3, "red", 1, USEC_NONE, USEC_NONE);
    assert_string_equal(tag_values(),
                        "0 color=red 9x20-70, 3 color=red 7x20-60, 4 color=red 2x30-70");
    incr(0, 0, "red", 1, USEC_NONE, second(80)); /* no environment: one row */
    incr(0, 4, "blue", 1, USEC_NONE, second(1));
    assert_string_equal(tag_values(),
                        "0 color=blue 1x1-1, 0 color=red 10x20-80, 3 color=red 7x20-60,"
                        " 4 color=blue 1x1-1, 4 color=red 2x30-70");
    assert_string_equal(tag_keys(), "1/0 color:2, 1/3 color:1, 1/4 color:2");
    assert_string_equal(group_values(), "");
}

static void test_incr_group_value(void **state)
{
    (void)state;
    need_database();
    incr(7, 3, "red", 2, second(10), second(20));
    incr(7, 3, "blue", 1, USEC_NONE, second(5));
    incr(8, 4, "red", 1, USEC_NONE, second(30));
    assert_string_equal(group_values(),
                        "7/0 color=blue 1x5-5, 7/0 color=red 2x10-20, 7/3 color=blue 1x5-5,"
                        " 7/3 color=red 2x10-20, 8/0 color=red 1x30-30, 8/4 color=red 1x30-30");
    assert_string_equal(group_keys(), "7/0 color:2, 7/3 color:2, 8/0 color:1, 8/4 color:1");
    assert_string_equal(tag_keys(), "1/0 color:2, 1/3 color:2, 1/4 color:1");
    assert_string_equal(tag_values(), "0 color=blue 0x?-?, 0 color=red 0x?-?, 3 color=blue 0x?-?,"
                                      " 3 color=red 0x?-?, 4 color=red 0x?-?");
}

static void test_incr_stays_within_the_column(void **state)
{
    (void)state;
    need_database();
    incr(0, 3, "red", INT64_MAX, USEC_NONE, USEC_NONE);
    incr(0, 3, "red", 5, USEC_NONE, USEC_NONE);
    incr(7, 3, "red", INT32_MAX - 1, USEC_NONE, USEC_NONE);
    incr(7, 3, "red", INT32_MAX, USEC_NONE, USEC_NONE);
    assert_string_equal(tag_values(), "0 color=red 2147483647x?-?, 3 color=red 2147483647x?-?");
    assert_string_equal(group_values(),
                        "7/0 color=red 2147483647x?-?, 7/3 color=red 2147483647x?-?");
    struct tag_place place = place_of(7, 3, "color", "red");
    struct tag_increment nothing = {0, USEC_NONE, USEC_NONE};
    refused(tagstore_incr_tag_value_times_seen(store, &place, &nothing, &error), ERROR_INVALID);
}

/* ---- create_event_tags ---- */

static void test_event_tags(void **state)
{
    (void)state;
    struct tag_observation event = {.project_id = MAIN_PROJECT,
                                    .group_id = 7,
                                    .environment_id = 3,
                                    .event_id = 100,
                                    .seen = second(10)};
    const struct tag tags[] = {{"size", "big"}, {"color", "red"}, {"color", "blue"}};
    need_database();
    ok(tagstore_create_event_tags(store, &event, tags, 3, &error));
    ok(tagstore_create_event_tags(store, &event, tags, 2, &error));
    ok(tagstore_create_event_tags(store, &event, NULL, 0, &error));
    assert_string_equal(event_tags(), "100:7/3 color=blue 10, 100:7/3 color=red 10,"
                                      " 100:7/3 size=big 10");
    assert_string_equal(tag_keys(), "1/3 color:2, 1/3 size:1");
    assert_string_equal(group_values(), "");
    event.environment_id = 0;
    refused(tagstore_create_event_tags(store, &event, tags, 1, &error), ERROR_INVALID);
}

/* ---- deletions ---- */

static void make_projects(void)
{
    run("INSERT INTO sentry_organization (id, name, slug, status, date_added, default_role, flags)"
        " VALUES (1, 'Acme', 'acme', 0, now(), 'member', 1);"
        " INSERT INTO sentry_project (id, slug, name, organization_id, public, date_added, status)"
        " VALUES (1, 'web', 'web', 1, false, now(), 0), (2, 'api', 'api', 1, false, now(), 0)");
}

static void delete_color(size_t expected)
{
    int64_t *ids = NULL;
    size_t count = 0;
    ok(tagstore_delete_tag_key(store, MAIN_PROJECT, "color", arena, &ids, &count, &error));
    assert_int_equal(count, expected);
    for (size_t i = 0; i < count; i++)
        assert_true(ids[i] > 0);
}

static void test_delete_key(void **state)
{
    (void)state;
    need_database();
    make_projects();
    ok(pg_begin(pg, &error));
    observe(MAIN_PROJECT, 7, 3, 100, "color", "red", 10);
    observe(MAIN_PROJECT, 7, 4, 101, "color", "blue", 10);
    observe(MAIN_PROJECT, 7, 4, 101, "size", "big", 10);
    observe(OTHER_PROJECT, 9, 4, 102, "color", "red", 10);
    ok(pg_commit(pg, &error));
    delete_color(3);
    assert_string_equal(tag_keys(), "1/0 size:1, 1/4 size:1, 2/0 color:1, 2/4 color:1");
    assert_string_equal(group_values(), "7/0 size=big 1x10-10, 7/4 size=big 1x10-10");
    assert_string_equal(group_keys(), "7/0 size:1, 7/4 size:1");
    assert_string_equal(tag_values(), "0 size=big 1x10-10, 4 size=big 1x10-10");
    assert_string_equal(event_tags(), "101:7/4 size=big 10");
    delete_color(0);
}

/* More rows of each kind than a batch has. */
static void test_delete_large_key(void **state)
{
    (void)state;
    need_database();
    make_projects();
    run("INSERT INTO tagstore_tagkey (id, project_id, environment_id, key, values_seen, status)"
        " VALUES (1000000, 1, 0, 'color', 5001, 0);"
        " INSERT INTO tagstore_tagvalue (project_id, key_id, value, times_seen)"
        " SELECT 1, 1000000, n::text, 1 FROM generate_series(1, 5001) n;"
        " INSERT INTO tagstore_grouptagkey (project_id, group_id, key_id, values_seen)"
        " SELECT 1, n, 1000000, 1 FROM generate_series(1, 4000) n;"
        " INSERT INTO tagstore_grouptagvalue (project_id, group_id, key_id, value_id, times_seen)"
        " SELECT 1, 7, 1000000, id, 1 FROM tagstore_tagvalue;"
        " INSERT INTO tagstore_eventtag (project_id, group_id, event_id, key_id, value_id,"
        "  date_added) SELECT 1, 7, id, 1000000, id, now() FROM tagstore_tagvalue");
    delete_color(1);
    assert_string_equal(tag_keys(), "");
    assert_string_equal(text_of("SELECT (SELECT count(*) FROM tagstore_tagvalue)"
                                " + (SELECT count(*) FROM tagstore_grouptagkey)"
                                " + (SELECT count(*) FROM tagstore_grouptagvalue)"
                                " + (SELECT count(*) FROM tagstore_eventtag)"),
                        "0");
}

/* Somebody is in the middle of a batch of this project: the key is hidden already, its rows stay;
   when the way is free, the next call deletes them. */
static void test_delete_key_is_hidden_first(void **state)
{
    (void)state;
    int64_t *ids = NULL;
    size_t count = 0;
    need_database();
    struct pg *writer = connect_pg();
    make_projects();
    ok(pg_begin(pg, &error));
    observe_group(7, 3, 100, "red", 10);
    ok(pg_commit(pg, &error));
    ok(tagstore_check_tag_key(store, MAIN_PROJECT, 3, "color", &error));
    ok(pg_begin(writer, &error));
    ok(pg_script(writer, "SELECT FROM sentry_project WHERE id = 1 FOR KEY SHARE", &error));
    run("SET lock_timeout = '200ms'");
    refused(tagstore_delete_tag_key(store, MAIN_PROJECT, "color", arena, &ids, &count, &error),
            ERROR_TIMEOUT);
    refused(tagstore_check_tag_key(store, MAIN_PROJECT, 3, "color", &error), ERROR_NOT_FOUND);
    assert_string_equal(event_tags(), "100:7/3 color=red 10");
    pg_rollback(writer);
    pg_free(writer);
    run("RESET lock_timeout");
    delete_color(2);
    assert_string_equal(tag_keys(), "");
}

/* Nothing but this keeps a new row from referring to a key or value that is being deleted. */
static void deletion_has_to_wait(void)
{
    struct error why;
    int64_t *ids = NULL;
    size_t count = 0;
    struct pg *other = connect_pg();
    struct tagstore *others = postgres_tagstore_new(other);
    ok(pg_script(other, "SET lock_timeout = '100ms'", &error));
    assert_false(tagstore_delete_tag_key(others, MAIN_PROJECT, "color", arena, &ids, &count, &why));
    assert_int_equal(why.code, ERROR_TIMEOUT);
    tagstore_free(others);
    pg_free(other);
    ok(pg_commit(pg, &error));
}

static void test_deleting_waits_for_writers(void **state)
{
    (void)state;
    const int64_t moved[] = {100};
    const struct tag tags[] = {{"color", "blue"}};
    const struct tag_observation event = {MAIN_PROJECT, 7, 3, 100, NULL, NULL, second(1)};
    struct tag_place place = place_of(7, 3, "color", "red");
    struct tag_row row;
    bool created = false;
    need_database();
    make_projects();
    ok(pg_begin(pg, &error));
    observe_group(6, 3, 99, "red", 10); /* so that nobody has to lock the row of the key */
    observe_group(6, 3, 99, "blue", 10);
    ok(pg_commit(pg, &error));
    for (int writer = 0; writer < 5; writer++) {
        ok(pg_begin(pg, &error));
        if (writer == 0)
            ok(tagstore_get_or_create_group_tag_value(store, &place, &row, &created, &error));
        else if (writer == 1)
            incr(7, 3, "red", 1, USEC_NONE, USEC_NONE);
        else if (writer == 2)
            ok(tagstore_create_event_tags(store, &event, tags, 1, &error));
        else if (writer == 3)
            ok(tagstore_update_group_for_events(store, MAIN_PROJECT, moved, 1, 8, &error));
        else
            ok(tagstore_merge_group(store, MAIN_PROJECT, 8, 9, &error));
        deletion_has_to_wait();
    }
    delete_color(2);
    assert_string_equal(text_of("SELECT (SELECT count(*) FROM tagstore_tagvalue)"
                                " + (SELECT count(*) FROM tagstore_grouptagvalue)"
                                " + (SELECT count(*) FROM tagstore_eventtag)"),
                        "0");
}

/* A batch that refers to a value by an id that it knows from an earlier one. */
static void test_value_is_gone(void **state)
{
    (void)state;
    const struct tag_observation again = {MAIN_PROJECT, 7, 3, 101, "color", "red", second(1)};
    need_database();
    ok(pg_begin(pg, &error));
    observe_group(7, 3, 100, "red", 10);
    ok(pg_commit(pg, &error));
    run("DELETE FROM tagstore_eventtag; DELETE FROM tagstore_grouptagvalue;"
        " DELETE FROM tagstore_tagvalue");
    ok(pg_begin(pg, &error));
    refused(tagstore_record(store, &again, 1, &error), ERROR_CONFLICT);
    pg_rollback(pg);
    ok(pg_begin(pg, &error));
    ok(tagstore_record(store, &again, 1, &error));
    ok(pg_commit(pg, &error));
    assert_string_equal(group_values(), "7/0 color=red 1x1-1, 7/3 color=red 1x1-1");
    assert_string_equal(event_tags(), "101:7/3 color=red 1");
}

static void test_delete_of_group(void **state)
{
    (void)state;
    need_database();
    observe_group(7, 3, 100, "red", 10);
    observe_group(8, 3, 101, "red", 20);
    ok(tagstore_delete_all_group_tag_values(store, MAIN_PROJECT, 7, &error));
    assert_string_equal(group_values(), "8/0 color=red 1x20-20, 8/3 color=red 1x20-20");
    assert_string_equal(group_keys(), "7/0 color:0, 7/3 color:0, 8/0 color:1, 8/3 color:1");
    ok(tagstore_delete_all_group_tag_keys(store, MAIN_PROJECT, 7, &error));
    assert_string_equal(group_keys(), "8/0 color:1, 8/3 color:1");
    ok(tagstore_delete_all_group_tag_keys(store, OTHER_PROJECT, 8, &error));
    assert_string_equal(group_keys(), "8/0 color:1, 8/3 color:1");
    assert_string_equal(tag_values(), "0 color=red 2x10-20, 3 color=red 2x10-20");
}

/* ---- tags that change groups ---- */

static void move_events(const int64_t *ids, size_t count, int64_t destination)
{
    ok(tagstore_update_group_for_events(store, MAIN_PROJECT, ids, count, destination, &error));
}

/* Users of the events 100 to 104; the one of 104 is of another project. */
static void make_users(void)
{
    run("INSERT INTO exportd.event_user_attributes"
        " (event_id, project_id, group_id, environment_id, seen, ident)"
        " SELECT n, n / 104 + 1, 7, 3, now(), 'ann' FROM generate_series(100, 104) n");
}

static const char *users(void)
{
    return text_of("SELECT string_agg(event_id || ':' || group_id, ' ' ORDER BY event_id)"
                   " FROM exportd.event_user_attributes");
}

static void test_users_move_with_their_events(void **state)
{
    (void)state;
    const int64_t ids[] = {101, 103, 104};
    need_database();
    make_users();
    move_events(ids, 3, 8); /* they have no tags */
    assert_string_equal(users(), "100:7 101:8 102:7 103:8 104:7");
    ok(tagstore_merge_group(store, MAIN_PROJECT, 7, 9, &error));
    assert_string_equal(users(), "100:9 101:8 102:9 103:8 104:7");
}

static void test_move_events(void **state)
{
    (void)state;
    const int64_t ids[] = {100, 103, 999};
    need_database();
    observe_group(7, 3, 100, "red", 10);
    observe_group(7, 4, 101, "red", 20);
    observe_group(7, 3, 102, "red", 30);
    observe_group(7, 4, 103, "blue", 40);
    observe_group(8, 3, 104, "red", 50);
    observe(OTHER_PROJECT, 9, 3, 100, "color", "red", 10);
    move_events(ids, 3, 8);
    assert_string_equal(group_values(),
                        "7/0 color=red 2x20-30, 7/3 color=red 1x30-30, 7/4 color=red 1x20-20,"
                        " 8/0 color=blue 1x40-40, 8/0 color=red 2x10-50,"
                        " 8/3 color=red 2x10-50, 8/4 color=blue 1x40-40");
    assert_string_equal(group_keys(), "7/0 color:1, 7/3 color:1, 7/4 color:1,"
                                      " 8/0 color:2, 8/3 color:1, 8/4 color:1");
    assert_string_equal(event_tags(),
                        "100:8/3 color=red 10, 101:7/4 color=red 20, 102:7/3 color=red 30,"
                        " 103:8/4 color=blue 40, 104:8/3 color=red 50");
    assert_string_equal(tag_values(), "0 color=blue 1x40-40, 0 color=red 4x10-50,"
                                      " 3 color=red 3x10-50, 4 color=blue 1x40-40,"
                                      " 4 color=red 1x20-20");
    assert_string_equal(text_of("SELECT group_id FROM tagstore_eventtag WHERE project_id = 2"),
                        "9");
}

static void test_move_events_back(void **state)
{
    (void)state;
    const int64_t ids[] = {101, 102};
    need_database();
    observe_group(7, 3, 100, "red", 10);
    observe_group(7, 3, 101, "red", 5);
    observe_group(7, 4, 102, "blue", 30);
    const char *values = group_values(), *keys = group_keys(), *tags = event_tags();
    move_events(ids, 2, 8);
    assert_string_equal(group_values(), "7/0 color=red 1x10-10, 7/3 color=red 1x10-10,"
                                        " 8/0 color=blue 1x30-30, 8/0 color=red 1x5-5,"
                                        " 8/3 color=red 1x5-5, 8/4 color=blue 1x30-30");
    assert_string_equal(group_keys(), "7/0 color:1, 7/3 color:1, 8/0 color:2, 8/3 color:1,"
                                      " 8/4 color:1"); /* nothing of 7 in environment 4 */
    move_events(ids, 2, 8);                            /* they are there already */
    move_events(ids, 2, 7);
    assert_string_equal(group_values(), values);
    assert_string_equal(group_keys(), keys);
    assert_string_equal(event_tags(), tags);
}

/* Two sightings came without an event: nobody knows whether one of them was the first. */
static void test_move_events_of_counts_without_events(void **state)
{
    (void)state;
    const int64_t first = 100, last = 101;
    need_database();
    observe_group(7, 3, 100, "red", 10);
    observe_group(7, 3, 101, "red", 90);
    incr(7, 3, "red", 2, second(20), second(30));
    move_events(&first, 1, 8);
    assert_string_equal(group_values(), "7/0 color=red 3x10-90, 7/3 color=red 3x10-90,"
                                        " 8/0 color=red 1x10-10, 8/3 color=red 1x10-10");
    move_events(&last, 1, 8);
    assert_string_equal(group_values(), "7/0 color=red 2x10-90, 7/3 color=red 2x10-90,"
                                        " 8/0 color=red 2x10-90, 8/3 color=red 2x10-90");
}

static void test_values_seen(void **state)
{
    (void)state;
    const int64_t groups[] = {7, 8};
    need_database();
    observe_group(7, 3, 100, "red", 10);
    observe_group(7, 3, 101, "blue", 10);
    observe_group(8, 3, 102, "red", 10);
    observe_group(9, 3, 103, "red", 10);
    run("UPDATE tagstore_grouptagkey SET values_seen = 99;"
        " DELETE FROM tagstore_grouptagvalue WHERE group_id = 8;"
        " DELETE FROM tagstore_grouptagkey WHERE id ="
        "  (SELECT min(id) FROM tagstore_grouptagkey WHERE group_id = 7)");
    ok(tagstore_update_group_tag_key_values_seen(store, OTHER_PROJECT, groups, 2, &error));
    ok(tagstore_update_group_tag_key_values_seen(store, MAIN_PROJECT, groups, 0, &error));
    ok(tagstore_update_group_tag_key_values_seen(store, MAIN_PROJECT, groups, 2, &error));
    assert_string_equal(group_keys(), "7/0 color:2, 7/3 color:2, 8/0 color:0, 8/3 color:0,"
                                      " 9/0 color:99, 9/3 color:99");
}

static void test_merge_group(void **state)
{
    (void)state;
    struct tag_place empty = place_of(7, 3, "size", NULL);
    struct tag_row row;
    need_database();
    observe_group(7, 3, 100, "red", 10);
    observe_group(7, 4, 101, "blue", 20);
    observe_group(8, 3, 102, "red", 30);
    observe_group(9, 3, 103, "red", 1);
    incr(7, 3, "red", INT32_MAX, second(5), second(40)); /* what came without events */
    incr(7, 3, "green", 2, USEC_NONE, second(6));
    ok(tagstore_create_group_tag_key(store, &empty, &row, &error));
    ok(tagstore_merge_group(store, MAIN_PROJECT, 7, 8, &error));
    assert_string_equal(group_values(), "8/0 color=blue 1x20-20, 8/0 color=green 2x6-6,"
                                        " 8/0 color=red 2147483647x5-40, 8/3 color=green 2x6-6,"
                                        " 8/3 color=red 2147483647x5-40, 8/4 color=blue 1x20-20,"
                                        " 9/0 color=red 1x1-1, 9/3 color=red 1x1-1");
    assert_string_equal(group_keys(), "8/0 color:3, 8/3 color:2, 8/3 size:0, 8/4 color:1,"
                                      " 9/0 color:1, 9/3 color:1");
    assert_string_equal(event_tags(), "100:8/3 color=red 10, 101:8/4 color=blue 20,"
                                      " 102:8/3 color=red 30, 103:9/3 color=red 1");
    const char *values = group_values();
    ok(tagstore_merge_group(store, MAIN_PROJECT, 7, 8, &error)); /* nothing is left */
    ok(tagstore_merge_group(store, OTHER_PROJECT, 8, 9, &error));
    assert_string_equal(group_values(), values);
    refused(tagstore_merge_group(store, MAIN_PROJECT, 8, 8, &error), ERROR_INVALID);
}

#define ROLLED_BACK(test) cmocka_unit_test_setup_teardown(test, begin, rollback)
#define CLEARED(test)     cmocka_unit_test_setup_teardown(test, clear, clear)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROLLED_BACK(test_keys),
        ROLLED_BACK(test_values),
        ROLLED_BACK(test_group_keys),
        ROLLED_BACK(test_group_values),
        ROLLED_BACK(test_texts_that_are_too_long),
        CLEARED(test_only_one_creates),
        ROLLED_BACK(test_incr_value),
        ROLLED_BACK(test_incr_group_value),
        ROLLED_BACK(test_incr_stays_within_the_column),
        ROLLED_BACK(test_event_tags),
        CLEARED(test_delete_key),
        CLEARED(test_delete_large_key),
        CLEARED(test_delete_key_is_hidden_first),
        CLEARED(test_deleting_waits_for_writers),
        CLEARED(test_value_is_gone),
        ROLLED_BACK(test_delete_of_group),
        ROLLED_BACK(test_users_move_with_their_events),
        ROLLED_BACK(test_move_events),
        ROLLED_BACK(test_move_events_back),
        ROLLED_BACK(test_move_events_of_counts_without_events),
        ROLLED_BACK(test_values_seen),
        ROLLED_BACK(test_merge_group),
    };
    return cmocka_run_group_tests(tests, start, end);
}
