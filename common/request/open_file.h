/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the file of an export for a download. getfile (storage/getfile.h) then reads its bytes. */
#ifndef REQUEST_OPEN_FILE_H
#define REQUEST_OPEN_FILE_H

#include "model/file.h"
#include "request/context.h"

/* *file: the file's id, its name as stored (which may hold anything), its size and SHA-1 (-1 and ""
   if its row is not complete). Texts are in `arena`. Adds an entry to the audit; it stays even if
   the download breaks off. ERROR_NOT_FOUND says why there is no file: the id is unknown, or the
   export is not finished yet, failed (and why), expired, or gone. ERROR_DENIED. */
bool request_open_file(const struct request_context *context, int64_t data_export_id,
                       struct arena *arena, struct stored_file *file,
                       struct error *error) MUST_CHECK;

#endif
