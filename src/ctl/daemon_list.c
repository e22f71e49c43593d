/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon_list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/clock.h"
#include "cardwatch/json_in.h"
#include "command.h"
#include "when.h"

#define PAGE 500 /* the daemon does nothing else while it writes one */

void cw_daemon_query(struct cw_buf *query, const char *name, const char *value)
{
        static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

        cw_buf_printf(query, "%s=", name);
        for (; *value; value++) {
                if (strchr(plain, *value))
                        cw_buf_putc(query, *value);
                else
                        cw_buf_printf(query, "%%%02X", (unsigned char)*value);
        }
        cw_buf_putc(query, '&');
}

static int unreadable(const struct cw_daemon_list *list)
{
        fprintf(stderr, "cardwatch %s: the daemon's answer cannot be read\n", list->call.command->name);
        return CW_EXIT_FAILED;
}

/* Appends the items of one page; `next` is the cursor of the one behind it, empty at the end. */
static int take_page(struct cw_daemon_list *list, struct cw_buf *answer, struct cw_buf *next)
{
        struct cw_json top, items, item, cursor;

        cw_buf_clear(next);
        if (answer->len == 0 || cw_json_read(answer->data, answer->len, &top, NULL) < 0 ||
            !cw_json_member(&top, list->member, &items) || cw_json_kind(&items) != CW_JSON_ARRAY)
                return unreadable(list);
        for (size_t at = 0; cw_json_next(&items, &at, NULL, &item);) {
                if (list->n > 0)
                        cw_buf_putc(&list->items, ',');
                cw_buf_append(&list->items, item.text, item.len);
                list->n++;
        }
        if (cw_json_member(&top, "next", &cursor))
                (void)cw_json_string(&cursor, next);
        return cw_buf_error(&list->items) < 0 || cw_buf_error(next) < 0 ? CW_EXIT_FAILED : CW_EXIT_OK;
}

static int read_page(struct cw_daemon_list *list, struct cw_buf *next)
{
        struct cw_buf path = CW_BUF_NULL, answer = CW_BUF_NULL;
        struct cw_daemon_call call = list->call;
        size_t left = list->most ? list->most - list->n : PAGE;
        int status;

        cw_buf_printf(&path, "%s?%s", list->call.path, cw_buf_text(&list->query));
        if (next->len > 0)
                cw_daemon_query(&path, "cursor", cw_buf_text(next));
        cw_buf_printf(&path, "limit=%zu", left < PAGE ? left : PAGE);
        call.method = "GET";
        call.path = cw_buf_text(&path);
        status = cw_daemon_call(&call, &answer);
        if (status == CW_EXIT_OK)
                status = take_page(list, &answer, next);
        cw_buf_deinit(&path);
        cw_buf_deinit(&answer);
        return status;
}

int cw_daemon_read_list(struct cw_daemon_list *list)
{
        struct cw_buf next = CW_BUF_NULL;
        int status;

        do
                status = read_page(list, &next);
        while (status == CW_EXIT_OK && next.len > 0 && (!list->most || list->n < list->most));
        list->more = next.len > 0;
        cw_buf_deinit(&next);
        return status;
}

int cw_daemon_walk_list(struct cw_daemon_list *list, void (*visit)(void *data, const struct cw_json *item), void *data)
{
        struct cw_buf array = CW_BUF_NULL;
        struct cw_json top, item;
        int status = CW_EXIT_OK;

        cw_buf_printf(&array, "[");
        cw_buf_append(&array, list->items.data, list->items.len);
        cw_buf_putc(&array, ']');
        if (cw_buf_error(&array) < 0 || cw_json_read(array.data, array.len, &top, NULL) < 0)
                status = unreadable(list);
        for (size_t at = 0; status == CW_EXIT_OK && cw_json_next(&top, &at, NULL, &item);)
                visit(data, &item);
        cw_buf_deinit(&array);
        return status;
}

void cw_daemon_print_list(const struct cw_daemon_list *list)
{
        printf("{\"%s\":[", list->member);
        fwrite(cw_buf_text(&list->items), 1, list->items.len, stdout);
        printf("],\"more\":%s}\n", list->more ? "true" : "false");
}

void cw_daemon_list_deinit(struct cw_daemon_list *list)
{
        cw_buf_deinit(&list->query);
        cw_buf_deinit(&list->items);
}

bool cw_daemon_limit(const struct cw_command *command, const char *text, size_t *ret_most)
{
        char *end;
        unsigned long number;

        if (!text)
                return true;
        errno = 0;
        number = strtoul(text, &end, 10);
        if (errno || *end || *text < '0' || *text > '9' || number < 1 || number > 1000000) {
                (void)cw_command_misused(command, "--limit %s: a whole number from 1 to 1000000", text);
                return false;
        }
        *ret_most = number;
        return true;
}

bool cw_daemon_query_time(const struct cw_command *command, struct cw_buf *query, const char *name, const char *text)
{
        struct cw_buf time = CW_BUF_NULL;
        int64_t at;

        if (!text)
                return true;
        if (cw_when_parse_past(text, cw_clock_wall_ms(), &at) < 0) {
                (void)cw_command_misused(command, "--%s %s is no time: " CW_WHEN_PAST_USAGE, name, text);
                return false;
        }
        cw_clock_format_utc(&time, at);
        cw_daemon_query(query, name, cw_buf_text(&time));
        cw_buf_deinit(&time);
        return true;
}

void cw_daemon_text(const struct cw_json *object, const char *member, struct cw_buf *text)
{
        struct cw_json value;

        cw_buf_clear(text);
        if (cw_json_member(object, member, &value))
                (void)cw_json_string(&value, text);
}
