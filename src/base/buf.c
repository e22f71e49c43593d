/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: the capacity doubles, and every failure sticks, so that builders of texts need no error path per append. What
 * fits, as nearly everything does, is written at once. */
#include "cardwatch/buf.h"
#include "cardwatch/buf_room.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY_FIRST 64
#define LARGE          16384 /* what is smaller may stay so, whatever it aims at */

static void fail(struct cw_buf *buf, int error)
{
        if (buf->error == 0)
                buf->error = error;
}

void cw_buf_deinit(struct cw_buf *buf)
{
        size_t limit = buf->limit;

        free(buf->data);
        *buf = (struct cw_buf){.limit = limit};
}

void cw_buf_wipe(struct cw_buf *buf)
{
        if (buf->data)
                explicit_bzero(buf->data, buf->capacity);
        cw_buf_deinit(buf);
}

void cw_buf_clear(struct cw_buf *buf)
{
        buf->len = 0;
        buf->error = 0;
        if (buf->data)
                buf->data[0] = '\0';
}

/* Old bytes are overwritten before they are freed: realloc would leave a copy behind of what cw_buf_wipe must reach. */
static int move_to(struct cw_buf *buf, size_t capacity)
{
        char *data = malloc(capacity);

        if (!data)
                return -ENOMEM;
        if (buf->data) {
                memcpy(data, buf->data, buf->len + 1);
                explicit_bzero(buf->data, buf->capacity); /* what was cleared may stand behind its end */
                free(buf->data);
        }
        buf->data = data;
        buf->capacity = capacity;
        return 0;
}

/* Makes room for `len` more bytes and the NUL. */
static int grow(struct cw_buf *buf, size_t len)
{
        size_t needed, capacity = buf->capacity ? buf->capacity : CAPACITY_FIRST;

        if (buf->error)
                return buf->error;
        if (len >= SIZE_MAX / 2 - buf->len || (buf->limit && len > buf->limit - buf->len)) {
                fail(buf, -EMSGSIZE);
                return -EMSGSIZE;
        }
        needed = buf->len + len + 1;
        if (needed <= buf->capacity)
                return 0;
        /* An eighth more, for what is built in the same memory next may be a little longer. */
        if (needed > LARGE && needed <= buf->aim)
                capacity = buf->aim + buf->aim / 8;
        while (capacity < needed)
                capacity *= 2;
        if (move_to(buf, capacity) < 0) {
                fail(buf, -ENOMEM);
                return -ENOMEM;
        }
        buf->data[buf->len] = '\0';
        return 0;
}

static bool fits(const struct cw_buf *buf, size_t len)
{
        return len < buf->capacity - buf->len && !buf->error && (!buf->limit || len <= buf->limit - buf->len);
}

char *cw_buf_reserve(struct cw_buf *buf, size_t len)
{
        if (!fits(buf, len) && grow(buf, len) < 0)
                return NULL;
        return buf->data + buf->len;
}

void cw_buf_grew(struct cw_buf *buf, size_t len)
{
        buf->len += len;
        if (buf->data)
                buf->data[buf->len] = '\0';
}

void cw_buf_append(struct cw_buf *buf, const void *data, size_t len)
{
        if (len == 0 || (!fits(buf, len) && grow(buf, len) < 0))
                return;
        memcpy(buf->data + buf->len, data, len);
        buf->len += len;
        buf->data[buf->len] = '\0';
}

void cw_buf_puts(struct cw_buf *buf, const char *text)
{
        cw_buf_append(buf, text, strlen(text));
}

void cw_buf_putc(struct cw_buf *buf, char c)
{
        if (!fits(buf, 1) && grow(buf, 1) < 0)
                return;
        buf->data[buf->len++] = c;
        buf->data[buf->len] = '\0';
}

void cw_buf_printf(struct cw_buf *buf, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        cw_buf_vprintf(buf, format, args);
        va_end(args);
}

void cw_buf_vprintf(struct cw_buf *buf, const char *format, va_list args)
{
        size_t room = buf->data ? buf->capacity - buf->len : 0;
        va_list again;
        int len;

        va_copy(again, args);
        len = vsnprintf(room ? buf->data + buf->len : NULL, room, format, again);
        va_end(again);
        if (len > 0 && fits(buf, (size_t)len)) {
                buf->len += (size_t)len;
                return;
        }
        if (room)
                buf->data[buf->len] = '\0';
        if (len < 0)
                fail(buf, -ENOMEM);
        if (len <= 0 || grow(buf, (size_t)len) < 0)
                return;
        vsnprintf(buf->data + buf->len, (size_t)len + 1, format, args);
        buf->len += (size_t)len;
}

int cw_buf_take(struct cw_buf *buf, char **ret_text)
{
        int r = buf->error;

        if (r == 0 && !buf->data)
                r = grow(buf, 0);
        if (r < 0) {
                cw_buf_deinit(buf);
                return r;
        }
        *ret_text = buf->data;
        *buf = (struct cw_buf){.limit = buf->limit};
        return 0;
}
