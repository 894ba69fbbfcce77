/* SPDX-License-Identifier: Apache-2.0 */
#include "client/smtp.h"

#include "base/clock.h"
#include "base/text.h"
#include "base/url.h"
#include "client/curl_setup.h"

#include <sys/socket.h>
#include <unistd.h>

enum {
    CONNECT_SECONDS = 10,
    TOTAL_SECONDS = 30,
    AGAIN_MS = 20000, /* a second conversation begins within so long after the first one's begin */
    GOODBYE_SECONDS = 2,
    ADDRESS_MAX = 254,
    HELLO_MAX = 256,
    URL_MAX = 640
};

struct smtp {
    struct smtp_server server;
    const atomic_bool *interrupted;
    CURL *curl; /* with a connection, mostly; NULL: without */
    char trouble[CURL_ERROR_SIZE];
    /* the mail in hand: */
    struct curl_slist *recipients;
    const char *mime; /* what remains to be sent */
    size_t size;
    bool body_begun; /* the server has said 354 */
};

/* ---- the address ---- */

/* The host becomes part of a URL again, for libcurl: nothing in it may end it early. */
static bool is_host(const char *host)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:";
    if (host[0] == '\0')
        return false;
    for (; *host != '\0'; host++)
        if ((unsigned char)*host < 0x80 && strchr(allowed, *host) == NULL)
            return false;
    return true;
}

static bool parse_security(const struct url *url, struct smtp_server *server, struct error *error)
{
    static const char *const names[] = {"starttls", "cafile", NULL};
    char starttls[URL_PART_MAX];
    char cafile[URL_PART_MAX];
    if (!url_check_options(url, names, error) || !url_option(url, "starttls", starttls, error) ||
        !url_option(url, "cafile", cafile, error))
        return false;
    bool implicit = text_equal(url->scheme, "smtps");
    bool required = text_equal(starttls, "required");
    if (!implicit && !text_equal(url->scheme, "smtp"))
        return error_set(error, ERROR_USAGE, "the scheme is neither smtp nor smtps");
    if (starttls[0] != '\0' && !required)
        return error_set(error, ERROR_USAGE, "starttls can only be 'required'");
    if (implicit && required)
        return error_set(error, ERROR_USAGE, "smtps has TLS from the start: no starttls with it");
    server->security = implicit ? SMTP_TLS : required ? SMTP_STARTTLS : SMTP_PLAIN;
    if (cafile[0] != '\0' && server->security == SMTP_PLAIN)
        return error_set(error, ERROR_USAGE, "a cafile is of no use without TLS");
    return text_copy(server->cafile, sizeof(server->cafile), cafile) ||
           error_set(error, ERROR_USAGE, "the cafile has too long a name");
}

static bool parse_login(const struct url *url, struct smtp_server *server, struct error *error)
{
    if ((url->user[0] == '\0') != (url->password[0] == '\0'))
        return error_set(error, ERROR_USAGE, "a login needs both a user and a password");
    if (text_has_control(url->user) || text_has_control(url->password))
        return error_set(error, ERROR_USAGE, "the login has control characters in it");
    if (url->user[0] != '\0' && server->security == SMTP_PLAIN && !url_is_loopback(url->host))
        return error_set(error, ERROR_USAGE,
                         "a password would go over the network without TLS: use smtps:// or "
                         "?starttls=required");
    return (text_copy(server->user, sizeof(server->user), url->user) &&
            text_copy(server->password, sizeof(server->password), url->password)) ||
           error_set(error, ERROR_USAGE, "the user or the password is too long");
}

static bool parse(const char *text, struct smtp_server *server, struct error *error)
{
    struct url url;
    if (!url_parse(text, &url, error) || !parse_security(&url, server, error) ||
        !parse_login(&url, server, error))
        return false;
    if (!is_host(url.host) || !text_copy(server->host, sizeof(server->host), url.host))
        return error_set(error, ERROR_USAGE, "the URL names no host, or not a proper one");
    if (url.path[0] != '\0' && !text_equal(url.path, "/"))
        return error_set(error, ERROR_USAGE, "there is a path behind the host");
    server->port = url.port != 0 ? url.port : server->security == SMTP_TLS ? 465 : 25;
    return true;
}

bool smtp_parse_url(const char *url, struct smtp_server *server, struct error *error)
{
    *server = (struct smtp_server){.port = 0};
    if (parse(url, server, error))
        return true;
    error->code = ERROR_USAGE;
    return false;
}

/* ---- the connection ---- */

/* What the server is told by EHLO. */
static void hello_name(char name[HELLO_MAX])
{
    bool known = gethostname(name, HELLO_MAX) == 0 && memchr(name, '\0', HELLO_MAX) != NULL;
    if (!known || !is_host(name) || strchr(name, ':') != NULL)
        (void)snprintf(name, HELLO_MAX, "localhost");
}

