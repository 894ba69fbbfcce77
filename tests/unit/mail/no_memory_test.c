/* SPDX-License-Identifier: Apache-2.0 */
/* render.c, template.c, mime.c, transport.c, eml.c and smtp.c when an allocation fails: each one in
   turn. */
#include "../no_memory.h"

#include "mail/mime.h"
#include "mail/render.h"
#include "mail/transport.h"

#include <unistd.h>

#ifdef EXPORTD_FAULTS

static bool print_mail(const struct mail_content *content, struct error *error)
{
    static const struct mail_envelope envelope = {.sender = "root@localhost",
                                                  .recipient = "jane@example.com",
                                                  .message_id = "<1.1.x@localhost>"};
    struct buffer out;
    buffer_init(&out, MAIL_MAX);
    bool done = mail_print(&envelope, content, &out, error);
    buffer_free(&out);
    return done;
}

static bool success(const void *context, struct error *error)
{
    (void)context;
    static const struct success_mail mail = {.facts = {.url_prefix = "http://localhost",
                                                       .data_export_id = 27,
                                                       .group_id = 7,
                                                       .title = "x",
                                                       .key = "k"},
                                             .organization_slug = "acme",
                                             .rows = 100,
                                             .bytes = 5000,
                                             .truncated = true};
    struct mail_content content;
    struct arena *arena = arena_new(MAIL_MAX);
    bool done = arena != NULL ? mail_render_success(&mail, arena, &content, error) &&
                                    print_mail(&content, error)
                              : error_no_memory(error);
    arena_free(arena);
    return done;
}

static bool failure(const void *context, struct error *error)
{
    (void)context;
    static const struct failure_mail mail = {.facts = {.url_prefix = "http://localhost",
                                                       .data_export_id = 27,
                                                       .group_id = 7,
                                                       .title = "x",
                                                       .key = "k"},
                                             .error_message = "It <failed> \xc3\xa9",
                                             .payload = "{\n  \"key\": \"<&>\"\n}"};
    struct mail_content content;
    struct arena *arena = arena_new(MAIL_MAX);
    bool done = arena != NULL ? mail_render_failure(&mail, arena, &content, error) &&
                                    print_mail(&content, error)
                              : error_no_memory(error);
    arena_free(arena);
    return done;
}

static void mails(void **state)
{
    (void)state;
    assert_true(no_memory_run(success, NULL) > 3);
    assert_true(no_memory_run(failure, NULL) > 3);
}

static bool send_to_folder(const void *url, struct error *error)
{
    struct mail_transport *transport = NULL;
    const struct mail_message message = {.recipient = "jane@example.com",
                                         .message_id = "<1@localhost>",
                                         .mime = "Subject: x\r\n\r\nx\r\n",
                                         .size = 17};
    bool done = mail_transport_open(&(struct mail_settings){.url = url, .sender = "root@localhost"},
                                    &transport, error) &&
                mail_transport_send(transport, &message, error);
    mail_transport_free(transport);
    return done;
}

static bool open_only(const void *url, struct error *error)
{
    struct mail_transport *transport = NULL;
    bool done = mail_transport_open(&(struct mail_settings){.url = url, .sender = "root@localhost"},
                                    &transport, error);
    mail_transport_free(transport);
    return done;
}

static void transports(void **state)
{
    (void)state;
    char folder[] = "/tmp/exportd-no-memory-XXXXXX", url[64], file[64];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(url, sizeof(url), "file://%s", folder);
    (void)snprintf(file, sizeof(file), "%s/1@localhost.eml", folder);
    assert_true(no_memory_run(send_to_folder, url) >= 2);
    assert_true(no_memory_run(open_only, "smtp://127.0.0.1:25") >= 1);
    assert_int_equal(unlink(file), 0);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(mails), cmocka_unit_test(transports)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void)
{
    return 0;
}
#endif
