/* SPDX-License-Identifier: Apache-2.0 */
#include "cardwatch/http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "curl_memory.h"
#include "failure.h"
#include "header_list.h"
#include "keep.h"
#include "spare.h"
#include "transfer.h"
#include "transfer_options.h"

/*
 * One HTTP request: the request as curl's options, the answer as it comes in, and what it came to.
 */

#define CONNECT_MAX_MS   (10 * CW_SECOND_MS)
#define STALL_S          20L
#define HEADER_BYTES_MAX (256u * 1024)
#define FIELD_MAX        64
#define PIECE_BYTES      61440L /* less than what makes the heap tidy up when it is freed */
#define BOMB_LEAST       (1u << 20) /* smaller ones may be as dull as they like */
#define AIM_MOST         ((1 << 20) - 1) /* so much memory is taken on the server's word */
#define ASKED_MAX_S      INT64_C(999999999)
#define HARMLESS_BUFFER  2048L /* made and wiped for every answer: no more than most of them have */

_Static_assert(PIECE_BYTES > CW_CURL_PAGED_MAX, "a piece is read into pages of its own");

struct http_transfer {
        struct cw_http_transfer base; /* first */
        struct cw_spare *spare; /* the client's */
        struct cw_keep *keep; /* likewise, of such requests */
        struct cw_kept *kept; /* its handle */
        cw_http_done_fn done;
        cw_http_piece_fn on_piece; /* NULL: everything is kept */
        void *data;
        struct cw_header_list *headers;
        int64_t sent_at;
        size_t max_response;
        size_t header_bytes, body_bytes; /* that came, whatever was kept of them */
        bool proxied, too_large, is_bomb, bad_header;
        bool header_whole, harmless;
        struct cw_buf body;
        char retry_after[FIELD_MAX], date[FIELD_MAX]; /* of the last answer in a row of interim ones */
        char error[CURL_ERROR_SIZE];
        char line[CW_FAILURE_LINE];
};

/* Whatever ended otherwise leaves its handle to nobody. */
static bool is_over(const struct http_transfer *transfer)
{
        return transfer->base.ended && transfer->base.result == CURLE_OK;
}

/* To whoever asks for one like it next. */
static void let_go_of_handle(struct http_transfer *transfer)
{
        if (transfer->kept && is_over(transfer))
                cw_keep_give(transfer->keep, transfer->kept);
        else
                cw_kept_free(transfer->kept);
}

static void transfer_free(struct http_transfer *transfer)
{
        if (!transfer)
                return;
        let_go_of_handle(transfer);
        cw_header_list_free(transfer->headers);
        if (transfer->harmless)
                cw_buf_wipe(&transfer->body);
        else
                cw_spare_give_body(transfer->spare, &transfer->body);
        free(transfer);
}

CW_DEFINE_CLEANUP(struct http_transfer *, transfer_free);

/* Decompressed so much more than what came over the line: no list of cards is that dull. */
static bool unpacks_too_well(const struct http_transfer *transfer)
{
        curl_off_t received = 0;

        if (transfer->body_bytes < BOMB_LEAST)
                return false;
        curl_easy_getinfo(transfer->base.easy, CURLINFO_SIZE_DOWNLOAD_T, &received);
        return received > 0 && transfer->body_bytes / CW_FAILURE_BOMB_TIMES > (uint64_t)received;
}

