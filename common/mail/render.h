/* SPDX-License-Identifier: Apache-2.0 */
/* The two mails of an export: what they say, as text and as HTML, in the original's words. The HTML
   is escaped, the text is not. Errors are those of the arena. */
#ifndef MAIL_RENDER_H
#define MAIL_RENDER_H

#include "base/arena.h"
#include "base/clock.h"

struct mail_content { /* UTF-8, LF line ends, in the arena */
    const char *subject;
    const char *text;
    const char *html;
};

struct success_mail {
    const char *url_prefix; /* without trailing slash */
    const char *organization_slug;
    int64_t data_export_id;
    int64_t date_expired;
    int64_t rows, bytes;
    bool truncated; /* there are more rows than the limit that was asked for */
};

struct failure_mail {
    const char *url_prefix;
    int64_t date_added;
    const char *error_message; /* the sentence for the user */
    const char *payload;       /* JSON, keys sorted, indented by 2; a very long one is cut */
};

/* "Your Download is Ready!": the link <prefix>/organizations/<slug>/data-export/<id>/ and when it
   expires. */
bool mail_render_success(const struct success_mail *mail, struct arena *arena,
                         struct mail_content *content, struct error *error) MUST_CHECK;

/* "Unable to Export Data": when it was asked for, why it failed, what was asked. */
bool mail_render_failure(const struct failure_mail *mail, struct arena *arena,
                         struct mail_content *content, struct error *error) MUST_CHECK;

#endif
