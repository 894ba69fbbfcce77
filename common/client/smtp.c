/* SPDX-License-Identifier: Apache-2.0 */
/* Sends a mail: MAIL, RCPT, DATA, the body. The answers decide whether the mail can be tried again.
   smtp_connection.c makes the connection. */
#include "client/smtp.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/text.h"
#include "client/smtp_internal.h"

enum {
    AGAIN_MS = 20000, /* a second try must begin within this time after the first began */
    ADDRESS_MAX = 254,
    LINE_SIZE = ADDRESS_MAX + 64,
};

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

void smtp_rest(struct smtp *smtp)
{
    struct error unused;
    bool said = smtp->curl != NULL && smtp_write(smtp, SMTP_QUIT, "QUIT\r\n", 6, &unused) &&
                smtp_read(smtp, SMTP_QUIT, &unused);
    (void)said; /* it does not matter: the server may be gone */
    smtp_hang_up(smtp);
}

/* ---- refusals ---- */

/* The enhanced codes about this recipient or this mail only. Others may be about the sender, this
   host or the server's configuration. An operator can mend those, and the mail can then be sent. */
static const struct {
    enum smtp_step step;
    const char *status; /* if it ends with a dot: all codes that begin with it */
} final_answers[] = {
    {SMTP_RCPT, "5.1.0"}, {SMTP_RCPT, "5.1.1"}, {SMTP_RCPT, "5.1.2"},
    {SMTP_RCPT, "5.1.3"}, {SMTP_RCPT, "5.1.6"}, {SMTP_RCPT, "5.1.10"},
    {SMTP_RCPT, "5.2.1"}, {SMTP_END, "5.3.4"},  {SMTP_END, "5.6."},
};

/* Whether the server refuses this mail for good. A login code never does. */
static bool is_final(enum smtp_step step, const struct smtp_reply *reply)
{
    if (reply->code / 100 != 5 || smtp_is_about_login(reply->code))
        return false;
    for (size_t i = 0; i < ARRAY_LENGTH(final_answers); i++) {
        const char *status = final_answers[i].status;
        size_t length = strlen(status);
        bool begins = text_starts_with(reply->text, status);
        bool whole = status[length - 1] == '.' ||
                     strchr("0123456789.", reply->text[length]) == NULL ||
                     reply->text[length] == '\0';
        if (final_answers[i].step == step && begins && whole)
            return true;
    }
    return false;
}

/* Replaces the recipient's address, which must not get into the log, by '*'. */
static void hide_address(char *text, const char *address)
{
    size_t size = strlen(address);
    for (char *at = strcasestr(text, address); at != NULL; at = strcasestr(at + 1, address)) {
        *at = '*';
        memmove(at + 1, at + size, strlen(at + size) + 1);
    }
}

/* Fills *error from the answer that refused the step. */
static bool fail_refused(const struct smtp *smtp, enum smtp_step step, struct error *error)
{
    char text[sizeof(smtp->reply.text)];
    int code = smtp->reply.code;
    (void)snprintf(text, sizeof(text), "%s", smtp->reply.text);
    if (smtp->mail != NULL)
        hide_address(text, smtp->mail->recipient);
    return error_set(error,
                     is_final(step, &smtp->reply) ? ERROR_INVALID
                     : smtp_is_about_login(code)  ? ERROR_DENIED
                                                  : ERROR_AWAY,
                     "the mail server refused %s: %d%s%s", smtp_step_name(step), code,
                     text[0] == '\0' ? "" : " ", text);
}

/* ---- the conversation ---- */

/* DATA expects a 3xx answer, all other steps a 2xx answer. */
static bool read_answer(struct smtp *smtp, enum smtp_step step, struct error *error)
{
    int wanted = step == SMTP_DATA ? 3 : 2;
    return smtp_read(smtp, step, error) &&
           (smtp->reply.code / 100 == wanted || fail_refused(smtp, step, error));
}

/* Sends a command and checks its answer. */
static bool send_line(struct smtp *smtp, enum smtp_step step, const char *line, struct error *error)
{
    return smtp_write(smtp, step, line, strlen(line), error) && read_answer(smtp, step, error);
}

static bool is_ascii(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text >= 0x80)
            return false;
    return true;
}

