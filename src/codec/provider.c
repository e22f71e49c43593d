/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: log-in and error answers are small and partly secret, so they are read where they stand, without json-c's tree:
 * the token is copied once, into its secret.
 */
#include "cardwatch/provider.h"

#include <errno.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/money.h"
#include "cardwatch/secret.h"

#include "envelope.h"
#include "json_span.h"
#include "json_text.h"

#define TOKEN_LEN_MAX 16384

/* The token becomes a header: visible ASCII only. */
static bool is_token(const struct cw_buf *buf)
{
        for (size_t i = 0; i < buf->len; i++)
                if (buf->data[i] <= 0x20 || buf->data[i] >= 0x7f)
                        return false;
        return buf->len > 0;
}

static int read_token(const struct cw_json_span *details, struct cw_secret **ret_token,
                      struct cw_provider_error *ret_error)
{
        struct cw_buf buf = {.limit = TOKEN_LEN_MAX};
        struct cw_json_span span;
        int r;

        if (cw_json_span_member(details, "accessToken", &span) != 0 || cw_json_span_kind(&span) != '"')
                return cw_envelope_malformed(ret_error, "the login's answer has no accessToken");
        cw_json_text_append(span.text + 1, span.len - 2, &buf);
        if (cw_buf_error(&buf) == -ENOMEM)
                r = -ENOMEM;
        else if (cw_buf_error(&buf) < 0 || !is_token(&buf))
                r = cw_envelope_malformed(ret_error, "the login's accessToken cannot be a token");
        else
                r = cw_secret_new(buf.data, buf.len, ret_token);
        cw_buf_wipe(&buf);
        return r;
}

/* Seconds, a fraction allowed, as a number or in a string. */
static int read_expiry(const struct cw_json_span *details, int64_t *ret_expires_ms, struct cw_provider_error *ret_error)
{
        struct cw_json_span span;
        cw_amount seconds = 0;
        int found = cw_json_span_member(details, "expiresIn", &span);

        if (found == 1 || (found == 0 && cw_json_span_kind(&span) == 'n')) {
                *ret_expires_ms = -1;
                return CW_PROVIDER_OK;
        }
        if (found == 0 && cw_json_span_kind(&span) == '"') {
                span.text++;
                span.len -= 2;
        }
        if (found != 0 || cw_amount_parse(span.text, span.len, &seconds) < 0 || seconds < 0)
                return cw_envelope_malformed(ret_error, "the login's expiresIn is no number of seconds");
        *ret_expires_ms = seconds / (CW_AMOUNT_UNIT / 1000);
        return CW_PROVIDER_OK;
}

int cw_provider_decode_login(char *bytes, size_t len, struct cw_secret **ret_token, int64_t *ret_expires_ms,
                             struct cw_provider_error *ret_error)
{
        struct cw_envelope envelope = {0};
        int64_t expires_ms = -1;
        int r = cw_envelope_read(bytes, len, &envelope, ret_error);

        if (r != CW_PROVIDER_OK)
                return r;
        if (!envelope.has_details || cw_json_span_kind(&envelope.details) != '{')
                return cw_envelope_malformed(ret_error, "the login's answer has no details");
        r = read_expiry(&envelope.details, &expires_ms, ret_error);
        if (r == CW_PROVIDER_OK)
                r = read_token(&envelope.details, ret_token, ret_error);
        if (r == CW_PROVIDER_OK)
                *ret_expires_ms = expires_ms;
        return r;
}

void cw_provider_decode_error(char *bytes, size_t len, struct cw_provider_error *ret_error)
{
        struct cw_envelope envelope;

        *ret_error = (struct cw_provider_error){0};
        switch (cw_envelope_read(bytes, len, &envelope, ret_error)) {
        case CW_PROVIDER_OK:
                cw_envelope_malformed(ret_error, "its envelope says success");
                break;
        case -ENOMEM:
                cw_envelope_malformed(ret_error, "out of memory");
                break;
        default:
                break;
        }
}

static void append_string(struct cw_buf *buf, const char *text)
{
        cw_buf_putc(buf, '"');
        for (; *text; text++) {
                unsigned char c = (unsigned char)*text;

                if (c == '"' || c == '\\')
                        cw_buf_putc(buf, '\\');
                if (c < 0x20)
                        cw_buf_printf(buf, "\\u%04x", c);
                else
                        cw_buf_putc(buf, *text);
        }
        cw_buf_putc(buf, '"');
}

void cw_provider_encode_login(const char *username, const struct cw_secret *password, const char *otp,
                              struct cw_buf *buf)
{
        const char *revealed = cw_secret_reveal(password);

        cw_buf_puts(buf, "{\"username\":");
        append_string(buf, username);
        cw_buf_puts(buf, ",\"password\":");
        append_string(buf, revealed ? revealed : "");
        if (otp) {
                cw_buf_puts(buf, ",\"otp\":");
                append_string(buf, otp);
        }
        cw_buf_putc(buf, '}');
}
