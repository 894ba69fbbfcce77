/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/unit/snuba/answer_test.c and tests/system/test_snuba_errors.py. */
#include "snuba/verdict.h"

#include "base/text.h"

static const char try_again[] = "Internal error. Please try again.";
static const char failed_to_run[] = "Internal error. Your query failed to run.";
static const char wrong_type[] = "Invalid query. Argument to function is wrong type.";

/* ClickHouse's error numbers (its ErrorCodes.cpp). A number that is not here is ERROR_QUERY. */
struct rule {
    int64_t code;
    enum error_code verdict;
    const char *sentence; /* of ERROR_EXPORT */
};

static const struct rule rules[] = {
    {43, ERROR_EXPORT, wrong_type}, /* ILLEGAL_TYPE_OF_ARGUMENT */

    {202, ERROR_BUSY, NULL},     /* TOO_MANY_SIMULTANEOUS_QUERIES */
    {241, ERROR_OVERLOAD, NULL}, /* MEMORY_LIMIT_EXCEEDED */
    {173, ERROR_OVERLOAD, NULL}, /* CANNOT_ALLOCATE_MEMORY */
    {159, ERROR_TIMEOUT, NULL},  /* TIMEOUT_EXCEEDED */
    {160, ERROR_TIMEOUT, NULL},  /* TOO_SLOW */

    {3, ERROR_AWAY, NULL},   /* UNEXPECTED_END_OF_FILE */
    {32, ERROR_AWAY, NULL},  /* ATTEMPT_TO_READ_AFTER_EOF */
    {101, ERROR_AWAY, NULL}, /* UNEXPECTED_PACKET_FROM_CLIENT */
    {102, ERROR_AWAY, NULL}, /* UNEXPECTED_PACKET_FROM_SERVER */
    {198, ERROR_AWAY, NULL}, /* DNS_ERROR */
    {203, ERROR_AWAY, NULL}, /* NO_FREE_CONNECTION */
    {209, ERROR_AWAY, NULL}, /* SOCKET_TIMEOUT */
    {210, ERROR_AWAY, NULL}, /* NETWORK_ERROR */
    {216, ERROR_AWAY, NULL}, /* QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING: right after a time-out */
    {236, ERROR_AWAY, NULL}, /* ABORTED */
    {243, ERROR_AWAY, NULL}, /* NOT_ENOUGH_SPACE */
    {279, ERROR_AWAY, NULL}, /* ALL_CONNECTION_TRIES_FAILED */
    {394, ERROR_AWAY, NULL}, /* QUERY_WAS_CANCELLED */

    {6, ERROR_EXPORT, failed_to_run},   /* CANNOT_PARSE_TEXT */
    {10, ERROR_EXPORT, failed_to_run},  /* NOT_FOUND_COLUMN_IN_BLOCK */
    {16, ERROR_EXPORT, failed_to_run},  /* NO_SUCH_COLUMN_IN_TABLE */
    {36, ERROR_EXPORT, failed_to_run},  /* BAD_ARGUMENTS */
    {38, ERROR_EXPORT, failed_to_run},  /* CANNOT_PARSE_DATE */
    {41, ERROR_EXPORT, failed_to_run},  /* CANNOT_PARSE_DATETIME */
    {42, ERROR_EXPORT, failed_to_run},  /* NUMBER_OF_ARGUMENTS_DOESNT_MATCH */
    {44, ERROR_EXPORT, failed_to_run},  /* ILLEGAL_COLUMN */
    {46, ERROR_EXPORT, failed_to_run},  /* UNKNOWN_FUNCTION */
    {47, ERROR_EXPORT, failed_to_run},  /* UNKNOWN_IDENTIFIER */
    {48, ERROR_EXPORT, failed_to_run},  /* NOT_IMPLEMENTED */
    {53, ERROR_EXPORT, failed_to_run},  /* TYPE_MISMATCH */
    {62, ERROR_EXPORT, failed_to_run},  /* SYNTAX_ERROR: also a query that is too long */
    {63, ERROR_EXPORT, failed_to_run},  /* UNKNOWN_AGGREGATE_FUNCTION */
    {70, ERROR_EXPORT, failed_to_run},  /* CANNOT_CONVERT_TYPE */
    {131, ERROR_EXPORT, failed_to_run}, /* TOO_LARGE_STRING_SIZE: a time with a zone */
    {170, ERROR_EXPORT, failed_to_run}, /* BAD_GET */
    {179, ERROR_EXPORT, failed_to_run}, /* MULTIPLE_EXPRESSIONS_FOR_ALIAS */
    {184, ERROR_EXPORT, failed_to_run}, /* ILLEGAL_AGGREGATION */
    {215, ERROR_EXPORT, failed_to_run}, /* NOT_AN_AGGREGATE */
};

