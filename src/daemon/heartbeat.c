/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: whoever waits for a heartbeat knows by its absence; so a failed one is logged and forgotten. */
#include "heartbeat.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cardwatch/clock.h"
#include "cardwatch/config.h"
#include "cardwatch/http.h"
#include "cardwatch/log.h"
#include "cardwatch/secret.h"

enum {
        TIMEOUT_MS = 10000,
        ANSWER_MAX = 64 * 1024, /* nothing in it is needed */
};

struct cw_heartbeat {
        struct cw_http *http;
        struct cw_log *log;
        const struct cw_config_source *source;
        struct cw_http_transfer *transfer; /* under way */
        void (*over)(void *data);
        void *data;
        bool failing, freed;
};

int cw_heartbeat_new(struct cw_http *http, struct cw_log *log, const struct cw_config_source *source,
                     struct cw_heartbeat **ret_heartbeat)
{
        struct cw_heartbeat *heartbeat = NULL;

        if (source->heartbeat) {
                heartbeat = calloc(1, sizeof(*heartbeat));
                if (!heartbeat)
                        return -ENOMEM;
                *heartbeat = (struct cw_heartbeat){.http = http, .log = log, .source = source};
        }
        *ret_heartbeat = heartbeat;
        return 0;
}

/* An answer that is still to come finds it freed, and ends it. */
void cw_heartbeat_free(struct cw_heartbeat *heartbeat)
{
        if (!heartbeat)
                return;
        heartbeat->freed = true;
        if (heartbeat->transfer)
                cw_http_cancel(heartbeat->transfer);
        else
                free(heartbeat);
}

bool cw_heartbeat_is_busy(const struct cw_heartbeat *heartbeat)
{
        return heartbeat && heartbeat->transfer;
}

static void note(struct cw_heartbeat *heartbeat, bool failing, const char *reason)
{
        if (failing == heartbeat->failing)
                return;
        heartbeat->failing = failing;
        if (failing)
                cw_log(heartbeat->log, CW_LOG_WARNING, "heartbeat-failing", "source", "%s", heartbeat->source->name,
                       "reason", "%s", reason, NULL);
        else
                cw_log(heartbeat->log, CW_LOG_INFO, "heartbeat-recovered", "source", "%s", heartbeat->source->name,
                       NULL);
}

/* By kind alone: what curl says of a failure may name the address. */
static void done(void *data, struct cw_http_answer *answer)
{
        struct cw_heartbeat *heartbeat = data;
        bool whole = answer->failure == CW_HTTP_OK || answer->failure == CW_HTTP_TOO_LARGE;
        char status[24];

        heartbeat->transfer = NULL;
        if (heartbeat->freed) {
                free(heartbeat);
                return;
        }
        snprintf(status, sizeof(status), "HTTP status %ld", answer->status);
        if (answer->failure != CW_HTTP_CANCELLED)
                note(heartbeat, !whole || answer->status / 100 != 2,
                     whole ? status : cw_http_failure_name(answer->failure));
        heartbeat->over(heartbeat->data);
}

void cw_heartbeat_ping(struct cw_heartbeat *heartbeat, void (*over)(void *data), void *data)
{
        struct cw_http_request request = {
                .method = "GET", .timeout_ms = TIMEOUT_MS, .max_response = ANSWER_MAX, .harmless = true};

        if (!heartbeat || heartbeat->transfer)
                return;
        heartbeat->over = over;
        heartbeat->data = data;
        request.url = cw_secret_reveal(heartbeat->source->heartbeat);
        request.proxy = heartbeat->source->proxy;
        if (cw_http_start(heartbeat->http, &request, done, heartbeat, &heartbeat->transfer) < 0) {
                heartbeat->transfer = NULL;
                note(heartbeat, true, "it cannot be asked for");
        }
}
