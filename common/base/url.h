/* SPDX-License-Identifier: Apache-2.0 */
/* Parses URLs of settings: scheme://[user[:password]@]host[:port]/path?name=value&... */
#ifndef BASE_URL_H
#define BASE_URL_H

#include "base/error.h"

#define URL_PART_MAX 512
#define URL_TEXT_MAX 4096

/* The parts of a URL, percent-decoded; a missing part is "". */
struct url {
    char scheme[16];
    char user[URL_PART_MAX];
    char password[URL_PART_MAX];
    char host[URL_PART_MAX];  /* an IPv6 address without its brackets */
    int port;                 /* 0: not given */
    char path[URL_PART_MAX];  /* with its leading slash */
    char query[URL_TEXT_MAX]; /* still encoded; see url_option */
};

/* ERROR_INVALID if `text` is not such a URL. The message repeats no part of it, which may hold a
   password. */
bool url_parse(const char *text, struct url *url, struct error *error) MUST_CHECK;

/* The decoded value of `name` in the query; of several the first, and "" if there is none.
   ERROR_INVALID if the value is badly encoded or too long, or if there is no "=". */
bool url_option(const struct url *url, const char *name, char value[URL_PART_MAX],
                struct error *error) MUST_CHECK;

/* ERROR_INVALID if the query has an option that is not in `names`, a NULL-terminated list. A
   misspelt option must not be ignored. */
bool url_check_options(const struct url *url, const char *const *names,
                       struct error *error) MUST_CHECK;

/* Whether `host` is localhost, ::1 or in 127.0.0.0/8. */
bool url_is_loopback(const char *host);

#endif
