/* SPDX-License-Identifier: Apache-2.0 */
/* Templates: any text is refused with its place, or rendered over an alert whose own texts are hostile, too. */
#include <errno.h>

#include "cardwatch/buf.h"
#include "cardwatch/card.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/match.h"
#include "cardwatch/notice.h"
#include "cardwatch/render.h"
#include "cardwatch/render_template.h"
#include "cardwatch/text.h"
#include "fuzz.h"

static void render(const char *text)
{
        static struct cw_label labels[] = {{(char *)"team", (char *)"{{card.id}}<b>"}, {(char *)"a.b", (char *)"\n"}};
        static const struct cw_group_value group[] = {{"rule", "low"}, {"customer", "11057"}};
        struct cw_entry entry = {
                .refs = 1,
                .state = CW_ENTRY_FIRING,
                .severity = CW_SEVERITY_WARNING,
                .rule = "low",
                .source = "main",
                .labels = labels,
                .n_labels = CW_ARRAY_SIZE(labels),
                .has_card = true,
                .card = {.id = 7,
                         .customer = 11057,
                         .available = -1,
                         .reference = "{{{a}}} & \xff \xe2\x80\xae",
                         .currency = "USD",
                         .last4 = "1234"},
                .reason = "available < 100",
                .summary = text,
                .description = text,
                .started_at = 1700000000000,
                .fired_at = 1700000000000,
        };
        struct cw_item items[] = {{.entry = &entry}, {.entry = &entry, .folded = true}};
        struct cw_notice notice = {
                .id = "0123456789abcdef0123456789abcdef",
                .thread = "t",
                .notifier = "hook",
                .firing = true,
                .sent_at = 1700000000000,
                .severity = CW_SEVERITY_WARNING,
                .group = group,
                .n_group = CW_ARRAY_SIZE(group),
                .n_firing = 2,
                .items = items,
                .n_items = CW_ARRAY_SIZE(items),
                .n_listed = CW_ARRAY_SIZE(items),
        };
        struct cw_render_options options = {.external_url = "https://a.example"};
        struct cw_buf buf = CW_BUF_NULL;

        must(cw_render_json(&notice, &options, &buf) == 0);
        must(cw_text_valid_utf8(cw_buf_text(&buf), buf.len) == buf.len);
        cw_buf_clear(&buf);
        must(cw_render_text(&notice, &options, &buf) == 0);
        must(cw_text_valid_utf8(cw_buf_text(&buf), buf.len) == buf.len);
        cw_buf_clear(&buf);
        must(cw_render_html(&notice, &options, &buf) == 0);
        must(cw_text_valid_utf8(cw_buf_text(&buf), buf.len) == buf.len);
        cw_buf_deinit(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *text = fuzz_copy(data, size, 1);
        struct cw_buf message = CW_BUF_NULL;
        size_t offset = 0;
        int r = cw_template_check(text, NULL, &offset, &message);

        must(r == 0 || r == -EINVAL);
        if (r < 0)
                must(message.len > 0 && offset <= strlen(text));
        /* What was stored under another version of these rules may fail to compile now. */
        render(text);
        cw_buf_deinit(&message);
        free(text);
        return 0;
}
