/* SPDX-License-Identifier: Apache-2.0 */
/* Which file an export has, to be given out. Its bytes are read by getfile (storage/getfile.h). */
#ifndef REQUEST_OPEN_FILE_H
#define REQUEST_OPEN_FILE_H

#include "model/file.h"
#include "request/context.h"

/* The export's file: id, name as it is stored (it may hold anything), size and SHA-1 (-1 and "" in
   a row that is not complete). Texts in `arena`. The download stands in the audit then, whether or
   not it comes to its end. ERROR_NOT_FOUND says why there is none: unknown id, not finished yet,
   failed and with what, expired, gone. ERROR_DENIED. */
bool request_open_file(const struct request_context *context, int64_t data_export_id,
                       struct arena *arena, struct stored_file *file,
                       struct error *error) MUST_CHECK;

#endif
