/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a secret is looked for as it was given, and the address of a chat also in the parts between its slashes: what
 * repeats an address does not always repeat all of it.
 */
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/secret.h"
#include "cardwatch/sink.h"

enum {
        PARTS_MAX = 32,
        PART_LEAST = 8, /* shorter ones are words such as "hooks" */
};

struct part {
        const char *text;
        size_t len;
};

struct parts {
        struct part parts[PARTS_MAX];
        size_t n;
};

static void add(struct parts *parts, const char *text, size_t len)
{
        if (len > 0 && parts->n < PARTS_MAX)
                parts->parts[parts->n++] = (struct part){text, len};
}

static void add_secret(struct parts *parts, const struct cw_secret *secret)
{
        if (secret)
                add(parts, cw_secret_reveal(secret), cw_secret_len(secret));
}

/* All of it, and what stands behind the host. */
static void add_address(struct parts *parts, const struct cw_secret *url)
{
        const char *text = url ? cw_secret_reveal(url) : NULL, *at = text ? strstr(text, "://") : NULL;
        size_t len;

        add_secret(parts, url);
        if (!at)
                return;
        for (at += 3 + strcspn(at + 3, "/?#"); *at; at += len) {
                at += strspn(at, "/?#&=");
                len = strcspn(at, "/?#&=");
                if (len >= PART_LEAST)
                        add(parts, at, len);
        }
}

/* How much of what stands at `text` is secret. */
static size_t secret_at(const struct parts *parts, const char *text, size_t len)
{
        size_t longest = 0;

        for (size_t i = 0; i < parts->n; i++) {
                const struct part *part = &parts->parts[i];

                if (part->len <= len && part->len > longest && memcmp(text, part->text, part->len) == 0)
                        longest = part->len;
        }
        return longest;
}

void cw_sink_conceal(const struct cw_sink_options *options, const char *text, size_t len, struct cw_buf *buf)
{
        struct parts parts = {.n = 0};
        size_t n;

        add_address(&parts, options->url);
        add_secret(&parts, options->secret);
        add_secret(&parts, options->password);
        add_secret(&parts, options->token);
        add_secret(&parts, options->user);
        add_secret(&parts, options->routing_key);
        while (len > 0) {
                n = secret_at(&parts, text, len);
                if (n > 0)
                        cw_buf_puts(buf, "\u2026");
                else
                        cw_buf_append(buf, text, n = 1);
                text += n;
                len -= n;
        }
        explicit_bzero(&parts, sizeof(parts));
}