static bool judge_clickhouse(int64_t code, struct error *error)
{
    enum error_code verdict = ERROR_QUERY;
    for (size_t i = 0; i < ARRAY_LENGTH(rules); i++) {
        if (rules[i].code == code && rules[i].sentence != NULL)
            return error_set(error, rules[i].verdict, "%s", rules[i].sentence);
        if (rules[i].code == code)
            verdict = rules[i].verdict;
    }
    return error_set(error, verdict, "snuba: ClickHouse error %" PRId64, code);
}

/* Whether this status of a gateway or web server means that the request itself is wrong, so that
   each attempt will fail. Other statuses (401, 404, 502, ...) are about the server's own state,
   which an operator can change. */
static bool is_about_request(int status)
{
    return status == 400 || status == 413 || status == 414 || status == 422 || status == 431;
}

static bool judge_status(int status, struct error *error)
{
    if (is_about_request(status))
        return error_set(error, ERROR_EXPORT, "%s", try_again);
    return error_set(error, ERROR_AWAY, "snuba answered with status %d", status);
}

bool snuba_judge_page(int status, bool refuses_by_html, struct error *error)
{
    if (status == 200)
        return error_set(error, ERROR_ANSWER, "snuba's answer is no JSON, or is cut");
    if (status == 400 && refuses_by_html)
        return error_set(error, ERROR_EXPORT, "%s", failed_to_run);
    return judge_status(status, error);
}

/* Reads an error text of the 2018 server: "Code: 43.\nDB::Exception: ..." */
static bool judge_text(const char *text, int status, struct snuba_trouble *trouble,
                       struct error *error)
{
    static const char start[] = "Code: ";
    char digits[16];
    const char *number = text + strlen(start);
    if (!text_starts_with(text, start))
        return judge_status(status == 200 ? 500 : status, error);
    (void)snprintf(digits, sizeof(digits), "%.*s", (int)strspn(number, "0123456789"), number);
    if (!text_to_int64(digits, 1, INT32_MAX, &trouble->clickhouse))
        return judge_status(status == 200 ? 500 : status, error);
    (void)snprintf(trouble->type, sizeof(trouble->type), "clickhouse");
    return judge_clickhouse(trouble->clickhouse, error);
}

/* Copies the error's type, which goes into log lines. A type that is not one plain word becomes
   "strange". False: there is none. */
static bool copy_type(const json_t *said, struct snuba_trouble *trouble)
{
    const char *type = json_string_value(json_object_get(said, "type"));
    if (type == NULL || type[0] == '\0')
        return false;
    bool is_word = strspn(type, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_.") == strlen(type);
    if (!is_word || !text_copy(trouble->type, sizeof(trouble->type), type))
        (void)snprintf(trouble->type, sizeof(trouble->type), "strange");
    return true;
}

static bool judge_object(const json_t *said, int status, struct snuba_trouble *trouble,
                         struct error *error)
{
    if (!copy_type(said, trouble))
        return error_set(error, ERROR_INTERNAL, "snuba: an error without a type");
    if (text_equal(trouble->type, "schema"))
        return error_set(error, ERROR_EXPORT, "%s", failed_to_run);
    if (text_equal(trouble->type, "clickhouse")) {
        if (!json_to_int64(json_object_get(said, "code"), 1, INT32_MAX, &trouble->clickhouse))
            return error_set(error, ERROR_INTERNAL, "snuba: a ClickHouse error without a code");
        return judge_clickhouse(trouble->clickhouse, error);
    }
    if (status / 100 == 4)
        return error_set(error, ERROR_EXPORT, "%s", try_again);
    return judge_status(status, error);
}

bool snuba_judge_error(int status, const json_t *said, struct snuba_trouble *trouble,
                       struct error *error)
{
    if (said == NULL)
        return judge_status(status, error);
    if (status == 429) {
        (void)copy_type(said, trouble);
        return error_set(error, ERROR_BUSY, "snuba: the rate limit is exceeded");
    }
    if (json_is_string(said))
        return judge_text(json_string_value(said), status, trouble, error);
    return judge_object(said, status, trouble, error);
}
