/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: the scheme says where to look; whatever is found is made a secret at once and every copy on the way is wiped.
 */
#include "secret_ref.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/secret.h"
#include "cardwatch/text.h"
#include "load_file.h"
#include "schema.h"

#define SECRET_MAX 65536 /* bytes of a file */

static const char placeholder[] = "offline";

char *cw_reader_path(struct cw_reader *reader, const char *path)
{
        struct cw_buf buf = CW_BUF_NULL;
        char *joined = NULL;

        if (path[0] != '/' && strcmp(reader->directory, ".") != 0)
                cw_buf_printf(&buf, "%s/", reader->directory);
        cw_buf_puts(&buf, path);
        if (cw_buf_take(&buf, &joined) < 0)
                reader->error = -ENOMEM;
        return joined;
}

char *cw_reader_credential(struct cw_reader *reader, const struct cw_node *node, const char *name)
{
        const char *directory = getenv("CREDENTIALS_DIRECTORY");
        struct cw_buf buf = CW_BUF_NULL;
        char *path = NULL;

        if (!directory || !*directory) {
                cw_reader_complain(reader, node,
                                   "\"credential:\" needs systemd's credentials, and $CREDENTIALS_DIRECTORY is "
                                   "not set");
                return NULL;
        }
        if (strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
                cw_reader_complain(reader, node, "the name of a credential has no slashes");
                return NULL;
        }
        cw_buf_printf(&buf, "%s/%s", directory, name);
        if (cw_buf_take(&buf, &path) < 0)
                reader->error = -ENOMEM;
        return path;
}

static void make(struct cw_reader *reader, const struct cw_node *node, const char *text, size_t len,
                 struct cw_secret **ret_secret)
{
        if (len == 0)
                cw_reader_complain(reader, node, "the secret is empty");
        else if (memchr(text, '\0', len))
                cw_reader_complain(reader, node, "the secret holds a NUL byte");
        else if (cw_secret_new(text, len, ret_secret) < 0)
                reader->error = -ENOMEM;
}

static bool is_name(const char *text, size_t len)
{
        for (size_t i = 0; i < len; i++) {
                char c = text[i];

                if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (i > 0 && c >= '0' && c <= '9')))
                        return false;
        }
        return len > 0;
}

static void from_environment(struct cw_reader *reader, const struct cw_node *node, const char *name,
                             struct cw_secret **ret_secret)
{
        const char *value;

        if (!is_name(name, strlen(name))) {
                cw_reader_complain(reader, node, "\"env:\" must be followed by the name of an environment variable");
                return;
        }
        value = getenv(name);
        if (!value)
                cw_reader_complain(reader, node, "environment variable %s is not set", name);
        else if (!*value)
                cw_reader_complain(reader, node, "environment variable %s is empty", name);
        else
                make(reader, node, value, strlen(value), ret_secret);
}

/* Reads an open file of a secret; a fifo or a device could keep us waiting for ever. */
static int read_secret(int fd, char **ret_text, size_t *ret_len, bool *ret_exposed)
{
        struct stat status;
        char *text = NULL;
        size_t len = 0;
        int r;

        if (fstat(fd, &status) < 0)
                return -errno;
        if (!S_ISREG(status.st_mode))
                return S_ISDIR(status.st_mode) ? -EISDIR : -EINVAL;
        r = cw_load_bytes(fd, SECRET_MAX, &text, &len);
        if (r < 0)
                return r;
        if (len > 0 && text[len - 1] == '\n')
                len -= len > 1 && text[len - 2] == '\r' ? 2 : 1;
        *ret_exposed = status.st_mode & S_IROTH;
        *ret_text = text;
        *ret_len = len;
        return 0;
}

static void from_file(struct cw_reader *reader, const struct cw_node *node, const char *path,
                      struct cw_secret **ret_secret)
{
        bool exposed = false;
        char *text = NULL;
        size_t len = 0;
        int fd, r;

        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        r = fd < 0 ? -errno : read_secret(fd, &text, &len, &exposed);
        if (fd >= 0)
                close(fd);
        if (r == -ENOMEM) {
                reader->error = r;
                return;
        }
        if (r == -EFBIG)
                cw_reader_complain(reader, node, "secret file %s is larger than %d bytes", path, SECRET_MAX);
        else if (r == -EINVAL)
                cw_reader_complain(reader, node, "secret file %s is no regular file", path);
        else if (r < 0)
                cw_reader_complain(reader, node, "cannot read secret file %s: %s", path, strerror(-r));
        if (r < 0)
                return;
        if (exposed)
                cw_reader_warn(reader, node, "secret file %s can be read by others (chmod o-r)", path);
        make(reader, node, text, len, ret_secret);
        explicit_bzero(text, len);
        free(text);
}

