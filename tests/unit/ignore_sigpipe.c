/* SPDX-License-Identifier: Apache-2.0 */
/* Linked into every unit test. As in exportd (cli/main.c), a write to a closed connection fails,
   and does not end the process. It would end it otherwise: libpq sends a cancel, and hiredis
   everything, without MSG_NOSIGNAL. */
#include <signal.h>

__attribute__((constructor)) static void ignore_sigpipe(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
}
