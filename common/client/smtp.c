#include "client/smtp.h"

#include "base/text.h"
#include "base/url.h"
#include "client/curl_setup.h"

#include <unistd.h>

enum {
    CONNECT_SECONDS = 10,
    TOTAL_SECONDS = 30,
    ADDRESS_MAX = 254,
    HELLO_MAX = 256,
    URL_MAX = 640
};

/* One conversation with a server. */
struct session {
    CURL *curl;
    struct curl_slist *recipients;
    const char *mime; /* what remains to be sent */
    size_t size;
    bool body_begun; /* the server has said 354 */
    const atomic_bool *interrupted;
    char trouble[CURL_ERROR_SIZE];
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

/* ---- the conversation ---- */

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

static bool set_limits(struct session *session)
{
    CURL *curl = session->curl;
    return curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, session->trouble) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)TOTAL_SECONDS) == CURLE_OK;
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

static void session_close(struct session *session)
{
    curl_easy_cleanup(session->curl);
    curl_slist_free_all(session->recipients);
    *session = (struct session){.curl = NULL};
}

static bool session_open(struct session *session, const struct smtp_server *server,
                         struct error *error)
{
    curl_setup();
    *session = (struct session){.curl = curl_easy_init()};
    if (session->curl != NULL && set_limits(session) && set_security(session->curl, server) &&
        set_login(session->curl, server) && set_url(session->curl, server) == CURLE_OK)
        return true;
    session_close(session);
    return error_set(error, ERROR_AWAY, "cannot set up libcurl: no memory");
}

/* ---- what came of it ---- */

/* The answers that ask for a login, or refuse it (RFC 4954): every mail would get them. */
static bool is_about_login(long answer)
{
    return answer == 530 || answer == 534 || answer == 535 || answer == 538;
}

/* libcurl says CURLE_SEND_ERROR for a refused MAIL, RCPT or DATA, and CURLE_WEIRD_SERVER_REPLY for
   a refused greeting, but also for a refused body. */
static enum error_code judge(const struct session *session, CURLcode code, long answer)
{
    bool about_mail =
        code == CURLE_SEND_ERROR || (code == CURLE_WEIRD_SERVER_REPLY && session->body_begun);
    if (code == CURLE_LOGIN_DENIED || code == CURLE_USE_SSL_FAILED || curl_is_denied(code) ||
        is_about_login(answer))
        return ERROR_DENIED;
    return about_mail && answer / 100 == 5 ? ERROR_INVALID : ERROR_AWAY;
}

static bool session_failed(const struct session *session, CURLcode code, struct error *error)
{
    long answer = 0;
    (void)curl_easy_getinfo(session->curl, CURLINFO_RESPONSE_CODE, &answer);
    enum error_code verdict = judge(session, code, answer);
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return error_set(error, ERROR_STOPPED, "the conversation with the mail server was stopped");
    if (code == CURLE_WEIRD_SERVER_REPLY && session->body_begun)
        return error_set(error, verdict, "the mail server refused the mail: %ld", answer);
    const char *what = session->trouble[0] != '\0' ? session->trouble : curl_easy_strerror(code);
    size_t length = strlen(what);
    while (length > 0 && strchr(".\r\n", what[length - 1]) != NULL)
        length--;
    return error_set(error, verdict, "the mail server: %.*s", (int)length, what);
}

/* ---- sending ---- */

static size_t read_body(char *to, size_t unit, size_t count, void *context)
{
    struct session *session = context;
    size_t size = unit * count < session->size ? unit * count : session->size;
    session->body_begun = true;
    memcpy(to, session->mime, size);
    session->mime += size;
    session->size -= size;
    return size;
}

/* libcurl asks about once a second, also while nothing moves. */
static int go_on(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct session *session = context;
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return session->interrupted != NULL && atomic_load(session->interrupted) ? 1 : 0;
}

/* libcurl puts what it is given onto the wire as it is: a line break would be a second command. */
static bool check_address(const char *address, struct error *error)
{
    if (address[0] == '\0' || strlen(address) > ADDRESS_MAX || text_has_control(address) ||
        strpbrk(address, " <>") != NULL)
        return error_set(error, ERROR_INVALID, "not an address that a mail can be sent to or from");
    return true;
}

static bool set_mail(struct session *session, const char *sender, const char *recipient)
{
    CURL *curl = session->curl;
    char from[ADDRESS_MAX + 3];
    char to[ADDRESS_MAX + 3];
    (void)snprintf(from, sizeof(from), "<%s>", sender);
    (void)snprintf(to, sizeof(to), "<%s>", recipient);
    session->recipients = curl_slist_append(NULL, to);
    return session->recipients != NULL &&
           curl_easy_setopt(curl, CURLOPT_MAIL_FROM, from) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, session->recipients) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, go_on) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_XFERINFODATA, session) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)session->size) ==
               CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_body) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_READDATA, session) == CURLE_OK;
}

static bool perform(struct session *session, struct error *error)
{
    CURLcode code = curl_easy_perform(session->curl);
    return code == CURLE_OK || session_failed(session, code, error);
}

bool smtp_send(const struct smtp_server *server, const char *sender, const char *recipient,
               const char *mime, size_t size, const atomic_bool *interrupted, struct error *error)
{
    struct session session;
    if (!check_address(sender, error) || !check_address(recipient, error) ||
        !session_open(&session, server, error))
        return false;
    session.mime = mime;
    session.size = size;
    session.interrupted = interrupted;
    bool done = set_mail(&session, sender, recipient)
                    ? perform(&session, error)
                    : error_set(error, ERROR_AWAY, "cannot set up libcurl: no memory");
    session_close(&session);
    return done;
}

bool smtp_probe(const struct smtp_server *server, struct error *error)
{
    struct session session;
    if (!session_open(&session, server, error))
        return false;
    bool done = curl_easy_setopt(session.curl, CURLOPT_CONNECT_ONLY, 1L) == CURLE_OK
                    ? perform(&session, error)
                    : error_set(error, ERROR_AWAY, "cannot set up libcurl: no memory");
    session_close(&session);
    return done;
}
