/* SPDX-License-Identifier: Apache-2.0 */
/* A Snuba's answers: rows of the right types, every row of the table of errors (verdict.c), and
   broken answers. */
#include "snuba/answer.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define RAN   "Internal error. Your query failed to run."
#define AGAIN "Internal error. Please try again."
#define TYPE  "Invalid query. Argument to function is wrong type."
#define HTML  "<!doctype html>\n<title>Error</title>\n"

#define META                                                                                       \
    "\"meta\": [{\"name\": \"tags_value\", \"type\": \"String\"},"                                 \
    " {\"name\": \"times_seen\", \"type\": \"UInt64\"},"                                           \
    " {\"name\": \"first_seen\", \"type\": \"DateTime\"},"                                         \
    " {\"name\": \"last_seen\", \"type\": \"DateTime\"}]"
#define TIMES                                                                                      \
    "\"first_seen\": \"2026-11-21T01:32:05+00:00\", \"last_seen\": \"2026-11-21T01:32:06+00:00\""
#define ROW         "{\"tags_value\": \"bar\", \"times_seen\": 2, " TIMES "}"
#define PAGE(rows)  "{\"data\": [" rows "], " META ", \"timing\": {\"a\": 1.5}}"
#define FIRST_SEEN  INT64_C(1795224725000000)
#define ARENA_BYTES ((size_t)64 << 20)

static const struct snuba_column by_value[] = {{.kind = SNUBA_TAGS_VALUE}};
static const struct snuba_aggregation count_and_times[] = {
    {.function = SNUBA_COUNT, .alias = "times_seen"},
    {.function = SNUBA_MIN, .column = {.kind = SNUBA_TIMESTAMP}, .alias = "first_seen"},
    {.function = SNUBA_MAX, .column = {.kind = SNUBA_TIMESTAMP}, .alias = "last_seen"},
};
static const struct snuba_query page_query = {.referrer = "test",
                                              .groupby = by_value,
                                              .groupby_count = 1,
                                              .aggregations = count_and_times,
                                              .aggregation_count = 3,
                                              .limit = 3};

static struct arena *arena;

static int make_arena(void **state)
{
    (void)state;
    arena = arena_new(ARENA_BYTES);
    return arena == NULL;
}

