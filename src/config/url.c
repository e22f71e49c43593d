/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: cut at the delimiters from left to right; each part must then be made of what it may be made of. */
#include "url.h"

#include <string.h>
#include <strings.h>

static bool is_alnum(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool host_is_good(const char *host, size_t len, bool bracketed)
{
        for (size_t i = 0; i < len; i++) {
                unsigned char c = (unsigned char)host[i];

                if (bracketed ? !(is_alnum(host[i]) || strchr(":.%", c))
                              : !(is_alnum(host[i]) || strchr("-._", c) || c >= 0x80))
                        return false;
        }
        return len > 0 && len < 256;
}

/* `:port` or nothing, to the end of the authority. */
static const char *split_port(const char *text, const char *end, unsigned *ret_port)
{
        unsigned port = 0;

        if (text == end)
                return NULL;
        if (*text != ':' || text + 1 == end || end - text > 6)
                return "have a port from 1 to 65535 after the host";
        for (text++; text < end; text++) {
                if (*text < '0' || *text > '9')
                        return "have a port from 1 to 65535 after the host";
                port = port * 10 + (unsigned)(*text - '0');
        }
        if (port == 0 || port > 65535)
                return "have a port from 1 to 65535 after the host";
        *ret_port = port;
        return NULL;
}

static const char *split_authority(const char *text, const char *end, struct cw_config_url *url)
{
        const char *at = memrchr(text, '@', (size_t)(end - text)), *host_end;
        bool bracketed;

        url->has_userinfo = at != NULL;
        if (at)
                text = at + 1;
        bracketed = text < end && *text == '[';
        if (bracketed) {
                text++;
                host_end = memchr(text, ']', (size_t)(end - text));
                if (!host_end)
                        return "close the bracket around its IPv6 address";
        } else {
                host_end = memchr(text, ':', (size_t)(end - text));
                if (!host_end)
                        host_end = end;
        }
        url->host = text;
        url->host_len = (size_t)(host_end - text);
        if (!host_is_good(url->host, url->host_len, bracketed))
                return "name a host";
        return split_port(host_end + bracketed, end, &url->port);
}

const char *cw_config_url_split(const char *text, struct cw_config_url *ret_url)
{
        struct cw_config_url url = {.scheme = text};
        const char *rest = strstr(text, "://"), *end;

        for (const char *c = text; *c; c++)
                if ((unsigned char)*c <= 0x20 || *c == 0x7f)
                        return "be an address without spaces";
        if (!rest || rest == text)
                return "begin with a scheme such as https://";
        url.scheme_len = (size_t)(rest - text);
        for (size_t i = 0; i < url.scheme_len; i++)
                if (!is_alnum(text[i]) && !strchr("+-.", text[i]))
                        return "begin with a scheme such as https://";
        rest += 3;
        end = rest + strcspn(rest, "/?#");
        url.path = end;
        url.has_query = strchr(end, '?') != NULL;
        url.has_fragment = strchr(end, '#') != NULL;
        *ret_url = url;
        return split_authority(rest, end, ret_url);
}

bool cw_config_url_is_scheme(const struct cw_config_url *url, const char *scheme)
{
        return strlen(scheme) == url->scheme_len && strncasecmp(url->scheme, scheme, url->scheme_len) == 0;
}

bool cw_config_url_is_loopback(const struct cw_config_url *url)
{
        static const char name[] = "localhost";
        size_t len = url->host_len;

        if (len == 3 && memcmp(url->host, "::1", 3) == 0)
                return true;
        if (len >= sizeof(name) - 1 && strncasecmp(url->host + len - (sizeof(name) - 1), name, sizeof(name) - 1) == 0)
                return len == sizeof(name) - 1 || url->host[len - sizeof(name)] == '.';
        /* 127.example.com is somebody else's. */
        if (len < 7 || memcmp(url->host, "127.", 4) != 0)
                return false;
        for (size_t i = 0; i < len; i++)
                if (url->host[i] != '.' && (url->host[i] < '0' || url->host[i] > '9'))
                        return false;
        return true;
}
