#include "worker/outage.h"

#include "base/log.h"

void outage_begin(struct outage *outage, const struct error *error)
{
    if (!outage->away)
        LOG(LOG_ERROR, "server.away", log_text("server", outage->server),
            log_text("code", error_code_name(error->code)), log_text("error", error->message));
    outage->away = true;
}

void outage_end(struct outage *outage)
{
    if (outage->away)
        LOG(LOG_INFO, "server.back", log_text("server", outage->server));
    outage->away = false;
}