/* What the header says may be anything. */
static void aim_at_length(struct http_transfer *transfer)
{
        curl_off_t length = 0;

        curl_easy_getinfo(transfer->base.easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
        if (length > 0 && length <= AIM_MOST)
                transfer->body.aim = (size_t)length + 1;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *data)
{
        struct http_transfer *transfer = data;

        (void)size; /* always 1 */
        transfer->too_large = n > transfer->max_response - transfer->body_bytes;
        if (transfer->too_large)
                return CURL_WRITEFUNC_ERROR;
        if (transfer->body_bytes == 0 && !transfer->harmless)
                aim_at_length(transfer);
        transfer->body_bytes += n;
        if (transfer->on_piece)
                transfer->on_piece(transfer->data, &transfer->body, bytes, n);
        else
                cw_buf_append(&transfer->body, bytes, n);
        transfer->is_bomb = unpacks_too_well(transfer);
        return cw_buf_error(&transfer->body) || transfer->is_bomb ? CURL_WRITEFUNC_ERROR : n;
}

/* Keeps the field's value if the line is that field; one that does not fit is none we could read. */
static void keep_field(const char *line, size_t len, const char *name, char value[FIELD_MAX])
{
        size_t name_len = strlen(name);

        if (len <= name_len || strncasecmp(line, name, name_len) != 0 || line[name_len] != ':')
                return;
        line += name_len + 1;
        len -= name_len + 1;
        while (len > 0 && strchr(" \t", line[0])) {
                line++;
                len--;
        }
        while (len > 0 && strchr(" \t\r\n", line[len - 1]))
                len--;
        if (len >= FIELD_MAX || memchr(line, '\0', len))
                len = 0;
        memcpy(value, line, len);
        value[len] = '\0';
}

static size_t on_header(char *line, size_t size, size_t n, void *data)
{
        struct http_transfer *transfer = data;

        (void)size; /* always 1 */
        transfer->header_bytes += n;
        if (transfer->header_bytes > HEADER_BYTES_MAX) {
                transfer->bad_header = true;
                return 0;
        }
        if (n > 5 && strncmp(line, "HTTP/", 5) == 0) {
                transfer->retry_after[0] = '\0';
                transfer->date[0] = '\0';
                transfer->header_whole = false;
                /* From now on only: a server that thinks is bounded by the time-out, one that dribbles by this, too. */
                curl_easy_setopt(transfer->base.easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
                curl_easy_setopt(transfer->base.easy, CURLOPT_LOW_SPEED_TIME, STALL_S);
        }
        if (line[0] == '\r' || line[0] == '\n')
                transfer->header_whole = true;
        keep_field(line, n, "Retry-After", transfer->retry_after);
        keep_field(line, n, "Date", transfer->date);
        return n;
}

static int add_headers(struct http_transfer *transfer, const struct cw_http_request *request)
{
        /* curl would ask before it sends a long body, and call one without a type a form. */
        static const char *const lines[] = {"Content-Type:", "Expect:"};
        bool untyped = request->body != NULL;

        for (size_t i = 0; i < request->n_headers; i++)
                untyped &= strcasecmp(request->headers[i].name, "Content-Type") != 0;
        return cw_header_list_new(request->headers, request->n_headers, lines + !untyped, 1 + untyped,
                                  &transfer->headers);
}

static bool sends_body(const struct cw_http_request *request)
{
        return strcmp(request->method, "GET") != 0 || request->body;
}

/* How: what a handle may be kept for, and keep.c has set where to. */
static CURLcode set_lasting(CURL *easy, const struct cw_http_request *request, const char *user_agent)
{
        int64_t connect_ms = request->timeout_ms < CONNECT_MAX_MS ? request->timeout_ms : CONNECT_MAX_MS;
        CURLcode r = cw_transfer_set_common(easy, &request->tls, request->timeout_ms);

        r = r ?: curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
        r = r ?: curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
        r = r ?: curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
        r = r ?: curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
        r = r ?: curl_easy_setopt(easy, CURLOPT_USERAGENT, user_agent);
        r = r ?: curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
        r = r ?: curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
        r = r ?: curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
        if (request->proxy || request->unix_socket)
                r = r ?: curl_easy_setopt(easy, CURLOPT_PROXY, request->unix_socket ? "" : request->proxy);
        if (request->unix_socket)
                r = r ?: curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, request->unix_socket);
        if (request->harmless)
                r = r ?: curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, HARMLESS_BUFFER);
        /* Only what curl decompresses with its own, wiping allocators: brotli and zstd bring theirs. */
        if (request->compressed)
                r = r ?: curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
        /* What may be compressed may be long: fewer, larger pieces. */
        if (request->compressed)
                r = r ?: curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, PIECE_BYTES);
        if (sends_body(request))
                r = r ?: curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
        return r;
}

/* What belongs to this one request; whoever keeps the handle takes it out again (keep.c). */
static CURLcode set_own(struct http_transfer *transfer, const struct cw_http_request *request)
{
        CURL *easy = transfer->base.easy;
        CURLcode r = CURLE_OK;

        r = r ?: curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
        r = r ?: curl_easy_setopt(easy, CURLOPT_HTTPHEADER, &transfer->headers->lines[0]);
        r = r ?: curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
        r = r ?: curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
        /* Who had the handle before may have waited, and told curl of the rest only. */
        r = r ?: curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
        if (!sends_body(request))
                return r;
        r = r
                    ?: curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                                        (curl_off_t)(request->body ? request->body_len : 0));
        return r ?: curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, request->body ?: "");
}

static int64_t asked_wait_ms(const struct http_transfer *transfer, int64_t now)
{
        const char *text = transfer->retry_after;
        size_t digits = strspn(text, "0123456789");
        int64_t seconds, until, base;

        if (digits > 0 && text[digits] == '\0') {
                seconds = digits > 9 ? ASKED_MAX_S : strtoll(text, NULL, 10);
                return seconds * CW_SECOND_MS;
        }
        if (text[0] == '\0' || cw_clock_parse_http(text, &until) < 0)
                return -1;
        /* The date is the server's, so it is measured against the server's clock if it tells it. */
        if (cw_clock_parse_http(transfer->date, &base) < 0)
                base = now;
        if (until <= base)
                return 0;
        return until - base < ASKED_MAX_S * CW_SECOND_MS ? until - base : ASKED_MAX_S * CW_SECOND_MS;
}