static int free_arena(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static bool read_as(const char *dialect, const struct snuba_query *query, int status,
                    const char *body, struct snuba_answer *answer, struct error *error)
{
    const struct snuba_reply reply = {.status = status, .body = body, .size = strlen(body)};
    answer->arena = arena;
    return snuba_answer_read(snuba_dialect_find(dialect), query, &reply, answer, error);
}

static void read_well(const struct snuba_query *query, const char *body,
                      struct snuba_answer *answer)
{
    struct error error;
    if (!read_as("2020", query, 200, body, answer, &error))
        fail_msg("%s: %s", body, error.message);
}

static void refuse_for(const struct snuba_query *query, const char *body, enum error_code expected)
{
    struct snuba_answer answer;
    struct error error;
    bool done = read_as("2020", query, 200, body, &answer, &error);
    if (done || error.code != expected)
        fail_msg("%.200s -> %s", body, done ? "read" : error_code_name(error.code));
}

static void refuse(const char *body, enum error_code expected)
{
    refuse_for(&page_query, body, expected);
}

/* ---- answers ---- */

static void test_a_page(void **state)
{
    (void)state;
    struct snuba_answer answer;
    read_well(&page_query, PAGE(ROW), &answer);
    assert_int_equal(answer.rows, 1);
    assert_int_equal(answer.columns, 4);
    assert_null(answer.totals);
    assert_int_equal(snuba_cell(&answer, 0, 0)->kind, SNUBA_CELL_TEXT);
    assert_string_equal(snuba_cell(&answer, 0, 0)->text, "bar");
    assert_int_equal(snuba_cell(&answer, 0, 0)->size, 3);
    assert_int_equal(snuba_cell(&answer, 0, 1)->kind, SNUBA_CELL_NUMBER);
    assert_int_equal(snuba_cell(&answer, 0, 1)->number, 2);
    assert_int_equal(snuba_cell(&answer, 0, 2)->kind, SNUBA_CELL_TIME);
    assert_int_equal(snuba_cell(&answer, 0, 2)->number, FIRST_SEEN);
    assert_int_equal(snuba_cell(&answer, 0, 3)->number, FIRST_SEEN + USEC_PER_SECOND);
    read_well(&page_query, PAGE(), &answer);
    assert_int_equal(answer.rows, 0);
    read_well(&page_query, " \n" PAGE(ROW "," ROW "\n, " ROW) "\n", &answer);
    assert_int_equal(answer.rows, 3);
}

static void test_columns_are_found_by_name(void **state)
{
    (void)state;
    struct snuba_answer answer;
    read_well(&page_query,
              "{\"error\": null, \"meta\": [{\"name\": \"last_seen\"}, {\"name\": \"times_seen\"}, "
              "{\"name\": \"tags_value\"}, {\"name\": \"first_seen\"}], \"sql\": \"SELECT '}]\", "
              "\"data\": [{" TIMES ", \"more\": [], \"times_seen\": \"7\", "
              "\"tags_value\": \"a \\\"}]\"}]}",
              &answer);
    assert_string_equal(snuba_cell(&answer, 0, 0)->text, "a \"}]");
    assert_int_equal(snuba_cell(&answer, 0, 1)->number, 7); /* ClickHouse quotes it */
    assert_int_equal(snuba_cell(&answer, 0, 2)->number, FIRST_SEEN);
}

static void test_zones(void **state)
{
    (void)state;
    struct snuba_answer answer;
    read_well(&page_query,
              PAGE("{\"tags_value\": null, \"times_seen\": 1, \"first_seen\": "
                   "\"2026-11-21T03:32:05+02:00\", \"last_seen\": \"2026-11-21T01:32:05.5Z\"}"),
              &answer);
    assert_int_equal(snuba_cell(&answer, 0, 0)->kind, SNUBA_CELL_NULL);
    assert_int_equal(snuba_cell(&answer, 0, 2)->number, FIRST_SEEN);
    assert_int_equal(snuba_cell(&answer, 0, 3)->number, FIRST_SEEN + 500000);
}

static void check_value(const char *written, const char *expected)
{
    struct snuba_answer answer;
    char body[1024];
    (void)snprintf(body, sizeof(body),
                   "{\"data\": [{\"tags_value\": \"%s\", \"times_seen\": 1, " TIMES "}], " META "}",
                   written);
    read_well(&page_query, body, &answer);
    assert_string_equal(snuba_cell(&answer, 0, 0)->text, expected);
    assert_int_equal(snuba_cell(&answer, 0, 0)->size, strlen(expected));
}

/* Texts that would make jansson refuse the whole page. */
static void test_unclean_values(void **state)
{
    (void)state;
    check_value("", "");
    check_value("a\\u0000b", "ab");
    check_value("\\ud83d", "\xef\xbf\xbd");
    check_value("\xff", "\xef\xbf\xbd");
    check_value("\\ud83d\\ude00 \xf0\x9f\x98\x80", "\xf0\x9f\x98\x80 \xf0\x9f\x98\x80");
    check_value("\\\\\\\" \\n\\t", "\\\" \n\t");
}

static void test_one_row_without_groups(void **state)
{
    (void)state;
    static const struct snuba_aggregation both[] = {
        {.function = SNUBA_COUNT, .alias = "count"},
        {.function = SNUBA_UNIQ, .column = {.kind = SNUBA_USER_ID}, .alias = "users"},
        {.function = SNUBA_MIN, .column = {.kind = SNUBA_TIMESTAMP}, .alias = "seen"},
    };
    static const struct snuba_query query = {
        .referrer = "test", .aggregations = both, .aggregation_count = 3, .limit = -1};
#define TAIL "], \"meta\": [{\"name\":\"count\"},{\"name\":\"users\"},{\"name\":\"seen\"}]}"
    struct snuba_answer answer;
    read_well(&query, "{\"data\": [{\"count\": 0, \"users\": null, \"seen\": null}" TAIL, &answer);
    assert_int_equal(answer.rows, 1);
    assert_int_equal(snuba_cell(&answer, 0, 1)->kind, SNUBA_CELL_NUMBER);
    assert_int_equal(snuba_cell(&answer, 0, 1)->number, 0);
    assert_int_equal(snuba_cell(&answer, 0, 2)->kind, SNUBA_CELL_NULL);
    refuse_for(&query, "{\"data\": [" TAIL, ERROR_INTERNAL);
    refuse_for(&query, "{\"data\": [{\"count\": null, \"users\": 1, \"seen\": null}" TAIL,
               ERROR_INTERNAL);
    refuse_for(&query,
               "{\"data\": [{\"count\": 1, \"users\": 1, \"seen\": null},"
               "{\"count\": 1, \"users\": 1, \"seen\": null}" TAIL,
               ERROR_INTERNAL);
}

static void test_groups_lists_and_totals(void **state)
{
    (void)state;
    static const struct snuba_column by_group[] = {{.kind = SNUBA_GROUP_ID}};
    static const struct snuba_aggregation top[] = {{.function = SNUBA_TOP_K,
                                                    .number = 3,
                                                    .column = {.kind = SNUBA_TAGS_VALUE},
                                                    .alias = "top"},
                                                   {.function = SNUBA_COUNT, .alias = "count"}};
    struct snuba_query query = {.referrer = "test",
                                .groupby = by_group,
                                .groupby_count = 1,
                                .aggregations = top,
                                .aggregation_count = 2,
                                .limit = -1,
                                .totals = true};
#define GROUPS                                                                                     \
    "\"data\": [{\"group_id\": 101, \"top\": [\"a\", null, \"b\"], \"count\": 2},"                 \
    "{\"group_id\": null, \"top\": [], \"count\": 3}],"                                            \
    "\"meta\": [{\"name\": \"group_id\"}, {\"name\": \"top\"}, {\"name\": \"count\"}]"
    struct snuba_answer answer;
    read_well(&query,
              "{" GROUPS ", \"totals\": {\"group_id\": null, \"top\": [\"a\"], \"count\": 5}}",
              &answer);
    assert_int_equal(snuba_cell(&answer, 0, 0)->number, 101);
    assert_int_equal(snuba_cell(&answer, 0, 1)->text_count, 2);
    assert_string_equal(snuba_cell(&answer, 0, 1)->texts[1], "b");
    assert_int_equal(snuba_cell(&answer, 1, 0)->kind, SNUBA_CELL_NULL);
    assert_int_equal(snuba_cell(&answer, 1, 1)->text_count, 0);
    assert_int_equal(answer.totals[0].kind, SNUBA_CELL_NULL);
    assert_int_equal(answer.totals[2].number, 5);
    refuse_for(&query, "{" GROUPS "}", ERROR_INTERNAL);
    refuse_for(&query, "{" GROUPS ", \"totals\": {\"count\": 5}}", ERROR_INTERNAL);
    query.totals = false;
    read_well(&query, "{" GROUPS "}", &answer);
    assert_null(answer.totals);
}

static void test_names_of_2018(void **state)
{
    (void)state;
    static const struct snuba_column by_issue[] = {{.kind = SNUBA_GROUP_ID}};
    static const struct snuba_aggregation count[] = {{.function = SNUBA_COUNT, .alias = "count"}};
    static const struct snuba_query query = {.referrer = "test",
                                             .groupby = by_issue,
                                             .groupby_count = 1,
                                             .aggregations = count,
                                             .aggregation_count = 1,
                                             .limit = -1};
    struct snuba_answer answer;
    struct error error;
    static const char body[] = "{\"data\": [{\"issue\": 0, \"count\": 1}], \"meta\": [{\"name\": "
                               "\"issue\"}, {\"name\": \"count\"}], \"error\": null}";
    assert_true(read_as("2018", &query, 200, body, &answer, &error));
    assert_int_equal(snuba_cell(&answer, 0, 0)->number, 0);
    assert_false(read_as("2020", &query, 200, body, &answer, &error));
    assert_int_equal(error.code, ERROR_INTERNAL);
}

static void test_a_flag(void **state)
{
    (void)state;
    static const char meta[] =
        "\"meta\":[{\"name\":\"tags[os_rooted]\"},{\"name\":\"times_seen\"}]";
    static const struct snuba_column rooted = {SNUBA_TAG, "os.rooted"};
    struct snuba_query query = page_query;
    struct snuba_answer answer;
    struct error error;
    char body[512];
    query.groupby = &rooted;
    query.aggregation_count = 1;
    (void)snprintf(body, sizeof(body),
                   "{%s,\"data\":[{\"tags[os_rooted]\":0,\"times_seen\":1},"
                   "{\"tags[os_rooted]\":1,\"times_seen\":2},"
                   "{\"tags[os_rooted]\":null,\"times_seen\":3}],\"error\":null}",
                   meta);
    assert_true(read_as("2018", &query, 200, body, &answer, &error));
    assert_string_equal(snuba_cell(&answer, 0, 0)->text, "no");
    assert_int_equal(snuba_cell(&answer, 0, 0)->size, 2);
    assert_string_equal(snuba_cell(&answer, 1, 0)->text, "yes");
    assert_int_equal(snuba_cell(&answer, 1, 0)->kind, SNUBA_CELL_TEXT);
    assert_int_equal(snuba_cell(&answer, 2, 0)->kind, SNUBA_CELL_NULL);
    (void)snprintf(body, sizeof(body),
                   "{%s,\"data\":[{\"tags[os_rooted]\":2,\"times_seen\":1}],\"error\":null}", meta);
    assert_false(read_as("2018", &query, 200, body, &answer, &error));
    assert_int_equal(error.code, ERROR_INTERNAL);
}

/* ---- JSON that does not fit the query ---- */

static void test_wrong_answers(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "{}",
        "[]",
        "1",
        "\"data\"",
        "{\"data\": [" ROW "]}",
        "{\"data\": [], \"meta\": []}",
        "{\"data\": null, " META "}",
        "{\"data\": {}, " META "}",
        "{" META "}",
        PAGE("1"),
        PAGE("[]"),
        PAGE("{}"),
        PAGE(ROW "," ROW "," ROW "," ROW), /* limit 3 */
        PAGE("{\"times_seen\": 2, " TIMES "}"),
        PAGE("{\"tags_value\": 5, \"times_seen\": 2, " TIMES "}"),
        PAGE("{\"tags_value\": \"a\", \"times_seen\": null, " TIMES "}"),
        PAGE("{\"tags_value\": \"a\", \"times_seen\": -1, " TIMES "}"),
        PAGE("{\"tags_value\": \"a\", \"times_seen\": 1.5, " TIMES "}"),
        PAGE("{\"tags_value\": \"a\", \"times_seen\": 18446744073709551615, " TIMES "}"),
        PAGE("{\"tags_value\": \"a\", \"times_seen\": 1, \"first_seen\": \"yesterday\", "
             "\"last_seen\": \"2026-11-21T01:32:05+00:00\"}"),
        PAGE("{\"tags_value\": \"a\", \"times_seen\": 1, \"first_seen\": 1795224725, "
             "\"last_seen\": \"2026-11-21T01:32:05+00:00\"}"),
        "{\"data\": [], \"meta\": [{\"name\": \"tags_value\"}, {\"name\": \"times_seen\"}, "
        "{\"name\": \"first_seen\"}, {\"name\": \"other\"}]}",
        "{\"data\": [], \"meta\": [{\"name\": \"tags_value\"}, {\"name\": \"times_seen\"}, "
        "{\"name\": \"first_seen\"}, {\"name\": \"last_seen\"}, {\"name\": \"other\"}]}",
        "{\"data\": [], \"meta\": {\"tags_value\": 1}}",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(bodies); i++)
        refuse(bodies[i], ERROR_INTERNAL);
}

