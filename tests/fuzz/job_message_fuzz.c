/* SPDX-License-Identifier: Apache-2.0 */
/* A message of any shape. A job that is read and printed is read again as the same job. */
#include "wire/job_message.h"

#include "fuzz.h"

static void check_message(const struct job_message *message)
{
    CHECK(message->data_export_id >= 1);
    CHECK((message->limit_kind == JOB_LIMIT_ROWS) == (message->limit > 0));
    CHECK(message->limit >= 0);
    CHECK(message->environment_kind == JOB_ENVIRONMENT_ONE || message->environment_id == 0);
    CHECK(message->eta == USEC_NONE || (message->eta >= USEC_FIRST && message->eta <= USEC_LAST));
    CHECK(message->expires == USEC_NONE ||
          (message->expires >= USEC_FIRST && message->expires <= USEC_LAST));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct error error;
    struct job_message message, again;
    struct buffer out;
    if (!job_message_parse((const char *)bytes, size, &message, &error)) {
        check_error(&error);
        return 0;
    }
    check_message(&message);
    buffer_init(&out, 200);
    CHECK(job_message_print(&message, &out, &error));
    CHECK(job_message_parse(out.data, out.size, &again, &error));
    CHECK(again.data_export_id == message.data_export_id);
    CHECK(again.limit_kind == message.limit_kind && again.limit == message.limit);
    CHECK(again.environment_kind == message.environment_kind);
    CHECK(again.environment_id == message.environment_id);
    buffer_free(&out);
    return 0;
}
