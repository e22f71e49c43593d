/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_BUF_H
#define CARDWATCH_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Buf: a growing run of bytes.
 *
 * Embedded by whoever builds a text or a message. A failed allocation, or growth beyond `limit`, is remembered: the
 * appends after it do nothing, and the owner asks once at the end (cw_buf_error). The bytes are always followed by a
 * NUL that is not counted, so `data` of a non-empty buffer is a C string when no NUL was appended.
 */

struct cw_buf {
        char *data; /* NULL while empty and never grown */
        size_t len;
        size_t capacity;
        size_t limit; /* most bytes it may hold; 0: no limit */
        size_t aim; /* at what it will end, if that is known: as it becomes large, it gets that room at once */
        int error; /* 0, -ENOMEM or -EMSGSIZE, sticky */
};

#define CW_BUF_NULL                                                                                                    \
        {                                                                                                              \
                0                                                                                                      \
        }

void cw_buf_deinit(struct cw_buf *buf);

/* The same, overwriting the bytes first: for what held a secret or a card number. */
void cw_buf_wipe(struct cw_buf *buf);

/* Empties it, keeping its memory and forgetting an error. */
void cw_buf_clear(struct cw_buf *buf);

void cw_buf_append(struct cw_buf *buf, const void *data, size_t len);
void cw_buf_puts(struct cw_buf *buf, const char *text);
void cw_buf_putc(struct cw_buf *buf, char c);
void cw_buf_printf(struct cw_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void cw_buf_vprintf(struct cw_buf *buf, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

static inline int cw_buf_error(const struct cw_buf *buf)
{
        return buf->error;
}

/* The text so far, never NULL. */
static inline const char *cw_buf_text(const struct cw_buf *buf)
{
        return buf->data ? buf->data : "";
}

/* Hands the bytes over as a malloc'd C string and empties the buffer. Returns 0 or the buffer's error. */
int cw_buf_take(struct cw_buf *buf, char **ret_text);

#endif
