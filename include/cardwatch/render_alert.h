/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_RENDER_ALERT_H
#define CARDWATCH_RENDER_ALERT_H

struct cw_entry;
struct cw_json_out;
struct cw_render_options;

/*
 * Render alert: one alert outside of any message, as the webhook's body would list it.
 *
 * Opens an object and writes all members of the contract; whoever asks may add some of their own, and closes it.
 * -ENOMEM, -EMSGSIZE.
 */
int cw_render_alert_open(struct cw_json_out *out, struct cw_entry *entry, const struct cw_render_options *options)
        __attribute__((warn_unused_result));

#endif
