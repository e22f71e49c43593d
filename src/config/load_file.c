/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: bounded reading; a configuration may hold secrets, so that no copy of its bytes is left behind in freed memory.
 */
#include "load_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"

#define CHUNK 65536

static void wipe(char *text, size_t len)
{
        if (text)
                explicit_bzero(text, len);
        free(text);
}

/* realloc would leave the bytes behind where they were. */
static int grow(char **text, size_t len, size_t *capacity)
{
        size_t wanted = *capacity ? *capacity * 2 : CHUNK;
        char *grown = malloc(wanted);

        if (!grown)
                return -ENOMEM;
        if (len > 0)
                memcpy(grown, *text, len);
        wipe(*text, len);
        *text = grown;
        *capacity = wanted;
        return 0;
}

int cw_load_bytes(int fd, size_t limit, char **ret_text, size_t *ret_len)
{
        size_t len = 0, capacity = 0;
        char *text = NULL;
        ssize_t n = 0;
        int r = 0;

        do {
                if (len + 1 >= capacity)
                        r = grow(&text, len, &capacity);
                if (r < 0)
                        break;
                do
                        n = read(fd, text + len, capacity - len - 1);
                while (n < 0 && errno == EINTR);
                if (n < 0)
                        r = -errno;
                else
                        len += (size_t)n;
                if (r == 0 && len > limit)
                        r = -EFBIG;
        } while (r == 0 && n > 0);
        if (r < 0) {
                wipe(text, len);
                return r;
        }
        text[len] = '\0';
        *ret_text = text;
        *ret_len = len;
        return 0;
}

struct loading {
        const char *name;
        size_t limit;
        bool regular; /* nothing else: a fifo or a device could keep us waiting for ever */
        struct cw_buf *message; /* NULL: not wanted */
};

static int say(const struct loading *loading, int failure)
{
        struct cw_buf *message = loading->message;

        if (!message)
                return failure;
        if (failure == -EFBIG)
                cw_buf_printf(message, "the file is larger than %zu MiB", loading->limit >> 20);
        else if (failure == -EISDIR)
                cw_buf_puts(message, "this is a directory, not a file");
        else if (failure == -EINVAL)
                cw_buf_puts(message, "this is no regular file");
        else
                cw_buf_printf(message, "cannot read the file: %s", strerror(-failure));
        return failure;
}

static int read_file(const struct loading *loading, struct stat *ret_status, char **ret_text, size_t *ret_len)
{
        int fd = open(loading->name, O_RDONLY | O_CLOEXEC | O_NOCTTY | (loading->regular ? O_NONBLOCK : 0));
        int r;

        if (fd < 0)
                return -errno;
        if (fstat(fd, ret_status) < 0)
                r = -errno;
        else if (S_ISDIR(ret_status->st_mode))
                r = -EISDIR;
        else if (loading->regular && !S_ISREG(ret_status->st_mode))
                r = -EINVAL;
        else
                r = cw_load_bytes(fd, loading->limit, ret_text, ret_len);
        close(fd);
        return r;
}

static int load(const struct loading *loading, struct cw_document **ret_document)
{
        struct cw_document *document;
        struct stat status;
        size_t len = 0;
        char *text = NULL;
        int r;

        r = read_file(loading, &status, &text, &len);
        if (r < 0)
                return say(loading, r);
        if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
                len -= 3; /* a byte order mark is no character of the first line */
                memmove(text, text + 3, len + 1);
        }
        r = cw_document_new(loading->name, text, len, &document);
        if (r < 0)
                return r;
        document->readable = S_ISREG(status.st_mode) && (status.st_mode & S_IROTH);
        *ret_document = document;
        return 0;
}

int cw_load_file(const char *name, struct cw_document **ret_document, struct cw_buf *message)
{
        struct loading loading = {.name = name, .limit = CW_DOCUMENT_MAX, .message = message};

        return load(&loading, ret_document);
}

int cw_load_rows(const char *name, struct cw_document **ret_document, struct cw_buf *message)
{
        struct loading loading = {.name = name, .limit = CW_ROWS_MAX, .regular = true, .message = message};

        return load(&loading, ret_document);
}