/* `$KEY` or `${KEY}`: the variable's name. */
static const char *shell_variable(const char *text, size_t len, size_t *ret_len)
{
        if (len < 2 || text[0] != '$')
                return NULL;
        text++;
        len--;
        if (text[0] == '{' && text[len - 1] == '}') {
                text++;
                len -= 2;
        }
        *ret_len = len;
        return is_name(text, len) ? text : NULL;
}

/* A scheme that is nearly one of ours: "evn:KEY", "File:path". */
static const char *misspelt_scheme(const char *text)
{
        static const char *const schemes[] = {"env", "file", "credential", "plain"};
        char word[16];
        size_t len = strcspn(text, ":");

        if (text[len] != ':' || len < 2 || len >= sizeof(word) || text[len + 1] == '/')
                return NULL;
        memcpy(word, text, len);
        word[len] = '\0';
        for (size_t i = 0; i < CW_ARRAY_SIZE(schemes); i++)
                if (cw_text_equal_nocase(word, schemes[i]) || cw_text_distance(word, schemes[i], 1) == 1)
                        return schemes[i];
        return NULL;
}

/* Text as it is: taken, unless it looks like a reference that went wrong. */
static void from_text(struct cw_reader *reader, const struct cw_node *node, struct cw_secret **ret_secret)
{
        size_t len;
        const char *name = shell_variable(node->text, node->len, &len), *scheme = misspelt_scheme(node->text);

        if (name)
                cw_reader_complain(reader, node,
                                   "this is no reference: write env:%.*s (or plain:TEXT if the secret itself "
                                   "begins with a dollar sign)",
                                   (int)len, name);
        else if (scheme)
                cw_reader_complain(reader, node,
                                   "this is no reference: write %s: (or plain:TEXT if the secret itself begins "
                                   "so)",
                                   scheme);
        else
                make(reader, node, node->text, node->len, ret_secret);
}

static const char *after(const char *text, const char *scheme)
{
        return strncmp(text, scheme, strlen(scheme)) == 0 ? text + strlen(scheme) : NULL;
}

static void resolve(struct cw_reader *reader, const struct cw_node *node, struct cw_secret **ret_secret)
{
        const char *rest;

        if ((rest = after(node->text, "env:"))) {
                from_environment(reader, node, rest, ret_secret);
        } else if ((rest = after(node->text, "file:"))) {
                cw_autofree char *path = cw_reader_path(reader, rest);

                if (path)
                        from_file(reader, node, path, ret_secret);
        } else if ((rest = after(node->text, "credential:"))) {
                cw_autofree char *path = cw_reader_credential(reader, node, rest);

                if (path)
                        from_file(reader, node, path, ret_secret);
        } else {
                node->document->holds_secrets = true;
                rest = after(node->text, "plain:");
                if (rest)
                        make(reader, node, rest, strlen(rest), ret_secret);
                else
                        from_text(reader, node, ret_secret);
        }
}

static bool is_reference(const char *text)
{
        return after(text, "env:") || after(text, "file:") || after(text, "credential:");
}

void cw_secret_ref_read(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node,
                        struct cw_secret **ret_secret, bool *ret_known)
{
        struct cw_secret *secret = NULL;

        *ret_known = false;
        if (node->kind != CW_NODE_SCALAR) {
                cw_reader_complain(reader, node, "\"%s\" must be a text", row->name);
                return;
        }
        if (is_reference(node->text) && *strchr(node->text, ':') && !strchr(node->text, ':')[1]) {
                cw_reader_complain(reader, node, "\"%s\" must be followed by a name", node->text);
                return;
        }
        if (reader->offline && is_reference(node->text)) {
                if (cw_secret_new(placeholder, strlen(placeholder), &secret) < 0)
                        reader->error = -ENOMEM;
        } else {
                resolve(reader, node, &secret);
                *ret_known = secret != NULL;
        }
        cw_secret_free(*ret_secret);
        *ret_secret = secret;
}
