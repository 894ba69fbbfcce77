/* SPDX-License-Identifier: Apache-2.0 */
/* The audit, over real tables (database_fixture.h). */
#include "model/audit.h"

#include "rows_fixture.h"

static void add(enum audit_action action, int64_t export, int64_t organization, int64_t user)
{
    const struct audit_entry entry = {.action = action,
                                      .data_export_id = export,
                                      .organization_id = organization,
                                      .user_id = user,
                                      .actor = "cli:root"};
    ok(audit_add(pg, &entry, &error));
}

/* The exports of the listed entries, "27 26 ..."; *total counts all that pass. */
static const char *listed(struct audit_filter filter, int64_t *total)
{
    json_t *entries = NULL;
    const char *text = "";
    filter.max = filter.max == 0 ? 10 : filter.max;
    ok(audit_list(pg, &filter, &entries, total, &error));
    for (size_t i = 0; i < json_array_size(entries); i++) {
        const json_t *entry = json_array_get(entries, i);
        text = arena_printf(arena, &error, "%s%" JSON_INTEGER_FORMAT " ", text,
                            json_integer_value(json_object_get(entry, "data_export_id")));
        assert_non_null(text);
    }
    json_decref(entries);
    return text;
}

static void expect(struct audit_filter filter, const char *exports, int64_t count)
{
    int64_t total = 0;
    assert_string_equal(listed(filter, &total), exports);
    assert_int_equal(total, count);
}

static void test_filters(void **state)
{
    (void)state;
    need_database();
    add(AUDIT_CREATE, 21, 1, 5);
    add(AUDIT_CREATE, 22, 1, 6);
    add(AUDIT_CREATE, 23, 2, 5);
    add(AUDIT_DOWNLOAD, 21, 1, 5);
    expect((struct audit_filter){.max = 10}, "21 23 22 21 ", 4);
    expect((struct audit_filter){.max = 3}, "21 23 22 ", 4);
    expect((struct audit_filter){.organization_id = 1}, "21 22 21 ", 3);
    expect((struct audit_filter){.user_id = 5}, "21 23 21 ", 3);
    expect((struct audit_filter){.data_export_id = 22}, "22 ", 1);
    expect((struct audit_filter){.action = "download"}, "21 ", 1);
    expect((struct audit_filter){.organization_id = 1, .user_id = 5, .action = "create"}, "21 ", 1);
    int64_t last = number_of("SELECT max(id) FROM exportd.audit");
    expect((struct audit_filter){.before = last, .max = 2}, "23 22 ", 3);
    expect((struct audit_filter){.before = last - 2}, "21 ", 1);
    expect((struct audit_filter){.organization_id = 3}, "", 0);
}

static void test_an_entry(void **state)
{
    (void)state;
    json_t *entries = NULL;
    int64_t total = 0;
    char *text = NULL;
    need_database();
    const struct audit_entry entry = {.action = AUDIT_PURGE,
                                      .data_export_id = 21,
                                      .organization_id = 7,
                                      .actor = "user:9",
                                      .detail = "why"};
    ok(audit_add(pg, &entry, &error));
    run("UPDATE exportd.audit SET id = 3, at = '2020-03-25T16:12:18.123456Z'");
    ok(audit_list(pg, &(struct audit_filter){.max = 1}, &entries, &total, &error));
    ok(json_print(json_array_get(entries, 0), JSON_COMPACT, &text, &error));
    assert_string_equal(text,
                        "{\"id\":3,\"at\":\"2020-03-25T16:12:18.123456Z\",\"action\":\"purge\","
                        "\"data_export_id\":21,\"organization_id\":7,\"organization\":null,"
                        "\"user_id\":null,\"user\":null,\"actor\":\"user:9\","
                        "\"detail\":\"why\"}");
    free(text);
    json_decref(entries);
}

static void test_every_action_is_known_to_the_database(void **state)
{
    (void)state;
    need_database();
    for (int action = AUDIT_CREATE; action <= AUDIT_RESEND; action++)
        add((enum audit_action)action, action + 1, 1, 0);
    expect((struct audit_filter){.max = 10}, "8 7 6 5 4 3 2 1 ", 8);
    assert_true(
        audit_is_action(text_of("SELECT action FROM exportd.audit WHERE data_export_id = 1")));
    assert_false(audit_is_action("Create"));
}

static void test_old_entries_go(void **state)
{
    (void)state;
    int64_t count = 0;
    need_database();
    add(AUDIT_CREATE, 21, 1, 5);
    add(AUDIT_CREATE, 22, 1, 5);
    run("UPDATE exportd.audit SET at = now() - interval '241 hours' WHERE data_export_id = 21");
    ok(audit_delete_old(pg, 10, true, &count, &error));
    assert_int_equal(count, 1);
    expect((struct audit_filter){.max = 10}, "22 21 ", 2);
    ok(audit_delete_old(pg, 10, false, &count, &error));
    assert_int_equal(count, 1);
    expect((struct audit_filter){.max = 10}, "22 ", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROLLED_BACK(test_filters),
        ROLLED_BACK(test_an_entry),
        ROLLED_BACK(test_every_action_is_known_to_the_database),
        ROLLED_BACK(test_old_entries_go),
    };
    return cmocka_run_group_tests(tests, open_database, close_database);
}
