/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/unit/export/query_type_test.c. */
#include "export/discover.h"

bool discover_run(struct export_run *run, const union export_payload *payload, struct error *error)
{
    (void)run;
    (void)payload;
    return error_set(error, ERROR_EXPORT, "Discover processing has not been implemented yet");
}
