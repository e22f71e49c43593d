/* SPDX-License-Identifier: Apache-2.0 */
#include "inbox.h"

#include <inttypes.h>
#include <string.h>

#include <cardwatch/buf.h>
#include <cardwatch/cleanup.h>
#include <cardwatch/clock.h>
#include <cardwatch/text.h>

#include "hooks.h"
#include "sim_json.h"

#define MESSAGES_MAX 100
#define RAW_MAX      ((size_t)64 * 1024)

static void escape(struct cw_buf *buf, const char *text, size_t len)
{
        for (size_t i = 0; i < len; i++) {
                switch (text[i]) {
                case '&':
                        cw_buf_puts(buf, "&amp;");
                        break;
                case '<':
                        cw_buf_puts(buf, "&lt;");
                        break;
                case '>':
                        cw_buf_puts(buf, "&gt;");
                        break;
                case '"':
                        cw_buf_puts(buf, "&quot;");
                        break;
                case '\'':
                        cw_buf_puts(buf, "&#39;");
                        break;
                case '\0':
                        cw_buf_puts(buf, "\xef\xbf\xbd");
                        break;
                default:
                        cw_buf_putc(buf, text[i]);
                        break;
                }
        }
}

void cw_sim_inbox_escape(struct cw_buf *buf, const char *text)
{
        if (text)
                escape(buf, text, strlen(text));
}

static const struct cw_sim_json *member(const struct cw_sim_json *json, const char *name)
{
        const struct cw_sim_json *value = NULL;

        return cw_sim_json_member(json, name, &value) ? value : NULL;
}

static const char *text_of(const struct cw_sim_json *json, const char *name)
{
        return cw_sim_json_text(member(json, name));
}

/* A class of the style sheet: never a text from outside. */
static const char *severity_class(const char *severity, const char *status)
{
        if (status && strcmp(status, "resolved") == 0)
                return "resolved";
        if (severity && strcmp(severity, "critical") == 0)
                return "critical";
        if (severity && strcmp(severity, "warning") == 0)
                return "warning";
        return "info";
}

static void append_label(struct cw_buf *buf, const char *name, const char *text)
{
        if (!text)
                return;
        cw_buf_printf(buf, "<span class=\"label %s\">", name);
        cw_sim_inbox_escape(buf, text);
        cw_buf_puts(buf, "</span>");
}

static void append_amount(struct cw_buf *buf, const struct cw_sim_json *balances, const char *currency)
{
        const char *amount = text_of(balances, "available");

        cw_buf_puts(buf, "<td class=\"amount\">");
        cw_sim_inbox_escape(buf, amount ? amount : "–");
        if (amount && currency) {
                cw_buf_puts(buf, " <small>");
                cw_sim_inbox_escape(buf, currency);
                cw_buf_puts(buf, "</small>");
        }
        cw_buf_puts(buf, "</td>");
}

static void append_row(struct cw_buf *buf, const struct cw_sim_json *alert)
{
        const struct cw_sim_json *card = member(alert, "card"), *customer = member(alert, "customer");
        const char *last4 = text_of(card, "last4"), *reference = text_of(customer, "reference");
        const char *state = text_of(alert, "state");

        cw_buf_printf(buf, "<tr class=\"%s\"><td>", severity_class(text_of(alert, "severity"), state));
        if (last4) {
                cw_buf_puts(buf, "<b>····");
                cw_sim_inbox_escape(buf, last4);
                cw_buf_puts(buf, "</b> ");
        }
        cw_buf_puts(buf, "<small>card ");
        cw_sim_inbox_escape(buf, text_of(card, "id"));
        cw_buf_puts(buf, " · ");
        cw_sim_inbox_escape(buf, reference ? reference : text_of(customer, "id"));
        cw_buf_puts(buf, "</small></td>");
        append_amount(buf, member(alert, "balances"), text_of(card, "currency"));
        append_amount(buf, member(alert, "previous"), NULL);
        cw_buf_puts(buf, "<td><span class=\"state\">");
        cw_sim_inbox_escape(buf, state);
        cw_buf_puts(buf, "</span></td></tr>\n");
}

