/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a filesystem store can be written. */
#ifndef STORAGE_FILESYSTEM_PROBE_H
#define STORAGE_FILESYSTEM_PROBE_H

#include "storage/blob_store.h"
#include "storage/filesystem/folders.h"

/* Looks only: the root is there, its disk is mounted if it was when this looked before, it can be
   written by our user, and it has room for an object. Blocks that are reserved for root count as
   used, whatever our user: exports shall not take a system's last room. ERROR_AWAY: missing,
   unmounted or full; ERROR_DENIED: forbidden or read-only. */
bool filesystem_probe(struct folders *folders, struct error *error) MUST_CHECK;

/* Looks as above, writes and syncs a byte that it leaves nowhere, and looks for the known objects
   (blob_store_check). Warns of a root that is missing, and where folders cannot be synced. */
bool filesystem_check(struct folders *folders, const struct blob_paths *known,
                      blob_store_warn *warn, struct error *error) MUST_CHECK;

#endif
