/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: RFC 5424, one record an alert. They are stored octet-counted (RFC 6587), which is how a stream wants them; a
 * datagram takes the frame off and cuts what is too long from the end, where only words stand. The host's name and the
 * process's number are asked of the system while rendering: nobody else knows them.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/letter.h"
#include "cardwatch/render.h"
#include "cardwatch/text.h"
#include "channel.h"

enum {
        SYSLOG_VERSION = 1,
        DATAGRAM_MAX = 8192,
        SEVERITY_CRITICAL = 2,
        SEVERITY_WARNING = 4,
        SEVERITY_NOTICE = 5,
        SEVERITY_INFO = 6,
        HOST_MAX = 255, /* RFC 5424, section 6 */
        APP_NAME_MAX = 48,
        MESSAGE_ID_MAX = 32,
        PARAMETER_MAX = 256, /* characters; so that the structured data never has to be cut */
        WORDS_MAX = 4096, /* characters */
};

CW_DEFINE_CLEANUP(struct cw_render_words *, cw_render_words_free);

/* Printable ASCII without spaces, or the nil value. */
static void put_name(struct cw_buf *buf, const char *text, size_t longest)
{
        size_t n = 0;

        for (; text && *text && n < longest; text++, n++)
                cw_buf_putc(buf, *text > 0x20 && *text < 0x7f ? *text : '_');
        if (n == 0)
                cw_buf_putc(buf, '-');
}

static void put_parameter(struct cw_buf *buf, const char *name, const char *value)
{
        size_t len = cw_text_prefix(value, strlen(value), PARAMETER_MAX), valid;

        cw_buf_printf(buf, " %s=\"", name);
        while (len > 0) {
                valid = cw_text_valid_utf8(value, len);
                for (size_t i = 0; i < valid; i++) {
                        if (value[i] == '"' || value[i] == '\\' || value[i] == ']')
                                cw_buf_putc(buf, '\\');
                        cw_buf_putc(buf, (unsigned char)value[i] < 0x20 || value[i] == 0x7f ? ' ' : value[i]);
                }
                value += valid;
                len -= valid;
                if (len > 0) {
                        cw_buf_puts(buf, "\ufffd");
                        value++;
                        len--;
                }
        }
        cw_buf_putc(buf, '"');
}

/* Of what is about no alert. */
static const char *kind_of(const struct cw_notice *notice)
{
        static const char *const names[] = {"alerts", "events", "digest", "test"};

        return names[notice->kind];
}

static void put_structured_data(struct cw_buf *buf, const struct cw_notice *notice, const struct cw_entry *entry)
{
        static const char *const states[] = {"firing", "resolved", "event"};
        cw_cleanup(cw_buf_deinit) struct cw_buf amount = CW_BUF_NULL;

        cw_buf_puts(buf, "[cardwatch@32473");
        put_parameter(buf, "rule", entry ? entry->rule : kind_of(notice));
        put_parameter(buf, "state", entry ? states[entry->state] : kind_of(notice));
        put_parameter(buf, "severity", cw_severity_name(entry ? entry->severity : notice->severity));
        if (entry && entry->source && *entry->source)
                put_parameter(buf, "source", entry->source);
        if (entry && entry->has_card) {
                cw_buf_printf(buf, " customer=\"%" PRId64 "\" card=\"%" PRId64 "\"", entry->card.customer,
                              entry->card.id);
                put_parameter(buf, "currency", entry->card.currency);
                if (entry->figures == CW_FIGURES_AMOUNTS) {
                        cw_amount_format(&amount, entry->card.available, cw_currency_digits(entry->card.currency));
                        put_parameter(buf, "available", cw_buf_text(&amount));
                } else if (entry->figures == CW_FIGURES_PERCENT) {
                        cw_buf_printf(buf, " percent=\"%" PRId64 "\"", entry->card.available / CW_AMOUNT_UNIT);
                }
        }
        put_parameter(buf, "id", notice->id);
        cw_buf_putc(buf, ']');
}

static unsigned severity_of(const struct cw_notice *notice, const struct cw_entry *entry)
{
        if (!entry || notice->kind == CW_NOTICE_TEST)
                return SEVERITY_INFO;
        if (entry->state == CW_ENTRY_RESOLVED)
                return SEVERITY_NOTICE;
        switch (entry->severity) {
        case CW_SEVERITY_CRITICAL:
                return SEVERITY_CRITICAL;
        case CW_SEVERITY_WARNING:
                return SEVERITY_WARNING;
        default:
                return SEVERITY_INFO;
        }
}

static const char *word_of(const struct cw_notice *notice, const struct cw_entry *entry)
{
        static const char *const words[] = {"NOTICE", "INFO", "WARNING", "CRITICAL"};

        if (notice->kind == CW_NOTICE_TEST)
                return "TEST";
        return entry->state == CW_ENTRY_RESOLVED ? "RESOLVED" : words[entry->severity];
}

