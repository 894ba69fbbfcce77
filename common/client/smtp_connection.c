/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection to a mail server. libcurl resolves the name, connects, starts TLS, sends EHLO and
 * logs in (CURLOPT_CONNECT_ONLY). After that, smtp.c speaks SMTP itself, by curl_easy_send and
 * curl_easy_recv. libcurl's own way to send a mail does not say which step failed, hides the
 * server's words, has one time limit for all steps, and cannot check a recipient without a mail.
 * Tested by tests/unit/client/smtp_test.c and tests/system/test_mail_transports.py.
 */
#include "client/smtp_internal.h"

#include "base/clock.h"
#include "base/text.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SLICE_MS = 250,           /* a wait checks this often whether to end */
    SYN_RETRIES = 2,          /* Linux gives an address up after 7 s then, not after two minutes */
    EVER_SECONDS = 24 * 3600, /* libcurl's own limits: ours are tighter */
    HELLO_MAX = 256,
    URL_MAX = 1280,
};

/* The limits of RFC 5321, 4.5.3.2. A server may need long for a whole mail, because it scans it for
   viruses or delivers it. A client that gives up before the answer would send the mail twice. */
static const struct {
    const char *name;
    int seconds;
} steps[] = {
    [SMTP_CONNECT] = {"the connection", 60},
    [SMTP_LOGIN] = {"the connection", 300},
    [SMTP_MAIL] = {"the sender", 300},
    [SMTP_RCPT] = {"the recipient", 300},
    [SMTP_RSET] = {"RSET", 300},
    [SMTP_DATA] = {"DATA", 120},
    [SMTP_BODY] = {"the body", 180},
    [SMTP_END] = {"the mail", 600},
    [SMTP_QUIT] = {"the goodbye", 2},
};

const char *smtp_step_name(enum smtp_step step)
{
    return steps[step].name;
}

bool smtp_is_about_login(int code)
{
    return code == 530 || code == 534 || code == 535 || code == 538;
}

/* ---- waiting ---- */

/* Starts the time limit of a step. */
static void begin_step(struct smtp *smtp, enum smtp_step step)
{
    smtp->step = step;
    smtp->step_began_ms = clock_monotonic_ms();
}

/* `exportd check` has one limit for all steps together, because an operator waits for it. */
static int limit_seconds(const struct smtp *smtp)
{
    return smtp->probe_began_ms != 0 ? SMTP_PROBE_SECONDS : steps[smtp->step].seconds;
}

static bool is_interrupted(const struct smtp *smtp)
{
    return smtp->interrupted != NULL && atomic_load(smtp->interrupted);
}

/* Whether to go on waiting; called several times a second while waiting for the server. */
static bool may_wait(const struct smtp *smtp, struct error *error)
{
    const struct smtp_mail *mail = smtp->mail;
    if (mail != NULL && mail->waiting != NULL)
        mail->waiting(mail->waiting_context);
    if (is_interrupted(smtp))
        return error_set(error, ERROR_STOPPED, "the conversation with the mail server was stopped");
    int64_t began_ms = smtp->probe_began_ms != 0 ? smtp->probe_began_ms : smtp->step_began_ms;
    if (clock_monotonic_ms() - began_ms >= limit_seconds(smtp) * (int64_t)1000)
        return error_set(error, ERROR_AWAY, "the mail server gave no answer to %s within %d s",
                         smtp_step_name(smtp->step), limit_seconds(smtp));
    return true;
}

/* Waits for one slice of time; the caller then tries again. */
static bool wait_for(struct smtp *smtp, short events, struct error *error)
{
    curl_socket_t connection = CURL_SOCKET_BAD;
    (void)curl_easy_getinfo(smtp->curl, CURLINFO_ACTIVESOCKET, &connection);
    struct pollfd ready = {.fd = connection, .events = events};
    (void)poll(&ready, 1, SLICE_MS);
    return may_wait(smtp, error);
}

