/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/render.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define JULY_4_2020_00_05 INT64_C(1593821100000000)

static struct arena *arena;
static struct mail_content content;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(1024 * 1024);
    return arena == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static struct mail_facts usual_facts(void)
{
    return (struct mail_facts){.beside_sentry = true,
                               .url_prefix = "https://sentry.example.com",
                               .data_export_id = 27,
                               .group_id = 7,
                               .short_id = "SHOP-1",
                               .title = "TypeError: x < 1\nand more",
                               .key = "color",
                               .project = "shop"};
}

static struct success_mail usual_success(void)
{
    return (struct success_mail){.facts = usual_facts(),
                                 .organization_slug = "acme",
                                 .date_expired = JULY_4_2020_00_05,
                                 .rows = 1234567,
                                 .bytes = 52428800};
}

static void render_success(const struct success_mail *mail)
{
    struct error error;
    assert_true(mail_render_success(mail, arena, &content, &error));
}

static void render_failure(const char *message, const char *payload)
{
    struct error error;
    struct failure_mail mail = {.facts = usual_facts(),
                                .code = ERROR_EXPORT,
                                .date_added = JULY_4_2020_00_05,
                                .error_message = message,
                                .payload = payload};
    assert_true(mail_render_failure(&mail, arena, &content, &error));
}

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void assert_lacks(const char *text, const char *part)
{
    if (strstr(text, part) != NULL)
        fail_msg("\"%s\" is in:\n%s", part, text);
}

static void test_success_text(void **state)
{
    (void)state;
    struct success_mail mail = usual_success();
    render_success(&mail);
    assert_string_equal(content.subject, "Your Download is Ready!");
    assert_string_equal(content.text,
                        "Your Download is Ready!\n"
                        "-----------------------\n"
                        "\n"
                        "The data that you asked for has been put together. It has 1,234,567 rows "
                        "(52.4 MB). Use the link below to download it.\n"
                        "\n"
                        "https://sentry.example.com/organizations/acme/data-export/27/\n"
                        "\n"
                        "The download will expire at 12:05 AM on July 04, 2020 (UTC)\n"
                        "\n"
                        "Issue:    SHOP-1  TypeError: x < 1\n"
                        "Tag key:  color\n"
                        "Project:  shop\n"
                        "Rows:     1,234,567\n"
                        "Export:   27\n");
}

static void test_success_html(void **state)
{
    (void)state;
    struct success_mail mail = usual_success();
    render_success(&mail);
    assert_int_equal(strncmp(content.html, "<!doctype html>\n", 16), 0);
    assert_has(content.html, "<td>SHOP-1  TypeError: x &lt; 1</td>");
    assert_has(content.html, "<td>1,234,567</td>");
    assert_has(content.html, "name=\"viewport\" content=\"width=device-width");
    assert_has(content.html, ">Your Data is Ready!</h3>");
    assert_has(content.html, "<a href=\"https://sentry.example.com/\"");
    assert_has(content.html, "href=\"https://sentry.example.com/settings/account/notifications/\"");
    const char *expiration =
        strstr(content.html, "expire at <strong>12:05 AM on July 04, 2020 (UTC)</strong>.</p>");
    const char *link = strstr(
        content.html, "<a href=\"https://sentry.example.com/organizations/acme/data-export/27/\""
                      " class=\"btn\"");
    assert_non_null(expiration);
    assert_non_null(link);
    assert_true(expiration < link);
    assert_has(link, ">Go to Download</a>");
}

static void assert_extent(int64_t rows, int64_t bytes, bool truncated, const char *sentence)
{
    struct success_mail mail = usual_success();
    mail.rows = rows;
    mail.bytes = bytes;
    mail.truncated = truncated;
    render_success(&mail);
    assert_has(content.text, sentence);
    assert_has(content.html, sentence);
}

static void test_extent(void **state)
{
    (void)state;
    assert_extent(0, 1, false, "It has 0 rows (1 byte).");
    assert_extent(1, 999, false, "It has 1 row (999 bytes).");
    assert_extent(100, 1000, false, "It has 100 rows (1.0 kB).");
    assert_extent(1000, 999949, false, "It has 1,000 rows (999.9 kB).");
    assert_extent(1000, 999950, false, "It has 1,000 rows (1.0 MB).");
    assert_extent(100000, 2147483647, false, "It has 100,000 rows (2.1 GB).");
    assert_extent(100, 2000, true,
                  "It has 100 rows (2.0 kB), the limit that was asked for: there are more.");
}

