/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/unit/client/http_test.c and tests/system/test_mail_transports.py. */
#include "client/curl_setup.h"

#include <pthread.h>

static void initialize(void)
{
    (void)curl_global_init(CURL_GLOBAL_DEFAULT); /* after a failure curl_easy_init fails, too */
}

void curl_setup(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, initialize);
}

bool curl_is_denied(CURLcode code)
{
    return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
           code == CURLE_SSL_ISSUER_ERROR || code == CURLE_SSL_CERTPROBLEM;
}