static enum cw_http_failure judge(struct http_transfer *transfer)
{
        struct cw_failure_facts facts = {
                .easy = transfer->base.easy,
                /* To curl a header that was cut off is an answer without a body. */
                .result = transfer->base.result == CURLE_OK && !transfer->header_whole ? CURLE_PARTIAL_FILE
                                                                                       : transfer->base.result,
                .error = transfer->error,
                .peer = transfer->kept->peer,
                .timeout_ms = transfer->base.timeout_ms,
                .waited_ms = transfer->base.waited_ms,
                .max_response = transfer->max_response,
                .proxied = transfer->proxied,
                .too_large = transfer->too_large,
                .is_bomb = transfer->is_bomb,
                .bad_header = transfer->bad_header,
        };

        if (transfer->base.cancelled) {
                cw_failure_append(transfer->line, "cancelled", 9);
                return CW_HTTP_CANCELLED;
        }
        return cw_failure_judge(&facts, transfer->line);
}

static void tell(struct http_transfer *transfer)
{
        struct cw_http_answer answer = {.retry_after_ms = -1, .date_at = -1, .body = ""};

        answer.failure = judge(transfer);
        answer.message = transfer->line;
        answer.sent_at = transfer->sent_at;
        answer.took_ms = transfer->base.ended_mono - transfer->base.asked_mono;
        if (answer.failure == CW_HTTP_OK || answer.failure == CW_HTTP_TOO_LARGE) {
                curl_easy_getinfo(transfer->base.easy, CURLINFO_RESPONSE_CODE, &answer.status);
                answer.retry_after_ms = asked_wait_ms(transfer, transfer->sent_at + answer.took_ms);
                if (transfer->harmless || cw_clock_parse_http(transfer->date, &answer.date_at) < 0)
                        answer.date_at = -1;
        }
        if (answer.failure == CW_HTTP_OK) {
                answer.body = cw_buf_text(&transfer->body);
                answer.body_len = transfer->body.len;
        }
        transfer->done(transfer->data, &answer);
}

static void http_tell(struct cw_http_transfer *base)
{
        struct http_transfer *transfer = (struct http_transfer *)base;

        tell(transfer);
        transfer_free(transfer);
}

static const struct cw_transfer_kind http_kind = {.stop = cw_transfer_stop_multi, .tell = http_tell};

static bool request_is_sound(const struct cw_http_request *request)
{
        return request->url && request->method && request->timeout_ms > 0 && request->max_response > 0 &&
               (strcmp(request->method, "GET") == 0 || strcmp(request->method, "POST") == 0 ||
                strcmp(request->method, "PUT") == 0 || strcmp(request->method, "DELETE") == 0);
}

static int take_handle(struct http_transfer *transfer, struct cw_http *http, const struct cw_http_request *request)
{
        int r;

        transfer->spare = cw_http_spare(http);
        transfer->keep = request->harmless ? cw_http_keep(http) : &transfer->spare->handles;
        if (!request->harmless)
                transfer->body = cw_spare_take_body(transfer->spare);
        transfer->kept = cw_keep_take(transfer->keep, request);
        r = transfer->kept ? 0 : cw_kept_new(curl_easy_init(), request, &transfer->kept);
        if (r < 0)
                return r;
        transfer->base.easy = transfer->kept->easy;
        transfer->base.followed = transfer->kept->used;
        return 0;
}

static int transfer_new(struct cw_http *http, const struct cw_http_request *request,
                        struct http_transfer **ret_transfer)
{
        cw_cleanup(transfer_free_cleanup) struct http_transfer *transfer = calloc(1, sizeof(*transfer));
        int r;

        if (!transfer)
                return -ENOMEM;
        transfer->base.kind = &http_kind;
        transfer->harmless = request->harmless;
        r = take_handle(transfer, http, request);
        if (r < 0)
                return r;
        transfer->base.timeout_ms = request->timeout_ms;
        transfer->max_response = request->max_response;
        transfer->on_piece = request->on_piece;
        transfer->proxied = request->proxy && request->proxy[0];
        r = add_headers(transfer, request);
        if (r < 0)
                return r;
        *ret_transfer = cw_take(transfer);
        return 0;
}

int cw_http_start(struct cw_http *http, const struct cw_http_request *request, cw_http_done_fn done, void *data,
                  struct cw_http_transfer **ret_transfer)
{
        cw_cleanup(transfer_free_cleanup) struct http_transfer *transfer = NULL;
        CURLcode code;
        int r;

        if (cw_http_closing(http))
                return -ESHUTDOWN;
        if (!request_is_sound(request))
                return -EINVAL;
        r = transfer_new(http, request, &transfer);
        if (r < 0)
                return r;
        code = transfer->kept->used ? CURLE_OK : set_lasting(transfer->base.easy, request, cw_http_user_agent(http));
        code = code ?: set_own(transfer, request);
        if (code != CURLE_OK)
                return code == CURLE_OUT_OF_MEMORY ? -ENOMEM : -EINVAL;
        transfer->done = done;
        transfer->data = data;
        transfer->sent_at = cw_clock_wall_ms();
        transfer->base.asked_mono = cw_clock_mono_ms();
        r = cw_transfer_begin_multi(http, &transfer->base);
        if (r < 0)
                return r;
        *ret_transfer = &cw_take(transfer)->base;
        return 0;
}
