/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of libcurl that the SMTP and the HTTP client share. */
#ifndef CLIENT_CURL_SETUP_H
#define CLIENT_CURL_SETUP_H

#include "base/error.h"

#include <curl/curl.h>

/* Initializes libcurl. To be called before any other of its functions; any thread may call it, any
   number of times. */
void curl_setup(void);

/* Whether `code` means that a certificate was not accepted, the server's or ours, or that a file of
   certificates cannot be read. */
bool curl_is_denied(CURLcode code);

#endif