/* ---- answers ---- */

/* Joins the lines of an answer. Lines after the first repeat the enhanced code (RFC 2034), which is
   left out. */
static void append_text(struct smtp_reply *reply, const char *text, size_t size)
{
    size_t used = strlen(reply->text);
    size_t status = strspn(reply->text, "0123456789.");
    if (used > 0 && size > status && memcmp(text, reply->text, status) == 0 &&
        text[status] == ' ') {
        text += status;
        size -= status;
    } else if (used > 0 && used + 1 < sizeof(reply->text)) {
        reply->text[used++] = ' ';
    }
    for (size_t i = 0; i < size && used + 1 < sizeof(reply->text); i++)
        reply->text[used++] = (char)(text[i] >= ' ' && text[i] <= '~' ? text[i] : '?');
    reply->text[used] = '\0';
}

/* Adds a line, without its line end, to the answer; a line after a complete answer begins the
   next. */
static void take_line(struct smtp_reply *reply, const char *line, size_t size)
{
    if (reply->complete)
        *reply = (struct smtp_reply){.code = 0};
    bool proper = size >= 3 && line[0] >= '2' && line[0] <= '5' && line[1] >= '0' &&
                  line[1] <= '9' && line[2] >= '0' && line[2] <= '9';
    reply->complete = !proper || size == 3 || line[3] != '-';
    reply->code = proper ? (line[0] - '0') * 100 + (line[1] - '0') * 10 + line[2] - '0' : 0;
    if (size > 4)
        append_text(reply, line + 4, size - 4);
}

/* Whether a line of the answer to EHLO offers the extension `keyword`. */
static bool is_offer(const char *line, size_t size, const char *keyword)
{
    size_t length = strlen(keyword);
    return size >= 4 + length && memcmp(line, "250", 3) == 0 &&
           strncasecmp(line + 4, keyword, length) == 0 &&
           (size == 4 + length || line[4 + length] == ' ');
}

/* Called by libcurl with each line of the server until the login is done. After STARTTLS (220) the
   server lists its extensions again. */
static size_t record_line(char *bytes, size_t unit, size_t count, void *context)
{
    struct smtp *smtp = context;
    size_t size = unit * count;
    while (size > 0 && (bytes[size - 1] == '\r' || bytes[size - 1] == '\n'))
        size--;
    begin_step(smtp, SMTP_LOGIN);
    take_line(&smtp->reply, bytes, size);
    if (smtp->reply.code == 220)
        smtp->knows_size = smtp->knows_utf8 = false;
    smtp->knows_size = smtp->knows_size || is_offer(bytes, size, "SIZE");
    smtp->knows_utf8 = smtp->knows_utf8 || is_offer(bytes, size, "SMTPUTF8");
    return unit * count;
}

/* ---- connecting ---- */

/* The name for EHLO: the setting, or this host's name, or "localhost". */
static void get_hello_name(const struct smtp_server *server, char name[HELLO_MAX])
{
    if (text_copy(name, HELLO_MAX, server->hello) && name[0] != '\0')
        return;
    bool known = gethostname(name, HELLO_MAX) == 0 && memchr(name, '\0', HELLO_MAX) != NULL;
    if (!known || !smtp_is_host(name) || strchr(name, ':') != NULL)
        (void)snprintf(name, HELLO_MAX, "localhost");
}

/* libcurl takes the name for EHLO from the URL's path. */
static bool set_url(CURL *curl, const struct smtp_server *server)
{
    char url[URL_MAX];
    char hello[HELLO_MAX];
    bool v6 = strchr(server->host, ':') != NULL;
    get_hello_name(server, hello);
    char *path = curl_easy_escape(curl, hello, 0);
    if (path == NULL)
        return false;
    (void)snprintf(url, sizeof(url), "%s://%s%s%s:%d/%s",
                   server->security == SMTP_TLS ? "smtps" : "smtp", v6 ? "[" : "", server->host,
                   v6 ? "]" : "", server->port, path);
    curl_free(path);
    return curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK;
}

