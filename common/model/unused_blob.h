/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a cleanup can free, according to the rows: the sum of the files of expired exports, and
 * blobs without references.
 */
#ifndef MODEL_UNUSED_BLOB_H
#define MODEL_UNUSED_BLOB_H

#include "base/arena.h"
#include "base/digest.h"
#include "client/pg.h"

struct unused_blob {
    int64_t id;
    const char *path; /* "": the row has none */
    int64_t size;
    char checksum[SHA1_HEX_SIZE];
};

struct unused_blobs {
    struct unused_blob *items;
    size_t count;
};

struct unused_blob_page {
    int64_t after; /* only ids above it */
    size_t max;
};

struct expired_sum {
    int64_t files; /* of expired exports */
    int64_t blobs; /* that only these files contain */
    int64_t bytes; /* of these blobs */
};

/* Sums up what could be freed if all expired exports lost their files now. */
bool expired_sum_load(struct pg *pg, struct expired_sum *sum, struct error *error) MUST_CHECK;

/* Lists the blobs that are a day old and to which no file and no owner refers, by id; in `arena`.
   These are the blobs that `sentry cleanup` deletes. */
bool unused_blob_list(struct pg *pg, const struct unused_blob_page *page, struct arena *arena,
                      struct unused_blobs *blobs, struct error *error) MUST_CHECK;

/* Finds out which paths have a blob row, of any checksum: held[i] is for paths[i]. No index leads
   from a path to its row, so ask for many paths at once. */
bool blob_paths_held(struct pg *pg, const char *const *paths, size_t count, bool *held,
                     struct error *error) MUST_CHECK;

#endif
