/* SPDX-License-Identifier: Apache-2.0 */
#include "cardwatch/smtp.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/secret.h"
#include "failure.h"
#include "mime.h"
#include "transfer.h"
#include "transfer_options.h"
#include "uvloop.h"

/*
 * One mail, on a thread of its own.
 *
 * curl waits inside its own calls for the server's word after the mail's end and after QUIT, on the multi interface,
 * too: on the loop one silent mail server would stop everything. So the transfer runs on a thread, which owns the easy
 * handle and `outcome` until it wakes the loop. Cancelling raises a flag that curl asks for once a second; the mail
 * then lingers, told but not freed, until its thread is over.
 *
 * What counts as accepted is the server's 2xx to the end of the data and nothing after it: from then on the mail is
 * theirs.
 */

#define GRACE_MS       500
#define GOODBYE_MAX_MS (2 * CW_SECOND_MS)
#define REPLY_MAX      200

struct outcome {
        CURLcode result;
        long code; /* the last reply */
        bool data_begun; /* 354 came */
        int64_t accepted_mono; /* 0: it was not */
        char reply[REPLY_MAX]; /* the last refusal, its code with it */
};

struct mail {
        struct cw_http_transfer base; /* first */
        cw_smtp_done_fn done;
        void *data;
        char *peer;
        int64_t timeout_ms;
        int64_t deadline_mono; /* curl's own time-out comes first, so that it can say what timed out */
        struct curl_slist *headers, *recipients;
        curl_mime *mime;
        char error[CURL_ERROR_SIZE];
        uv_async_t over;
        pthread_t thread;
        atomic_bool give_up;
        struct outcome outcome;
        bool has_thread, has_handle, lingers;
};

static void mail_free(struct mail *mail)
{
        if (!mail)
                return;
        curl_easy_cleanup(mail->base.easy);
        curl_mime_free(mail->mime);
        curl_slist_free_all(mail->headers);
        curl_slist_free_all(mail->recipients);
        free(mail->peer);
        free(mail);
}

static void on_handle_closed(uv_handle_t *handle)
{
        free(handle->data);
}

/* curl's part goes now, while curl is still there; the rest when libuv lets go of the handle in it. */
static void mail_release(struct mail *mail)
{
        if (!mail)
                return;
        if (!mail->has_handle) {
                mail_free(mail);
                return;
        }
        curl_easy_cleanup(cw_take(mail->base.easy));
        curl_mime_free(cw_take(mail->mime));
        curl_slist_free_all(cw_take(mail->headers));
        curl_slist_free_all(cw_take(mail->recipients));
        free(cw_take(mail->peer));
        uv_close((uv_handle_t *)&mail->over, on_handle_closed);
}

CW_DEFINE_CLEANUP(struct mail *, mail_release);

static void keep_reply(struct outcome *outcome, long code, const char *line, size_t len)
{
        size_t kept = 0;

        outcome->code = code;
        if (code < 400)
                return;
        for (; kept < len && kept + 1 < sizeof(outcome->reply) && line[kept] != '\r' && line[kept] != '\n'; kept++)
                outcome->reply[kept] = line[kept];
        outcome->reply[kept] = '\0';
}

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

/* Every line of every reply of the server comes through here. */
static size_t on_reply(char *line, size_t size, size_t n, void *data)
{
        struct outcome *outcome = data;
        long code;

        (void)size; /* always 1 */
        if (n < 4 || line[3] == '-' || !is_digit(line[0]) || !is_digit(line[1]) || !is_digit(line[2]))
                return n;
        code = (line[0] - '0') * 100L + (line[1] - '0') * 10L + (line[2] - '0');
        /* 221 is the answer to QUIT, which curl sends whatever happened before. */
        if (code == 221 || outcome->accepted_mono)
                return n;
        keep_reply(outcome, code, line, n);
        if (code == 354)
                outcome->data_begun = true;
        else if (outcome->data_begun && code >= 200 && code < 300)
                outcome->accepted_mono = cw_clock_mono_ms();
        return n;
}

static int on_progress(void *data, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
        const struct mail *mail = data;
        int64_t accepted_mono = mail->outcome.accepted_mono, now = cw_clock_mono_ms();

        (void)down_total;
        (void)down;
        (void)up_total;
        (void)up;
        /* Nothing but curl's patience (two minutes) bounds its wait for the answer to QUIT. */
        return atomic_load(&mail->give_up) || now > mail->deadline_mono ||
               (accepted_mono && now - accepted_mono > GOODBYE_MAX_MS);
}

