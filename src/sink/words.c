/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: the notifier's own words are the codec's business; here stands only what of a message they are about. */
#include "cardwatch/buf.h"
#include "cardwatch/render_template.h"
#include "channel.h"

struct cw_render_options cw_sink_words(const struct cw_sink_options *options)
{
        return (struct cw_render_options){
                .external_url = options->external_url,
                .outward = options->customers != NULL,
                .names_source = options->names_source,
                .templates = options->templates,
                .title = options->title,
        };
}

struct cw_notice cw_sink_alone(const struct cw_notice *notice, const struct cw_item *item)
{
        struct cw_notice alone = *notice;

        alone.items = item;
        alone.n_items = alone.n_listed = 1;
        alone.n_tallies = 0;
        alone.n_firing = item->entry->state == CW_ENTRY_FIRING;
        alone.n_resolved = item->entry->state == CW_ENTRY_RESOLVED;
        alone.n_events = item->entry->state == CW_ENTRY_EVENT;
        alone.firing = alone.n_firing > 0;
        alone.severity = item->entry->severity;
        return alone;
}

int cw_sink_body(const struct cw_sink_options *options, const struct cw_notice *notice, struct cw_buf *buf)
{
        struct cw_render_options words = cw_sink_words(options);

        return options->body ? cw_render_template(options->body, notice, &words, NULL, buf) : CW_RENDER_DEFAULT;
}
