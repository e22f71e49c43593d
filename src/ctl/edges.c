/* SPDX-License-Identifier: Apache-2.0 */
#include "edges.h"

#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/hash.h"
#include "when.h"

static bool is_message(const struct cw_history_row *row)
{
        return row->notifier != NULL;
}

/* The detail begins with the condition that is the reason. */
static bool says_again(const struct cw_history_row *row)
{
        return row->detail && strncmp(row->detail, row->reason, strlen(row->reason)) == 0;
}

void cw_edge_print(struct cw_buf *buf, const struct cw_history_row *row, bool rule)
{
        cw_when_format(buf, row->at);
        if (rule)
                cw_buf_printf(buf, "  %-20s", row->rule);
        cw_buf_printf(buf, "  %s", row->what);
        if (is_message(row))
                cw_buf_printf(buf, "  %s", row->notifier);
        else if (row->severity != CW_SEVERITY_NONE)
                cw_buf_printf(buf, " (%s)", cw_severity_name(row->severity));
        if (row->message[0])
                cw_buf_printf(buf, "  %s", row->message);
        if (row->reason && *row->reason && !says_again(row))
                cw_buf_printf(buf, "  %s%s", strcmp(row->what, "held") == 0 ? "by " : "", row->reason);
        cw_buf_putc(buf, '\n');
        if (row->detail)
                cw_buf_printf(buf, "%27s%s\n", "", row->detail);
}

void cw_edge_json(struct cw_json_out *out, const struct cw_history_row *row)
{
        char fingerprint[17];

        cw_hash_hex64(row->fingerprint, fingerprint);
        cw_json_out_open(out, NULL, '{');
        cw_json_out_time(out, "at", row->at);
        cw_json_out_string(out, "fingerprint", fingerprint);
        cw_json_out_string(out, "rule", row->rule);
        cw_json_out_string(out, "what", row->what);
        cw_json_out_string(out, "severity", row->severity == CW_SEVERITY_NONE ? NULL : cw_severity_name(row->severity));
        cw_json_out_string(out, "reason", row->reason);
        cw_json_out_string(out, "detail", row->detail);
        cw_json_out_string(out, "notifier", row->notifier);
        cw_json_out_string(out, "message", row->message[0] ? row->message : NULL);
        cw_json_out_close(out, '}');
}
