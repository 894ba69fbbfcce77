/* SPDX-License-Identifier: Apache-2.0 */
/* The mail of an outcome, or the note that stands for it. */
#include "worker/attempt/steps.h"

#include "base/text.h"

#include "../log_capture.h"

#define FIRST_OF_2020 INT64_C(1577836800000000)

static struct {
    struct config config;
    struct worker_context context;
    struct attempt_tools tools;
    struct claim claim;
    struct attempt attempt;
    struct exported_data_locked export;
    struct issue issue;
    struct outcome_mail mail;
} test;

static char prefix[] = "https://exports.example.com";
static char from[] = "exports@example.com";

static int set_up(void **state)
{
    (void)state;
    memset(&test, 0, sizeof(test));
    test.config.url_prefix = prefix;
    test.config.mail_from = from;
    test.config.expiration_days = 28;
    test.context.config = &test.config;
    test.tools.context = &test.context;
    test.tools.outcome_arena = arena_new((size_t)4 * 1024 * 1024);
    test.claim = (struct claim){.data_export_id = 27, .attempt = 3};
    test.attempt = (struct attempt){.tools = &test.tools,
                                    .claim = &test.claim,
                                    .about = {.key = "color", .group_id = 7},
                                    .assembly.progress = {.rows = 1234, .bytes = 5000},
                                    .error = {.code = ERROR_EXPORT},
                                    .reason = "The key does not exist"};
    test.export = (struct exported_data_locked){.row = {.id = 27,
                                                        .date_added = FIRST_OF_2020,
                                                        .organization_id = 1,
                                                        .query_info = "{\"key\": \"color\"}"},
                                                .email = "ann@example.com",
                                                .organization_slug = "acme",
                                                .now = FIRST_OF_2020};
    test.issue = (struct issue){.project = "shop", .short_id = "SHOP-1", .title = "TypeError"};
    outcome_mail_init(&test.mail);
    return test.tools.outcome_arena == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    outcome_mail_free(&test.mail);
    arena_free(test.tools.outcome_arena);
    return 0;
}

static void compose(bool success)
{
    struct error error;
    bool done =
        success
            ? outcome_mail_success(&test.attempt, &test.export, &test.issue, &test.mail, &error)
            : outcome_mail_failure(&test.attempt, &test.export, &test.issue, &test.mail, &error);
    if (!done)
        fail_msg("%s", error.message);
}

static void expect_in_mail(const char *part)
{
    if (strstr(test.mail.mime.data, part) == NULL)
        fail_msg("\"%s\" is not in:\n%s", part, test.mail.mime.data);
}

static void test_success(void **state)
{
    (void)state;
    compose(true);
    assert_null(test.mail.note);
    assert_string_equal(test.mail.recipient, "ann@example.com");
    assert_true(text_starts_with(test.mail.message_id, "<27.3."));
    expect_in_mail("\r\nTo: ann@example.com\r\n");
    expect_in_mail("From: exports@example.com\r\n");
    expect_in_mail(test.mail.message_id);
    expect_in_mail("https://exports.example.com/organizations/acme/data-export/27/");
    expect_in_mail("1,234 rows");
    expect_in_mail("January 29, 2020"); /* 28 days later */
    expect_in_mail("SHOP-1");
}

static void test_failure(void **state)
{
    (void)state;
    compose(false);
    assert_null(test.mail.note);
    expect_in_mail("The key does not exist");
    expect_in_mail("\"export_type\"");
    expect_in_mail("January 01, 2020");
    expect_in_mail("If the error is about what was asked for, change that.");
}

/* Each try has a Message-ID of its own, so that one that was not committed is not confused. */
static void test_two_tries(void **state)
{
    (void)state;
    char first[MAIL_MESSAGE_ID_MAX];
    compose(true);
    memcpy(first, test.mail.message_id, sizeof(first));
    outcome_mail_free(&test.mail);
    outcome_mail_init(&test.mail);
    compose(true);
    assert_string_not_equal(test.mail.message_id, first);
}

static void test_users_who_cannot_be_mailed(void **state)
{
    (void)state;
    static const struct {
        const char *email, *why;
    } cases[] = {{NULL, "not mailed: the user is gone"},
                 {"", "not mailed: the user has no address"},
                 {"ann", "not mailed: the user's address cannot be used"},
                 {"a@b\r\nBcc: c@d", "not mailed: the user's address cannot be used"}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char note[128];
        test.export.email = cases[i].email;
        capture_log();
        compose(true);
        assert_int_equal(count_event(end_capture(), "mail.none"), 1);
        assert_string_equal(test.mail.note, cases[i].why);
        assert_null(test.mail.recipient);
        assert_int_equal(test.mail.mime.size, 0);
        capture_log();
        compose(false);
        (void)end_capture();
        (void)snprintf(note, sizeof(note), "The key does not exist (%s)", cases[i].why);
        assert_string_equal(test.mail.note, note);
    }
}

/* A link needs the organization's slug. Without a user there is no link. */
static void test_an_organization_that_is_gone(void **state)
{
    (void)state;
    struct error error;
    test.export.organization_slug = NULL;
    assert_false(
        outcome_mail_success(&test.attempt, &test.export, &test.issue, &test.mail, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    compose(false);
    assert_null(test.mail.note);
    test.export.email = NULL;
    compose(true);
    assert_non_null(test.mail.note);
}

/* A group of 0 or below is no issue: the mail names none. */
static void test_no_issue(void **state)
{
    (void)state;
    test.attempt.about = (struct issues_by_tag_payload){.key = NULL};
    test.issue = (struct issue){.beside_sentry = true};
    compose(true);
    expect_in_mail("Subject: Your Download is Ready!");
    assert_null(strstr(test.mail.mime.data, "Issue:"));
    assert_null(strstr(test.mail.mime.data, "Tag key:"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_success),
        TEST(test_failure),
        TEST(test_two_tries),
        TEST(test_users_who_cannot_be_mailed),
        TEST(test_an_organization_that_is_gone),
        TEST(test_no_issue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
