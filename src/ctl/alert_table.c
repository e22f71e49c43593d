/* SPDX-License-Identifier: Apache-2.0 */
#include "alert_table.h"

#include <stdio.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/json_in.h"
#include "cardwatch/money.h"
#include "daemon_list.h"

static const char *const titles[] = {"SEVERITY", "RULE", "WHOSE", "NOW", "LIMIT", "SINCE", "FINGERPRINT", "NOTE"};

struct cw_table cw_alert_table(void)
{
        return (struct cw_table){
                .titles = titles, .n_columns = sizeof(titles) / sizeof(*titles), .right = 1u << 3, .cut = 1u << 2};
}

/* "acme-1 ····1234 (card 4)", and of the daemon's own alerts what they say. */
static void put_whose(struct cw_table *table, const struct cw_json *alert)
{
        struct cw_buf whose = CW_BUF_NULL, text = CW_BUF_NULL;
        struct cw_json customer, card, id;

        if (!cw_json_member(alert, "card", &card) || cw_json_kind(&card) != CW_JSON_OBJECT ||
            !cw_json_member(alert, "customer", &customer)) {
                cw_table_put_member(table, alert, "summary");
                return;
        }
        cw_daemon_text(&customer, "reference", &text);
        if (text.len > 0)
                cw_buf_printf(&whose, "%s", cw_buf_text(&text));
        else if (cw_json_member(&customer, "id", &id))
                cw_buf_printf(&whose, "customer %.*s", (int)id.len, id.text);
        cw_daemon_text(&card, "last4", &text);
        if (text.len > 0)
                cw_buf_printf(&whose, " \u00b7\u00b7\u00b7\u00b7%s", cw_buf_text(&text));
        if (cw_json_member(&card, "id", &id))
                cw_buf_printf(&whose, " (card %.*s)", (int)id.len, id.text);
        cw_table_put(table, cw_buf_text(&whose));
        cw_buf_deinit(&whose);
        cw_buf_deinit(&text);
}

/* For people: "6,000.50", as the limit beside it is written. */
static void group_digits(struct cw_buf *text)
{
        const char *point = strchr(cw_buf_text(text), '.');
        unsigned decimals = point ? (unsigned)strlen(point + 1) : 0;
        cw_amount amount;

        if (cw_amount_parse(cw_buf_text(text), text->len, &amount) < 0)
                return;
        cw_buf_clear(text);
        cw_amount_format_grouped(text, amount, decimals);
}

static void put_now(struct cw_table *table, const struct cw_json *alert)
{
        struct cw_buf now = CW_BUF_NULL, currency = CW_BUF_NULL;
        struct cw_json balances, value, card;

        if (cw_json_member(alert, "value", &value))
                cw_daemon_text(&value, "current", &now);
        if (now.len == 0 && cw_json_member(alert, "balances", &balances))
                cw_daemon_text(&balances, "available", &now);
        if (now.len > 0 && cw_json_member(alert, "card", &card)) {
                group_digits(&now);
                cw_daemon_text(&card, "currency", &currency);
                cw_buf_printf(&now, " %s", cw_buf_text(&currency));
        }
        cw_table_put(table, cw_buf_text(&now));
        cw_buf_deinit(&now);
        cw_buf_deinit(&currency);
}

static void put_note(struct cw_table *table, const struct cw_json *alert)
{
        struct cw_buf note = CW_BUF_NULL, text = CW_BUF_NULL;
        struct cw_json flapping;
        bool flaps;

        cw_daemon_text(alert, "acknowledged_by", &text);
        if (text.len > 0)
                cw_buf_printf(&note, "acknowledged by %s", cw_buf_text(&text));
        cw_daemon_text(alert, "silenced_by", &text);
        if (text.len > 0)
                cw_buf_printf(&note, "%ssilence %s", note.len ? ", " : "", cw_buf_text(&text));
        if (cw_json_member(alert, "flapping", &flapping) && cw_json_bool(&flapping, &flaps) && flaps)
                cw_buf_printf(&note, "%sflapping", note.len ? ", " : "");
        cw_table_put(table, cw_buf_text(&note));
        cw_buf_deinit(&note);
        cw_buf_deinit(&text);
}

void cw_alert_table_add(void *data, const struct cw_json *alert)
{
        struct cw_table *table = data;

        cw_table_put_member(table, alert, "severity");
        cw_table_put_member(table, alert, "rule");
        put_whose(table, alert);
        put_now(table, alert);
        cw_table_put_member(table, alert, "limit");
        cw_table_put_time(table, alert, "fired_at");
        cw_table_put_member(table, alert, "fingerprint");
        put_note(table, alert);
}
