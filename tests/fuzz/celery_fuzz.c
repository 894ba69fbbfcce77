/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a Celery message; job_message_fuzz would have to find it in base64. The first byte
chooses the kind of envelope around it. */
#include "wire/celery.h"

#include "fuzz.h"

enum { PICKLE = 1, PROTOCOL_2 = 2, COMPRESSED = 4, MAXIMUM = 64 * 1024 };

static json_t *base64(const uint8_t *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct error error;
    struct buffer out;
    buffer_init(&out, 4 * size + 4);
    for (size_t i = 0; i < size; i += 3) {
        size_t count = size - i < 3 ? size - i : 3;
        uint32_t bits = 0;
        for (size_t j = 0; j < 3; j++)
            bits = bits << 8 | (j < count ? bytes[i + j] : 0);
        for (unsigned j = 0; j < 4; j++)
            CHECK(buffer_append_byte(&out, j <= count ? digits[bits >> (18 - 6 * j) & 63] : '=',
                                     &error));
    }
    json_t *text = json_stringn(out.data, out.size);
    buffer_free(&out);
    return text;
}

static json_t *envelope_of(int kind, const uint8_t *body, size_t size)
{
    const char *type = (kind & PICKLE) != 0 ? "application/x-python-serialize" : "application/json";
    json_t *headers = json_object();
    if ((kind & PROTOCOL_2) != 0)
        json_object_set_new(headers, "task",
                            json_string("sentry.data_export.tasks.assemble_download"));
    if ((kind & COMPRESSED) != 0)
        json_object_set_new(headers, "compression", json_string("application/x-gzip"));
    return json_pack("{s:o, s:s, s:o, s:{s:s}}", "body", base64(body, size), "content-type", type,
                     "headers", headers, "properties", "body_encoding", "base64");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct error error;
    struct celery_task task;
    if (size == 0)
        return 0;
    json_t *envelope = envelope_of(bytes[0], bytes + 1, size - 1);
    CHECK(celery_is_envelope(envelope));
    if (celery_unwrap(envelope, MAXIMUM, &task, &error)) {
        CHECK(task.args == NULL || json_is_array(task.args));
        CHECK(task.kwargs == NULL || json_is_object(task.kwargs));
    } else {
        check_error(&error);
    }
    celery_task_free(&task);
    json_decref(envelope);
    return 0;
}
