/* SPDX-License-Identifier: Apache-2.0 */
/* The start of the tests of writes over real tables (database_fixture.h): events of two projects,
   and the tables as text. */
#ifndef TEST_WRITE_FIXTURE_H
#define TEST_WRITE_FIXTURE_H

#include "../../database_fixture.h"
#include "tagstore/postgres/postgres_tagstore.h"

enum { MAIN_PROJECT = 1, OTHER_PROJECT = 2 };

/* ---- the tagstore of the tests ---- */

static struct tagstore *store;

static inline int open_store(void **state)
{
    if (open_database(state) != 0)
        return -1;
    if (pg == NULL)
        return 0;
    store = postgres_tagstore_new(pg);
    return store == NULL ? -1 : 0;
}

static inline int close_store(void **state)
{
    tagstore_free(store);
    return close_database(state);
}

static inline int clear(void **state)
{
    (void)state;
    if (pg != NULL)
        run("TRUNCATE tagstore_eventtag, tagstore_grouptagvalue, tagstore_grouptagkey,"
            " tagstore_tagvalue, tagstore_tagkey;"
            " DELETE FROM sentry_project; DELETE FROM sentry_organization");
    return 0;
}

/* For tests that need several transactions. Other tests are one transaction that is rolled back. */
#define CLEARED(test) cmocka_unit_test_setup_teardown(test, clear, clear)

static inline void refused(bool done, enum error_code code)
{
    assert_false(done);
    assert_int_equal(error.code, code);
}

/* ---- the tables as text; times are seconds since 1970 ---- */

#define SECONDS(column) "coalesce(extract(epoch FROM " column ")::bigint::text, '?')"
#define SEEN                                                                                       \
    "' ' || t.times_seen || 'x' || " SECONDS("t.first_seen") " || '-' || " SECONDS("t.last_seen")
#define KEY_JOIN   " t JOIN tagstore_tagkey k ON k.id = t.key_id "
#define VALUE_JOIN KEY_JOIN "JOIN tagstore_tagvalue v ON v.id = t.value_id "

static inline const char *tag_keys(void)
{
    return text_of("SELECT string_agg(project_id || '/' || environment_id || ' ' || key || ':'"
                   " || values_seen, ', ' ORDER BY project_id, environment_id, key COLLATE \"C\")"
                   " FROM tagstore_tagkey");
}

static inline const char *tag_values(void)
{
    return text_of("SELECT string_agg(k.environment_id || ' ' || k.key || '=' || t.value ||" SEEN
                   ", ', ' ORDER BY k.environment_id, k.key COLLATE \"C\", t.value COLLATE \"C\")"
                   " FROM tagstore_tagvalue" KEY_JOIN "WHERE t.project_id = 1");
}

static inline const char *group_keys(void)
{
    return text_of("SELECT string_agg(t.group_id || '/' || k.environment_id || ' ' || k.key || ':'"
                   " || t.values_seen, ', '"
                   " ORDER BY t.group_id, k.environment_id, k.key COLLATE \"C\")"
                   " FROM tagstore_grouptagkey" KEY_JOIN "WHERE t.project_id = 1");
}

static inline const char *group_values(void)
{
    return text_of("SELECT string_agg(t.group_id || '/' || k.environment_id || ' ' || k.key || '='"
                   " || v.value ||" SEEN ", ', ' ORDER BY t.group_id, k.environment_id,"
                   " k.key COLLATE \"C\", v.value COLLATE \"C\")"
                   " FROM tagstore_grouptagvalue" VALUE_JOIN "WHERE t.project_id = 1");
}

static inline const char *event_tags(void)
{
    return text_of("SELECT string_agg(t.event_id || ':' || t.group_id || '/' || k.environment_id ||"
                   " ' ' || k.key || '=' || v.value || ' ' || " SECONDS(
                       "t.date_added") ", ', ' ORDER BY t.event_id, k.key COLLATE \"C\", v.value "
                                       "COLLATE \"C\")"
                                       " FROM tagstore_eventtag" VALUE_JOIN
                                       "WHERE t.project_id = 1");
}

/* ---- the places and events of the tests ---- */

static inline struct tag_place place_of(int64_t group_id, int64_t environment_id, const char *key,
                                        const char *value)
{
    return (struct tag_place){.project_id = MAIN_PROJECT,
                              .group_id = group_id,
                              .environment_id = environment_id,
                              .key = key,
                              .value = value};
}

static inline int64_t second(int64_t seconds)
{
    return seconds * USEC_PER_SECOND;
}

/* Counts an event of one tag. */
static inline void observe(int64_t project_id, int64_t group_id, int64_t environment_id,
                           int64_t event_id, const char *key, const char *value, int64_t seconds)
{
    const struct tag_observation observation = {.project_id = project_id,
                                                .group_id = group_id,
                                                .environment_id = environment_id,
                                                .event_id = event_id,
                                                .key = key,
                                                .value = value,
                                                .seen = second(seconds)};
    const struct tag_observation_list one = {.items = &observation, .count = 1};
    ok(tagstore_record(store, &one, &error));
}

static inline void observe_group(int64_t group_id, int64_t environment_id, int64_t event_id,
                                 const char *value, int64_t seconds)
{
    observe(MAIN_PROJECT, group_id, environment_id, event_id, "color", value, seconds);
}

static inline void incr(int64_t group_id, int64_t environment_id, const char *value, int64_t count,
                        int64_t first_seen, int64_t last_seen)
{
    struct tag_place place = place_of(group_id, environment_id, "color", value);
    struct tag_increment increment = {count, first_seen, last_seen};
    ok(group_id == 0 ? tagstore_incr_tag_value_times_seen(store, &place, &increment, &error)
                     : tagstore_incr_group_tag_value_times_seen(store, &place, &increment, &error));
}

#endif
