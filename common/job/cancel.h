/* SPDX-License-Identifier: Apache-2.0 */
/* Cancelling an export that is not finished. */
#ifndef JOB_CANCEL_H
#define JOB_CANCEL_H

#include "client/pg.h"

enum cancel_result {
    CANCEL_DONE,
    CANCEL_FINISHED,  /* it has come to an end already: nothing is changed */
    CANCEL_NOT_FOUND, /* there is no such export */
};

/* Ends an export that waits, is delayed or runs as `cancelled`, in the caller's transaction. Its
   sentry_exporteddata row is deleted, as after a failure (`dataexport.row-kept` in the log when it
   has to stay), and no mail is written. One that exportd
   has not taken in yet becomes a cancelled row, so that its message finds it finished. The worker
   that runs it learns of it by its fence. `message` becomes the export's last word.

   Locks the exportd.export row, then the sentry_exporteddata row, as an outcome does. */
bool cancel_export(struct pg *pg, int64_t data_export_id, const char *message,
                   enum cancel_result *result, struct error *error) MUST_CHECK;

#endif
