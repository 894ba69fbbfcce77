/* SPDX-License-Identifier: Apache-2.0 */
#include "tagstore/choose.h"

#include "base/text.h"
#include "tagstore/postgres/postgres_tagstore.h"
#include "tagstore/snuba/snuba_tagstore.h"

bool tagstore_new(const struct config *config, const char *backend, struct pg *pg,
                  struct tagstore **store, struct error *error)
{
    const struct snuba_settings snuba = {.url = config->snuba_url,
                                         .dialect = config->snuba_dialect,
                                         .retention_days = config->retention_days,
                                         .tmpdir = config->tmpdir,
                                         .page_size_max = config->page_size_max};
    *store = NULL;
    if (text_equal(backend, "snuba"))
        return snuba_tagstore_new(&snuba, pg, store, error);
    if (!text_equal(backend, "postgres"))
        return error_set(error, ERROR_USAGE, "there is no tagstore '%.40s'", backend);
    *store = postgres_tagstore_new(pg);
    return *store != NULL || error_no_memory(error);
}
