/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/unit/request/caller_test.c and tests/system/test_download.py. */
#include "request/open_file.h"

#include "base/text.h"
#include "model/audit.h"
#include "model/exported_data.h"
#include "request/find.h"

/* The row of a failed export is deleted, but exportd.export remembers the export, unless the
   database has only Sentry's tables. */
static bool explain_missing(const struct request_context *context, int64_t data_export_id,
                            struct error *error)
{
    json_t *export = NULL;
    if (!request_find(context, data_export_id, &export, error))
        return error->code != ERROR_AWAY && error->code != ERROR_DENIED &&
               error_set(error, ERROR_NOT_FOUND, "there is no export %" PRId64, data_export_id);
    const char *status = json_string_value(json_object_get(export, "status"));
    const char *message = json_string_value(json_object_get(export, "message"));
    error_set(error, ERROR_NOT_FOUND, "export %" PRId64 " %s%s%s", data_export_id,
              text_equal(status == NULL ? "" : status, "FAILED") ? "has failed" : "is gone",
              message == NULL ? "" : ": ", message == NULL ? "" : message);
    json_decref(export);
    return false;
}

static bool authorize(const struct request_context *context, const struct exported_data *row,
                      struct arena *arena, struct error *error)
{
    const struct caller_subject subject = {.data_export_id = row->id,
                                           .organization_id = row->organization_id,
                                           .user_id = row->user_id,
                                           .query = {row->query_type, row->query_info}};
    return caller_authorize(context->caller, &subject, arena, error);
}

static bool check_file(const struct exported_data *row, struct error *error)
{
    if (row->date_finished == USEC_NONE)
        return error_set(error, ERROR_NOT_FOUND, "export %" PRId64 " is not finished yet", row->id);
    return row->file_id != 0 ||
           error_set(error, ERROR_NOT_FOUND,
                     "export %" PRId64 " has expired: its file has been removed", row->id);
}

static bool audit_download(const struct request_context *context, const struct exported_data *row,
                           struct error *error)
{
    const struct audit_entry entry = {.action = AUDIT_DOWNLOAD,
                                      .data_export_id = row->id,
                                      .organization_id = row->organization_id,
                                      .user_id = row->user_id,
                                      .actor = context->caller->actor};
    return audit_add(context->pg, &entry, error);
}

/* The entry in the audit is committed before the first byte can be read, so no byte is given out
   without it. */
bool request_open_file(const struct request_context *context, int64_t data_export_id,
                       struct arena *arena, struct stored_file *file, struct error *error)
{
    struct caller_view view;
    struct exported_data row;
    if (!caller_get_view(context->caller, &view, error))
        return false;
    if (!exported_data_load(context->pg, data_export_id, arena, &row, error))
        return error->code == ERROR_NOT_FOUND && explain_missing(context, data_export_id, error);
    return authorize(context, &row, arena, error) && check_file(&row, error) &&
           file_load(context->pg, row.file_id, arena, file, error) &&
           audit_download(context, &row, error);
}
