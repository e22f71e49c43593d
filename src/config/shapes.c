/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: what would only fail at night, at the first message, is looked at now. */
#include "shapes.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cardwatch/card.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/text.h"

#define NAME_MAX_LEN 128
#define ZONES        "/usr/share/zoneinfo"

static bool is_lower(char c)
{
        return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static bool is_upper(char c)
{
        return c >= 'A' && c <= 'Z';
}

bool cw_shape_name(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text)
{
        bool good = is_lower(text[0]) || is_digit(text[0]);

        (void)row;
        for (const char *c = text; *c && good; c++)
                good = is_lower(*c) || is_digit(*c) || *c == '_' || *c == '-';
        if (!good)
                cw_reader_complain(reader, node,
                                   "\"%s\" is no name: it must begin with a-z or 0-9 and go on with those, _ and -",
                                   text);
        else if (strlen(text) > NAME_MAX_LEN)
                cw_reader_complain(reader, node, "a name must not be longer than %d characters", NAME_MAX_LEN);
        else
                return true;
        return false;
}

/* RFC 5424, section 6: at most 48 printable ASCII characters. */
bool cw_shape_app_name(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text)
{
        bool good = strlen(text) <= 48;

        for (const char *c = text; *c && good; c++)
                good = *c > 0x20 && *c < 0x7f;
        if (!good)
                cw_reader_complain(reader, node, "\"%s\" must be 1 to 48 printable ASCII characters without spaces",
                                   row->name);
        return good;
}

bool cw_shape_absolute(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text)
{
        if (text[0] == '/' && text[strlen(text) - 1] != '/')
                return true;
        cw_reader_complain(reader, node, "\"%s\" must be an absolute path of a file", row->name);
        return false;
}

/* A zone is a file that begins as RFC 8536 says. */
static bool zone_exists(const char *name)
{
        char path[256], magic[4] = "";
        ssize_t n;
        int fd;

        if ((size_t)snprintf(path, sizeof(path), "%s/%s", ZONES, name) >= sizeof(path))
                return false;
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0)
                return false;
        n = read(fd, magic, sizeof(magic));
        close(fd);
        return n == sizeof(magic) && memcmp(magic, "TZif", sizeof(magic)) == 0;
}

bool cw_shape_timezone(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text)
{
        bool good = text[0] != '/' && !strstr(text, "..") && !strstr(text, "//");

        for (const char *c = text; *c && good; c++)
                good = is_lower(*c) || is_upper(*c) || is_digit(*c) || strchr("/_+-", *c);
        /* The name is all there is to go by where the system has no zones at all. */
        if (good && (strcmp(text, "UTC") == 0 || zone_exists(text)))
                return true;
        cw_reader_complain(reader, node, "\"%s\": there is no time zone \"%s\" in " ZONES, row->name, text);
        return false;
}

bool cw_shape_severity(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text)
{
        static const char *const words[] = {"info", "warning", "critical"};
        const char *nearest;

        if (cw_severity_parse(text) != CW_SEVERITY_NONE)
                return true;
        nearest = cw_text_nearest(text, words, CW_ARRAY_SIZE(words));
        cw_reader_complain(reader, node, "\"%s\" must be one of info, warning, critical%s%s%s", row->name,
                           nearest ? " (did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?)" : "");
        return false;
}

bool cw_shape_currency(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text)
{
        bool good = strlen(text) == 3;

        for (const char *c = text; *c && good; c++)
                good = is_lower(*c) || is_upper(*c);
        if (!good)
                cw_reader_complain(reader, node, "\"%s\" must be an ISO 4217 code such as USD", row->name);
        return good;
}

static bool is_token(const char *text)
{
        for (const char *c = text; *c; c++)
                if (!is_lower(*c) && !is_upper(*c) && !is_digit(*c) && !strchr("!#$%&'*+-.^_`|~", *c))
                        return false;
        return *text != '\0';
}

/* Tabs aside, no control characters (RFC 9110, section 5.5). */
static bool is_header_text(const char *text)
{
        for (const char *c = text; *c; c++)
                if (((unsigned char)*c < 0x20 && *c != '\t') || *c == 0x7f)
                        return false;
        return true;
}

bool cw_shape_header(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text)
{
        static const char *const ours[] = {"content-length", "transfer-encoding", "connection",       "host",
                                           "webhook-id",     "webhook-timestamp", "webhook-signature"};

        (void)row;
        for (size_t i = 0; i < CW_ARRAY_SIZE(ours); i++)
                if (cw_text_equal_nocase(node->text, ours[i])) {
                        cw_reader_complain(reader, node, "header \"%s\" is set by cardwatch itself", node->text);
                        return false;
                }
        if (!is_token(node->text))
                cw_reader_complain(reader, node, "\"%s\" cannot be the name of a header", node->text);
        else if (!is_header_text(text))
                cw_reader_complain(reader, node, "the value of header \"%s\" holds control characters", node->text);
        else
                return true;
        return false;
}

bool cw_shape_line(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text)
{
        if (is_header_text(text))
                return true;
        cw_reader_complain(reader, node, "\"%s\" must be one line without control characters", row->name);
        return false;
}

bool cw_shape_rate(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text)
{
        size_t digits = strspn(text, "0123456789");
        bool good = digits > 0 && digits <= 3 && strtol(text, NULL, 10) > 0 && text[digits] == '/' &&
                    text[digits + 1] && strchr("smh", text[digits + 1]) && !text[digits + 2];

        if (good || strcmp(text, "none") == 0)
                return true;
        cw_reader_complain(reader, node,
                           "\"%s\" must be none, or from 1 to 999 in a second, minute or hour: 1/s, 30/m, 100/h",
                           row->name);
        return false;
}

static int base64_digit(char c)
{
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        const char *found = c ? strchr(digits, c) : NULL;

        return found ? (int)(found - digits) : -1;
}

/* RFC 4648, section 4: in groups of four, and what belongs to no byte is zero. */
static bool is_base64(const char *text)
{
        size_t n = 0, padding;

        while (base64_digit(text[n]) >= 0)
                n++;
        padding = strspn(text + n, "=");
        if (n == 0 || padding > 2 || text[n + padding] || (n + padding) % 4 != 0)
                return false;
        return padding == 0 || base64_digit(text[n - 1]) % (padding == 2 ? 16 : 4) == 0;
}

bool cw_shape_signing(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text)
{
        static const char prefix[] = "whsec_";

        if (strncmp(text, prefix, sizeof(prefix) - 1) != 0 || is_base64(text + sizeof(prefix) - 1))
                return true;
        cw_reader_complain(reader, node, "\"%s\" begins with whsec_, but what follows is not base64: copy all of it",
                           row->name);
        return false;
}

/* RFC 4648, section 6; people copy it with spaces and in lower case. */
bool cw_shape_base32(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text)
{
        bool good = true, padded = false;
        size_t n = 0;

        for (const char *c = text; *c && good; c++) {
                if (*c == ' ')
                        continue;
                if (*c == '=')
                        padded = true;
                else if (padded || !(is_lower(*c) || is_upper(*c) || (*c >= '2' && *c <= '7')))
                        good = false;
                else
                        n++;
        }
        good = good && n >= 2 && n % 8 != 1 && n % 8 != 3 && n % 8 != 6;
        if (!good)
                cw_reader_complain(reader, node, "\"%s\" is not base32 (letters A to Z and digits 2 to 7)", row->name);
        return good;
}
