/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/transport.h"

#include "base/text.h"
#include "base/url.h"
#include "mail/eml.h"
#include "mail/mime.h"
#include "mail/smtp.h"

static struct mail_transport *open_folder(const struct url *url, struct error *error)
{
    if (url->host[0] != '\0' || url->path[0] != '/' || url->path[1] == '\0') {
        (void)error_set(error, ERROR_USAGE, "not a folder as in file:///path");
        return NULL;
    }
    if (url->query[0] != '\0') {
        (void)error_set(error, ERROR_USAGE, "a folder for mails takes no options");
        return NULL;
    }
    return eml_transport_new(url->path, error);
}

bool mail_transport_open(const struct mail_settings *settings, struct mail_transport **transport,
                         struct error *error)
{
    struct url url;
    *transport = NULL;
    bool usable =
        mail_check_address(settings->sender, error) || error_prefix(error, "the sender of mails");
    if (!usable || !url_parse(settings->url, &url, error)) {
        error->code = ERROR_USAGE;
        return false;
    }
    *transport = text_equal(url.scheme, "file") ? open_folder(&url, error)
                                                : smtp_transport_new(settings, error);
    return *transport != NULL;
}

void mail_transport_free(struct mail_transport *transport)
{
    if (transport != NULL)
        transport->operations->free(transport);
}

bool mail_transport_send(struct mail_transport *transport, const struct mail_message *message,
                         struct error *error)
{
    return transport->operations->send(transport, message, error);
}

bool mail_transport_check(struct mail_transport *transport, struct error *error)
{
    return transport->operations->check(transport, error);
}

void mail_transport_rest(struct mail_transport *transport)
{
    if (transport->operations->rest != NULL)
        transport->operations->rest(transport);
}

void mail_transport_interrupt(struct mail_transport *transport)
{
    if (transport->operations->interrupt != NULL)
        transport->operations->interrupt(transport);
}
