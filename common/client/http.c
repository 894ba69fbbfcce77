#include "client/http.h"

#include "base/clock.h"
#include "base/text.h"
#include "client/curl_setup.h"

#include <stdatomic.h>

enum {
    POLL_MS = 1000,             /* how long to wait in one go */
    PAUSE_MS = 200,             /* before the second try; doubles */
    HEADER_BYTES_MAX = 1 << 16, /* of one answer's header lines together */
    KEEP_IDLE_SECONDS = 30,
    KEEP_INTERVAL_SECONDS = 10,
    BASE_MAX = 2048, /* characters of the setting's URL, */
    TEXT_MAX = 1024  /* and of a request's path, content type and referer */
};

enum state {
    IDLE,
    RUNNING,
    DONE /* the answer, or what went wrong, is there */
};

struct http {
    CURLM *multi; /* keeps the connection */
    CURL *easy;   /* one request; NULL when IDLE */
    char *base;   /* the URL without its final slash */
    char *socket; /* the path of a Unix socket, or NULL */
    char *cafile; /* or NULL */
    long connect_ms;
    int64_t answer_ms;
    int tries;
    enum state state;
    CURLcode code;       /* when DONE */
    size_t request_size; /* of the request's body */
    struct curl_slist *headers;
    struct buffer body;
    char content_type[128];
    size_t header_bytes;
    bool header_ended;
    bool too_large;
    atomic_bool interrupted; /* set by other threads, never taken back */
};

/* ---- making one ---- */

/* As libcurl understands it, so that nothing can be hidden from the checks. */
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

static bool check_url(CURLU *url, const char *text, struct error *error)
{
    if (curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK || text_has_control(text) ||
        (!is_scheme(url, "http") && !is_scheme(url, "https")))
        return error_set(error, ERROR_USAGE, "not a URL as in http://host:port");
    if (has_part(url, CURLUPART_USER) || has_part(url, CURLUPART_PASSWORD))
        return error_set(error, ERROR_USAGE, "a login in the URL is of no use");
    if (has_part(url, CURLUPART_QUERY) || has_part(url, CURLUPART_FRAGMENT))
        return error_set(error, ERROR_USAGE, "nothing may stand behind the path of the URL");
    return true;
}

static bool out_of_memory(struct error *error)
{
    return error_set(error, ERROR_AWAY, "cannot set up libcurl: no memory");
}

static bool keep(char **copy, const char *text, struct error *error)
{
    *copy = text_duplicate(text);
    return *copy != NULL || out_of_memory(error);
}

/* Keeps the URL that paths are put behind. */
static bool take_url(struct http *http, const char *text, struct error *error)
{
    static const char unix_scheme[] = "unix://";
    bool local = text_starts_with(text, unix_scheme);
    const char *path = local ? text + strlen(unix_scheme) : "/";
    const char *base = local ? "http://localhost" : text;
    if (path[0] != '/' || (local && path[1] == '\0'))
        return error_set(error, ERROR_USAGE, "not an absolute path as in unix:///path");
    if (strlen(text) > BASE_MAX)
        return error_set(error, ERROR_USAGE, "the URL is too long");
    CURLU *url = curl_url();
    bool done = url != NULL ? check_url(url, base, error) : out_of_memory(error);
    curl_url_cleanup(url);
    if (!done || !keep(&http->base, base, error))
        return false;
    for (size_t i = strlen(http->base); i > 0 && http->base[i - 1] == '/'; i--)
        http->base[i - 1] = '\0';
    return !local || keep(&http->socket, path, error);
}

static bool set_up(struct http *http, const struct http_options *options, struct error *error)
{
    http->connect_ms = (long)options->connect_ms;
    http->answer_ms = options->answer_ms;
    http->tries = options->tries;
    http->multi = curl_multi_init();
    if (http->multi == NULL || curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, 1L) != CURLM_OK)
        return out_of_memory(error);
    return take_url(http, options->url, error) &&
           (options->cafile_or_null == NULL || keep(&http->cafile, options->cafile_or_null, error));
}

bool http_new(const struct http_options *options, struct http **http, struct error *error)
{
    curl_setup();
    *http = memory_zeroed(1, sizeof(**http));
    if (*http == NULL)
        return out_of_memory(error);
    buffer_init(&(*http)->body, options->answer_max);
    atomic_init(&(*http)->interrupted, false);
    if (set_up(*http, options, error))
        return true;
    http_free(*http);
    *http = NULL;
    return false;
}

void http_free(struct http *http)
{
    if (http == NULL)
        return;
    http_abandon(http);
    (void)curl_multi_cleanup(http->multi);
    free(http->base);
    free(http->socket);
    free(http->cafile);
    free(http);
}

