/* SPDX-License-Identifier: Apache-2.0 */
/* The client and its transfers. Every function that waits runs the same loop, wait_until: it moves
   all transfers, then sleeps until a socket, a time limit or http_client_interrupt wakes it. */
#include "base/clock.h"
#include "base/text.h"
#include "client/http_internal.h"

enum {
    POLL_MS = 1000, /* the longest single wait */
    PAUSE_MS = 200, /* before the second try to connect; doubles */
    KEPT_MAX = 16   /* idle connections, to all hosts together */
};

bool http_out_of_memory(struct error *error)
{
    return error_set(error, ERROR_AWAY, "cannot set up libcurl: no memory");
}

/* ---- the client ---- */

/* libcurl itself parses the URL, so that the checks see what it will use. */
static bool has_part(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    bool there = curl_url_get(url, part, &text, 0) == CURLUE_OK;
    curl_free(text);
    return there;
}

static bool is_scheme(CURLU *url, const char *wanted)
{
    char *text = NULL;
    bool same =
        curl_url_get(url, CURLUPART_SCHEME, &text, 0) == CURLUE_OK && text_equal(text, wanted);
    curl_free(text);
    return same;
}

/* A login, a query or a fragment would be lost when a path is appended. */
static bool check_parts(CURLU *url, const char *text, bool query_allowed, struct error *error)
{
    if (curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK || text_has_control(text) ||
        (!is_scheme(url, "http") && !is_scheme(url, "https")))
        return error_set(error, ERROR_USAGE, "not a URL as in http://host:port");
    if (has_part(url, CURLUPART_USER) || has_part(url, CURLUPART_PASSWORD))
        return error_set(error, ERROR_USAGE, "a login in the URL is of no use");
    if ((has_part(url, CURLUPART_QUERY) && !query_allowed) || has_part(url, CURLUPART_FRAGMENT))
        return error_set(error, ERROR_USAGE, "nothing may stand behind the path of the URL");
    return true;
}

bool http_check_url(const char *text, bool query_allowed, struct error *error)
{
    CURLU *url = curl_url();
    bool done =
        url != NULL ? check_parts(url, text, query_allowed, error) : http_out_of_memory(error);
    curl_url_cleanup(url);
    return done;
}

static bool copy_text(char **copy, const char *text, struct error *error)
{
    *copy = text_duplicate(text);
    return *copy != NULL || http_out_of_memory(error);
}

/* Sets the base URL, to which the paths of requests are appended, and the Unix socket. */
static bool take_url(struct http_client *client, const char *text, struct error *error)
{
    static const char unix_scheme[] = "unix://";
    bool local = text_starts_with(text, unix_scheme);
    const char *path = local ? text + strlen(unix_scheme) : "/";
    const char *base = local ? "http://localhost" : text;
    if (path[0] != '/' || (local && path[1] == '\0'))
        return error_set(error, ERROR_USAGE, "not an absolute path as in unix:///path");
    if (strlen(text) > HTTP_BASE_MAX)
        return error_set(error, ERROR_USAGE, "the URL is too long");
    if (!http_check_url(base, false, error) || !copy_text(&client->base, base, error))
        return false;
    for (size_t i = strlen(client->base); i > 0 && client->base[i - 1] == '/'; i--)
        client->base[i - 1] = '\0';
    return !local || copy_text(&client->socket, path, error);
}

/* After an error the caller frees the client. */
static bool set_up(struct http_client *client, const struct http_options *options,
                   struct error *error)
{
    client->connect_ms = (long)options->connect_ms;
    client->answer_ms = options->answer_ms;
    client->answer_max = options->answer_max;
    client->tries = options->tries;
    client->multi = curl_multi_init();
    if (client->multi == NULL ||
        curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)KEPT_MAX) != CURLM_OK)
        return http_out_of_memory(error);
    return take_url(client, options->url, error) &&
           (options->cafile_or_null == NULL ||
            copy_text(&client->cafile, options->cafile_or_null, error));
}

