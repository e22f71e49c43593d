/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <openssl/ssl.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/clock.h"
#include "transfer.h"
#include "transfer_options.h"

/*
 * What every easy handle is set to, whichever protocol it speaks.
 */

/* Without it a connection that waits for its next use keeps the last record it decrypted: card numbers. */
static CURLcode release_buffers(CURL *easy, void *ssl_ctx, void *data)
{
        (void)easy;
        (void)data;
        SSL_CTX_set_mode(ssl_ctx, SSL_MODE_RELEASE_BUFFERS);
        return CURLE_OK;
}

static CURLcode set_tls(CURL *easy, const struct cw_http_tls *tls)
{
        CURLcode r = CURLE_OK;

        r = r ?: curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
        r = r ?: curl_easy_setopt(easy, CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
        r = r ?: curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
        r = r ?: curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
        r = r ?: curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, release_buffers);
        if (tls->ca) {
                r = r ?: curl_easy_setopt(easy, CURLOPT_CAINFO, tls->ca);
                /* A CA that is named replaces the system's, it does not join them. */
                r = r ?: curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
        }
        if (tls->cert)
                r = r ?: curl_easy_setopt(easy, CURLOPT_SSLCERT, tls->cert);
        if (tls->key)
                r = r ?: curl_easy_setopt(easy, CURLOPT_SSLKEY, tls->key);
        return r;
}

CURLcode cw_transfer_set_common(CURL *easy, const struct cw_http_tls *tls, int64_t timeout_ms)
{
        CURLcode r = CURLE_OK;

        r = r ?: curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        /* Else ending a transfer waits for a name server that does not answer, and everybody with it. */
        r = r ?: curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
        r = r ?: curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
        r = r ?: curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
        return r ?: set_tls(easy, tls);
}

static bool is_token(const char *name)
{
        static const bool allowed[256] = {['!'] = true,         ['#' ... '\''] = true, ['*' ... '+'] = true,
                                          ['-' ... '.'] = true, ['0' ... '9'] = true,  ['A' ... 'Z'] = true,
                                          ['^' ... 'z'] = true, ['|'] = true,          ['~'] = true};
        size_t n = 0;

        while (allowed[(unsigned char)name[n]])
                n++;
        return n > 0 && name[n] == '\0';
}

bool cw_transfer_header_is_sound(const struct cw_http_header *header)
{
        return is_token(header->name) && !strchr(header->value, '\r') && !strchr(header->value, '\n');
}

int cw_transfer_add_header(struct curl_slist **headers, const char *name, const char *value)
{
        const struct cw_http_header header = {name, value};
        struct cw_buf line = CW_BUF_NULL;
        struct curl_slist *longer = NULL;

        if (!cw_transfer_header_is_sound(&header))
                return -EINVAL;
        /* curl's way to say "with an empty value": "name:" would mean "without". */
        cw_buf_printf(&line, value[0] ? "%s: %s" : "%s;%s", name, value);
        if (cw_buf_error(&line) == 0)
                longer = curl_slist_append(*headers, cw_buf_text(&line));
        cw_buf_wipe(&line);
        if (!longer)
                return -ENOMEM;
        *headers = longer;
        return 0;
}
