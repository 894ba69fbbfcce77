/* SPDX-License-Identifier: Apache-2.0 */
/* URLs of settings, taken apart: scheme://[user[:password]@]host[:port]/path?name=value&... */
#ifndef BASE_URL_H
#define BASE_URL_H

#include "base/error.h"

#define URL_PART_MAX 512
#define URL_TEXT_MAX 4096

/* All parts percent-decoded; an absent one is "". */
struct url {
    char scheme[16];
    char user[URL_PART_MAX];
    char password[URL_PART_MAX];
    char host[URL_PART_MAX];  /* an IPv6 address without its brackets */
    int port;                 /* 0: none given */
    char path[URL_PART_MAX];  /* with its leading slash */
    char query[URL_TEXT_MAX]; /* still encoded: see url_option */
};

/* ERROR_INVALID for anything else, with a message that repeats nothing of the URL (it may hold a
   password). */
bool url_parse(const char *text, struct url *url, struct error *error) MUST_CHECK;

/* The decoded value of `name` in the query, "" for none; of several the first. ERROR_INVALID when
   it is badly encoded, does not fit, or stands there without a "=". */
bool url_option(const struct url *url, const char *name, char value[URL_PART_MAX],
                struct error *error) MUST_CHECK;

/* ERROR_INVALID when the query has an option other than `names` (a NULL-terminated list): a
   misspelt option must not be ignored. */
bool url_check_options(const struct url *url, const char *const *names,
                       struct error *error) MUST_CHECK;

/* 127.0.0.0/8, ::1 or localhost. */
bool url_is_loopback(const char *host);

#endif