/* libcurl takes the name for EHLO from the URL's path. */
static CURLcode set_url(CURL *curl, const struct smtp_server *server)
{
    char url[URL_MAX];
    char hello[HELLO_MAX];
    bool v6 = strchr(server->host, ':') != NULL;
    hello_name(hello);
    (void)snprintf(url, sizeof(url), "%s://%s%s%s:%d/%s",
                   server->security == SMTP_TLS ? "smtps" : "smtp", v6 ? "[" : "", server->host,
                   v6 ? "]" : "", server->port, hello);
    return curl_easy_setopt(curl, CURLOPT_URL, url);
}

static bool set_limits(CURL *curl)
{
    return curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)TOTAL_SECONDS) == CURLE_OK &&
           /* for the QUIT that libcurl says by itself behind a refusal, beyond that time */
           curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)TOTAL_SECONDS) == CURLE_OK;
}

static bool is_interrupted(const struct smtp *smtp)
{
    return smtp->interrupted != NULL && atomic_load(smtp->interrupted);
}

/* libcurl asks about once a second, also while nothing moves. */
static int go_on(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return is_interrupted(context) ? 1 : 0;
}

static bool set_callbacks(CURL *curl, struct smtp *smtp)
{
    return curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, smtp->trouble) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, go_on) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_XFERINFODATA, smtp) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK;
}

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

static bool no_memory(struct error *error)
{
    return error_set(error, ERROR_AWAY, "cannot set up libcurl: no memory");
}

/* Makes what a connection needs; the connection comes with the first mail. */
static bool prepare(struct smtp *smtp, struct error *error)
{
    if (smtp->curl != NULL)
        return true;
    curl_setup();
    CURL *curl = curl_easy_init();
    if (curl != NULL && set_limits(curl) && set_callbacks(curl, smtp) &&
        set_security(curl, &smtp->server) && set_login(curl, &smtp->server) &&
        set_url(curl, &smtp->server) == CURLE_OK) {
        smtp->curl = curl;
        return true;
    }
    curl_easy_cleanup(curl);
    return no_memory(error);
}

/* What curl_easy_perform is to do: a command without argument instead of a mail. */
static bool set_command(CURL *curl, const char *command)
{
    return curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, NULL) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_UPLOAD, 0L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOBODY, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, command) == CURLE_OK;
}

/* Closes the connection as it is: libcurl would say QUIT to it and wait two minutes for an answer.
 */
static void drop(struct smtp *smtp)
{
    curl_socket_t connection = CURL_SOCKET_BAD;
    (void)curl_easy_getinfo(smtp->curl, CURLINFO_ACTIVESOCKET, &connection);
    if (connection != CURL_SOCKET_BAD)
        (void)shutdown(connection, SHUT_RDWR);
    curl_easy_cleanup(smtp->curl);
    smtp->curl = NULL;
}

/* Nobody calls a server to say goodbye to it. */
static curl_socket_t refuse_connection(void *context, curlsocktype purpose,
                                       struct curl_sockaddr *address)
{
    (void)context;
    (void)purpose;
    (void)address;
    return CURL_SOCKET_BAD;
}

static void say_goodbye(const struct smtp *smtp)
{
    CURL *curl = smtp->curl;
    if (set_command(curl, "QUIT") &&
        curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)GOODBYE_SECONDS) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, refuse_connection) == CURLE_OK)
        (void)curl_easy_perform(curl);
}

void smtp_rest(struct smtp *smtp)
{
    if (smtp->curl == NULL)
        return;
    if (!is_interrupted(smtp))
        say_goodbye(smtp);
    drop(smtp);
}

struct smtp *smtp_new(const struct smtp_server *server, const atomic_bool *interrupted)
{
    struct smtp *smtp = memory_zeroed(1, sizeof(*smtp));
    if (smtp != NULL) {
        smtp->server = *server;
        smtp->interrupted = interrupted;
    }
    return smtp;
}

void smtp_free(struct smtp *smtp)
{
    if (smtp != NULL)
        smtp_rest(smtp);
    free(smtp);
}

/* ---- what came of it ---- */

static long last_answer(const struct smtp *smtp)
{
    long answer = 0;
    (void)curl_easy_getinfo(smtp->curl, CURLINFO_RESPONSE_CODE, &answer);
    return answer;
}

/* The answers that ask for a login, or refuse it (RFC 4954): every mail would get them. */
static bool is_about_login(long answer)
{
    return answer == 530 || answer == 534 || answer == 535 || answer == 538;
}

/* libcurl says CURLE_SEND_ERROR for a refused MAIL, RCPT or DATA, and CURLE_WEIRD_SERVER_REPLY for
   a refused greeting, but also for a refused body. */
static enum error_code judge(const struct smtp *smtp, CURLcode code, long answer)
{
    bool about_mail =
        code == CURLE_SEND_ERROR || (code == CURLE_WEIRD_SERVER_REPLY && smtp->body_begun);
    if (code == CURLE_LOGIN_DENIED || code == CURLE_USE_SSL_FAILED || curl_is_denied(code) ||
        is_about_login(answer))
        return ERROR_DENIED;
    return about_mail && answer / 100 == 5 ? ERROR_INVALID : ERROR_AWAY;
}

