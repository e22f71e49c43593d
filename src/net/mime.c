/* SPDX-License-Identifier: Apache-2.0 */
#include "mime.h"

#include "cardwatch/buf.h"
#include "transfer.h"
#include "transfer_options.h"

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

static int add_part(curl_mime *mime, const char *type, const char *text)
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
        return code == CURLE_OK ? 0 : -1;
}

curl_mime *cw_mime_new(CURL *easy, const char *text, const char *html, struct curl_slist **headers)
{
        curl_mime *mime = curl_mime_init(easy);

        if (!mime)
                return NULL;
        if (add_part(mime, "text/plain; charset=utf-8", text) < 0 ||
            (html && add_part(mime, "text/html; charset=utf-8", html) < 0) ||
            cw_transfer_add_header(headers, "Content-Type", "multipart/alternative") < 0) {
                curl_mime_free(mime);
                return NULL;
        }
        return mime;
}