/* SMTPUTF8 is announced only if an address needs it and the server knows it. */
static bool send_addresses(struct smtp *smtp, const struct smtp_mail *mail, struct error *error)
{
    char line[LINE_SIZE];
    char size[32] = "";
    bool utf8 = smtp->knows_utf8 && !(is_ascii(mail->sender) && is_ascii(mail->recipient));
    if (smtp->knows_size && mail->size > 0)
        (void)snprintf(size, sizeof(size), " SIZE=%zu", mail->size);
    (void)snprintf(line, sizeof(line), "MAIL FROM:<%s>%s%s\r\n", mail->sender, size,
                   utf8 ? " SMTPUTF8" : "");
    if (!send_line(smtp, SMTP_MAIL, line, error))
        return false;
    (void)snprintf(line, sizeof(line), "RCPT TO:<%s>\r\n", mail->recipient);
    return send_line(smtp, SMTP_RCPT, line, error);
}

/* A dot at the beginning of a line is doubled; a line with one dot ends the body. */
static bool print_body(const struct smtp_mail *mail, struct buffer *body, struct error *error)
{
    const char *at = mail->mime;
    const char *end = at + mail->size;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *next = newline == NULL ? end : newline + 1;
        if ((*at == '.' && !buffer_append_byte(body, '.', error)) ||
            !buffer_append(body, at, (size_t)(next - at), error))
            return false;
        at = next;
    }
    bool ended = mail->size > 0 && end[-1] == '\n';
    return buffer_append_text(body, ended ? ".\r\n" : "\r\n.\r\n", error);
}

/* Once the server has the whole body, only its answer tells whether it has taken the mail. Anything
   but a proper answer of SMTP leaves that open. */
static bool send_body(struct smtp *smtp, const struct smtp_mail *mail, struct error *error)
{
    struct buffer body;
    buffer_init(&body, 2 * mail->size + 8);
    bool done = print_body(mail, &body, error) && send_line(smtp, SMTP_DATA, "DATA\r\n", error) &&
                smtp_write(smtp, SMTP_BODY, body.data, body.size, error);
    buffer_free(&body);
    if (!done || read_answer(smtp, SMTP_END, error))
        return done;
    if (smtp->reply.complete && smtp->reply.code >= 400)
        return false;
    error->code = ERROR_ANSWER;
    return error_prefix(error, "perhaps sent");
}

/* Addresses are sent as they are; a line break in one would begin a second command. */
static bool check_address(const char *address, struct error *error)
{
    if (address[0] == '\0' || strlen(address) > ADDRESS_MAX || text_has_control(address) ||
        strpbrk(address, " <>") != NULL)
        return error_set(error, ERROR_INVALID, "not an address that a mail can be sent to or from");
    return true;
}

/* After a failure there is no connection. QUIT is sent only to a server that has answered. */
static bool try_send(struct smtp *smtp, const struct smtp_mail *mail, struct error *error)
{
    if (smtp->curl == NULL && !smtp_connect(smtp, error))
        return false;
    if (send_addresses(smtp, mail, error) && send_body(smtp, mail, error))
        return true;
    if (smtp->reply.complete)
        smtp_rest(smtp);
    smtp_hang_up(smtp);
    return false;
}

bool smtp_send(struct smtp *smtp, const struct smtp_mail *mail, struct error *error)
{
    int64_t began_ms = clock_monotonic_ms();
    bool kept = smtp->curl != NULL;
    if (!check_address(mail->sender, error) || !check_address(mail->recipient, error))
        return false;
    smtp->mail = mail;
    bool sent = try_send(smtp, mail, error);
    /* The server may have closed the kept connection, or limit the mails over one connection. */
    if (!sent && kept && (error->code == ERROR_AWAY || error->code == ERROR_DENIED) &&
        clock_monotonic_ms() - began_ms < AGAIN_MS)
        sent = try_send(smtp, mail, error);
    smtp->mail = NULL;
    return sent;
}

/* ERROR_INVALID is fine here: the server knows no such mailbox, which concerns no other mail. */
static bool probe_server(struct smtp *smtp, const char *address, struct error *error)
{
    const struct smtp_mail mail = {.sender = address, .recipient = address};
    return smtp_connect(smtp, error) &&
           (send_addresses(smtp, &mail, error) || error->code == ERROR_INVALID) &&
           send_line(smtp, SMTP_RSET, "RSET\r\n", error);
}

bool smtp_probe(struct smtp *smtp, const char *address, struct error *error)
{
    if (!check_address(address, error))
        return false;
    smtp_rest(smtp);
    smtp->probe_began_ms = clock_monotonic_ms();
    bool done = probe_server(smtp, address, error);
    smtp->probe_began_ms = 0;
    if (!done && error->code == ERROR_AWAY && smtp->reply.complete && smtp->reply.code >= 500)
        error->code = ERROR_DENIED;
    if (done || smtp->reply.complete)
        smtp_rest(smtp);
    smtp_hang_up(smtp);
    return done;
}