/* Every beginning of a good answer, and some answers that are broken inside. */
static void test_cut_answers(void **state)
{
    (void)state;
    static const char whole[] = PAGE(ROW ", " ROW);
    char cut[sizeof(whole)];
    for (size_t size = 0; size < sizeof(whole) - 1; size++) {
        memcpy(cut, whole, size);
        cut[size] = '\0';
        refuse(cut, ERROR_ANSWER);
        arena_reset(arena);
    }
    static const char *const broken[] = {
        "{\"data\": [" ROW ROW "], " META "}",
        "{\"data\": [" ROW ",], " META "}",
        "{\"data\": [," ROW "], " META "}",
        "{\"data\": [{\"tags_value\": \"bar\", \"times_seen\": 2, ], " META "}",
        "{\"data\": [{]], " META "}",
        "{\"data\": [{\"tags_value\" \"bar\"}], " META "}",
        "{\"data\": [" ROW "], " META ",}",
        "{\"data\": [" ROW "] " META "}",
        "{\"data\": [" ROW "], " META ", \"timing\": tru}",
        "{\"data\": [" ROW "], " META ", 5: 6}",
        PAGE(ROW) "x",
        PAGE(ROW) "{}",
        "{\"data\": [" ROW ", Code: 395, e.displayText() = DB::Exception: cut",
        HTML,
        "null x",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(broken); i++)
        refuse(broken[i], ERROR_ANSWER);
}

