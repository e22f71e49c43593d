/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: what is stored is the mail's parts (headers, text, HTML, pictures) as one sealed record; curl puts them
 * together at each attempt. A group's first mail has the thread's id as its own, so that every later one can name it
 * without looking it up.
 */
#include <errno.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/pack.h"
#include "cardwatch/picture.h"
#include "cardwatch/render.h"
#include "channel.h"
#include "mail_header.h"

enum { RECORD_VERSION = 2, RECORD_WITHOUT_PICTURES = 1, HEADERS_MAX = 32, PICTURES_MAX = 8 };

static const char record_magic[] = "cardwatch-mail";

/* Headers as they are rendered: name and value after one another. */
struct headers {
        struct cw_buf values[HEADERS_MAX];
        const char *names[HEADERS_MAX];
        size_t n;
};

static void headers_deinit(struct headers *headers)
{
        for (size_t i = 0; i < headers->n; i++)
                cw_buf_deinit(&headers->values[i]);
}

static struct cw_buf *add(struct headers *headers, const char *name)
{
        headers->names[headers->n] = name;
        return &headers->values[headers->n++];
}

static void write_thread(const struct cw_sink_options *options, const struct cw_notice *notice, struct headers *headers)
{
        if (!notice->thread || notice->opens_thread) {
                cw_mail_id(add(headers, "Message-ID"), notice->thread ? notice->thread : notice->id, options->from);
                return;
        }
        cw_mail_id(add(headers, "Message-ID"), notice->id, options->from);
        cw_mail_id(add(headers, "In-Reply-To"), notice->thread, options->from);
        cw_mail_id(add(headers, "References"), notice->thread, options->from);
}

static void write_list(const struct cw_sink_options *options, struct cw_buf *value)
{
        cw_buf_puts(value, "<");
        cw_mail_text(value, options->name ? options->name : "alerts");
        cw_buf_puts(value, ".cardwatch.");
        cw_mail_domain(value, options->from);
        cw_buf_puts(value, ">");
}

/* Who gets a mail. */
struct readers {
        const char *const *to;
        size_t n_to;
        int64_t customer; /* 0: those who watch */
};

static int customers_addresses(const struct cw_sink_options *options, int64_t customer, struct readers *readers)
{
        for (size_t i = 0; i < options->n_customers; i++) {
                if (options->customers[i].id != customer)
                        continue;
                *readers = (struct readers){options->customers[i].to, options->customers[i].n_to, customer};
                return readers->n_to > 0 ? 0 : -EINVAL;
        }
        return -EINVAL;
}

/* Whatever went wrong before: what is not about one customer alone goes to none. */
static int choose_readers(const struct cw_sink_options *options, const struct cw_notice *notice,
                          struct readers *readers)
{
        *readers = (struct readers){options->to, options->n_to, 0};
        if (!options->customers)
                return options->n_to > 0 ? 0 : -EINVAL;
        if (notice->n_items == 0 || notice->baseline || notice->kind == CW_NOTICE_TEST)
                return -EINVAL;
        for (size_t i = 0; i < notice->n_items; i++) {
                const struct cw_entry *entry = notice->items[i].entry;

                if (!entry->has_card || entry->card.customer != notice->items[0].entry->card.customer)
                        return -EINVAL;
        }
        return customers_addresses(options, notice->items[0].entry->card.customer, readers);
}

static int write_headers(const struct cw_sink_options *options, const struct cw_notice *notice,
                         const struct readers *readers, struct headers *headers)
{
        struct cw_render_options words = cw_sink_words(options);
        cw_cleanup(cw_buf_deinit) struct cw_buf subject = CW_BUF_NULL;
        int r;

        r = cw_render_subject(notice, &words, &subject);
        if (r < 0)
                return r;
        cw_mail_address(add(headers, "From"), options->from);
        cw_mail_addresses(add(headers, "To"), readers->to, readers->n_to);
        cw_mail_text(add(headers, "Subject"), cw_buf_text(&subject));
        cw_mail_date(add(headers, "Date"), notice->sent_at);
        write_thread(options, notice, headers);
        cw_buf_puts(add(headers, "Auto-Submitted"), "auto-generated");
        write_list(options, add(headers, "List-Id"));
        cw_mail_text(add(headers, "X-Cardwatch-Id"), notice->id);
        for (size_t i = 0; r == 0 && i < headers->n; i++)
                r = cw_buf_error(&headers->values[i]);
        return r;
}

static int pack_pictures(const struct cw_notice *notice, struct cw_buf *payload)
{
        size_t n = notice->n_pictures < PICTURES_MAX ? notice->n_pictures : PICTURES_MAX;

        cw_pack_u64(payload, n);
        for (size_t i = 0; i < n; i++) {
                cw_cleanup(cw_buf_deinit) struct cw_buf id = CW_BUF_NULL;

                cw_picture_id(notice, i, &id);
                if (cw_buf_error(&id) < 0)
                        return cw_buf_error(&id);
                cw_pack_string(payload, cw_buf_text(&id));
                cw_pack_bytes(payload, notice->pictures[i].png, notice->pictures[i].len);
        }
        return 0;
}

