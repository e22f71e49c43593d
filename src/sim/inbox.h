/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SIM_INBOX_H
#define CARDWATCH_SIM_INBOX_H

struct cw_buf;
struct cw_sim_hooks;

/*
 * Inbox: what the sink received, as a page that a person likes to read on a phone.
 *
 * The newest first. What is no message of the webhook's contract is shown as it came. Everything from outside is
 * escaped; the page has no script, and its style comes from beside it, so that it works under the strictest policy.
 */

/* The Content-Security-Policy under which the page must be served. */
#define CW_SIM_INBOX_POLICY                                                                                            \
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

void cw_sim_inbox_page(const struct cw_sim_hooks *hooks, struct cw_buf *buf);
void cw_sim_inbox_style(struct cw_buf *buf);

/* Appends `text` for an HTML text or a quoted attribute; NULL is "". */
void cw_sim_inbox_escape(struct cw_buf *buf, const char *text);

#endif
