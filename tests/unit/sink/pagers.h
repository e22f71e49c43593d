/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_TESTS_PAGERS_H
#define CARDWATCH_TESTS_PAGERS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../codec/sample_notice.h"
#include "cardwatch/buf.h"
#include "cardwatch/json_in.h"
#include "cardwatch/secret.h"
#include "cardwatch/sink.h"

/* Storms: notices of more entries than a sample holds. And the requests that a notice becomes, read as JSON. */

struct storm {
        struct cw_entry *entries;
        struct cw_item *items;
        struct cw_notice notice;
};

static inline void storm_init(struct storm *storm, size_t n)
{
        struct sample sample;

        sample_init(&sample);
        storm->entries = calloc(n + 1, sizeof(*storm->entries));
        storm->items = calloc(n + 1, sizeof(*storm->items));
        assert_non_null(storm->entries);
        assert_non_null(storm->items);
        storm->notice = sample.notice;
        storm->notice.items = storm->items;
        storm->notice.n_items = storm->notice.n_listed = n;
        storm->notice.n_firing = (uint32_t)n;
        storm->notice.firing = n > 0;
        for (size_t i = 0; i < n; i++) {
                storm->entries[i] = sample_entry((int64_t)i + 1, "1234", USD(95, 10), USD(130, 0));
                storm->items[i].entry = &storm->entries[i];
        }
}

static inline void storm_resolve(struct storm *storm)
{
        for (size_t i = 0; i < storm->notice.n_items; i++)
                storm->entries[i] = sample_resolved(storm->entries[i], USD(12, 0), USD(130, 0));
        storm->notice.n_resolved = storm->notice.n_firing;
        storm->notice.n_firing = 0;
        storm->notice.firing = false;
        storm->notice.over = true;
}

static inline void storm_deinit(struct storm *storm)
{
        free(storm->entries);
        free(storm->items);
}

static inline void request_of(const struct cw_sink_options *options, const struct cw_notice *notice, int64_t now,
                              struct cw_sink_request *ret_request)
{
        struct cw_buf payload = CW_BUF_NULL;

        assert_int_equal(cw_sink_render(options, notice, &payload), 0);
        assert_int_equal(cw_sink_request(options, notice->id, payload.data, payload.len, now, ret_request), 0);
        cw_buf_deinit(&payload);
}

static inline const struct cw_http_request *nth(const struct cw_sink_request *request, size_t i)
{
        assert_true(i <= request->n_following);
        return i == 0 ? &request->http : &request->following[i - 1];
}

/* The document of a body; its bytes are the caller's to free. */
static inline struct cw_json document_of(const struct cw_http_request *http, char **ret_bytes)
{
        struct cw_json json;

        assert_int_equal(strlen(http->body), http->body_len);
        *ret_bytes = strdup(http->body);
        assert_non_null(*ret_bytes);
        assert_int_equal(cw_json_read(*ret_bytes, http->body_len, &json, NULL), 0);
        return json;
}

/* "a.b.c" of an object as text: strings as they are, everything else as JSON; "-": there is none. */
static inline const char *text_at(const struct cw_json *object, const char *path)
{
        static char text[65536];
        struct cw_buf buf = CW_BUF_NULL;
        struct cw_json at = *object;
        char name[64];

        while (*path) {
                size_t n = strcspn(path, ".");

                assert_true(n < sizeof(name));
                memcpy(name, path, n);
                name[n] = '\0';
                if (!cw_json_member(&at, name, &at))
                        return "-";
                path += n + (path[n] == '.');
        }
        if (cw_json_kind(&at) == CW_JSON_STRING)
                assert_true(cw_json_string(&at, &buf));
        else
                cw_buf_append(&buf, at.text, at.len);
        snprintf(text, sizeof(text), "%s", cw_buf_text(&buf));
        cw_buf_deinit(&buf);
        return text;
}

static inline void expect(const struct cw_json *object, const char *path, const char *expected)
{
        const char *found = text_at(object, path);

        if (strcmp(found, expected) != 0)
                fail_msg("%s is %s, expected %s", path, found, expected);
}

struct judged {
        const char *name;
        struct cw_sink_answer answer;
        enum cw_sink_verdict verdict;
        int64_t retry_after_ms;
        const char *reason;
};

static inline void expect_judged(const struct cw_sink_options *options, const struct judged *cases, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                struct cw_sink_judgement judgement;
                struct cw_sink_answer answer = cases[i].answer;

                print_message("  %s\n", cases[i].name);
                answer.body_len = answer.body ? strlen(answer.body) : 0;
                cw_sink_judge(options, &answer, &judgement);
                assert_int_equal(judgement.verdict, cases[i].verdict);
                assert_int_equal(judgement.retry_after_ms, cases[i].retry_after_ms);
                assert_string_equal(judgement.reason, cases[i].reason);
        }
}

#endif
