/* SPDX-License-Identifier: Apache-2.0 */
#include "act.h"

#include <inttypes.h>
#include <stdio.h>

#include "alert_table.h"
#include "cardwatch/clock.h"
#include "cardwatch/json_in.h"
#include "cardwatch/json_out.h"
#include "command.h"
#include "when.h"

bool cw_act_has_actor(const struct cw_command *command, const struct cw_act_wish *wish, bool needs_why)
{
        if (!cw_options_by(wish->by)) {
                (void)cw_command_misused(command, "say who: --by NAME");
                return false;
        }
        if (needs_why && !wish->why) {
                (void)cw_command_misused(command, "say for what reason: --why TEXT");
                return false;
        }
        return true;
}

static int put_end(const struct cw_command *command, const struct cw_act_wish *wish, struct cw_json_out *out)
{
        struct cw_buf time = CW_BUF_NULL;
        int64_t at;

        if (wish->lasts && wish->until)
                return cw_command_misused(command, "give --for or --until, not both");
        if (wish->lasts)
                cw_json_out_string(out, "for", wish->lasts);
        if (!wish->until)
                return CW_EXIT_OK;
        if (cw_when_parse(wish->until, &at) < 0)
                return cw_command_misused(command, "--until %s is no time: " CW_WHEN_USAGE, wish->until);
        cw_clock_format_utc(&time, at);
        cw_json_out_string(out, "until", cw_buf_text(&time));
        cw_buf_deinit(&time);
        return CW_EXIT_OK;
}

int cw_act_body(const struct cw_command *command, const struct cw_act_wish *wish, struct cw_buf *body)
{
        struct cw_json_out out = {.buf = body};
        int status;

        cw_json_out_open(&out, NULL, '{');
        if (cw_options_by(wish->by))
                cw_json_out_string(&out, "by", cw_options_by(wish->by));
        if (wish->why)
                cw_json_out_string(&out, "why", wish->why);
        status = put_end(command, wish, &out);
        if (wish->match.n > 0) {
                cw_json_out_open(&out, "match", '[');
                for (size_t i = 0; i < wish->match.n; i++)
                        cw_json_out_string(&out, NULL, wish->match.words[i]);
                cw_json_out_close(&out, ']');
        }
        if (wish->all)
                cw_json_out_bool(&out, "all", true);
        if (wish->preview)
                cw_json_out_bool(&out, "preview", true);
        cw_json_out_close(&out, '}');
        return status;
}

int cw_act_show_alerts(const struct cw_command *command, struct cw_buf *answer, const char *none)
{
        struct cw_table table = cw_alert_table();
        struct cw_json top, alerts, alert, value;
        int64_t total = 0, shown = 0;

        if (answer->len == 0 || cw_json_read(answer->data, answer->len, &top, NULL) < 0 ||
            !cw_json_member(&top, "alerts", &alerts) || !cw_json_member(&top, "total", &value) ||
            !cw_json_int(&value, &total)) {
                fprintf(stderr, "cardwatch %s: the daemon's answer cannot be read\n", command->name);
                return CW_EXIT_FAILED;
        }
        if (total == 0) {
                puts(none);
                return CW_EXIT_OK;
        }
        for (size_t at = 0; cw_json_next(&alerts, &at, NULL, &alert); shown++)
                cw_alert_table_add(&table, &alert);
        if (cw_table_print(&table) < 0)
                return CW_EXIT_FAILED;
        if (total > shown)
                printf("and %" PRId64 " more\n", total - shown);
        return CW_EXIT_OK;
}
