/* SPDX-License-Identifier: Apache-2.0 */
#include "mime.h"

#include <stdio.h>

#include "cardwatch/buf.h"
#include "cardwatch/smtp.h"
#include "transfer.h"
#include "transfer_options.h"

enum { ID_MAX = 200 };

/* Quoted-printable knows CRLF as the end of a line and would write anything else as an escape. */
static void put_crlf_lines(struct cw_buf *buf, const char *text)
{
        for (const char *c = text; *c; c++) {
                if (c[0] == '\r' && c[1] == '\n')
                        continue;
                if (*c == '\r' || *c == '\n')
                        cw_buf_puts(buf, "\r\n");
                else
                        cw_buf_putc(buf, *c);
        }
}

static CURLcode add_text(curl_mime *mime, const char *type, const char *text)
{
        struct cw_buf lines = CW_BUF_NULL;
        curl_mimepart *part = curl_mime_addpart(mime);
        CURLcode code = part ? CURLE_OK : CURLE_OUT_OF_MEMORY;

        put_crlf_lines(&lines, text);
        if (cw_buf_error(&lines) < 0)
                code = CURLE_OUT_OF_MEMORY;
        code = code ?: curl_mime_data(part, cw_buf_text(&lines), lines.len);
        code = code ?: curl_mime_type(part, type);
        code = code ?: curl_mime_encoder(part, "quoted-printable");
        cw_buf_deinit(&lines);
        return code;
}

/* The part takes the list over, also when it fails. */
static CURLcode set_headers(curl_mimepart *part, const char *id)
{
        char line[ID_MAX + 20];
        struct curl_slist *headers, *longer;
        CURLcode code;

        if (snprintf(line, sizeof(line), "Content-ID: <%s>", id) >= (int)sizeof(line))
                return CURLE_BAD_FUNCTION_ARGUMENT;
        headers = curl_slist_append(NULL, line);
        longer = headers ? curl_slist_append(headers, "Content-Disposition: inline; filename=\"chart.png\"") : NULL;
        if (!longer) {
                curl_slist_free_all(headers);
                return CURLE_OUT_OF_MEMORY;
        }
        code = curl_mime_headers(part, longer, 1);
        if (code != CURLE_OK)
                curl_slist_free_all(longer);
        return code;
}

static CURLcode add_picture(curl_mime *mime, const struct cw_smtp_picture *picture)
{
        curl_mimepart *part = curl_mime_addpart(mime);
        CURLcode code = part ? CURLE_OK : CURLE_OUT_OF_MEMORY;

        code = code ?: curl_mime_data(part, picture->png, picture->len);
        code = code ?: curl_mime_type(part, "image/png");
        code = code ?: curl_mime_encoder(part, "base64");
        return code ?: set_headers(part, picture->id);
}

/* RFC 2387: the HTML is the root, what it shows comes with it. */
static CURLcode add_related(CURL *easy, curl_mime *mime, const struct cw_smtp_request *request)
{
        curl_mime *related = curl_mime_init(easy);
        curl_mimepart *part = curl_mime_addpart(mime);
        CURLcode code = related && part ? CURLE_OK : CURLE_OUT_OF_MEMORY;

        code = code ?: add_text(related, "text/html; charset=utf-8", request->html);
        for (size_t i = 0; code == CURLE_OK && i < request->n_pictures; i++)
                code = add_picture(related, &request->pictures[i]);
        code = code ?: curl_mime_subparts(part, related);
        if (code != CURLE_OK) {
                curl_mime_free(related);
                return code;
        }
        return curl_mime_type(part, "multipart/related; type=\"text/html\"");
}

curl_mime *cw_mime_new(CURL *easy, const struct cw_smtp_request *request, struct curl_slist **headers)
{
        curl_mime *mime = curl_mime_init(easy);
        CURLcode code;

        if (!mime)
                return NULL;
        code = add_text(mime, "text/plain; charset=utf-8", request->text);
        if (code == CURLE_OK && request->html && request->n_pictures > 0)
                code = add_related(easy, mime, request);
        else if (code == CURLE_OK && request->html)
                code = add_text(mime, "text/html; charset=utf-8", request->html);
        if (code != CURLE_OK || cw_transfer_add_header(headers, "Content-Type", "multipart/alternative") < 0) {
                curl_mime_free(mime);
                return NULL;
        }
        return mime;
}
