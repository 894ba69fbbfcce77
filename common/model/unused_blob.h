/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a cleanup may free, as the rows tell it: files of expired exports in sum, and blobs that
 * nothing refers to.
 */
#ifndef MODEL_UNUSED_BLOB_H
#define MODEL_UNUSED_BLOB_H

#include "base/arena.h"
#include "base/digest.h"
#include "client/pg.h"

struct unused_blob {
    int64_t id;
    const char *path; /* "" when the row has none */
    int64_t size;
    char checksum[SHA1_HEX_SIZE];
};

struct unused_blobs {
    struct unused_blob *items;
    size_t count;
};

struct unused_blob_page {
    int64_t after; /* ids above it */
    size_t max;
};

struct expired_sum {
    int64_t files; /* of expired exports */
    int64_t blobs; /* that only those files hold */
    int64_t bytes; /* of those blobs */
};

/* What there would be to free if all expired exports lost their files now. */
bool expired_sum_load(struct pg *pg, struct expired_sum *sum, struct error *error) MUST_CHECK;

/* Blobs that are a day old and that no file and no owner refers to: what `sentry cleanup` takes.
   By id; in `arena`. */
bool unused_blob_list(struct pg *pg, const struct unused_blob_page *page, struct arena *arena,
                      struct unused_blobs *blobs, struct error *error) MUST_CHECK;

/* held[i]: some blob row, of whatever checksum, has path i. No index leads from a path to its row:
   ask for many at once. */
bool blob_paths_held(struct pg *pg, const char *const *paths, size_t count, bool *held,
                     struct error *error) MUST_CHECK;

#endif