bool http_client_new(const struct http_options *options, struct http_client **client,
                     struct error *error)
{
    curl_setup();
    *client = memory_zeroed(1, sizeof(**client));
    if (*client == NULL)
        return http_out_of_memory(error);
    atomic_init(&(*client)->interrupted, false);
    if (set_up(*client, options, error))
        return true;
    http_client_free(*client);
    *client = NULL;
    return false;
}

void http_client_free(struct http_client *client)
{
    if (client == NULL)
        return;
    while (client->transfers != NULL)
        http_abandon(client->transfers);
    (void)curl_multi_cleanup(client->multi);
    free(client->base);
    free(client->socket);
    free(client->cafile);
    free(client);
}

void http_client_interrupt(struct http_client *client)
{
    atomic_store(&client->interrupted, true);
    (void)curl_multi_wakeup(client->multi);
}

void http_client_resume(struct http_client *client)
{
    atomic_store(&client->interrupted, false);
}

static bool check_interrupted(struct http_client *client, struct error *error)
{
    return !atomic_load(&client->interrupted) ||
           error_set(error, ERROR_STOPPED, "told to stop while asking the HTTP server");
}

/* ---- moving the transfers ---- */

/* Begins to connect. */
static bool start_connecting(struct http_transfer *transfer)
{
    if (curl_multi_add_handle(transfer->client->multi, transfer->easy) != CURLM_OK)
        return false;
    transfer->state = HTTP_CONNECTING;
    transfer->due_ms = transfer->client->spent_ms + transfer->client->connect_ms;
    return true;
}

/* Only a failed connection is tried again: the server has not seen the request. */
static bool can_try_again(const struct http_transfer *transfer)
{
    struct error error;
    return transfer->tries_left > 0 && transfer->trouble.code == ERROR_NONE &&
           !http_check_result(transfer, &error) && error.code == ERROR_AWAY &&
           !http_is_begun(transfer);
}

/* Whether libcurl's connect time-out came before ours. libcurl also counts the time in which the
   caller does something else. (It is set nevertheless, because libcurl divides it among the
   addresses of a name.) The rest must be a tenth of the limit to be worth another connection. */
static bool is_too_early(const struct http_transfer *transfer, CURLcode code)
{
    const struct http_client *client = transfer->client;
    return code == CURLE_OPERATION_TIMEDOUT && !http_is_begun(transfer) &&
           transfer->due_ms - client->spent_ms > client->connect_ms / 10;
}

/* Ends a transfer, or lets it connect again. */
static void end_or_retry(struct http_transfer *transfer, CURLcode code)
{
    (void)curl_multi_remove_handle(transfer->client->multi, transfer->easy);
    if (is_too_early(transfer, code) &&
        curl_multi_add_handle(transfer->client->multi, transfer->easy) == CURLM_OK)
        return; /* the same limit goes on */
    transfer->state = HTTP_DONE;
    transfer->code = code;
    if (!can_try_again(transfer))
        return;
    transfer->state = HTTP_PAUSED;
    transfer->tries_left--;
    transfer->due_ms = transfer->client->spent_ms + transfer->pause_ms;
    transfer->pause_ms *= 2;
}

/* libcurl's messages say which transfers have ended. */
static void take_messages(struct http_client *client)
{
    int waiting = 0;
    for (CURLMsg *message = NULL;
         (message = curl_multi_info_read(client->multi, &waiting)) != NULL;) {
        char *transfer = NULL;
        if (message->msg == CURLMSG_DONE &&
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer) == CURLE_OK)
            end_or_retry((struct http_transfer *)(void *)transfer, message->data.result);
    }
}

