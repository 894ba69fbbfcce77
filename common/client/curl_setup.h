/* SPDX-License-Identifier: Apache-2.0 */
/* What smtp.c and http.c share of libcurl. */
#ifndef CLIENT_CURL_SETUP_H
#define CLIENT_CURL_SETUP_H

#include "base/error.h"

#include <curl/curl.h>

/* Before any other call of libcurl, from any thread, any number of times. */
void curl_setup(void);

/* Whether `code` says that one side's certificate was not accepted, or that ours cannot be read. */
bool curl_is_denied(CURLcode code);

#endif