static void test_odd_slug_and_prefix(void **state)
{
    (void)state;
    struct success_mail mail = usual_success();
    mail.organization_slug = "a/\"b\"&\xc3\xb6 c";
    mail.facts.url_prefix = "https://h/?a=1&b='\"<";
    render_success(&mail);
    assert_has(content.text,
               "\nhttps://h/?a=1&b='\"</organizations/a%2F%22b%22%26%C3%B6%20c/data-export/27/\n");
    assert_has(content.html, "href=\"https://h/?a=1&amp;b=&#39;&quot;&lt;/organizations/"
                             "a%2F%22b%22%26%C3%B6%20c/data-export/27/\"");
    assert_lacks(content.html, "b='\"<");
}

static void test_failure_text(void **state)
{
    (void)state;
    render_failure("Requested project does not exist", "{\n  \"key\": \"<i>'x' & y\"\n}");
    assert_string_equal(content.subject, "Unable to Export Data");
    assert_string_equal(content.text,
                        "Unable to Export Data\n"
                        "---------------------\n"
                        "\n"
                        "The data that you asked for at 12:05 AM on July 04, 2020 (UTC) could not "
                        "be exported.\n"
                        "\n"
                        "The export ended due to an error:\n"
                        "\n"
                        "    Requested project does not exist\n"
                        "\n"
                        "This is what was asked for:\n"
                        "\n"
                        "    {\n"
                        "      \"key\": \"<i>'x' & y\"\n"
                        "    }\n"
                        "\n"
                        "What can be done:\n"
                        "\n"
                        "    If the error is about what was asked for, change that. Then ask "
                        "again; if it fails again, tell your administrator the number of the "
                        "export.\n"
                        "\n"
                        "Issue:    SHOP-1  TypeError: x < 1\n"
                        "Tag key:  color\n"
                        "Project:  shop\n"
                        "Export:   27\n"
                        "\n"
                        "Troubleshooting & References:\n"
                        "\n"
                        "  * Documentation: https://docs.sentry.io/\n"
                        "  * FAQs: https://help.sentry.io/\n");
}

/* The worker's sentence may itself ask to try again: then nothing must be changed. */
static void test_what_can_be_done(void **state)
{
    (void)state;
    struct error error;
    struct failure_mail mail = {.facts = usual_facts(), .error_message = "x", .payload = "{}"};
    static const struct {
        enum error_code code;
        const char *advice;
    } advices[] = {{ERROR_EXPORT, "\n    If the error is about what was asked for, change that."},
                   {ERROR_TOO_LARGE, "\n    Ask for less"},
                   {ERROR_TIMEOUT, "\n    Ask for less"},
                   {ERROR_AWAY, "\n    Nothing is wrong with what was asked for."}};
    for (size_t i = 0; i < ARRAY_LENGTH(advices); i++) {
        mail.code = advices[i].code;
        assert_true(mail_render_failure(&mail, arena, &content, &error));
        assert_has(content.text, advices[i].advice);
    }
}

static void test_failure_html(void **state)
{
    (void)state;
    render_failure("<script>", "{\n  \"key\": \"<i>'x' & y\"\n}");
    assert_has(content.html, ">Unable to Export Data</h3>");
    assert_has(content.html, "asked for at <strong>12:05 AM on July 04, 2020 (UTC)</strong>");
    assert_has(content.html, ">&lt;script&gt;</pre>");
    assert_has(content.html,
               ">{\n  &quot;key&quot;: &quot;&lt;i&gt;&#39;x&#39; &amp; y&quot;\n}</pre>");
    assert_has(content.html, "<a href=\"https://docs.sentry.io/\">Documentation</a>");
    assert_has(content.html, "<a href=\"https://help.sentry.io/\">FAQs</a>");
    assert_lacks(content.html, "<script>");
    assert_lacks(content.html, "<i>");
}

