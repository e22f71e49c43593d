/* SPDX-License-Identifier: Apache-2.0 */
#include "header_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "transfer_options.h"

/*
 * Idea: measured first, then written behind each other.
 */

#define BETWEEN 2 /* ": " */

static size_t room_for(const struct cw_http_header *header)
{
        return strlen(header->name) + BETWEEN + strlen(header->value) + 1;
}

static char *put(char *at, const char *text)
{
        size_t len = strlen(text);

        memcpy(at, text, len);
        return at + len;
}

static void put_line(struct cw_header_list *list, size_t i, char *text)
{
        list->lines[i].data = text;
        if (i > 0)
                list->lines[i - 1].next = &list->lines[i];
}

/* curl's way to say "with an empty value" is a semicolon: "name:" would mean "without". */
static char *put_header(char *at, const struct cw_http_header *header)
{
        at = put(at, header->name);
        at = put(at, header->value[0] ? ": " : ";");
        return put(at, header->value) + 1;
}

int cw_header_list_new(const struct cw_http_header *headers, size_t n_headers, const char *const *lines, size_t n_lines,
                       struct cw_header_list **ret_list)
{
        size_t n = 0, size = sizeof(struct cw_header_list) + (n_headers + n_lines) * sizeof(struct curl_slist);
        struct cw_header_list *list;
        char *at;

        for (size_t i = 0; i < n_headers; i++) {
                if (!cw_transfer_header_is_sound(&headers[i]))
                        return -EINVAL;
                size += room_for(&headers[i]);
        }
        for (size_t i = 0; i < n_lines; i++)
                size += strlen(lines[i]) + 1;
        list = calloc(1, size);
        if (!list)
                return -ENOMEM;
        list->size = size;
        at = (char *)&list->lines[n_headers + n_lines];
        for (size_t i = 0; i < n_headers; i++) {
                put_line(list, n++, at);
                at = put_header(at, &headers[i]);
        }
        for (size_t i = 0; i < n_lines; i++) {
                put_line(list, n++, at);
                at = put(at, lines[i]) + 1;
        }
        *ret_list = list;
        return 0;
}

void cw_header_list_free(struct cw_header_list *list)
{
        if (!list)
                return;
        explicit_bzero(list, list->size);
        free(list);
}
