/* SPDX-License-Identifier: Apache-2.0 */
/* Cancels an export that is not finished. */
#ifndef JOB_CANCEL_H
#define JOB_CANCEL_H

#include "client/pg.h"

enum cancel_result {
    CANCEL_DONE,
    CANCEL_FINISHED,  /* the export had ended before: nothing was changed */
    CANCEL_NOT_FOUND, /* there is no such export */
};

/* Ends a waiting, delayed or running export as `cancelled`, in the caller's transaction. Deletes
   its sentry_exporteddata row, as a failure does; logs `dataexport.row-kept` if that row has to
   stay. Writes no mail. An export that the intake has not seen yet becomes a cancelled row, so that
   its message finds it finished. A worker that runs the export notices by its fence. `message` is
   stored as the export's message.

   Locks the exportd.export row, then the sentry_exporteddata row, as an outcome does. */
bool cancel_export(struct pg *pg, int64_t data_export_id, const char *message,
                   enum cancel_result *result, struct error *error) MUST_CHECK;

#endif
