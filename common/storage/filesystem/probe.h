/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a filesystem store can be written. */
#ifndef STORAGE_FILESYSTEM_PROBE_H
#define STORAGE_FILESYSTEM_PROBE_H

#include "storage/blob_store.h"
#include "storage/filesystem/folders.h"

/* Checks the root without writing: it exists, its disk is mounted if it was at the last probe, our
   user can write into it, and it has room for an object. Blocks that are reserved for root count as
   used, even if our user is root: exports must not take a system's last room. ERROR_AWAY: missing,
   unmounted or full; ERROR_DENIED: forbidden or read-only. */
bool filesystem_probe(struct folders *folders, struct error *error) MUST_CHECK;

/* Probes as above, writes and syncs a byte, which it does not leave there, and looks for the known
   objects. Errors and warnings are those of blob_store_check. */
bool filesystem_check(struct folders *folders, const struct blob_paths *known,
                      const struct blob_warnings *warnings, struct error *error) MUST_CHECK;

#endif