/* ---- one transfer ---- */

static size_t take_body(const char *bytes, size_t unit, size_t count, void *context)
{
    struct http *http = context;
    struct error error;
    size_t size = unit * count;
    if (buffer_append(&http->body, bytes, size, &error))
        return size;
    http->too_large = error.code == ERROR_TOO_LARGE;
    return 0;
}

/* One line. libcurl takes a header that is cut for a whole one. */
static size_t look_at_header(const char *bytes, size_t unit, size_t count, void *context)
{
    struct http *http = context;
    size_t size = unit * count;
    http->header_bytes += size;
    if (size >= 5 && memcmp(bytes, "HTTP/", 5) == 0)
        http->header_ended = false; /* what came before was a 100 */
    if (size > 0 && (bytes[0] == '\r' || bytes[0] == '\n'))
        http->header_ended = true;
    return http->header_bytes <= HEADER_BYTES_MAX ? size : 0;
}

static bool set_rules(struct http *http)
{
    CURL *easy = http->easy;
    return curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_USERAGENT, "exportd") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, http) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, look_at_header) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERDATA, http) == CURLE_OK;
}

static bool set_connection(const struct http *http)
{
    CURL *easy = http->easy;
    return curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, http->connect_ms) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, (long)KEEP_IDLE_SECONDS) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, (long)KEEP_INTERVAL_SECONDS) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, http->socket) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
           (http->cafile == NULL ||
            curl_easy_setopt(easy, CURLOPT_CAINFO, http->cafile) == CURLE_OK);
}

/* Ends the transfer in any state; one that still runs loses its connection. */
static void put_away(struct http *http)
{
    if (http->state != IDLE)
        (void)curl_multi_remove_handle(http->multi, http->easy);
    http->state = IDLE;
    curl_easy_cleanup(http->easy);
    http->easy = NULL;
    curl_slist_free_all(http->headers);
    http->headers = NULL;
}

void http_abandon(struct http *http)
{
    put_away(http);
    http_forget(http);
}

void http_forget(struct http *http)
{
    buffer_free(&http->body);
}

void http_interrupt(struct http *http)
{
    atomic_store(&http->interrupted, true);
    (void)curl_multi_wakeup(http->multi);
}

static bool add_header(struct http *http, const char *line)
{
    struct curl_slist *longer = curl_slist_append(http->headers, line);
    if (longer != NULL)
        http->headers = longer;
    return longer != NULL;
}

static bool set_request(struct http *http, const struct http_request *request)
{
    char url[BASE_MAX + TEXT_MAX + 1];
    char type[sizeof("Content-Type: ") + TEXT_MAX];
    CURL *easy = http->easy;
    (void)snprintf(url, sizeof(url), "%s%s", http->base, request->path);
    (void)snprintf(type, sizeof(type), "Content-Type: %s", request->content_type);
    return add_header(http, type) && add_header(http, "Expect:") &&
           curl_easy_setopt(easy, CURLOPT_HTTPHEADER, http->headers) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_REFERER, request->referer_or_null) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->size) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, request->body) == CURLE_OK;
}

/* Each request has a handle of its own: libcurl counts over a handle's whole life how often a kept
   connection turned out to be closed, and at the sixth time gives up. */
static bool begin(struct http *http, const struct http_request *request, struct error *error)
{
    http->request_size = request->size;
    http->header_bytes = 0;
    http->header_ended = false;
    http->too_large = false;
    http_forget(http);
    http->easy = curl_easy_init();
    if (http->easy == NULL || !set_rules(http) || !set_connection(http) ||
        !set_request(http, request) || curl_multi_add_handle(http->multi, http->easy) != CURLM_OK)
        return out_of_memory(error);
    http->state = RUNNING;
    return true;
}

/* Whether any byte may have reached the server. */
static bool is_begun(const struct http *http)
{
    long sent = 0;
    return curl_easy_getinfo(http->easy, CURLINFO_REQUEST_SIZE, &sent) != CURLE_OK || sent > 0;
}

static bool is_sent(const struct http *http)
{
    curl_off_t sent = 0;
    return is_begun(http) &&
           curl_easy_getinfo(http->easy, CURLINFO_SIZE_UPLOAD_T, &sent) == CURLE_OK &&
           (size_t)sent >= http->request_size;
}

static void pump(struct http *http)
{
    int running = 0;
    int waiting = 0;
    (void)curl_multi_perform(http->multi, &running);
    for (CURLMsg *message = NULL;
         (message = curl_multi_info_read(http->multi, &waiting)) != NULL;) {
        if (message->msg == CURLMSG_DONE) {
            http->state = DONE;
            http->code = message->data.result;
        }
    }
}