/* Bounds the wait for one address. If a host has several and the first does not answer, libcurl
   then tries the next. */
static int limit_address(void *context, curl_socket_t socket, curlsocktype purpose)
{
    const int retries = SYN_RETRIES;
    (void)context;
    (void)purpose;
    (void)setsockopt(socket, IPPROTO_TCP, TCP_SYNCNT, &retries, sizeof(retries));
    return CURL_SOCKOPT_OK;
}

/* The time limits are those of may_wait; libcurl's are set so high that they never end a wait. */
static bool set_limits(CURL *curl)
{
    return curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_SOCKOPTFUNCTION, limit_address) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)EVER_SECONDS) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)EVER_SECONDS) == CURLE_OK;
}

/* Called by libcurl about once a second, also while it only waits. */
static int check_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    struct smtp *smtp = context;
    struct error unused;
    curl_off_t connected_usec = 0;
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    (void)curl_easy_getinfo(smtp->curl, CURLINFO_CONNECT_TIME_T, &connected_usec);
    if (smtp->step == SMTP_CONNECT && connected_usec > 0)
        begin_step(smtp, SMTP_LOGIN);
    return may_wait(smtp, &unused) ? 0 : 1;
}

/* libcurl's wait is interrupted by check_progress, and its answers are read by record_line. */
static bool set_callbacks(CURL *curl, struct smtp *smtp)
{
    return curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, smtp->trouble) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, record_line) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HEADERDATA, smtp) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, check_progress) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_XFERINFODATA, smtp) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK;
}

/* STARTTLS is required or not used at all, so that an attacker cannot remove it. */
static bool set_security(CURL *curl, const struct smtp_server *server)
{
    long use_tls = server->security == SMTP_PLAIN ? CURLUSESSL_NONE : CURLUSESSL_ALL;
    return curl_easy_setopt(curl, CURLOPT_USE_SSL, use_tls) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
           (server->cafile[0] == '\0' ||
            curl_easy_setopt(curl, CURLOPT_CAINFO, server->cafile) == CURLE_OK);
}

static bool set_login(CURL *curl, const struct smtp_server *server)
{
    return server->user[0] == '\0' ||
           (curl_easy_setopt(curl, CURLOPT_USERNAME, server->user) == CURLE_OK &&
            curl_easy_setopt(curl, CURLOPT_PASSWORD, server->password) == CURLE_OK);
}

/* Fills *error. The server's own words are better than libcurl's, if it refused. */
static bool fail_to_connect(const struct smtp *smtp, CURLcode code, struct error *error)
{
    const struct smtp_reply *reply = &smtp->reply;
    bool denied = code == CURLE_LOGIN_DENIED || code == CURLE_USE_SSL_FAILED ||
                  curl_is_denied(code) || smtp_is_about_login(reply->code);
    enum error_code verdict = denied ? ERROR_DENIED : ERROR_AWAY;
    if (code == CURLE_ABORTED_BY_CALLBACK && !may_wait(smtp, error))
        return false;
    if (reply->code >= 400)
        return error_set(error, verdict, "the mail server refused the %s: %d %s",
                         code == CURLE_LOGIN_DENIED ? "login" : "connection", reply->code,
                         reply->text);
    const char *what = smtp->trouble[0] != '\0' ? smtp->trouble : curl_easy_strerror(code);
    size_t length = strlen(what);
    while (length > 0 && strchr(".\r\n", what[length - 1]) != NULL)
        length--;
    return error_set(error, verdict, "the mail server: %.*s", (int)length, what);
}