/* Alerts about the daemon itself have no card: what they say is all they have. */
static void append_alerts(struct cw_buf *buf, const struct cw_sim_json *alerts)
{
        size_t n = cw_sim_json_length(alerts);
        bool open = false;

        for (size_t i = 0; i < n; i++) {
                const struct cw_sim_json *alert = cw_sim_json_at(alerts, i);

                if (cw_sim_json_kind(member(alert, "card")) != CW_SIM_JSON_OBJECT)
                        continue;
                if (!open)
                        cw_buf_puts(buf,
                                    "<div class=\"wide\"><table><thead><tr><th>card</th><th class=\"amount\">now</th>"
                                    "<th class=\"amount\">before</th><th>state</th></tr></thead><tbody>\n");
                open = true;
                append_row(buf, alert);
        }
        if (open)
                cw_buf_puts(buf, "</tbody></table></div>\n");
        for (size_t i = 0; i < n; i++) {
                const char *summary = text_of(cw_sim_json_at(alerts, i), "summary");

                if (!summary || !*summary)
                        continue;
                cw_buf_puts(buf, "<p class=\"summary\">");
                cw_sim_inbox_escape(buf, summary);
                cw_buf_puts(buf, "</p>\n");
        }
}

static void append_raw(struct cw_buf *buf, const struct cw_sim_json *json, const struct cw_sim_hook *hook)
{
        struct cw_buf pretty cw_cleanup(cw_buf_deinit) = CW_BUF_NULL;
        size_t len;

        if (json)
                cw_sim_json_pretty(json, &pretty);
        else
                cw_buf_append(&pretty, hook->body, hook->body_len);
        len = pretty.len < RAW_MAX ? pretty.len : RAW_MAX;
        len = cw_text_valid_utf8(cw_buf_text(&pretty), len);
        cw_buf_puts(buf, json ? "<details><summary>raw</summary><pre>" : "<pre>");
        escape(buf, cw_buf_text(&pretty), len);
        cw_buf_puts(buf, len < pretty.len ? " …</pre>" : "</pre>");
        cw_buf_puts(buf, json ? "</details>" : "");
}

static void append_foot(struct cw_buf *buf, const struct cw_sim_json *json, const struct cw_sim_hook *hook)
{
        const char *sent_at = text_of(json, "sent_at");

        cw_buf_puts(buf, "<p class=\"foot\"><time>");
        if (sent_at)
                cw_sim_inbox_escape(buf, sent_at);
        else
                cw_clock_format_utc(buf, hook->at);
        cw_buf_printf(buf, "</time> · no. %" PRIu64 " · ", hook->n);
        cw_sim_inbox_escape(buf, hook->path);
        cw_buf_puts(buf, "</p>");
}

static void append_message(struct cw_buf *buf, const struct cw_sim_hook *hook)
{
        struct cw_sim_json *json cw_cleanup(cw_sim_json_free_cleanup) = NULL;
        const char *title, *severity, *status, *baseline;

        if (cw_sim_json_parse(hook->body, hook->body_len, NULL, &json) < 0 ||
            cw_sim_json_kind(json) != CW_SIM_JSON_OBJECT) {
                cw_sim_json_free(cw_take(json));
        }
        title = text_of(json, "title");
        severity = text_of(json, "severity");
        status = text_of(json, "status");
        baseline = text_of(json, "baseline");
        cw_buf_printf(buf, "<article class=\"%s\"><h2>", severity_class(severity, status));
        cw_sim_inbox_escape(buf, title ? title : "a post that is no message");
        cw_buf_puts(buf, "</h2><p>");
        append_label(buf, "severity", severity);
        append_label(buf, "status", status);
        if (baseline && strcmp(baseline, "true") == 0)
                append_label(buf, "baseline", "baseline");
        cw_buf_puts(buf, "</p>\n");
        append_alerts(buf, member(json, "alerts"));
        append_raw(buf, json, hook);
        append_foot(buf, json, hook);
        cw_buf_puts(buf, "</article>\n");
}

