/* SPDX-License-Identifier: Apache-2.0 */
#include "keep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/text.h"
#include "failure.h"

/*
 * Idea: the texts of a request that last are a short list, the same for comparing and for copying.
 */

CW_DEFINE_CLEANUP(struct cw_kept *, cw_kept_free);

static void list_texts(const struct cw_http_request *request, const char *ret_texts[CW_KEEP_TEXTS])
{
        ret_texts[0] = request->url;
        ret_texts[1] = request->method;
        ret_texts[2] = request->proxy;
        ret_texts[3] = request->unix_socket;
        ret_texts[4] = request->tls.ca;
        ret_texts[5] = request->tls.cert;
        ret_texts[6] = request->tls.key;
}

/* The same up to what is asked there: the same peer, too. */
static bool same_place(const char *a, const char *b)
{
        size_t n = strcspn(a, "?");

        return strncmp(a, b, n) == 0 && (b[n] == '?' || b[n] == '\0');
}

static bool is_for(const struct cw_kept *kept, const struct cw_http_request *request)
{
        const char *texts[CW_KEEP_TEXTS];

        if (kept->timeout_ms != request->timeout_ms || kept->has_body != (request->body != NULL) ||
            kept->compressed != request->compressed || kept->harmless != request->harmless)
                return false;
        list_texts(request, texts);
        for (size_t i = 1; i < CW_KEEP_TEXTS; i++)
                if (!cw_text_same(kept->texts[i], texts[i]))
                        return false;
        return same_place(kept->texts[0], request->url);
}

/* Parsed once: given the text, curl takes it apart and puts it together again for every request. */
static int set_address(struct cw_kept *kept, const char *url)
{
        kept->address = curl_url();
        if (!kept->address)
                return -ENOMEM;
        if (curl_url_set(kept->address, CURLUPART_URL, url, 0) != CURLUE_OK)
                return -EINVAL;
        return curl_easy_setopt(kept->easy, CURLOPT_CURLU, kept->address) == CURLE_OK ? 0 : -ENOMEM;
}

int cw_kept_new(CURL *easy, const struct cw_http_request *request, struct cw_kept **ret_kept)
{
        static const char *const schemes[2] = {"http", "https"};
        cw_cleanup(cw_kept_free_cleanup) struct cw_kept *kept = calloc(1, sizeof(*kept));
        const char *texts[CW_KEEP_TEXTS];
        int r;

        if (!kept || !easy) {
                curl_easy_cleanup(easy);
                return -ENOMEM;
        }
        kept->easy = easy;
        kept->timeout_ms = request->timeout_ms;
        kept->has_body = request->body;
        kept->compressed = request->compressed;
        kept->harmless = request->harmless;
        r = cw_failure_peer(request->url, schemes, &kept->peer);
        if (r == 0)
                r = set_address(kept, request->url);
        if (r < 0)
                return r;
        list_texts(request, texts);
        for (size_t i = 0; i < CW_KEEP_TEXTS; i++) {
                kept->texts[i] = texts[i] ? strdup(texts[i]) : NULL;
                if (texts[i] && !kept->texts[i])
                        return -ENOMEM;
        }
        *ret_kept = cw_take(kept);
        return 0;
}

/* An address may be as secret as a key. */
static void forget_text(char *text)
{
        if (text)
                explicit_bzero(text, strlen(text));
        free(text);
}

void cw_kept_free(struct cw_kept *kept)
{
        if (!kept)
                return;
        curl_easy_cleanup(kept->easy);
        curl_url_cleanup(kept->address);
        for (size_t i = 0; i < CW_KEEP_TEXTS; i++)
                forget_text(kept->texts[i]);
        free(kept->peer);
        free(kept);
}

static struct cw_kept *take_out(struct cw_keep *keep, unsigned at)
{
        struct cw_kept *kept = keep->spare[at];

        keep->n--;
        memmove(keep->spare + at, keep->spare + at + 1, (keep->n - at) * sizeof(struct cw_kept *));
        return kept;
}

/* Whether it was possible. */
static bool point_to(struct cw_kept *kept, const char *url)
{
        char *text;

        if (strcmp(kept->texts[0], url) == 0)
                return true;
        text = strdup(url);
        if (!text || curl_url_set(kept->address, CURLUPART_URL, url, 0) != CURLUE_OK) {
                free(text);
                return false;
        }
        forget_text(kept->texts[0]);
        kept->texts[0] = text;
        return true;
}

struct cw_kept *cw_keep_take(struct cw_keep *keep, const struct cw_http_request *request)
{
        for (unsigned i = keep->n; i-- > 0;) {
                struct cw_kept *kept = keep->spare[i];

                if (!is_for(kept, request))
                        continue;
                kept = take_out(keep, i);
                if (point_to(kept, request->url))
                        return kept;
                cw_kept_free(kept);
                return NULL;
        }
        return NULL;
}

/* Whatever pointed into the request, or came with it. */
static CURLcode forget_request(CURL *easy)
{
        CURLcode r = CURLE_OK;

        r = r ?: curl_easy_setopt(easy, CURLOPT_HTTPHEADER, NULL);
        r = r ?: curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, NULL);
        r = r ?: curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 0L);
        r = r ?: curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, 0L);
        return r;
}

void cw_keep_give(struct cw_keep *keep, struct cw_kept *kept)
{
        CURLcode r = forget_request(kept->easy);

        /* Its copy is let go of with it. */
        if (r == CURLE_OK && kept->has_body)
                r = curl_easy_setopt(kept->easy, CURLOPT_POSTFIELDS, NULL);
        if (r != CURLE_OK) {
                cw_kept_free(kept);
                return;
        }
        if (keep->n == CW_KEEP_MOST)
                cw_kept_free(take_out(keep, 0));
        kept->used = true;
        keep->spare[keep->n++] = kept;
}

void cw_keep_deinit(struct cw_keep *keep)
{
        while (keep->n > 0)
                cw_kept_free(keep->spare[--keep->n]);
}
