/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thin layer over client/http: the URL with its options, one POST per query, a log line per
 * failure. HTTP tries to connect three times; longer pauses are left to the queue.
 */
#include "snuba/snuba_client.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/text.h"
#include "base/url.h"
#include "client/http.h"

enum {
    /* All tries together take less time than a worker's stop may take (EXPORTD_STOP_SECONDS). */
    CONNECT_MS = 5000,
    TRIES = 3,
    /* Snuba ends a query after 30 s with an error (ClickHouse 159), which says more than a time-out
       here. Before that, the query may wait its turn in the server. */
    ANSWER_SECONDS = 120,
    ANSWER_SECONDS_MAX = 3600,
    QUERY_MAX = 4 << 20
};

struct snuba_client {
    const struct snuba_dialect *dialect;
    struct http_client *http;
    struct http_transfer *transfer; /* of the sent query; NULL: none */
    int64_t answer_ms;
    const struct snuba_query *query; /* the sent query, until its answer is read */
    int64_t began_usec;              /* when it was sent (monotonic) */
};

/* ---- the setting ---- */

/* Splits the URL into its options (`parts`) and the rest (`base`), which is the URL for http.h. */
static bool split_url(const char *url, char *base, size_t size, struct url *parts,
                      struct error *error)
{
    static const char *const names[] = {"timeout", "cafile", NULL};
    bool is_path = url[0] == '/';
    int length = snprintf(base, size, "%s%.*s", is_path ? "unix://" : "",
                          is_path ? (int)strlen(url) : (int)strcspn(url, "?"), url);
    if (length < 0 || (size_t)length >= size)
        return error_set(error, ERROR_USAGE, "the URL is too long");
    *parts = (struct url){.port = 0};
    return is_path || (url_parse(url, parts, error) && url_check_options(parts, names, error));
}

static bool read_timeout(const struct url *parts, int64_t *answer_ms, struct error *error)
{
    char text[URL_PART_MAX];
    int64_t seconds = ANSWER_SECONDS;
    if (!url_option(parts, "timeout", text, error))
        return false;
    if (text[0] != '\0' && !text_to_int64(text, 1, ANSWER_SECONDS_MAX, &seconds))
        return error_set(error, ERROR_USAGE, "the timeout is not a number of seconds from 1 to %d",
                         ANSWER_SECONDS_MAX);
    *answer_ms = seconds * 1000;
    return true;
}

static bool make_http_client(struct snuba_client *client, const char *url, struct error *error)
{
    char base[URL_TEXT_MAX];
    char cafile[URL_PART_MAX] = "";
    struct url parts;
    struct http_options options = {
        .url = base, .connect_ms = CONNECT_MS, .answer_max = SNUBA_ANSWER_MAX, .tries = TRIES};
    if (!split_url(url, base, sizeof(base), &parts, error) ||
        !read_timeout(&parts, &options.answer_ms, error) ||
        !url_option(&parts, "cafile", cafile, error))
        return false;
    if (cafile[0] != '\0' && !text_equal(parts.scheme, "https"))
        return error_set(error, ERROR_USAGE, "a cafile is of no use without TLS");
    options.cafile_or_null = cafile[0] != '\0' ? cafile : NULL;
    client->answer_ms = options.answer_ms;
    return http_client_new(&options, &client->http, error);
}

static bool name_setting(struct error *error)
{
    if (error->code == ERROR_INVALID)
        error->code = ERROR_USAGE;
    return error_prefix(error, "EXPORTD_SNUBA_URL");
}

bool snuba_client_new(const char *url, const struct snuba_dialect *dialect,
                      struct snuba_client **client, struct error *error)
{
    *client = memory_zeroed(1, sizeof(**client));
    if (*client == NULL)
        return error_no_memory(error);
    (*client)->dialect = dialect;
    if (make_http_client(*client, url, error))
        return true;
    snuba_client_free(*client);
    *client = NULL;
    return name_setting(error);
}

void snuba_client_free(struct snuba_client *client)
{
    if (client == NULL)
        return;
    http_client_free(client->http);
    free(client);
}

const struct snuba_dialect *snuba_client_dialect(const struct snuba_client *client)
{
    return client->dialect;
}

int64_t snuba_client_patience_ms(const struct snuba_client *client)
{
    int64_t to_connect = TRIES * (CONNECT_MS + 1000); /* with the pauses between the tries */
    return to_connect + 2 * client->answer_ms;        /* to send, and to wait */
}