bool smtp_connect(struct smtp *smtp, struct error *error)
{
    curl_setup();
    CURL *curl = curl_easy_init();
    if (curl == NULL || !set_limits(curl) || !set_callbacks(curl, smtp) ||
        !set_security(curl, &smtp->server) || !set_login(curl, &smtp->server) ||
        !set_url(curl, &smtp->server)) {
        curl_easy_cleanup(curl);
        return error_set(error, ERROR_AWAY, "cannot set up libcurl: no memory");
    }
    smtp->curl = curl;
    smtp->trouble[0] = '\0';
    smtp->input_size = 0;
    smtp->reply = (struct smtp_reply){.complete = true};
    begin_step(smtp, SMTP_CONNECT);
    CURLcode code = curl_easy_perform(curl);
    if (code == CURLE_OK)
        return true;
    (void)fail_to_connect(smtp, code, error);
    smtp_hang_up(smtp);
    return false;
}

/* The shutdown keeps libcurl from sending QUIT and waiting two minutes for the answer. */
void smtp_hang_up(struct smtp *smtp)
{
    curl_socket_t connection = CURL_SOCKET_BAD;
    if (smtp->curl == NULL)
        return;
    (void)curl_easy_getinfo(smtp->curl, CURLINFO_ACTIVESOCKET, &connection);
    if (connection != CURL_SOCKET_BAD)
        (void)shutdown(connection, SHUT_RDWR);
    curl_easy_cleanup(smtp->curl);
    smtp->curl = NULL;
}

/* ---- bytes ---- */

/* The error of a connection that the server has closed or that has failed. */
static bool fail_broken(const struct smtp *smtp, CURLcode code, struct error *error)
{
    return error_set(error, ERROR_AWAY, "the mail server hung up at %s%s%s",
                     smtp_step_name(smtp->step), code == CURLE_OK ? "" : ": ",
                     code == CURLE_OK ? "" : curl_easy_strerror(code));
}

bool smtp_write(struct smtp *smtp, enum smtp_step step, const char *bytes, size_t size,
                struct error *error)
{
    begin_step(smtp, step);
    while (size > 0) {
        size_t sent = 0;
        CURLcode code = curl_easy_send(smtp->curl, bytes, size, &sent);
        if (code == CURLE_AGAIN && !wait_for(smtp, POLLOUT, error))
            return false;
        if (code != CURLE_OK && code != CURLE_AGAIN)
            return fail_broken(smtp, code, error);
        if (sent > 0)
            begin_step(smtp, step);
        bytes += sent;
        size -= sent;
    }
    return true;
}

/* Reads more input, or waits for a slice of time. */
static bool receive(struct smtp *smtp, struct error *error)
{
    size_t got = 0;
    CURLcode code = curl_easy_recv(smtp->curl, smtp->input + smtp->input_size,
                                   sizeof(smtp->input) - smtp->input_size, &got);
    if (code == CURLE_AGAIN)
        return wait_for(smtp, POLLIN, error);
    smtp->input_size += got;
    return (code == CURLE_OK && got > 0) || fail_broken(smtp, code, error);
}

bool smtp_read(struct smtp *smtp, enum smtp_step step, struct error *error)
{
    begin_step(smtp, step);
    smtp->reply = (struct smtp_reply){.complete = false};
    while (!smtp->reply.complete) {
        const char *end = memchr(smtp->input, '\n', smtp->input_size);
        if (end == NULL && smtp->input_size == sizeof(smtp->input))
            return error_set(error, ERROR_AWAY, "the mail server gave an endless answer");
        if (end == NULL) {
            if (!receive(smtp, error))
                return false;
            continue;
        }
        size_t size = (size_t)(end - smtp->input);
        take_line(&smtp->reply, smtp->input, size > 0 && end[-1] == '\r' ? size - 1 : size);
        smtp->input_size -= size + 1;
        memmove(smtp->input, end + 1, smtp->input_size);
    }
    return smtp->reply.code != 0 ||
           error_set(error, ERROR_AWAY, "the mail server does not speak SMTP");
}