static int render(const struct cw_sink_options *options, const struct cw_notice *notice, struct cw_buf *payload)
{
        struct cw_render_options how = cw_sink_words(options);
        cw_cleanup(headers_deinit) struct headers headers = {.n = 0};
        cw_cleanup(cw_buf_deinit) struct cw_buf text = CW_BUF_NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf html = CW_BUF_NULL;
        size_t begin = payload->len;
        struct readers readers;
        int r;

        if (!options->from)
                return -EINVAL;
        r = choose_readers(options, notice, &readers);
        if (r < 0)
                return r;
        how.body = options->body;
        r = write_headers(options, notice, &readers, &headers);
        if (r == 0)
                r = cw_render_text(notice, &how, &text);
        if (r == 0)
                r = cw_render_html(notice, &how, &html);
        if (r < 0)
                return r;
        cw_pack_string(payload, record_magic);
        cw_pack_u64(payload, RECORD_VERSION);
        cw_pack_u64(payload, headers.n);
        for (size_t i = 0; i < headers.n; i++) {
                cw_pack_string(payload, headers.names[i]);
                cw_pack_string(payload, cw_buf_text(&headers.values[i]));
        }
        cw_pack_string(payload, cw_buf_text(&text));
        cw_pack_string(payload, cw_buf_text(&html));
        cw_pack_i64(payload, readers.customer);
        r = pack_pictures(notice, payload);
        cw_pack_seal(payload, begin);
        return r;
}

static int read_pictures(struct cw_unpack *unpack, struct cw_sink_request *request)
{
        size_t n = cw_unpack_most(unpack, PICTURES_MAX);
        struct cw_smtp_picture *pictures = cw_sink_memory_new(request, PICTURES_MAX * sizeof(*pictures));

        if (!pictures)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                pictures[i].id = cw_unpack_string(unpack);
                pictures[i].png = cw_unpack_bytes(unpack, &pictures[i].len);
                if (!pictures[i].id || !pictures[i].png)
                        return -EBADMSG;
        }
        request->smtp.pictures = pictures;
        request->smtp.n_pictures = n;
        return 0;
}

/* Into the request; what it points to lives in `record`. */
static int read_record(const char *record, size_t len, struct cw_sink_request *request, int64_t *ret_customer)
{
        struct cw_http_header *headers;
        struct cw_unpack unpack;
        const char *magic;
        uint64_t version;
        int r = 0;

        cw_unpack_init(&unpack, record, len);
        magic = cw_unpack_string(&unpack);
        version = cw_unpack_u64(&unpack);
        if (!magic || strcmp(magic, record_magic) != 0 ||
            (version != RECORD_VERSION && version != RECORD_WITHOUT_PICTURES))
                return -EBADMSG;
        request->smtp.n_headers = cw_unpack_most(&unpack, HEADERS_MAX);
        headers = cw_sink_memory_new(request, HEADERS_MAX * sizeof(*headers));
        if (!headers)
                return -ENOMEM;
        for (size_t i = 0; i < request->smtp.n_headers; i++) {
                headers[i].name = cw_unpack_string(&unpack);
                headers[i].value = cw_unpack_string(&unpack);
                if (!headers[i].name || !headers[i].value)
                        return -EBADMSG;
        }
        request->smtp.headers = headers;
        request->smtp.text = cw_unpack_string(&unpack);
        request->smtp.html = cw_unpack_string(&unpack);
        *ret_customer = version == RECORD_WITHOUT_PICTURES ? 0 : cw_unpack_i64(&unpack);
        if (version != RECORD_WITHOUT_PICTURES)
                r = read_pictures(&unpack, request);
        if (r < 0)
                return r;
        return cw_unpack_done(&unpack) && request->smtp.text && request->smtp.html ? 0 : -EBADMSG;
}

static int bare_address(struct cw_sink_request *request, const char *text, const char **ret_address)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf address = CW_BUF_NULL;

        cw_mail_bare_address(&address, text);
        *ret_address = cw_sink_memory_copy(request, cw_buf_text(&address), address.len);
        return cw_buf_error(&address) < 0 || !*ret_address ? -ENOMEM : 0;
}

/* By the addresses that are configured now: who is no longer told gets nothing that was written before. */
static int write_envelope(const struct cw_sink_options *options, int64_t customer, struct cw_sink_request *request)
{
        struct readers readers = {options->to, options->n_to, 0};
        const char **to;
        int r = customer ? customers_addresses(options, customer, &readers) : 0;

        if (r < 0 || readers.n_to == 0)
                return -EINVAL;
        to = cw_sink_memory_new(request, readers.n_to * sizeof(*to));
        if (!to)
                return -ENOMEM;
        r = bare_address(request, options->from, &request->smtp.from);
        for (size_t i = 0; r == 0 && i < readers.n_to; i++)
                r = bare_address(request, readers.to[i], &to[i]);
        request->smtp.to = to;
        request->smtp.n_to = readers.n_to;
        return r;
}

static int request(const struct cw_sink_options *options, const char *id, const char *payload, size_t payload_len,
                   int64_t now, struct cw_sink_request *ret)
{
        const char *record;
        int64_t customer;
        int r;

        (void)id;
        (void)now;
        if (!options->smtp || !options->from)
                return -EINVAL;
        record = cw_sink_memory_copy(ret, payload, payload_len);
        if (!record)
                return -ENOMEM;
        ret->transport = CW_TRANSPORT_SMTP;
        ret->smtp = (struct cw_smtp_request){
                .url = options->smtp,
                .starttls = options->starttls,
                .username = options->username,
                .password = options->password,
                .timeout_ms = options->timeout_ms,
                .tls = options->tls,
        };
        r = read_record(record, payload_len, ret, &customer);
        return r < 0 ? r : write_envelope(options, customer, ret);
}

/* The server's code says more than how curl names the failure. */
static void judge(const struct cw_sink_answer *answer, struct cw_sink_judgement *judgement)
{
        if (answer->status < 400 || answer->status > 599) {
                cw_judge_wire(answer, judgement);
                return;
        }
        judgement->verdict = answer->status >= 500 ? CW_SINK_PERMANENT : CW_SINK_RETRY;
        cw_judge_say(judgement, "SMTP status %ld%s%s", answer->status, answer->message ? ": " : "",
                     answer->message ? answer->message : "");
}

const struct cw_channel cw_channel_email = {"email", false, render, request, judge};