static void *mail_run(void *data)
{
        struct mail *mail = data;

        mail->outcome.result = curl_easy_perform(mail->base.easy);
        uv_async_send(&mail->over);
        return NULL;
}

static void join_thread(struct mail *mail)
{
        pthread_join(mail->thread, NULL);
        mail->has_thread = false;
        cw_transfer_give_thread(mail->base.http);
}

static void on_over(uv_async_t *handle)
{
        struct mail *mail = handle->data;

        if (!mail->has_thread)
                return;
        join_thread(mail);
        if (mail->lingers) {
                cw_transfer_lingered(&mail->base);
                mail_release(mail);
        } else if (!mail->base.ended) {
                cw_transfer_end(&mail->base, mail->outcome.result);
        }
}

static enum cw_http_failure judge(const struct mail *mail, char line[CW_FAILURE_LINE])
{
        const struct outcome *outcome = &mail->outcome;
        struct cw_failure_facts facts = {
                .easy = mail->base.easy,
                .result = outcome->result,
                .error = mail->error,
                .peer = mail->peer,
                .timeout_ms = mail->timeout_ms,
        };

        if (outcome->accepted_mono)
                return CW_HTTP_OK;
        if (outcome->code >= 400) {
                snprintf(line, CW_FAILURE_LINE, "%s answered ", mail->peer);
                cw_failure_append(line, outcome->reply, sizeof(outcome->reply));
                return outcome->result == CURLE_OPERATION_TIMEDOUT ? CW_HTTP_TIMEOUT : CW_HTTP_OTHER;
        }
        if (outcome->result == CURLE_OK)
                facts.result = CURLE_WEIRD_SERVER_REPLY;
        return cw_failure_judge(&facts, line);
}

static void mail_tell(struct cw_http_transfer *base)
{
        struct mail *mail = (struct mail *)base;
        char line[CW_FAILURE_LINE] = "";
        struct cw_smtp_answer answer = {.failure = CW_HTTP_CANCELLED, .message = line};

        /* While the thread is not over the outcome is the thread's, and only a cancelled mail is told before. */
        if (base->cancelled)
                cw_failure_append(line, "cancelled", 9);
        else
                answer.failure = judge(mail, line);
        if (!base->cancelled)
                answer.code = mail->outcome.code;
        mail->lingers = mail->has_thread;
        if (mail->lingers)
                cw_transfer_linger(base);
        mail->done(mail->data, &answer);
        if (!mail->lingers)
                mail_release(mail);
}

static void mail_stop(struct cw_http_transfer *base)
{
        struct mail *mail = (struct mail *)base;

        atomic_store(&mail->give_up, true);
}

static void mail_settle(struct cw_http_transfer *base)
{
        struct mail *mail = (struct mail *)base;

        if (mail->has_thread)
                join_thread(mail);
        mail_release(mail);
}

static const struct cw_transfer_kind mail_kind = {.stop = mail_stop, .tell = mail_tell, .settle = mail_settle};

static bool breaks_a_line(const char *text)
{
        return text[0] == '\0' || strpbrk(text, "\r\n<>") != NULL;
}

static int add_recipients(struct mail *mail, const struct cw_smtp_request *request)
{
        for (size_t i = 0; i < request->n_to; i++) {
                struct curl_slist *longer;

                if (breaks_a_line(request->to[i]))
                        return -EINVAL;
                longer = curl_slist_append(mail->recipients, request->to[i]);
                if (!longer)
                        return -ENOMEM;
                mail->recipients = longer;
        }
        return 0;
}

static int add_content(struct mail *mail, const struct cw_smtp_request *request)
{
        int r;

        for (size_t i = 0; i < request->n_headers; i++) {
                r = cw_transfer_add_header(&mail->headers, request->headers[i].name, request->headers[i].value);
                if (r < 0)
                        return r;
        }
        mail->mime = cw_mime_new(mail->base.easy, request, &mail->headers);
        return mail->mime ? 0 : -ENOMEM;
}

static long use_ssl(enum cw_smtp_starttls starttls)
{
        switch (starttls) {
        case CW_SMTP_STARTTLS_OFF:
                return CURLUSESSL_NONE;
        case CW_SMTP_STARTTLS_OPPORTUNISTIC:
                return CURLUSESSL_TRY;
        default:
                return CURLUSESSL_ALL;
        }
}