static void test_control_characters(void **state)
{
    (void)state;
    render_failure("one\r\ntwo\x1b[31m", "\x7f\tx");
    assert_has(content.text, "\n    one\n    two\xef\xbf\xbd[31m\n");
    assert_has(content.text, "\n    \xef\xbf\xbd\tx\n");
    assert_has(content.html, ">one\ntwo\xef\xbf\xbd[31m</pre>");
}

static void test_a_huge_payload_is_cut(void **state)
{
    (void)state;
    static char payload[400 * 1024];
    for (size_t i = 0; i + 2 < sizeof(payload); i += 2) {
        payload[i] = '\xc3';
        payload[i + 1] = '\xb6';
    }
    render_failure("x", payload);
    assert_in_range(strlen(content.text), 65536, 70000);
    assert_has(content.text, "\xc3\xb6\n    ...\n");
    assert_has(content.html, "\xc3\xb6\n...</pre>");
}

/* ---- without a Sentry ---- */

static void assert_is_neutral(void)
{
    assert_null(strcasestr(content.text, "sentry"));
    assert_null(strcasestr(content.html, "sentry"));
    assert_lacks(content.html, "/settings/");
}

static void test_alone(void **state)
{
    (void)state;
    struct error error;
    struct success_mail mail = usual_success();
    struct failure_mail failure = {
        .facts = usual_facts(), .date_added = 0, .error_message = "x", .payload = "{}"};
    mail.facts.url_prefix = failure.facts.url_prefix = "https://exports.example.com";
    mail.facts.beside_sentry = failure.facts.beside_sentry = false;
    render_success(&mail);
    assert_string_equal(content.subject, "Export ready: \"color\" of SHOP-1");
    assert_has(content.text, "The data that you asked for has been put together.");
    assert_int_equal(content.text[0], 'T');
    assert_has(content.html,
               "href=\"https://exports.example.com/organizations/acme/data-export/27/");
    assert_is_neutral();
    assert_true(mail_render_failure(&failure, arena, &content, &error));
    assert_string_equal(content.subject, "Export failed: \"color\" of SHOP-1");
    assert_has(content.text, "tell your administrator the number of the export.");
    assert_is_neutral();
}

static void assert_subject(const struct mail_facts *facts, const char *subject)
{
    struct success_mail mail = usual_success();
    mail.facts = *facts;
    render_success(&mail);
    assert_string_equal(content.subject, subject);
}

static void test_subjects_of_issues_without_a_short_id(void **state)
{
    (void)state;
    struct mail_facts facts = usual_facts();
    facts.beside_sentry = false;
    facts.short_id = NULL;
    assert_subject(&facts, "Export ready: \"color\" of TypeError: x < 1");
    assert_has(content.text, "Issue:    issue 7  TypeError: x < 1\n");
    facts.title = "a\x01\tb \xff";
    assert_subject(&facts, "Export ready: \"color\" of a  b ?");
    facts.title = NULL;
    assert_subject(&facts, "Export ready: \"color\" of issue 7");
    facts.group_id = 0;
    facts.key = facts.project = NULL;
    assert_subject(&facts, "Export ready: number 27");
    assert_lacks(content.text, "Issue:");
    assert_lacks(content.html, "Tag key");
}

static void test_no_memory(void **state)
{
    (void)state;
    struct success_mail mail = usual_success();
    struct failure_mail failure = {
        .facts = {.url_prefix = ""}, .date_added = 0, .error_message = "x", .payload = "{}"};
    struct error error;
    for (size_t maximum = 16; maximum < 1024; maximum += 48) {
        struct arena *small = arena_new(maximum);
        assert_non_null(small);
        assert_false(mail_render_success(&mail, small, &content, &error));
        assert_int_equal(error.code, ERROR_TOO_LARGE);
        arena_reset(small);
        assert_false(mail_render_failure(&failure, small, &content, &error));
        assert_int_equal(error.code, ERROR_TOO_LARGE);
        arena_free(small);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_success_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_success_html, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_extent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_odd_slug_and_prefix, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_failure_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_can_be_done, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_failure_html, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_control_characters, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_huge_payload_is_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_subjects_of_issues_without_a_short_id, set_up,
                                        tear_down),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
