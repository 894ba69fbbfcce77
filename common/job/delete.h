/* SPDX-License-Identifier: Apache-2.0 */
/* Deletes a finished export. */
#ifndef JOB_DELETE_H
#define JOB_DELETE_H

#include "model/exported_data.h"

/* Deletes the sentry_exporteddata row of a finished export, and its mail if that still waits, in
   the caller's transaction. The exportd.export row stays as `gone`, with `message`. *row is the
   deleted row, with its text in `arena`; if it has a file, the caller deletes that.
   ERROR_NOT_FOUND: there is no such export. ERROR_CONFLICT: it is not finished, or has no file.

   Locks the exportd.export row, then the sentry_exporteddata row, as an outcome does. */
struct deletion {
    int64_t data_export_id;
    const char *message;
    struct arena *arena;
};
bool delete_export(struct pg *pg, const struct deletion *deletion, struct exported_data *row,
                   struct error *error) MUST_CHECK;

#endif