/* Moves all transfers as far as possible without waiting. */
static void move_all(struct http_client *client)
{
    int running = 0;
    for (struct http_transfer *each = client->transfers; each != NULL; each = each->next)
        if (each->state == HTTP_PAUSED && each->due_ms <= client->spent_ms &&
            !start_connecting(each))
            end_or_retry(each, CURLE_OUT_OF_MEMORY);
    (void)curl_multi_perform(client->multi, &running);
    take_messages(client);
}

/* answer_ms starts when the connection is there, and again when the request is sent. */
static void record_progress(struct http_transfer *transfer)
{
    if (transfer->state == HTTP_CONNECTING && http_is_begun(transfer)) {
        transfer->state = HTTP_RUNNING;
        transfer->has_progress = true;
    }
    if (transfer->state == HTTP_RUNNING && !transfer->is_sent && http_is_sent(transfer))
        transfer->is_sent = transfer->has_progress = true;
}

/* Starts time limits again at the present spent_ms, which move_all has not updated yet. */
static void renew_limits(struct http_client *client)
{
    for (struct http_transfer *each = client->transfers; each != NULL; each = each->next) {
        record_progress(each);
        if (each->has_progress)
            each->due_ms = client->spent_ms + each->answer_ms;
        each->has_progress = false;
        if (each->state == HTTP_CONNECTING && each->due_ms <= client->spent_ms)
            end_or_retry(each, CURLE_OPERATION_TIMEDOUT);
    }
}

/* Sleeps until a socket is ready or a time limit ends, POLL_MS at most. */
static void sleep_until_event(struct http_client *client)
{
    int64_t wait_ms = POLL_MS;
    for (struct http_transfer *each = client->transfers; each != NULL; each = each->next) {
        int64_t next_ms = each->due_ms < each->end_ms ? each->due_ms : each->end_ms;
        int64_t left = next_ms - client->spent_ms;
        if (each->state != HTTP_DONE && left > 0 && left < wait_ms)
            wait_ms = left;
    }
    (void)curl_multi_poll(client->multi, NULL, 0, (int)wait_ms, NULL);
}

/* Checks total_ms, and answer_ms while the request is running. renew_limits checks connect_ms. */
static bool check_time(const struct http_transfer *transfer, struct error *error)
{
    int64_t now_ms = transfer->client->spent_ms;
    if (transfer->end_ms <= now_ms)
        return error_set(error, ERROR_TIMEOUT,
                         "the HTTP server has not answered within %" PRId64 " ms in all",
                         transfer->total_ms);
    if (transfer->state != HTTP_RUNNING || transfer->due_ms > now_ms)
        return true;
    return error_set(error, ERROR_ANSWER,
                     "no whole answer from the HTTP server within %" PRId64 " ms",
                     transfer->answer_ms);
}

/* What wait_until waits for. A transfer that is DONE has reached every goal. */
enum goal { SENT, MORE, WHOLE };

static bool has_reached(const struct http_transfer *transfer, enum goal goal)
{
    return transfer->state == HTTP_DONE || (goal == SENT && transfer->is_sent) ||
           (goal == MORE && transfer->has_more);
}

/* The time in callbacks counts for no limit of any transfer. */
static int64_t clock_without_callbacks(const struct http_client *client)
{
    return clock_monotonic_ms() - client->callback_ms;
}

/* The one loop that waits. It measures the time itself: libcurl's time-out for a whole request
   would also count the time in which the caller does something else. */
static bool wait_until(struct http_transfer *transfer, enum goal goal, struct error *error)
{
    struct http_client *client = transfer->client;
    int64_t began_ms = clock_without_callbacks(client) - client->spent_ms;
    while (!has_reached(transfer, goal)) {
        if (!check_interrupted(client, error))
            return false;
        move_all(client);
        client->spent_ms = clock_without_callbacks(client) - began_ms;
        renew_limits(client);
        if (has_reached(transfer, goal)) /* before check_time: an answer in time counts */
            break;
        if (!check_time(transfer, error))
            return false;
        sleep_until_event(client);
        client->spent_ms = clock_without_callbacks(client) - began_ms;
    }
    return transfer->state != HTTP_DONE || http_check_result(transfer, error);
}