/* One line of at most so many characters. */
static void put_line(struct cw_buf *buf, const char *text)
{
        cw_autofree char *line = strdup(text);

        for (char *at = line; at && (at = strpbrk(at, "\r\n"));)
                *at = ' ';
        if (line)
                cw_render_visible(buf, line, WORDS_MAX);
        else
                buf->error = -ENOMEM;
}

/* "<title>: <body>" where both are of the notifier's own; one alone stands in place of its part of the words. */
static int put_own(struct cw_buf *buf, const struct cw_sink_options *options, const struct cw_notice *notice,
                   struct cw_buf *ret_body)
{
        struct cw_render_options how = cw_sink_words(options);
        int r = 0;

        if (options->body)
                r = cw_sink_body(options, notice, ret_body);
        if (r >= 0 && options->title)
                r = cw_render_title(notice, &how, buf);
        return r < 0 ? r : 0;
}

/* Most receivers write nothing but the message down, so it says again what the structured data says. */
static int put_message(struct cw_buf *buf, const struct cw_sink_options *options, const struct cw_notice *notice,
                       struct cw_render_words *words, const struct cw_item *item)
{
        const struct cw_notice alone = cw_sink_alone(notice, item);
        cw_cleanup(cw_buf_deinit) struct cw_buf title = CW_BUF_NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf body = CW_BUF_NULL;
        const struct cw_entry *entry = item->entry;
        cw_cleanup(cw_buf_deinit) struct cw_buf summary = CW_BUF_NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf limit = CW_BUF_NULL;
        int r;

        r = put_own(&title, options, &alone, &body);
        if (r == 0)
                r = cw_letter_line(words, item, &summary);
        if (r < 0)
                return r;
        cw_buf_puts(buf, "\ufeff");
        if (title.len > 0) {
                cw_buf_puts(buf, title.data);
        } else {
                cw_buf_printf(buf, "%s ", word_of(notice, entry));
                cw_render_visible(buf, entry->rule, PARAMETER_MAX);
        }
        cw_buf_puts(buf, ": ");
        put_line(buf, body.len > 0 ? body.data : cw_buf_text(&summary));
        if (body.len > 0)
                return cw_buf_error(buf);
        if (entry->state == CW_ENTRY_RESOLVED)
                cw_render_end(&limit, entry);
        else
                cw_render_limit(&limit, entry);
        if (limit.len > 0)
                cw_buf_printf(buf, " (%s)", limit.data);
        return cw_buf_error(buf);
}

/* "DIGEST daily: 3 firing: Since 08:00 …", unless the notifier has words of its own. */
static int put_digest(struct cw_buf *buf, const struct cw_sink_options *options, const struct cw_notice *notice)
{
        struct cw_render_options how = cw_sink_words(options);
        cw_cleanup(cw_letter_deinit) struct cw_letter letter = {0};
        cw_cleanup(cw_buf_deinit) struct cw_buf title = CW_BUF_NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf body = CW_BUF_NULL;
        int r = cw_letter_init(&letter, notice, &how);

        if (r == 0)
                r = put_own(&title, options, notice, &body);
        if (r < 0)
                return r;
        cw_buf_puts(buf, "\ufeff");
        if (title.len > 0)
                cw_buf_puts(buf, title.data);
        else
                cw_buf_printf(buf, "%s %s", letter.word, letter.topic);
        cw_buf_puts(buf, ". ");
        put_line(buf, body.len > 0 ? body.data : letter.note ? letter.note : "");
        return cw_buf_error(buf);
}

static void put_header(struct cw_buf *buf, const struct cw_sink_options *options, const struct cw_notice *notice,
                       const struct cw_entry *entry)
{
        char host[HOST_MAX + 1] = "";

        if (gethostname(host, sizeof(host) - 1) < 0)
                host[0] = '\0';
        cw_buf_printf(buf, "<%u>%d ", options->facility * 8 + severity_of(notice, entry), SYSLOG_VERSION);
        cw_clock_format_utc(buf, notice->sent_at);
        cw_buf_putc(buf, ' ');
        put_name(buf, host, HOST_MAX);
        cw_buf_putc(buf, ' ');
        put_name(buf, options->app_name ? options->app_name : "cardwatchd", APP_NAME_MAX);
        cw_buf_printf(buf, " %ld ", (long)getpid());
        put_name(buf, entry ? entry->rule : kind_of(notice), MESSAGE_ID_MAX);
        cw_buf_putc(buf, ' ');
}

