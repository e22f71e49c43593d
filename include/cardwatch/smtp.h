/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SMTP_H
#define CARDWATCH_SMTP_H

#include <stddef.h>
#include <stdint.h>

#include "cardwatch/http.h"

/*
 * SMTP client: one mail to a submission server through curl.
 *
 * Takes rendered parts and lets curl's MIME encode them (multipart/alternative, the pictures with the HTML in
 * multipart/related); boundaries may differ from one attempt to the next, nothing else does. Shares the HTTP client's
 * loop integration and TLS settings.
 *
 * A mail counts as accepted once the server answered 2xx to the end of its data, whatever happens after. It has a
 * thread of its own (curl waits for mail servers inside its calls); there are at most 64, and freeing the client may
 * wait a second for one that was cancelled.
 */

enum cw_smtp_starttls { CW_SMTP_STARTTLS_REQUIRED, CW_SMTP_STARTTLS_OPPORTUNISTIC, CW_SMTP_STARTTLS_OFF };

struct cw_smtp_picture {
        const char *id; /* by which the HTML refers to it */
        const char *png;
        size_t len;
};

struct cw_smtp_request {
        const char *url; /* smtp:// or smtps:// host and port */
        enum cw_smtp_starttls starttls;
        const char *username;
        const struct cw_secret *password;
        const char *from; /* envelope */
        const char *const *to;
        size_t n_to;
        const struct cw_http_header *headers; /* ready to be written: encoded words, no CR or LF */
        size_t n_headers;
        const char *text; /* UTF-8, lines end in LF or CRLF */
        const char *html; /* NULL: text only */
        const struct cw_smtp_picture *pictures; /* that belong to the HTML */
        size_t n_pictures;
        int64_t timeout_ms;
        struct cw_http_tls tls;
};

struct cw_smtp_answer {
        enum cw_http_failure failure; /* CW_HTTP_OK: accepted by the server */
        long code; /* the last SMTP reply, 0: none came */
        const char *message;
};

typedef void (*cw_smtp_done_fn)(void *data, const struct cw_smtp_answer *answer);

/* As cw_http_start, and -EAGAIN when 64 mails are under way. One recipient refused is the mail refused. The transfer is
 * cancelled with cw_http_cancel. */
int cw_smtp_start(struct cw_http *http, const struct cw_smtp_request *request, cw_smtp_done_fn done, void *data,
                  struct cw_http_transfer **ret_transfer) __attribute__((warn_unused_result));

#endif
