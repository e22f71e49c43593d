/* SPDX-License-Identifier: Apache-2.0 */
#include "failure.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"

/* How a CURLcode is classed; what is not listed is CW_HTTP_OTHER. */
static const struct {
        CURLcode code;
        enum cw_http_failure failure;
} classes[] = {
        {CURLE_OK, CW_HTTP_OK},
        {CURLE_COULDNT_RESOLVE_HOST, CW_HTTP_RESOLVE},
        {CURLE_COULDNT_RESOLVE_PROXY, CW_HTTP_RESOLVE},
        {CURLE_COULDNT_CONNECT, CW_HTTP_CONNECT},
        {CURLE_INTERFACE_FAILED, CW_HTTP_CONNECT},
        {CURLE_PROXY, CW_HTTP_CONNECT},
        {CURLE_SSL_CONNECT_ERROR, CW_HTTP_CONNECT},
        {CURLE_PEER_FAILED_VERIFICATION, CW_HTTP_CONNECT},
        {CURLE_SSL_CERTPROBLEM, CW_HTTP_CONNECT},
        {CURLE_SSL_CIPHER, CW_HTTP_CONNECT},
        {CURLE_SSL_CACERT_BADFILE, CW_HTTP_CONNECT},
        {CURLE_SSL_ISSUER_ERROR, CW_HTTP_CONNECT},
        {CURLE_SSL_CRL_BADFILE, CW_HTTP_CONNECT},
        {CURLE_SSL_INVALIDCERTSTATUS, CW_HTTP_CONNECT},
        {CURLE_SSL_CLIENTCERT, CW_HTTP_CONNECT},
        {CURLE_USE_SSL_FAILED, CW_HTTP_CONNECT},
        {CURLE_OPERATION_TIMEDOUT, CW_HTTP_TIMEOUT},
        {CURLE_PARTIAL_FILE, CW_HTTP_BROKEN},
        {CURLE_RECV_ERROR, CW_HTTP_BROKEN},
        {CURLE_SEND_ERROR, CW_HTTP_BROKEN},
        {CURLE_GOT_NOTHING, CW_HTTP_BROKEN},
        {CURLE_WEIRD_SERVER_REPLY, CW_HTTP_BROKEN},
        {CURLE_UNSUPPORTED_PROTOCOL, CW_HTTP_BROKEN}, /* of an http URL: an answer that is not HTTP */
        {CURLE_BAD_CONTENT_ENCODING, CW_HTTP_BROKEN},
        {CURLE_HTTP2, CW_HTTP_BROKEN},
        {CURLE_HTTP2_STREAM, CW_HTTP_BROKEN},
        {CURLE_SEND_FAIL_REWIND, CW_HTTP_BROKEN},
};

static const char *const failure_names[] = {
        [CW_HTTP_OK] = "ok",
        [CW_HTTP_RESOLVE] = "resolve",
        [CW_HTTP_CONNECT] = "connect",
        [CW_HTTP_TIMEOUT] = "timeout",
        [CW_HTTP_BROKEN] = "broken",
        [CW_HTTP_TOO_LARGE] = "too-large",
        [CW_HTTP_CANCELLED] = "cancelled",
        [CW_HTTP_OTHER] = "other",
};

const char *cw_http_failure_name(enum cw_http_failure failure)
{
        return (size_t)failure < CW_ARRAY_SIZE(failure_names) ? failure_names[failure] : "other";
}

static void url_cleanup(CURLU **url)
{
        curl_url_cleanup(*url);
}

static void text_cleanup(char **text)
{
        curl_free(*text);
}