static CURLcode set_options(struct mail *mail, const struct cw_smtp_request *request)
{
        CURL *easy = mail->base.easy;
        CURLcode r = cw_transfer_set_common(easy, &request->tls, request->timeout_ms);

        r = r ?: curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, mail->error);
        r = r ?: curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
        r = r ?: curl_easy_setopt(easy, CURLOPT_URL, request->url);
        r = r ?: curl_easy_setopt(easy, CURLOPT_USE_SSL, use_ssl(request->starttls));
        /* To curl greeting, STARTTLS and log-in are still connecting; servers that let one wait there are not dead. */
        r = r ?: curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)request->timeout_ms);
        /* A connection kept would be one that waits for QUIT where nobody bounds it. */
        r = r ?: curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
        r = r ?: curl_easy_setopt(easy, CURLOPT_MAIL_FROM, request->from);
        r = r ?: curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, mail->recipients);
        r = r ?: curl_easy_setopt(easy, CURLOPT_HTTPHEADER, mail->headers);
        r = r ?: curl_easy_setopt(easy, CURLOPT_MIMEPOST, mail->mime);
        r = r ?: curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_reply);
        r = r ?: curl_easy_setopt(easy, CURLOPT_HEADERDATA, &mail->outcome);
        r = r ?: curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
        r = r ?: curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
        r = r ?: curl_easy_setopt(easy, CURLOPT_XFERINFODATA, mail);
        if (request->username) {
                r = r ?: curl_easy_setopt(easy, CURLOPT_USERNAME, request->username);
                r = r ?: curl_easy_setopt(easy, CURLOPT_PASSWORD, cw_secret_reveal(request->password) ?: "");
        }
        return r;
}

/* Signals are the loop's business: the thread is born with all of them blocked. */
static int start_thread(struct cw_http *http, struct mail *mail)
{
        sigset_t all, before;
        int r;

        r = cw_transfer_take_thread(http);
        if (r < 0)
                return r;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        r = pthread_create(&mail->thread, NULL, mail_run, mail);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        mail->has_thread = r == 0;
        if (r != 0)
                cw_transfer_give_thread(http);
        return -r;
}

static int mail_new(const struct cw_smtp_request *request, struct mail **ret_mail)
{
        static const char *const schemes[2] = {"smtp", "smtps"};
        cw_cleanup(mail_release_cleanup) struct mail *mail = calloc(1, sizeof(*mail));
        CURLcode code;
        int r;

        if (!mail)
                return -ENOMEM;
        mail->base.kind = &mail_kind;
        mail->timeout_ms = request->timeout_ms;
        mail->deadline_mono = cw_clock_mono_ms() + request->timeout_ms + GRACE_MS;
        mail->base.easy = curl_easy_init();
        if (!mail->base.easy)
                return -ENOMEM;
        r = cw_failure_peer(request->url, schemes, &mail->peer);
        if (r < 0)
                return r;
        r = add_recipients(mail, request);
        if (r < 0)
                return r;
        r = add_content(mail, request);
        if (r < 0)
                return r;
        code = set_options(mail, request);
        if (code != CURLE_OK)
                return code == CURLE_OUT_OF_MEMORY ? -ENOMEM : -EINVAL;
        *ret_mail = cw_take(mail);
        return 0;
}

int cw_smtp_start(struct cw_http *http, const struct cw_smtp_request *request, cw_smtp_done_fn done, void *data,
                  struct cw_http_transfer **ret_transfer)
{
        cw_cleanup(mail_release_cleanup) struct mail *mail = NULL;
        int r;

        if (cw_http_closing(http))
                return -ESHUTDOWN;
        if (!request->url || !request->text || request->n_to == 0 || request->timeout_ms <= 0 || !request->from ||
            breaks_a_line(request->from))
                return -EINVAL;
        r = mail_new(request, &mail);
        if (r < 0)
                return r;
        mail->done = done;
        mail->data = data;
        r = uv_async_init(cw_loop_uv(cw_http_loop(http)), &mail->over, on_over);
        if (r < 0)
                return r;
        mail->over.data = mail;
        mail->has_handle = true;
        r = start_thread(http, mail);
        if (r < 0)
                return r;
        cw_transfer_begin(http, &mail->base);
        *ret_transfer = &cw_take(mail)->base;
        return 0;
}
