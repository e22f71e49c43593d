/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a target is read strictly, so that a misspelt one is refused when the configuration is read and not when the
 * first alert is due.
 */
#include <errno.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/sink.h"
#include "cardwatch/wire.h"

enum { UDP_PORT = 514, TCP_PORT = 601, TLS_PORT = 6514 };

static int parse_port(const char *text, uint16_t *ret_port)
{
        unsigned port = 0;

        if (!*text)
                return -EINVAL;
        for (; *text; text++) {
                if (*text < '0' || *text > '9')
                        return -EINVAL;
                port = port * 10 + (unsigned)(*text - '0');
                if (port > UINT16_MAX)
                        return -EINVAL;
        }
        if (port == 0)
                return -EINVAL;
        *ret_port = (uint16_t)port;
        return 0;
}

static bool is_host(const char *text, size_t len, bool bracketed)
{
        static const char accepted[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:%";
        size_t n_accepted = sizeof(accepted) - (bracketed ? 1 : 3); /* ':' and '%' only in an address */

        for (size_t i = 0; i < len; i++)
                if (!memchr(accepted, text[i], n_accepted))
                        return false;
        return len > 0;
}

/* "host", "host:port", "[address]", "[address]:port" */
static int parse_host(const char *text, struct cw_buf *memory, struct cw_wire_target *target)
{
        bool bracketed = text[0] == '[';
        const char *host = bracketed ? text + 1 : text;
        size_t len = strcspn(host, bracketed ? "]" : ":"), at = memory->len;
        const char *rest = host + len;

        if (bracketed && *rest++ != ']')
                return -EINVAL;
        if (!is_host(host, len, bracketed))
                return -EINVAL;
        if (*rest && (*rest != ':' || parse_port(rest + 1, &target->port) < 0))
                return -EINVAL;
        cw_buf_append(memory, host, len);
        cw_buf_putc(memory, '\0');
        if (cw_buf_error(memory) < 0)
                return cw_buf_error(memory);
        target->host = memory->data + at;
        return 0;
}

static int parse_syslog(const char *text, struct cw_buf *memory, struct cw_wire_target *target)
{
        if (strcmp(text, "local") == 0) {
                *target = (struct cw_wire_target){.kind = CW_WIRE_UNIX, .path = "/dev/log"};
                return 0;
        }
        if (strncmp(text, "unix:", 5) == 0) {
                *target = (struct cw_wire_target){.kind = CW_WIRE_UNIX, .path = text + 5};
                return text[5] == '/' ? 0 : -EINVAL;
        }
        if (strncmp(text, "udp://", 6) == 0) {
                *target = (struct cw_wire_target){.kind = CW_WIRE_UDP, .port = UDP_PORT};
                return parse_host(text + 6, memory, target);
        }
        if (strncmp(text, "tcp://", 6) == 0) {
                *target = (struct cw_wire_target){.kind = CW_WIRE_TCP, .port = TCP_PORT};
                return parse_host(text + 6, memory, target);
        }
        if (strncmp(text, "tls://", 6) == 0) {
                *target = (struct cw_wire_target){.kind = CW_WIRE_TLS, .port = TLS_PORT};
                return parse_host(text + 6, memory, target);
        }
        return -EINVAL;
}

int cw_sink_target(const struct cw_sink_options *options, struct cw_buf *memory, struct cw_wire_target *ret_target)
{
        struct cw_wire_target target = {0};
        int r;

        if (options->type == CW_SINK_FILE && options->path && *options->path) {
                *ret_target = (struct cw_wire_target){.kind = CW_WIRE_FILE, .path = options->path};
                return 0;
        }
        if (options->type != CW_SINK_SYSLOG || !options->target)
                return -EINVAL;
        r = parse_syslog(options->target, memory, &target);
        target.ca = options->tls.ca;
        target.cert = options->tls.cert;
        target.key = options->tls.key;
        if (r == 0)
                *ret_target = target;
        return r;
}
