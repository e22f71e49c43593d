/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a table of channels, and a request's memory as a chain of blocks that are wiped when it ends: a signature or a
 * header may be as secret as the secret itself.
 */
#include "cardwatch/sink.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "channel.h"

CW_DEFINE_CLEANUP(struct cw_disguise *, cw_disguise_free);

#define REFRESH_MS INT64_C(180000) /* a fifth of what is said to last */

/* What many requests need beside what is sent: then it is one block, and one that is had again quickly. */
#define MEMORY_USUAL 900

struct cw_sink_memory {
        struct cw_sink_memory *next;
        size_t size, taken;
        _Alignas(max_align_t) char data[];
};

static const struct cw_channel *const channels[CW_SINK_TYPE_COUNT] = {
        [CW_SINK_WEBHOOK] = &cw_channel_webhook,     [CW_SINK_EMAIL] = &cw_channel_email,
        [CW_SINK_SYSLOG] = &cw_channel_syslog,       [CW_SINK_FILE] = &cw_channel_file,
        [CW_SINK_SLACK] = &cw_channel_slack,         [CW_SINK_DISCORD] = &cw_channel_discord,
        [CW_SINK_TEAMS] = &cw_channel_teams,         [CW_SINK_TELEGRAM] = &cw_channel_telegram,
        [CW_SINK_MATRIX] = &cw_channel_matrix,       [CW_SINK_NTFY] = &cw_channel_ntfy,
        [CW_SINK_GOTIFY] = &cw_channel_gotify,       [CW_SINK_PUSHOVER] = &cw_channel_pushover,
        [CW_SINK_PAGERDUTY] = &cw_channel_pagerduty, [CW_SINK_ALERTMANAGER] = &cw_channel_alertmanager,
        [CW_SINK_EXEC] = &cw_channel_exec,
};

static const struct cw_channel *channel_of(enum cw_sink_type type)
{
        assert(type < CW_SINK_TYPE_COUNT);
        return channels[type];
}

enum cw_sink_type cw_sink_type_parse(const char *name)
{
        unsigned type = 0;

        while (type < CW_SINK_TYPE_COUNT && strcmp(channels[type]->name, name) != 0)
                type++;
        return (enum cw_sink_type)type;
}

const char *cw_sink_type_name(enum cw_sink_type type)
{
        return channel_of(type)->name;
}

bool cw_sink_lists_all(enum cw_sink_type type)
{
        return channel_of(type)->lists_all;
}

bool cw_sink_shows_pictures(enum cw_sink_type type)
{
        return type == CW_SINK_EMAIL;
}

int64_t cw_sink_refresh_ms(enum cw_sink_type type)
{
        return type == CW_SINK_ALERTMANAGER ? REFRESH_MS : 0;
}

int cw_sink_render(const struct cw_sink_options *options, const struct cw_notice *notice, struct cw_buf *payload)
{
        cw_cleanup(cw_disguise_free_cleanup) struct cw_disguise *disguise = NULL;
        int r = cw_disguise_new(notice, options->detail, &disguise);

        if (r == 0)
                r = channel_of(options->type)->render(options, cw_disguise_notice(disguise), payload);
        return r < 0 ? r : cw_buf_error(payload);
}

int cw_sink_render_test(const struct cw_sink_options *options, const char *id, int64_t now, struct cw_buf *payload)
{
        const struct cw_notice notice = {
                .id = id,
                .thread = id,
                .opens_thread = true,
                .notifier = options->name,
                .kind = CW_NOTICE_TEST,
                .sent_at = now,
                .severity = CW_SEVERITY_INFO,
        };
        int r = cw_sink_render(options, &notice, payload);

        return r < 0 ? r : cw_buf_error(payload);
}

int cw_sink_request(const struct cw_sink_options *options, const char *id, const char *payload, size_t payload_len,
                    int64_t now, struct cw_sink_request *ret_request)
{
        struct cw_sink_request request = CW_SINK_REQUEST_NULL;
        int r;

        r = channel_of(options->type)->request(options, id, payload, payload_len, now, &request);
        if (r < 0) {
                cw_sink_request_deinit(&request);
                return r;
        }
        *ret_request = request;
        return 0;
}

void cw_sink_request_deinit(struct cw_sink_request *request)
{
        struct cw_sink_memory *block;

        while (request->memory) {
                block = request->memory;
                request->memory = block->next;
                explicit_bzero(block->data, block->taken);
                free(block);
        }
        *request = (struct cw_sink_request)CW_SINK_REQUEST_NULL;
}

/* Receivers repeat addresses in their answers, and the addresses of chats are secrets. */
static void conceal(const struct cw_sink_options *options, struct cw_sink_judgement *judgement)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf reason = CW_BUF_NULL;

        if (!*judgement->reason)
                return;
        cw_sink_conceal(options, judgement->reason, strlen(judgement->reason), &reason);
        cw_judge_say(judgement, "%s", cw_buf_text(&reason));
}

void cw_sink_judge(const struct cw_sink_options *options, const struct cw_sink_answer *answer,
                   struct cw_sink_judgement *ret_judgement)
{
        struct cw_sink_judgement judgement = {.verdict = CW_SINK_RETRY};

        channel_of(options->type)->judge(answer, &judgement);
        conceal(options, &judgement);
        *ret_judgement = judgement;
}

static struct cw_sink_memory *add_block(struct cw_sink_request *request, size_t size)
{
        struct cw_sink_memory *block;

        if (size < MEMORY_USUAL)
                size = MEMORY_USUAL;
        block = malloc(sizeof(*block) + size);
        if (!block)
                return NULL;
        block->size = size;
        block->taken = 0;
        block->next = request->memory;
        request->memory = block;
        return block;
}

void *cw_sink_memory_new(struct cw_sink_request *request, size_t size)
{
        static const size_t step = _Alignof(max_align_t);
        struct cw_sink_memory *block = request->memory;
        void *piece;

        if (size > SIZE_MAX / 2)
                return NULL;
        size = (size + step - 1) / step * step;
        if (!block || size > block->size - block->taken)
                block = add_block(request, size);
        if (!block)
                return NULL;
        piece = block->data + block->taken;
        block->taken += size;
        return memset(piece, 0, size);
}

char *cw_sink_memory_copy(struct cw_sink_request *request, const char *data, size_t len)
{
        char *copy = cw_sink_memory_new(request, len + 1);

        if (copy && len > 0)
                memcpy(copy, data, len);
        return copy;
}
