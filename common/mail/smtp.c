/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/system/test_mail_transports.py. */
#include "mail/smtp.h"

#include "base/text.h"
#include "client/smtp.h"

#include <stdatomic.h>

struct smtp_transport {
    struct mail_transport base;
    struct smtp *smtp;
    char *sender;
    atomic_bool interrupted;
};

static bool send_mail(struct mail_transport *base, const struct mail_message *message,
                      struct error *error)
{
    const struct smtp_transport *transport = (const struct smtp_transport *)base;
    const struct smtp_mail mail = {.sender = transport->sender,
                                   .recipient = message->recipient,
                                   .mime = message->mime,
                                   .size = message->size,
                                   .waiting = message->waiting,
                                   .waiting_context = message->waiting_context};
    return smtp_send(transport->smtp, &mail, error);
}

static bool check_server(struct mail_transport *base, struct error *error)
{
    const struct smtp_transport *transport = (const struct smtp_transport *)base;
    return smtp_probe(transport->smtp, transport->sender, error);
}

static void rest_connection(struct mail_transport *base)
{
    smtp_rest(((const struct smtp_transport *)base)->smtp);
}

static void interrupt_sending(struct mail_transport *base)
{
    atomic_store(&((struct smtp_transport *)base)->interrupted, true);
}

static void free_transport(struct mail_transport *base)
{
    struct smtp_transport *transport = (struct smtp_transport *)base;
    smtp_free(transport->smtp);
    free(transport->sender);
    free(transport);
}

static const struct mail_transport_operations operations = {
    .send = send_mail,
    .check = check_server,
    .rest = rest_connection,
    .interrupt = interrupt_sending,
    .free = free_transport,
};

struct mail_transport *smtp_transport_new(const struct mail_settings *settings, struct error *error)
{
    struct smtp_server server;
    if (!smtp_parse_url(settings->url, &server, error))
        return NULL;
    if (settings->hello != NULL &&
        !text_copy(server.hello, sizeof(server.hello), settings->hello)) {
        (void)error_set(error, ERROR_USAGE, "the name for EHLO is too long");
        return NULL;
    }
    struct smtp_transport *transport = memory_zeroed(1, sizeof(*transport));
    if (transport == NULL) {
        (void)error_no_memory(error);
        return NULL;
    }
    transport->base.operations = &operations;
    transport->smtp = smtp_new(&server, &transport->interrupted);
    transport->sender = text_duplicate(settings->sender);
    if (transport->smtp != NULL && transport->sender != NULL)
        return &transport->base;
    free_transport(&transport->base);
    (void)error_no_memory(error);
    return NULL;
}