/* What a message does not list although all is to be listed: its receiver was away for too long. */
static void put_counted(struct cw_buf *buf, const struct cw_notice *notice)
{
        cw_buf_puts(buf, "\ufeffand more that are only counted:");
        for (size_t i = 0; i < notice->n_tallies; i++) {
                const struct cw_tally *tally = &notice->tallies[i];

                cw_buf_printf(buf, "%s %s%s%s: %" PRIu32, i > 0 ? ";" : "", tally->rule, *tally->currency ? ", " : "",
                              tally->currency, tally->firing + tally->resolved + tally->events);
        }
}

static int put_record(const struct cw_sink_options *options, const struct cw_notice *notice,
                      struct cw_render_words *words, const struct cw_item *item, struct cw_buf *payload)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf record = CW_BUF_NULL;
        int r = 0;

        put_header(&record, options, notice, item ? item->entry : NULL);
        put_structured_data(&record, notice, item ? item->entry : NULL);
        cw_buf_putc(&record, ' ');
        if (item)
                r = put_message(&record, options, notice, words, item);
        else if (notice->kind == CW_NOTICE_DIGEST)
                r = put_digest(&record, options, notice);
        else if (notice->kind != CW_NOTICE_TEST)
                put_counted(&record, notice);
        else
                cw_buf_puts(&record, "\ufeffTEST message: nothing is wrong");
        if (r == 0)
                r = cw_buf_error(&record);
        if (r < 0)
                return r;
        cw_buf_printf(payload, "%zu ", record.len);
        cw_buf_append(payload, record.data, record.len);
        return 0;
}

/* What has no alerts, or counts them: each was told when it was new. */
static bool is_one_line(const struct cw_notice *notice)
{
        return notice->n_items == 0 || notice->kind == CW_NOTICE_DIGEST;
}

static int render(const struct cw_sink_options *options, const struct cw_notice *notice, struct cw_buf *payload)
{
        cw_cleanup(cw_render_words_free_cleanup) struct cw_render_words *words = NULL;
        struct cw_render_options how = cw_sink_words(options);
        int r;

        r = cw_render_words_new(notice, &how, &words);
        if (r == 0 && is_one_line(notice))
                return put_record(options, notice, words, NULL, payload);
        for (size_t i = 0; r == 0 && i < notice->n_items; i++)
                r = put_record(options, notice, words, &notice->items[i], payload);
        if (r == 0 && notice->n_events > notice->n_items)
                r = put_record(options, notice, words, NULL, payload);
        return r;
}

/* One frame: "<length> <record>". */
static int next_frame(const char *payload, size_t payload_len, size_t *at, struct cw_wire_record *ret_frame,
                      size_t *ret_record)
{
        size_t len = 0, i = *at;

        for (; i < payload_len && payload[i] >= '0' && payload[i] <= '9' && len <= payload_len; i++)
                len = len * 10 + (size_t)(payload[i] - '0');
        if (i == *at || i == payload_len || payload[i] != ' ' || len == 0 || len > payload_len - i - 1)
                return -EBADMSG;
        i++;
        *ret_frame = (struct cw_wire_record){payload + *at, i - *at + len};
        *ret_record = i - *at;
        *at = i + len;
        return 0;
}

static int count_frames(const char *payload, size_t payload_len, size_t *ret_count)
{
        struct cw_wire_record frame;
        size_t at = 0, start, n = 0;
        int r;

        for (; at < payload_len; n++) {
                r = next_frame(payload, payload_len, &at, &frame, &start);
                if (r < 0)
                        return r;
        }
        *ret_count = n;
        return n > 0 ? 0 : -EBADMSG;
}

/* Cut between characters: half a character would make the whole record invalid. */
static size_t datagram_len(const char *data, size_t len)
{
        return len <= DATAGRAM_MAX ? len : cw_text_valid_utf8(data, DATAGRAM_MAX);
}

static int request(const struct cw_sink_options *options, const char *id, const char *payload, size_t payload_len,
                   int64_t now, struct cw_sink_request *ret)
{
        bool stream = options->target &&
                      (strncmp(options->target, "tcp://", 6) == 0 || strncmp(options->target, "tls://", 6) == 0);
        struct cw_wire_record *records;
        size_t n = 0, at = 0, start = 0;
        char *copy;
        int r;

        (void)id;
        (void)now;
        r = count_frames(payload, payload_len, &n);
        if (r < 0)
                return r;
        copy = cw_sink_memory_copy(ret, payload, payload_len);
        records = cw_sink_memory_new(ret, n * sizeof(*records));
        if (!copy || !records)
                return -ENOMEM;
        for (size_t i = 0; r == 0 && i < n; i++) {
                r = next_frame(copy, payload_len, &at, &records[i], &start);
                if (r == 0 && !stream) {
                        records[i].data += start;
                        records[i].len = datagram_len(records[i].data, records[i].len - start);
                }
        }
        ret->transport = CW_TRANSPORT_WIRE;
        ret->records = records;
        ret->n_records = n;
        return r;
}

const struct cw_channel cw_channel_syslog = {"syslog", true, render, request, cw_judge_wire};
