#include "tagstore/choose.h"

#include "base/text.h"
#include "tagstore/postgres/postgres_tagstore.h"

bool tagstore_new(const struct config *config, const char *backend, struct pg *pg,
                  struct tagstore **store, struct error *error)
{
    (void)config;
    *store = NULL;
    if (!text_equal(backend, "postgres"))
        return error_set(error, ERROR_USAGE, "there is no tagstore '%.40s'", backend);
    *store = postgres_tagstore_new(pg);
    return *store != NULL || error_set(error, ERROR_AWAY, "no memory");
}
