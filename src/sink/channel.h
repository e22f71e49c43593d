/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SINK_CHANNEL_H
#define CARDWATCH_SINK_CHANNEL_H

#include "cardwatch/sink.h"

/*
 * Channel: what one type of notifier does, as three functions, and what they share.
 */

struct cw_render_options;

struct cw_channel {
        const char *name;
        bool lists_all;
        int (*render)(const struct cw_sink_options *options, const struct cw_notice *notice, struct cw_buf *payload);
        /* Fills in the request; what it points to comes from the request's memory, also when this fails. */
        int (*request)(const struct cw_sink_options *options, const char *id, const char *payload, size_t payload_len,
                       int64_t now, struct cw_sink_request *request);
        void (*judge)(const struct cw_sink_answer *answer, struct cw_sink_judgement *judgement);
};

extern const struct cw_channel cw_channel_webhook, cw_channel_email, cw_channel_syslog, cw_channel_file;
extern const struct cw_channel cw_channel_slack, cw_channel_discord, cw_channel_teams, cw_channel_telegram;
extern const struct cw_channel cw_channel_matrix, cw_channel_ntfy, cw_channel_gotify, cw_channel_pushover;
extern const struct cw_channel cw_channel_pagerduty, cw_channel_alertmanager, cw_channel_exec;

/* How the notifier's messages are worded, but for its `body`, which each channel puts where it belongs. */
struct cw_render_options cw_sink_words(const struct cw_sink_options *options);

/* The message as it would be if it told of this item alone: for what is said of each. Lives as long as both. */
struct cw_notice cw_sink_alone(const struct cw_notice *notice, const struct cw_item *item);

/* What `body` says of a message as plain text, CW_RENDER_DEFAULT: nothing. -ENOMEM. */
int cw_sink_body(const struct cw_sink_options *options, const struct cw_notice *notice, struct cw_buf *buf)
        __attribute__((warn_unused_result));

/* Zeroed bytes, or a copy with a NUL after it, that live as long as the request. NULL: no memory. */
void *cw_sink_memory_new(struct cw_sink_request *request, size_t size);
char *cw_sink_memory_copy(struct cw_sink_request *request, const char *data, size_t len);

/* By HTTP status; for what has no answer of its own, by failure alone. */
void cw_judge_http(const struct cw_sink_answer *answer, struct cw_sink_judgement *judgement);
void cw_judge_wire(const struct cw_sink_answer *answer, struct cw_sink_judgement *judgement);

/* One harmless line, cut to fit. */
void cw_judge_say(struct cw_sink_judgement *judgement, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