static void test_garbage(void **state)
{
    (void)state;
    static const char *const fillings[] = {"[",    "{", "{\"a\":", "\"", "\\",
                                           "\xff", "0", " ",       "[],"};
    enum { SIZE = 10000000 };
    char *body = malloc(SIZE + 1);
    struct snuba_answer answer;
    struct error error;
    assert_non_null(body);
    for (size_t i = 0; i < ARRAY_LENGTH(fillings); i++) {
        for (size_t at = 0; at < SIZE; at++)
            body[at] = fillings[i][at % strlen(fillings[i])];
        body[SIZE] = '\0';
        assert_false(read_as("2020", &page_query, 200, body, &answer, &error));
        assert_int_equal(error.code, ERROR_ANSWER);
        assert_false(read_as("2020", &page_query, 502, body, &answer, &error));
        assert_int_equal(error.code, ERROR_AWAY);
    }
    free(body);
}

static void test_arena_is_a_bound(void **state)
{
    (void)state;
    struct arena *small = arena_new(600);
    static const char body[] = PAGE(ROW "," ROW "," ROW);
    const struct snuba_reply reply = {.status = 200, .body = body, .size = strlen(body)};
    struct snuba_answer answer = {.arena = small};
    struct error error;
    assert_non_null(small);
    assert_false(
        snuba_answer_read(snuba_dialect_find("2020"), &page_query, &reply, &answer, &error));
    assert_int_equal(error.code, ERROR_TOO_LARGE);
    arena_free(small);
}

