/* SPDX-License-Identifier: Apache-2.0 */
/* The content of the two mails of an export, as text and as HTML (templates/). The HTML is escaped,
   the text is not. Errors are those of the arena, and ERROR_TOO_LARGE. */
#ifndef MAIL_RENDER_H
#define MAIL_RENDER_H

#include "base/arena.h"
#include "base/clock.h"

struct mail_content { /* UTF-8, LF line ends, in the arena */
    const char *subject;
    const char *text;
    const char *html;
};

/* What an export is about, for both mails. Unknown texts are NULL. */
struct mail_facts {
    bool beside_sentry;     /* with Sentry's subject, first sentences and look; else neutral ones */
    const char *url_prefix; /* without trailing slash */
    int64_t data_export_id;
    int64_t group_id; /* 0: the export is about no issue */
    const char *short_id;
    const char *title; /* of the issue; its first line is shown */
    const char *key;
    const char *project; /* its slug */
};

struct success_mail {
    struct mail_facts facts;
    const char *organization_slug;
    int64_t date_expired; /* microseconds since 1970, as all dates here */
    int64_t rows, bytes;
    bool truncated; /* there are more rows than the limit that was asked for */
};

struct failure_mail {
    struct mail_facts facts;
    int64_t date_added;
    enum error_code code;      /* of the error: decides what the mail advises */
    const char *error_message; /* for the user */
    const char *payload;       /* JSON, keys sorted, indented by 2; a very long one is cut */
};

/* "Your Download is Ready!": the link <prefix>/organizations/<slug>/data-export/<id>/, when the
   download expires, and the number of rows. */
bool mail_render_success(const struct success_mail *mail, struct arena *arena,
                         struct mail_content *content, struct error *error) MUST_CHECK;

/* "Unable to Export Data": when the export was asked for, why it failed, what was asked for, and
   what the user can do. */
bool mail_render_failure(const struct failure_mail *mail, struct arena *arena,
                         struct mail_content *content, struct error *error) MUST_CHECK;

#endif