static bool describe(const struct smtp *smtp, CURLcode code, struct error *error)
{
    long answer = last_answer(smtp);
    enum error_code verdict = judge(smtp, code, answer);
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return error_set(error, ERROR_STOPPED, "the conversation with the mail server was stopped");
    if (code == CURLE_WEIRD_SERVER_REPLY && smtp->body_begun)
        return error_set(error, verdict, "the mail server refused the mail: %ld", answer);
    const char *what = smtp->trouble[0] != '\0' ? smtp->trouble : curl_easy_strerror(code);
    size_t length = strlen(what);
    while (length > 0 && strchr(".\r\n", what[length - 1]) != NULL)
        length--;
    return error_set(error, verdict, "the mail server: %.*s", (int)length, what);
}

/* Whether the failure says nothing about the mail, because it came over a connection that had been
   kept: the server may have closed it meanwhile, or have had enough mails on it. And not when the
   server may have taken the mail, or is only slow. */
static bool is_about_kept_connection(const struct smtp *smtp, CURLcode code)
{
    long connections_made = 0;
    (void)curl_easy_getinfo(smtp->curl, CURLINFO_NUM_CONNECTS, &connections_made);
    bool not_taken = !smtp->body_begun || last_answer(smtp) >= 400;
    return connections_made == 0 && not_taken && code != CURLE_ABORTED_BY_CALLBACK &&
           code != CURLE_OPERATION_TIMEDOUT;
}

/* ---- sending ---- */

static size_t read_body(char *to, size_t unit, size_t count, void *context)
{
    struct smtp *smtp = context;
    size_t size = unit * count < smtp->size ? unit * count : smtp->size;
    smtp->body_begun = true;
    memcpy(to, smtp->mime, size);
    smtp->mime += size;
    smtp->size -= size;
    return size;
}

/* libcurl puts what it is given onto the wire as it is: a line break would be a second command. */
static bool check_address(const char *address, struct error *error)
{
    if (address[0] == '\0' || strlen(address) > ADDRESS_MAX || text_has_control(address) ||
        strpbrk(address, " <>") != NULL)
        return error_set(error, ERROR_INVALID, "not an address that a mail can be sent to or from");
    return true;
}

static bool set_mail(struct smtp *smtp, const struct smtp_mail *mail)
{
    CURL *curl = smtp->curl;
    char from[ADDRESS_MAX + 3];
    char to[ADDRESS_MAX + 3];
    (void)snprintf(from, sizeof(from), "<%s>", mail->sender);
    (void)snprintf(to, sizeof(to), "<%s>", mail->recipient);
    smtp->mime = mail->mime;
    smtp->size = mail->size;
    smtp->body_begun = false;
    smtp->trouble[0] = '\0';
    smtp->recipients = curl_slist_append(NULL, to);
    return smtp->recipients != NULL &&
           curl_easy_setopt(curl, CURLOPT_MAIL_FROM, from) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, smtp->recipients) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)smtp->size) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_body) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_READDATA, smtp) == CURLE_OK;
}

static void forget_mail(struct smtp *smtp)
{
    (void)curl_easy_setopt(smtp->curl, CURLOPT_MAIL_RCPT, NULL);
    curl_slist_free_all(smtp->recipients);
    smtp->recipients = NULL;
    smtp->mime = NULL;
}

/* One conversation about the mail; behind a failure there is no connection. *again: worth another,
   over a new one. */
static bool try_send(struct smtp *smtp, const struct smtp_mail *mail, bool *again,
                     struct error *error)
{
    *again = false;
    if (!prepare(smtp, error))
        return false;
    bool done = set_mail(smtp, mail) || no_memory(error);
    if (done) {
        CURLcode code = curl_easy_perform(smtp->curl);
        done = code == CURLE_OK || describe(smtp, code, error);
        *again = !done && is_about_kept_connection(smtp, code);
    }
    forget_mail(smtp);
    if (!done)
        drop(smtp);
    return done;
}

bool smtp_send(struct smtp *smtp, const struct smtp_mail *mail, struct error *error)
{
    int64_t began_ms = clock_monotonic_ms();
    bool kept = smtp->curl != NULL;
    bool again = false;
    if (!check_address(mail->sender, error) || !check_address(mail->recipient, error))
        return false;
    return try_send(smtp, mail, &again, error) ||
           (kept && again && clock_monotonic_ms() - began_ms < AGAIN_MS &&
            try_send(smtp, mail, &again, error));
}

bool smtp_probe(struct smtp *smtp, struct error *error)
{
    smtp_rest(smtp);
    if (!prepare(smtp, error))
        return false;
    bool done = set_command(smtp->curl, "NOOP") || no_memory(error);
    if (done) {
        CURLcode code = curl_easy_perform(smtp->curl);
        done = code == CURLE_OK || describe(smtp, code, error);
    }
    smtp_rest(smtp);
    return done;
}