/* ---- errors ---- */

struct said {
    int status;
    enum error_code code;
    const char *body;
    const char *sentence_or_null; /* of ERROR_EXPORT */
};

static void check_errors(const char *dialect, const struct said *said, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct snuba_answer answer;
        struct error error;
        bool done = read_as(dialect, &page_query, said[i].status, said[i].body, &answer, &error);
        if (done || error.code != said[i].code)
            fail_msg("%s: %d %s -> %s", dialect, said[i].status, said[i].body,
                     done ? "read" : error_code_name(error.code));
        if (said[i].sentence_or_null != NULL)
            assert_string_equal(error.message, said[i].sentence_or_null);
        assert_null(strstr(error.message, "secret"));
    }
}

#define CLICKHOUSE(code)                                                                           \
    "{\"error\": {\"type\": \"clickhouse\", \"code\": " #code ", \"message\": \"[" #code           \
    "] DB::Exception: secret\"}, \"sql\": \"SELECT secret\"}"
#define TYPED(type) "{\"error\": {\"type\": \"" type "\", \"message\": \"secret\"}}"

static void test_errors_of_2020(void **state)
{
    (void)state;
    static const struct said said[] = {
        /* 2: no JSON */
        {200, ERROR_ANSWER, HTML, NULL},
        {500, ERROR_AWAY, HTML, NULL},
        {502, ERROR_AWAY, "", NULL},
        {429, ERROR_AWAY, HTML, NULL},
        {404, ERROR_AWAY, HTML, NULL},
        {302, ERROR_AWAY, "", NULL},
        {400, ERROR_EXPORT, HTML, AGAIN},
        {413, ERROR_EXPORT, HTML, AGAIN},
        /* 4: too many queries, whatever the type */
        {429, ERROR_BUSY, TYPED("rate-limited"), NULL},
        {429, ERROR_BUSY, TYPED("other"), NULL},
        {429, ERROR_AWAY, "{\"error\": {}}", NULL},
        {429, ERROR_BUSY, "{\"error\": {\"message\": \"secret\"}}", NULL},
        /* 5 */
        {400, ERROR_EXPORT, TYPED("schema"), RAN},
        /* 6 to 9: ClickHouse */
        {500, ERROR_EXPORT, CLICKHOUSE(43), TYPE},
        {500, ERROR_OVERLOAD, CLICKHOUSE(241), NULL},
        {500, ERROR_BUSY, CLICKHOUSE(202), NULL},
        {500, ERROR_TIMEOUT, CLICKHOUSE(159), NULL},
        {500, ERROR_TIMEOUT, CLICKHOUSE(160), NULL},
        {500, ERROR_AWAY, CLICKHOUSE(209), NULL},
        {500, ERROR_AWAY, CLICKHOUSE(210), NULL},
        {500, ERROR_AWAY, CLICKHOUSE(216), NULL},
        {500, ERROR_AWAY, CLICKHOUSE(279), NULL},
        {500, ERROR_EXPORT, CLICKHOUSE(47), RAN},
        {500, ERROR_EXPORT, CLICKHOUSE(62), RAN},
        {500, ERROR_EXPORT, CLICKHOUSE(46), RAN},
        {500, ERROR_EXPORT, CLICKHOUSE(53), RAN},
        {500, ERROR_EXPORT, CLICKHOUSE(131), RAN},
        {500, ERROR_EXPORT, CLICKHOUSE(170), RAN},
        {500, ERROR_EXPORT, CLICKHOUSE(179), RAN},
        {500, ERROR_QUERY, CLICKHOUSE(60), NULL},
        {500, ERROR_QUERY, CLICKHOUSE(99999), NULL},
        {200, ERROR_EXPORT, CLICKHOUSE(43), TYPE},
        /* 10: any other type */
        {400, ERROR_EXPORT, TYPED("json"), AGAIN},
        {400, ERROR_EXPORT, TYPED("request"), AGAIN},
        {404, ERROR_EXPORT, TYPED("dataset"), AGAIN},
        {500, ERROR_AWAY, TYPED("unknown"), NULL},
        {503, ERROR_AWAY, TYPED("a\\nb"), NULL},
        /* 11: no error in it */
        {500, ERROR_AWAY, "{}", NULL},
        {503, ERROR_AWAY, "{\"error\": null}", NULL},
        {500, ERROR_AWAY, "[\"secret\"]", NULL},
        {400, ERROR_EXPORT, "{\"detail\": \"secret\"}", AGAIN},
        {500, ERROR_AWAY, PAGE(ROW), NULL},
        /* 14: a member that must be read is missing */
        {500, ERROR_INTERNAL, "{\"error\": {\"message\": \"secret\"}}", NULL},
        {500, ERROR_INTERNAL, "{\"error\": {\"type\": 5}}", NULL},
        {500, ERROR_INTERNAL, "{\"error\": {\"type\": \"clickhouse\", \"message\": \"secret\"}}",
         NULL},
        {500, ERROR_INTERNAL, "{\"error\": {\"type\": \"clickhouse\", \"code\": \"secret\"}}",
         NULL},
        {500, ERROR_INTERNAL, "{\"error\": [\"secret\"]}", NULL},
        {500, ERROR_INTERNAL, "{\"error\": true}", NULL},
    };
    check_errors("2020", said, ARRAY_LENGTH(said));
}