int cw_failure_peer(const char *url, const char *const schemes[2], char **ret_peer)
{
        cw_cleanup(url_cleanup) CURLU *parsed = curl_url();
        cw_cleanup(text_cleanup) char *scheme = NULL;
        cw_cleanup(text_cleanup) char *host = NULL;
        cw_cleanup(text_cleanup) char *port = NULL;

        if (!parsed)
                return -ENOMEM;
        if (curl_url_set(parsed, CURLUPART_URL, url, 0) != CURLUE_OK ||
            curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
            curl_url_get(parsed, CURLUPART_HOST, &host, 0) != CURLUE_OK)
                return -EINVAL;
        if (strcasecmp(scheme, schemes[0]) != 0 && strcasecmp(scheme, schemes[1]) != 0)
                return -EINVAL;
        if (curl_url_get(parsed, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK)
                return -EINVAL;
        return asprintf(ret_peer, "%s:%s", host, port) < 0 ? -ENOMEM : 0;
}

void cw_failure_append(char line[CW_FAILURE_LINE], const char *text, size_t len)
{
        size_t at = strlen(line);

        for (size_t i = 0; i < len && text[i] && at + 1 < CW_FAILURE_LINE; i++)
                line[at++] = text[i] >= ' ' && text[i] < 0x7f ? text[i] : '?';
        line[at] = '\0';
}

static void describe_connect(const struct cw_failure_facts *facts, char *line)
{
        long os_errno = 0, proxy_status = 0;

        curl_easy_getinfo(facts->easy, CURLINFO_OS_ERRNO, &os_errno);
        curl_easy_getinfo(facts->easy, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
        if (proxy_status >= 300)
                snprintf(line, CW_FAILURE_LINE, "the proxy answered %ld instead of connecting to %s", proxy_status,
                         facts->peer);
        else if (os_errno == ECONNREFUSED)
                snprintf(line, CW_FAILURE_LINE, "connection refused by %s", facts->proxied ? "the proxy" : facts->peer);
        else if (os_errno != 0)
                snprintf(line, CW_FAILURE_LINE, "cannot connect to %s: %s", facts->proxied ? "the proxy" : facts->peer,
                         strerrordesc_np((int)os_errno) ?: "unknown error");
        else
                snprintf(line, CW_FAILURE_LINE, "cannot connect to %s", facts->proxied ? "the proxy" : facts->peer);
}

/* curl's texts about TLS name the host, the certificate's names and the files given: nothing secret. */
static void describe_tls(const struct cw_failure_facts *facts, char *line)
{
        const char *text = facts->error[0] ? facts->error : curl_easy_strerror(facts->result);

        snprintf(line, CW_FAILURE_LINE, "no TLS with %s: ", facts->peer);
        cw_failure_append(line, text, strlen(text));
}

static void describe_timeout(const struct cw_failure_facts *facts, char *line)
{
        struct cw_buf within = CW_BUF_NULL;
        curl_off_t connected_us = 0, first_byte_us = 0, total_us = 0;

        /* Else what curl knows is of a request before. */
        if (facts->waited_ms < facts->timeout_ms) {
                curl_easy_getinfo(facts->easy, CURLINFO_PRETRANSFER_TIME_T, &connected_us);
                curl_easy_getinfo(facts->easy, CURLINFO_STARTTRANSFER_TIME_T, &first_byte_us);
                curl_easy_getinfo(facts->easy, CURLINFO_TOTAL_TIME_T, &total_us);
        }
        total_us += facts->waited_ms * 1000;
        if (connected_us > 0 && first_byte_us > 0 && total_us / 1000 + 500 < facts->timeout_ms) {
                snprintf(line, CW_FAILURE_LINE, "the answer of %s stalled", facts->peer);
                return;
        }
        if (connected_us > 0)
                cw_duration_format(&within, facts->timeout_ms);
        else
                cw_duration_format(&within, total_us / 1000 < facts->timeout_ms ? (total_us + 500000) / 1000000 * 1000
                                                                                : facts->timeout_ms);
        snprintf(line, CW_FAILURE_LINE, "%s %s within %s",
                 connected_us <= 0   ? "no connection to"
                 : first_byte_us > 0 ? "no whole answer from"
                                     : "no answer from",
                 facts->peer, cw_buf_text(&within));
        cw_buf_deinit(&within);
}

static void describe_broken(const struct cw_failure_facts *facts, char *line)
{
        const char *what;

        switch (facts->result) {
        case CURLE_PARTIAL_FILE:
                what = "the answer of %s ended early";
                break;
        case CURLE_GOT_NOTHING:
                what = "%s closed the connection without an answer";
                break;
        case CURLE_UNSUPPORTED_PROTOCOL:
        case CURLE_WEIRD_SERVER_REPLY:
                what = "the answer of %s is not of the protocol";
                break;
        case CURLE_BAD_CONTENT_ENCODING:
                what = "the answer of %s cannot be decompressed";
                break;
        default:
                what = "the connection to %s broke";
        }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(line, CW_FAILURE_LINE, what, facts->peer);
#pragma GCC diagnostic pop
}

static void describe_too_large(const struct cw_failure_facts *facts, char *line)
{
        size_t max = facts->max_response;

        if (!facts->too_large)
                snprintf(line, CW_FAILURE_LINE,
                         "the answer of %s is larger than can be believed: it unpacks to more than %d times what was "
                         "sent",
                         facts->peer, CW_FAILURE_BOMB_TIMES);
        else if (max >= 1 << 20 && max % (1 << 20) == 0)
                snprintf(line, CW_FAILURE_LINE, "the answer of %s is larger than %zu MiB", facts->peer, max >> 20);
        else if (max >= 1 << 10 && max % (1 << 10) == 0)
                snprintf(line, CW_FAILURE_LINE, "the answer of %s is larger than %zu KiB", facts->peer, max >> 10);
        else
                snprintf(line, CW_FAILURE_LINE, "the answer of %s is larger than %zu bytes", facts->peer, max);
}

static enum cw_http_failure class_of(CURLcode code)
{
        for (size_t i = 0; i < CW_ARRAY_SIZE(classes); i++)
                if (classes[i].code == code)
                        return classes[i].failure;
        return CW_HTTP_OTHER;
}

static enum cw_http_failure judge_refused_bytes(const struct cw_failure_facts *facts, char *line)
{
        if (facts->bad_header) {
                snprintf(line, CW_FAILURE_LINE, "the header of the answer of %s is too large", facts->peer);
                return CW_HTTP_BROKEN;
        }
        describe_too_large(facts, line);
        return CW_HTTP_TOO_LARGE;
}

enum cw_http_failure cw_failure_judge(const struct cw_failure_facts *facts, char line[CW_FAILURE_LINE])
{
        enum cw_http_failure failure = class_of(facts->result);

        line[0] = '\0';
        if (failure != CW_HTTP_OK && (facts->too_large || facts->is_bomb || facts->bad_header))
                return judge_refused_bytes(facts, line);
        switch (failure) {
        case CW_HTTP_OK:
                break;
        case CW_HTTP_RESOLVE:
                snprintf(line, CW_FAILURE_LINE, "cannot find the host %s",
                         facts->result == CURLE_COULDNT_RESOLVE_PROXY ? "of the proxy" : facts->peer);
                break;
        case CW_HTTP_CONNECT:
                if (facts->result == CURLE_COULDNT_CONNECT || facts->result == CURLE_PROXY ||
                    facts->result == CURLE_INTERFACE_FAILED)
                        describe_connect(facts, line);
                else
                        describe_tls(facts, line);
                break;
        case CW_HTTP_TIMEOUT:
                describe_timeout(facts, line);
                break;
        case CW_HTTP_BROKEN:
                describe_broken(facts, line);
                break;
        default:
                snprintf(line, CW_FAILURE_LINE, "the transfer with %s failed: %s", facts->peer,
                         curl_easy_strerror(facts->result));
        }
        return failure;
}