void cw_sim_inbox_page(const struct cw_sim_hooks *hooks, struct cw_buf *buf)
{
        size_t shown = 0;

        cw_buf_puts(buf, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
                         "<meta name=\"color-scheme\" content=\"light dark\">"
                         "<meta http-equiv=\"refresh\" content=\"2\"><title>Inbox</title>"
                         "<link rel=\"stylesheet\" href=\"/sim/inbox.css\"></head><body><header><h1>Inbox</h1>");
        cw_buf_printf(buf, "<p>%" PRIu64 " received</p></header><main>\n", hooks->last);
        for (size_t i = hooks->n; i > 0 && shown < MESSAGES_MAX; i--) {
                const struct cw_sim_hook *hook = cw_sim_hooks_at(hooks, i - 1);

                if (hook->status < 200 || hook->status > 299)
                        continue;
                append_message(buf, hook);
                shown++;
        }
        if (shown == 0)
                cw_buf_puts(
                        buf,
                        "<p class=\"empty\">Nothing yet. Post to <code>/sim/hook</code>, and it appears here.</p>\n");
        cw_buf_puts(buf, "</main></body></html>\n");
}

void cw_sim_inbox_style(struct cw_buf *buf)
{
        cw_buf_puts(
                buf,
                ":root{--ground:#f4f4f6;--sheet:#fff;--ink:#1b1c20;--faint:#61646e;--line:#dfe0e5;--critical:#c0182c;"
                "--warning:#a86400;--info:#2a62b8;--resolved:#1d7a41}\n"
                "@media "
                "(prefers-color-scheme:dark){:root{--ground:#131417;--sheet:#1d1f24;--ink:#e9eaee;--faint:#9a9da8;"
                "--line:#33363e;--critical:#ff7484;--warning:#f0b04a;--info:#7fb0ff;--resolved:#6cd394}}\n"
                "*{box-sizing:border-box}\n"
                "body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.45 system-ui,sans-serif}\n"
                "header,main{max-width:44rem;margin:0 auto;padding:0 .75rem}\n"
                "header{display:flex;justify-content:space-between;align-items:baseline}\n"
                "header p,.foot,.empty,small,th{color:var(--faint)}\n"
                "h1{font-size:1.3rem}h2{font-size:1.05rem;margin:0 0 .3rem;overflow-wrap:anywhere}p{margin:.3rem 0}\n"
                "article{background:var(--sheet);border:1px solid var(--line);border-left:.35rem solid var(--tone);"
                "border-radius:.6rem;padding:.8rem .9rem;margin:0 0 .8rem}\n"
                ".critical{--tone:var(--critical)}.warning{--tone:var(--warning)}.info{--tone:var(--info)}"
                ".resolved{--tone:var(--resolved)}\n"
                ".label{display:inline-block;font-size:.8rem;font-weight:600;border:1px solid var(--line);"
                "border-radius:1rem;padding:0 .6rem;margin-right:.35rem}\n"
                ".severity,.state{color:var(--tone);font-weight:600}\n"
                ".wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}\n"
                "th{font-size:.8rem;font-weight:500}th,td{text-align:left;padding:.3rem .6rem .3rem 0;"
                "border-bottom:1px solid var(--line);vertical-align:baseline}\n"
                "td.amount,th.amount{text-align:right;white-space:nowrap}td:first-child{overflow-wrap:anywhere}\n"
                "tr:last-child td{border-bottom:0}.summary{overflow-wrap:anywhere}.foot{font-size:.8rem}\n"
                "pre{overflow:auto;max-height:30rem;font-size:.8rem;background:var(--ground);padding:.6rem;"
                "border-radius:.4rem}details summary{cursor:pointer;color:var(--faint);font-size:.85rem}\n");
}