#define TOLD(text) "{\"data\": [], \"meta\": [], \"error\": \"" text "\"}"

static void test_errors_of_2018(void **state)
{
    (void)state;
    static const struct said said[] = {
        {200, ERROR_EXPORT, TOLD("Code: 43.\\nDB::Exception: Illegal type String of secret"), TYPE},
        {500, ERROR_EXPORT, TOLD("Code: 43.\\nDB::Exception: Illegal type String of secret"), TYPE},
        {200, ERROR_EXPORT, TOLD("Code: 47.\\nDB::Exception: Unknown identifier: secret"), RAN},
        {500, ERROR_AWAY, TOLD("Code: 210. Connection refused (127.0.0.1:9000)"), NULL},
        {200, ERROR_OVERLOAD, TOLD("Code: 241.\\nDB::Exception: secret"), NULL},
        {200, ERROR_TIMEOUT, TOLD("Code: 159.\\nDB::Exception: secret"), NULL},
        {200, ERROR_BUSY, TOLD("Code: 202.\\nDB::Exception: secret"), NULL},
        {200, ERROR_QUERY, TOLD("Code: 7777."), NULL},
        {200, ERROR_AWAY, TOLD("Unexpected EOF while reading bytes"), NULL},
        {500, ERROR_AWAY, TOLD("Code: 99999999999999999999."), NULL},
        {400, ERROR_EXPORT, HTML, RAN},
        {500, ERROR_AWAY, HTML, NULL},
        {404, ERROR_AWAY, HTML, NULL},
        {200, ERROR_ANSWER, HTML, NULL},
        {200, ERROR_INTERNAL, "{\"data\": [], \"meta\": [], \"error\": null}", NULL},
        {200, ERROR_INTERNAL, "{\"data\": [], \"meta\": [], \"error\": \"\"}", NULL},
    };
    check_errors("2018", said, ARRAY_LENGTH(said));
}