/* ---- one transfer ---- */

/* The new transfer is in the list of its client from the start, so that http_abandon can free
   it. */
static struct http_transfer *new_transfer(struct http_client *client,
                                          const struct http_request *request)
{
    struct http_transfer *transfer = memory_zeroed(1, sizeof(*transfer));
    if (transfer == NULL)
        return NULL;
    transfer->client = client;
    transfer->write = request->write;
    transfer->write_context = request->write_context;
    transfer->answer_ms = request->answer_ms > 0 ? request->answer_ms : client->answer_ms;
    transfer->total_ms = request->total_ms;
    transfer->end_ms = request->total_ms > 0 ? client->spent_ms + request->total_ms : INT64_MAX;
    transfer->tries_left = client->tries - 1;
    transfer->pause_ms = PAUSE_MS;
    transfer->next = client->transfers;
    client->transfers = transfer;
    return transfer;
}

/* Each request has its own handle: libcurl counts over a handle's whole life how often a kept
   connection was found closed, and gives up at the sixth time. */
bool http_begin(struct http_client *client, const struct http_request *request,
                struct http_transfer **transfer, struct error *error)
{
    *transfer = NULL;
    if (!check_interrupted(client, error))
        return false;
    struct http_transfer *fresh = new_transfer(client, request);
    if (fresh == NULL)
        return http_out_of_memory(error);
    bool done = http_set_request(fresh, request, error) &&
                ((http_set_answer(fresh) &&
                  curl_easy_setopt(fresh->easy, CURLOPT_PRIVATE, fresh) == CURLE_OK &&
                  start_connecting(fresh)) ||
                 http_out_of_memory(error));
    if (!done) {
        http_abandon(fresh);
        return false;
    }
    move_all(client);
    *transfer = fresh;
    return true;
}

bool http_send(struct http_transfer *transfer, struct error *error)
{
    return wait_until(transfer, SENT, error);
}

bool http_more(struct http_transfer *transfer, bool *more, struct error *error)
{
    bool done = wait_until(transfer, MORE, error);
    *more = done && transfer->has_more;
    transfer->has_more = false;
    return done;
}

/* An empty answer can be freed any number of times. */
static void make_empty(struct http_answer *answer)
{
    *answer = (struct http_answer){.status = 0};
    buffer_init(&answer->body, 0);
    buffer_init(&answer->headers, 0);
}

/* Moves the answer to the caller. */
static void hand_over(struct http_transfer *transfer, struct http_answer *answer)
{
    long status = 0;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    *answer = transfer->answer;
    answer->status = (int)status;
    make_empty(&transfer->answer);
}

bool http_finish(struct http_transfer *transfer, struct http_answer *answer, struct error *error)
{
    make_empty(answer);
    if (transfer == NULL)
        return error_set(error, ERROR_INTERNAL, "no HTTP request is under way");
    bool done = wait_until(transfer, WHOLE, error);
    if (done)
        hand_over(transfer, answer);
    http_abandon(transfer);
    return done;
}

void http_abandon(struct http_transfer *transfer)
{
    if (transfer == NULL)
        return;
    struct http_transfer **link = &transfer->client->transfers;
    while (*link != NULL && *link != transfer)
        link = &(*link)->next;
    *link = transfer->next;
    (void)curl_multi_remove_handle(transfer->client->multi, transfer->easy);
    curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->headers);
    http_answer_free(&transfer->answer);
    free(transfer);
}

bool http_ask(struct http_client *client, const struct http_request *request,
              struct http_answer *answer, struct error *error)
{
    struct http_transfer *transfer = NULL;
    make_empty(answer);
    return http_begin(client, request, &transfer, error) && http_finish(transfer, answer, error);
}