/* ---- asking ---- */

static void log_failure(const struct snuba_query *query, int status,
                        const struct snuba_trouble *trouble, const struct error *error)
{
    if (error->code != ERROR_STOPPED)
        LOG(LOG_WARNING, "snuba.error", log_text("referrer", query->referrer),
            log_int("status", status), log_text("type", trouble->type),
            log_int("clickhouse", trouble->clickhouse),
            log_text("code", error_code_name(error->code)), log_text("error", error->message));
}

/* Logs a failure without an answer, and so without a status. Returns false. */
static bool log_no_answer(const struct snuba_query *query, const struct error *error)
{
    static const struct snuba_trouble none = {.type = ""};
    log_failure(query, 0, &none, error);
    return false;
}

/* An answer that is too large becomes ERROR_OVERLOAD: the caller then asks for smaller pages.
   Returns false. */
static bool refuse_too_large(struct error *error)
{
    if (error->code == ERROR_TOO_LARGE)
        error->code = ERROR_OVERLOAD;
    return false;
}

/* Counts a request that is over. Returns `done`. */
static bool measure(const struct snuba_client *client, bool done, const struct error *error)
{
    metric_add(METRIC_SOURCE_REQUESTS, 1, "snuba", done ? "ok" : error_code_name(error->code));
    metric_observe(METRIC_SOURCE_DURATION, clock_monotonic_usec() - client->began_usec, NULL);
    return done;
}

static bool send_query(struct snuba_client *client, const struct snuba_query *query,
                       struct error *error)
{
    struct buffer body;
    buffer_init(&body, QUERY_MAX);
    bool done = snuba_dialect_print(client->dialect, query, &body, error);
    if (done) {
        const struct http_header headers[] = {{"Content-Type", "application/json"},
                                              {"Referer", query->referrer}};
        const struct http_request request = {.method = HTTP_POST,
                                             .path = "/query",
                                             .headers = headers,
                                             .header_count = ARRAY_LENGTH(headers),
                                             .body = body.data,
                                             .size = body.size,
                                             .total_ms = query->patience_ms};
        done = http_begin(client->http, &request, &client->transfer, error) &&
               http_send(client->transfer, error);
    }
    buffer_free(&body);
    return done;
}

bool snuba_start(struct snuba_client *client, const struct snuba_query *query, struct error *error)
{
    if (client->transfer != NULL) {
        (void)error_set(error, ERROR_INTERNAL, "a query is under way already");
        return log_no_answer(query, error);
    }
    client->began_usec = clock_monotonic_usec();
    if (!send_query(client, query, error)) {
        snuba_abandon(client);
        return measure(client, log_no_answer(query, error), error);
    }
    client->query = query;
    return true;
}

static bool read_answer(struct snuba_client *client, struct arena *arena,
                        struct snuba_answer *answer, struct error *error)
{
    const struct snuba_query *query = client->query;
    struct http_answer raw;
    struct http_transfer *transfer = client->transfer;
    client->query = NULL;
    client->transfer = NULL;
    if (!http_finish(transfer, &raw, error)) {
        (void)refuse_too_large(error);
        return query == NULL ? false : log_no_answer(query, error);
    }
    const struct snuba_reply reply = {
        .status = raw.status, .body = raw.body.data, .size = raw.body.size};
    answer->arena = arena;
    bool done =
        snuba_answer_read(client->dialect, query, &reply, answer, error) || refuse_too_large(error);
    if (!done)
        log_failure(query, raw.status, &answer->trouble, error);
    http_answer_free(&raw);
    return done;
}

bool snuba_finish(struct snuba_client *client, struct arena *arena, struct snuba_answer *answer,
                  struct error *error)
{
    return measure(client, read_answer(client, arena, answer, error), error);
}

void snuba_abandon(struct snuba_client *client)
{
    client->query = NULL;
    http_abandon(client->transfer);
    client->transfer = NULL;
}

bool snuba_ask(struct snuba_client *client, const struct snuba_query *query, struct arena *arena,
               struct snuba_answer *answer, struct error *error)
{
    return snuba_start(client, query, error) && snuba_finish(client, arena, answer, error);
}

void snuba_client_interrupt(struct snuba_client *client)
{
    http_client_interrupt(client->http);
}

void snuba_client_resume(struct snuba_client *client)
{
    http_client_resume(client->http);
}