static void test_what_the_log_gets(void **state)
{
    (void)state;
    struct snuba_answer answer;
    struct error error;
    assert_false(read_as("2020", &page_query, 500, CLICKHOUSE(241), &answer, &error));
    assert_string_equal(answer.trouble.type, "clickhouse");
    assert_int_equal(answer.trouble.clickhouse, 241);
    assert_false(read_as("2018", &page_query, 200, TOLD("Code: 62.\\nDB: ..."), &answer, &error));
    assert_string_equal(answer.trouble.type, "clickhouse");
    assert_int_equal(answer.trouble.clickhouse, 62);
    assert_false(read_as("2020", &page_query, 500, TYPED("a secret\\n"), &answer, &error));
    assert_string_equal(answer.trouble.type, "strange");
    assert_false(read_as("2020", &page_query, 500, HTML, &answer, &error));
    assert_string_equal(answer.trouble.type, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_page, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(test_columns_are_found_by_name, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(test_zones, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(test_unclean_values, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(test_one_row_without_groups, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(test_groups_lists_and_totals, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(test_names_of_2018, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(test_a_flag, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(test_wrong_answers, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(test_cut_answers, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(test_garbage, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(test_arena_is_a_bound, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(test_errors_of_2020, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(test_errors_of_2018, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(test_what_the_log_gets, make_arena, free_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
