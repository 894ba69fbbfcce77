/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared by the files of SMTP: smtp_url.c (the address), smtp_connection.c (connection, TLS, login
 * and bytes, by libcurl) and smtp.c (the mail).
 */
#ifndef CLIENT_SMTP_INTERNAL_H
#define CLIENT_SMTP_INTERNAL_H

#include "client/curl_setup.h"
#include "client/smtp.h"

/* The steps of a conversation. Each has its own time limit. */
enum smtp_step {
    SMTP_CONNECT, /* until the server accepts the connection */
    SMTP_LOGIN,   /* the greeting, and each answer until the login is done */
    SMTP_MAIL,
    SMTP_RCPT,
    SMTP_RSET,
    SMTP_DATA,
    SMTP_BODY, /* each part of the body */
    SMTP_END,  /* the answer to the whole body */
    SMTP_QUIT,
};

/* The last answer. */
struct smtp_reply {
    int code;       /* 0: not an answer of SMTP */
    char text[320]; /* of all its lines, in printable ASCII; cut if it is longer */
    bool complete;  /* all its lines have come */
};

struct smtp {
    struct smtp_server server;
    const atomic_bool *interrupted;
    CURL *curl; /* the connection, or NULL */
    char trouble[CURL_ERROR_SIZE];
    bool knows_size, knows_utf8;  /* the server knows SIZE, SMTPUTF8 */
    int64_t probe_began_ms;       /* of smtp_probe; 0: it does not run */
    const struct smtp_mail *mail; /* being sent; NULL: none */
    enum smtp_step step;
    int64_t step_began_ms;
    struct smtp_reply reply;
    char input[2048]; /* bytes received after the last answer */
    size_t input_size;
};

/* Connects, sends EHLO, starts TLS and logs in, as smtp->server says. ERROR_AWAY, ERROR_DENIED,
   ERROR_STOPPED. After an error there is no connection. */
bool smtp_connect(struct smtp *smtp, struct error *error) MUST_CHECK;

/* Closes the connection at once, if there is one. */
void smtp_hang_up(struct smtp *smtp);

/* smtp_write sends all the bytes, smtp_read reads a whole answer into smtp->reply. Both begin
   `step`, whose time limit then holds. After ERROR_AWAY or ERROR_STOPPED the connection is of no
   more use. */
bool smtp_write(struct smtp *smtp, enum smtp_step step, const char *bytes, size_t size,
                struct error *error) MUST_CHECK;
bool smtp_read(struct smtp *smtp, enum smtp_step step, struct error *error) MUST_CHECK;

/* The name of a step in error messages, such as "the recipient". */
const char *smtp_step_name(enum smtp_step step);

/* Whether `text` can be a host's name or address: letters (also beyond ASCII), digits, and
   "-._:". */
bool smtp_is_host(const char *text);

/* Whether the server asks for a login or refuses it (RFC 4954), as it would for every mail. */
bool smtp_is_about_login(int code);

#endif