/* Works on the transfer until it is done, or sent if that is enough. libcurl's own time-out would
   also count the time in which the caller does something else and nobody reads. */
static bool run(struct http *http, bool until_sent, struct error *error)
{
    int64_t deadline = clock_monotonic_ms() + http->answer_ms;
    for (;;) {
        if (atomic_load(&http->interrupted))
            return error_set(error, ERROR_STOPPED, "told to stop while asking the HTTP server");
        pump(http);
        if (http->state == DONE || (until_sent && is_sent(http)))
            return true;
        int64_t left = deadline - clock_monotonic_ms();
        if (left <= 0)
            return error_set(error, is_begun(http) ? ERROR_ANSWER : ERROR_AWAY,
                             "no whole answer from the HTTP server within %" PRId64 " ms",
                             http->answer_ms);
        (void)curl_multi_poll(http->multi, NULL, 0, left < POLL_MS ? (int)left : POLL_MS, NULL);
    }
}

/* ---- what came of it ---- */

static bool cannot_connect(const struct http *http, struct error *error)
{
    char text[128];
    long number = 0;
    const char *why = curl_easy_strerror(http->code);
    if (http->code == CURLE_COULDNT_CONNECT &&
        curl_easy_getinfo(http->easy, CURLINFO_OS_ERRNO, &number) == CURLE_OK && number != 0)
        why = strerror_r((int)number, text, sizeof(text));
    return error_set(error, ERROR_AWAY, "cannot reach the HTTP server: %s", why);
}

/* True when there is a whole answer. libcurl's own error text would name host and port. */
static bool judge(const struct http *http, struct error *error)
{
    CURLcode code = http->code;
    if (code == CURLE_OK)
        return http->header_ended ||
               error_set(error, ERROR_ANSWER, "no whole answer from the HTTP server: cut header");
    if (http->too_large)
        return error_set(error, ERROR_TOO_LARGE, "an HTTP answer of more than %zu bytes",
                         http->body.maximum);
    if (curl_is_denied(code))
        return error_set(error, ERROR_DENIED, "the certificate of the HTTP server: %s",
                         curl_easy_strerror(code));
    if (!is_begun(http) || code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST)
        return cannot_connect(http, error);
    return error_set(error, ERROR_ANSWER, "no whole answer from the HTTP server: %s",
                     curl_easy_strerror(code));
}

static bool attempt(struct http *http, const struct http_request *request, bool *again,
                    struct error *error)
{
    bool done = begin(http, request, error) && run(http, true, error) &&
                (http->state != DONE || judge(http, error));
    *again = !done && error->code == ERROR_AWAY && http->state == DONE && !is_begun(http);
    if (!done)
        http_abandon(http);
    return done;
}

static bool is_text(const char *text)
{
    return strlen(text) <= TEXT_MAX && !text_has_control(text);
}

static bool check_request(const struct http *http, const struct http_request *request,
                          struct error *error)
{
    if (http->state != IDLE)
        return error_set(error, ERROR_INTERNAL, "an HTTP request is under way already");
    if (request->path[0] != '/' || !is_text(request->path) || !is_text(request->content_type) ||
        (request->referer_or_null != NULL && !is_text(request->referer_or_null)))
        return error_set(error, ERROR_INVALID, "not a text that an HTTP header can hold");
    return true;
}

bool http_start(struct http *http, const struct http_request *request, struct error *error)
{
    bool again = false;
    int pause = PAUSE_MS;
    if (!check_request(http, request, error))
        return false;
    bool done = attempt(http, request, &again, error);
    for (int i = 1; again && i < http->tries; i++, pause *= 2) {
        (void)curl_multi_poll(http->multi, NULL, 0, pause, NULL); /* ends early when woken */
        done = attempt(http, request, &again, error);
    }
    return done;
}

static void fill(struct http *http, struct http_answer *answer)
{
    long status = 0;
    char *type = NULL;
    (void)curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(http->easy, CURLINFO_CONTENT_TYPE, &type);
    (void)snprintf(http->content_type, sizeof(http->content_type), "%s", type != NULL ? type : "");
    *answer = (struct http_answer){.status = (int)status,
                                   .content_type = http->content_type,
                                   .body = http->body.data,
                                   .size = http->body.size};
}

bool http_finish(struct http *http, struct http_answer *answer, struct error *error)
{
    if (http->state == IDLE)
        return error_set(error, ERROR_INTERNAL, "no HTTP request is under way");
    if ((http->state != DONE && !run(http, false, error)) || !judge(http, error)) {
        http_abandon(http);
        return false;
    }
    fill(http, answer);
    put_away(http);
    return true;
}
