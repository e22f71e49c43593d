/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: each kind of address is cut into its parts, and each part that has no business there is named. */
#include "addresses.h"

#include <string.h>
#include <sys/un.h>

#include "cardwatch/cleanup.h"
#include "url.h"

static bool split(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text,
                  struct cw_config_url *ret_url)
{
        const char *problem = cw_config_url_split(text, ret_url);

        if (problem)
                cw_reader_complain(reader, node, "\"%s\" must %s", row->name, problem);
        return !problem;
}

static bool is_http(const struct cw_config_url *url)
{
        return cw_config_url_is_scheme(url, "http") || cw_config_url_is_scheme(url, "https");
}

static bool split_http(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text,
                       struct cw_config_url *ret_url)
{
        if (strstr(text, "://") && !split(reader, row, node, text, ret_url))
                return false;
        if (strstr(text, "://") && is_http(ret_url))
                return true;
        cw_reader_complain(reader, node, "\"%s\" must begin with http:// or https://", row->name);
        return false;
}

bool cw_address_hook(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text)
{
        struct cw_config_url url;

        return split_http(reader, row, node, text, &url);
}

bool cw_address_base(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text)
{
        struct cw_config_url url;

        if (!split_http(reader, row, node, text, &url))
                return false;
        if (url.has_userinfo)
                cw_reader_complain(reader, node, "\"%s\" must not hold a user or a password", row->name);
        else if (url.has_query || url.has_fragment)
                cw_reader_complain(reader, node, "\"%s\" must end with the path, without ? or #", row->name);
        else
                return true;
        return false;
}

bool cw_address_proxy(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text)
{
        static const char *const schemes[] = {"http", "https", "socks4", "socks4a", "socks5", "socks5h"};
        struct cw_config_url url;

        if (!split(reader, row, node, text, &url))
                return false;
        for (size_t i = 0; i < CW_ARRAY_SIZE(schemes); i++)
                if (cw_config_url_is_scheme(&url, schemes[i]))
                        return true;
        cw_reader_complain(reader, node,
                           "\"%s\" must begin with http://, https://, socks4://, socks4a://, socks5:// or "
                           "socks5h://",
                           row->name);
        return false;
}

bool cw_address_smtp(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text)
{
        struct cw_config_url url;

        if (strstr(text, "://") && !split(reader, row, node, text, &url))
                return false;
        if (!strstr(text, "://") || (!cw_config_url_is_scheme(&url, "smtp") && !cw_config_url_is_scheme(&url, "smtps")))
                cw_reader_complain(reader, node, "\"%s\" must begin with smtp:// or smtps://", row->name);
        else if (url.has_userinfo)
                cw_reader_complain(reader, node,
                                   "\"%s\" must not hold a user or a password: they have keys of their own", row->name);
        else if (url.has_query || url.has_fragment || (*url.path && strcmp(url.path, "/") != 0))
                cw_reader_complain(reader, node, "\"%s\" must be a host and perhaps a port, without a path", row->name);
        else
                return true;
        return false;
}

/* A bare address: something, one @, a domain; nothing that could end a header or begin a second address. */
bool cw_address_mail(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text)
{
        const char *at = strchr(text, '@');
        bool good = at && at > text && at[1] && !strchr(at + 1, '@') && strlen(text) <= 254;

        /* Mail in other letters is an extension of SMTP that is not spoken here. */
        for (const char *c = text; *c; c++) {
                if ((unsigned char)*c > 0x7f) {
                        cw_reader_complain(
                                reader, node,
                                "\"%s\" must be a mail address in ASCII (a domain in other letters has a form "
                                "that begins with xn--)",
                                row->name);
                        return false;
                }
        }
        for (const char *c = text; *c && good; c++)
                good = (unsigned char)*c > 0x20 && *c != 0x7f && !strchr("<>,;:\"()[]\\", *c);
        if (!good)
                cw_reader_complain(reader, node, "\"%s\" must be a mail address such as ops@example.com", row->name);
        return good;
}

bool cw_address_target(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text)
{
        struct cw_config_url url;

        if (strcmp(text, "local") == 0)
                return true;
        if (strncmp(text, "unix:", 5) == 0) {
                if (text[5] == '/' && strlen(text + 5) < sizeof(((struct sockaddr_un *)NULL)->sun_path))
                        return true;
                cw_reader_complain(reader, node,
                                   "\"unix:\" must be followed by the absolute path of a socket, of at most 107 "
                                   "bytes");
                return false;
        }
        if (!strstr(text, "://")) {
                cw_reader_complain(reader, node,
                                   "\"%s\" must be local, unix:PATH, udp://HOST, tcp://HOST or tls://HOST", row->name);
                return false;
        }
        if (!split(reader, row, node, text, &url))
                return false;
        if (!cw_config_url_is_scheme(&url, "udp") && !cw_config_url_is_scheme(&url, "tcp") &&
            !cw_config_url_is_scheme(&url, "tls"))
                cw_reader_complain(reader, node,
                                   "\"%s\" must be local, unix:PATH, udp://HOST, tcp://HOST or tls://HOST", row->name);
        else if (url.has_userinfo || url.has_query || url.has_fragment || (*url.path && strcmp(url.path, "/") != 0))
                cw_reader_complain(reader, node, "\"%s\" must be a host and perhaps a port, and nothing else",
                                   row->name);
        else
                return true;
        return false;
}

bool cw_address_socket(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text)
{
        if (strlen(text) < sizeof(((struct sockaddr_un *)NULL)->sun_path))
                return true;
        cw_reader_complain(reader, node,
                           "\"%s\" must not be longer than 107 bytes, which is what a socket's name can hold",
                           row->name);
        return false;
}
