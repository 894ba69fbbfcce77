/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/outage.h"

#include "base/log.h"

void outage_begin(struct outage *outage, const struct error *error)
{
    bool first =
        !outage->away && (outage->missing == NULL || atomic_fetch_add(outage->missing, 1) == 0);
    if (first)
        LOG(LOG_ERROR, "server.away", log_text("server", outage->server),
            log_text("code", error_code_name(error->code)), log_text("error", error->message));
    outage->away = true;
}

void outage_end(struct outage *outage)
{
    bool last =
        outage->away && (outage->missing == NULL || atomic_fetch_sub(outage->missing, 1) == 1);
    if (last)
        LOG(LOG_INFO, "server.back", log_text("server", outage->server));
    outage->away = false;
}
