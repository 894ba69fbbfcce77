/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the two halves of SMTP share: smtp_connection.c (libcurl: connection, TLS, login, bytes) and
 * smtp.c (the mail).
 */
#ifndef CLIENT_SMTP_INTERNAL_H
#define CLIENT_SMTP_INTERNAL_H

#include "client/curl_setup.h"
#include "client/smtp.h"

/* The steps of a conversation: each has its time limit. */
enum smtp_step {
    SMTP_CONNECT, /* until the other side has taken the connection */
    SMTP_LOGIN,   /* the greeting, and each answer until the login is done */
    SMTP_MAIL,
    SMTP_RCPT,
    SMTP_RSET,
    SMTP_DATA,
    SMTP_BODY, /* each part of the body that the other side takes */
    SMTP_END,  /* the answer to the whole body */
    SMTP_QUIT,
};

/* The last answer. */
struct smtp_reply {
    int code;       /* 0: not an answer of SMTP */
    char text[320]; /* of all its lines, in printable ASCII; a long one is cut */
    bool complete;  /* all its lines are there */
};

struct smtp {
    struct smtp_server server;
    const atomic_bool *interrupted;
    CURL *curl; /* with a connection; NULL: without */
    char trouble[CURL_ERROR_SIZE];
    bool knows_size, knows_utf8;  /* what the server can do: SIZE, SMTPUTF8 */
    bool probing;                 /* for `exportd check` */
    const struct smtp_mail *mail; /* in hand; NULL: none */
    enum smtp_step step;
    int64_t step_began_ms;
    struct smtp_reply reply;
    char input[2048]; /* received, and not yet part of an answer */
    size_t input_size;
};

/* Connects, says hello, starts TLS and logs in, as the server's address wants it. ERROR_AWAY,
   ERROR_DENIED, ERROR_STOPPED. There is no connection after an error. */
bool smtp_connect(struct smtp *smtp, struct error *error) MUST_CHECK;

/* Closes the connection as it is; fine without one. */
void smtp_hang_up(struct smtp *smtp);

/* Writes all the bytes; reads a whole answer into smtp->reply. They begin `step`, whose time limit
   then holds. ERROR_AWAY: the connection is of no more use; ERROR_STOPPED. */
bool smtp_write(struct smtp *smtp, enum smtp_step step, const char *bytes, size_t size,
                struct error *error) MUST_CHECK;
bool smtp_read(struct smtp *smtp, enum smtp_step step, struct error *error) MUST_CHECK;

/* "the recipient": what the step is about, in sentences. */
const char *smtp_step_name(enum smtp_step step);

/* Whether it can be a host's name or address: letters, digits and ".-_:". */
bool smtp_is_host(const char *text);

/* The answers that ask for a login, or refuse it (RFC 4954): every mail would get them. */
bool smtp_is_about_login(int code);

#endif
