/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a token in doubt is asked for a page that was good before; one answer settles whether the odd request or the
 * account is to blame. What else the answer holds is not looked at, and one that settles nothing leaves the doubt to
 * the poll's other requests.
 */
#include <inttypes.h>
#include <stdio.h>

#include "cardwatch/decoder.h"

#include "answer.h"
#include "pump.h"
#include "request.h"
#include "requests.h"
#include "source_private.h"

static bool is_page(struct cw_source *source, const struct cw_http_answer *answer)
{
        struct cw_provider_error error = {0};
        const struct cw_page *page = NULL;

        return cw_decoder_page(source->decoder, (char *)answer->body, answer->body_len, 0, &page, &error) ==
               CW_PROVIDER_OK;
}

static void judge(struct cw_source_request *request, const struct cw_http_answer *answer)
{
        struct cw_source *source = request->source;
        struct cw_source_verdict verdict;

        cw_source_judge(source, answer, &verdict);
        if (verdict.kind == CW_VERDICT_BODY && is_page(source, answer))
                cw_source_served(request);
        else if (verdict.kind == CW_VERDICT_UNAUTHORIZED && request->generation == source->auth.generation &&
                 source->auth.doubts > 0)
                cw_source_settle_doubt(source);
}

static void on_done(void *data, struct cw_http_answer *answer)
{
        struct cw_source_request *request = data;
        struct cw_source *source = request->source;

        if (cw_source_landed(request, answer))
                judge(request, answer);
        cw_source_pump(source);
        cw_source_unref(source);
}

void cw_source_ask_probe(struct cw_source *source)
{
        source->probe = (struct cw_source_request){
                .source = source, .kind = CW_REQUEST_PROBE, .page = source->probe_page};
        source->probe_page = 0;
        /* One that cannot be sent settles nothing. */
        (void)!cw_source_get_page(&source->probe, on_done);
}
