/* SPDX-License-Identifier: Apache-2.0 */
#include "request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cardwatch/cleanup.h>

void cw_sim_request_deinit(struct cw_sim_request *request)
{
        free(request->head);
        free(request->body);
        *request = (struct cw_sim_request)CW_SIM_REQUEST_NULL;
}

const char *cw_sim_request_header(const struct cw_sim_request *request, const char *name)
{
        for (size_t i = 0; i < request->n_headers; i++)
                if (strcasecmp(request->headers[i].name, name) == 0)
                        return request->headers[i].value;
        return NULL;
}

static int hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        if (c >= 'A' && c <= 'F')
                return c - 'A' + 10;
        return -1;
}

/* Decodes percent escapes into at most `size` bytes with the NUL; a broken escape stays as it is, %00 ends the text. */
static void decode(const char *text, size_t len, bool plus_is_space, char *ret_text, size_t size)
{
        size_t n = 0;

        for (size_t i = 0; i < len && n + 1 < size; i++) {
                int high = text[i] == '%' && i + 2 < len ? hex_digit(text[i + 1]) : -1;
                int low = high >= 0 ? hex_digit(text[i + 2]) : -1;

                if (low >= 0) {
                        ret_text[n++] = (char)(high * 16 + low);
                        i += 2;
                } else {
                        ret_text[n++] = plus_is_space && text[i] == '+' ? ' ' : text[i];
                }
        }
        ret_text[n] = '\0';
}

bool cw_sim_request_param(const struct cw_sim_request *request, const char *name, char *ret_text, size_t size)
{
        const char *at = request->query;

        while (*at) {
                size_t len = strcspn(at, "&");
                size_t name_len = strcspn(at, "=&");
                char candidate[64];

                decode(at, name_len, true, candidate, sizeof(candidate));
                if (strcasecmp(candidate, name) == 0) {
                        size_t skip = name_len < len ? name_len + 1 : len;

                        decode(at + skip, len - skip, true, ret_text, size);
                        return true;
                }
                at += len + (at[len] == '&');
        }
        return false;
}

int cw_sim_request_param_int(const struct cw_sim_request *request, const char *name, int64_t *ret_value)
{
        char text[32], *end;
        long long value;

        if (!cw_sim_request_param(request, name, text, sizeof(text)))
                return CW_SIM_PARAM_ABSENT;
        if (!strchr("-0123456789", text[0]) || text[0] == '\0')
                return -EINVAL;
        errno = 0;
        value = strtoll(text, &end, 10);
        if (errno || *end)
                return -EINVAL;
        *ret_value = value;
        return 0;
}

void cw_sim_reader_deinit(struct cw_sim_reader *reader)
{
        cw_buf_deinit(&reader->in);
}

int cw_sim_reader_feed(struct cw_sim_reader *reader, const char *bytes, size_t len)
{
        if (reader->in.len + len > CW_SIM_REQUEST_HEAD_MAX + CW_SIM_REQUEST_BODY_MAX)
                return -EMSGSIZE;
        cw_buf_append(&reader->in, bytes, len);
        return cw_buf_error(&reader->in);
}

/* Length of the head with its empty line, or 0 while it is not whole. */
static size_t find_head_end(struct cw_sim_reader *reader)
{
        const char *text = reader->in.data;
        size_t len = reader->in.len;

        for (size_t i = reader->scanned; i < len; i++) {
                if (text[i] != '\n')
                        continue;
                if (i + 1 < len && text[i + 1] == '\n')
                        return i + 2;
                if (i + 2 < len && text[i + 1] == '\r' && text[i + 2] == '\n')
                        return i + 3;
        }
        reader->scanned = len > 2 ? len - 2 : 0;
        return 0;
}

static void drop(struct cw_sim_reader *reader, size_t len)
{
        if (len == 0)
                return;
        memmove(reader->in.data, reader->in.data + len, reader->in.len - len);
        reader->in.len -= len;
        reader->in.data[reader->in.len] = '\0';
        reader->scanned = 0;
}

/* RFC 9110, section 5.6.2. */
static bool is_token(const char *text)
{
        static const char others[] = "!#$%&'*+-.^_`|~";

        if (!*text)
                return false;
        for (; *text; text++)
                if (!((*text >= '0' && *text <= '9') || ((*text | 0x20) >= 'a' && (*text | 0x20) <= 'z') ||
                      strchr(others, *text)))
                        return false;
        return true;
}

/* Cuts the next line off, without its line end; NULL at the empty line. */
static char *next_line(char **at)
{
        char *line = *at;
        size_t len = strcspn(line, "\n");

        if (line[len] == '\n')
                line[len++] = '\0';
        *at = line + len;
        len = strlen(line);
        if (len > 0 && line[len - 1] == '\r')
                line[--len] = '\0';
        return len > 0 ? line : NULL;
}

/* The path and query of origin-form or absolute-form; 0 or the status to answer. */
static int read_target(char *target, struct cw_sim_request *request)
{
        char *query;

        if (strncasecmp(target, "http://", 7) == 0) {
                target += 7;
                target += strcspn(target, "/?");
        }
        if (*target != '/')
                return 400;
        target[strcspn(target, "#")] = '\0';
        query = target + strcspn(target, "?");
        request->query = *query ? query + 1 : query;
        *query = '\0';
        decode(target, strlen(target), false, target, strlen(target) + 1);
        request->path = target;
        return 0;
}

static int read_request_line(char *line, struct cw_sim_request *request)
{
        char *target = strchr(line, ' ');
        char *version = target ? strrchr(target + 1, ' ') : NULL;

        if (!version)
                return 400;
        *target++ = '\0';
        *version++ = '\0';
        if (!is_token(line) || strpbrk(target, " \t"))
                return 400;
        if (strcmp(version, "HTTP/1.1") != 0 && strcmp(version, "HTTP/1.0") != 0)
                return strncmp(version, "HTTP/", 5) == 0 ? 505 : 400;
        request->method = line;
        request->keep_alive = version[7] == '1';
        return read_target(target, request);
}

static int read_header(char *line, struct cw_sim_request *request)
{
        char *colon = strchr(line, ':');
        char *value, *end;

        if (!colon)
                return 400;
        if (request->n_headers == CW_SIM_REQUEST_FIELDS_MAX)
                return 431;
        *colon = '\0';
        if (!is_token(line))
                return 400;
        value = colon + 1;
        value += strspn(value, " \t");
        end = value + strlen(value);
        while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
                *--end = '\0';
        for (const char *c = value; *c; c++)
                if (((unsigned char)*c < 0x20 && *c != '\t') || *c == 0x7f)
                        return 400;
        request->headers[request->n_headers++] = (struct cw_sim_header){.name = line, .value = value};
        return 0;
}

/* Where the body ends: 0 or the status to answer. Two lengths that differ are how requests are smuggled. */
static int read_body_len(const struct cw_sim_request *request, size_t *ret_len)
{
        bool seen = false;
        size_t len = 0;

        if (cw_sim_request_header(request, "Transfer-Encoding"))
                return 501;
        for (size_t i = 0; i < request->n_headers; i++) {
                const char *value = request->headers[i].value;
                size_t digits = strspn(value, "0123456789");
                size_t this_len;

                if (strcasecmp(request->headers[i].name, "Content-Length") != 0)
                        continue;
                if (digits == 0 || value[digits])
                        return 400;
                errno = 0;
                this_len = strtoull(value, NULL, 10);
                if (seen && this_len != len)
                        return 400;
                if (errno || this_len > CW_SIM_REQUEST_BODY_MAX)
                        return 413;
                len = this_len;
                seen = true;
        }
        *ret_len = len;
        return 0;
}

/* Whether a comma-separated header names `word`. */
static bool lists(const char *value, const char *word)
{
        size_t word_len = strlen(word);

        while (value && *value) {
                size_t len;

                value += strspn(value, " \t,");
                len = strcspn(value, " \t,");
                if (len == word_len && strncasecmp(value, word, len) == 0)
                        return true;
                value += len;
        }
        return false;
}

/* Cuts `head` (owned by the request) into pieces; 0 or the status to answer. */
static int read_head(struct cw_sim_request *request, size_t *ret_body_len)
{
        const char *connection;
        char *at = request->head, *line;
        int status;

        line = next_line(&at);
        status = line ? read_request_line(line, request) : 400;
        while (!status && (line = next_line(&at)))
                status = read_header(line, request);
        if (status)
                return status;
        if (request->keep_alive && !cw_sim_request_header(request, "Host"))
                return 400;
        connection = cw_sim_request_header(request, "Connection");
        if (lists(connection, "close"))
                request->keep_alive = false;
        else if (lists(connection, "keep-alive"))
                request->keep_alive = true;
        return read_body_len(request, ret_body_len);
}

/* A copy of the head, read; 0, an outcome or -ENOMEM. */
static int parse_head(struct cw_sim_reader *reader, struct cw_sim_request *request, size_t *ret_body_len,
                      int *ret_status)
{
        int status;

        if (memchr(reader->in.data, '\0', reader->head_len)) {
                *ret_status = 400;
                return CW_SIM_READER_BAD;
        }
        request->head = strndup(reader->in.data, reader->head_len);
        if (!request->head)
                return -ENOMEM;
        status = read_head(request, ret_body_len);
        if (status) {
                *ret_status = status;
                return CW_SIM_READER_BAD;
        }
        return 0;
}

/* The first look at a head: how long is the body, and does the client wait before it sends it? */
static int begin_request(struct cw_sim_reader *reader, int *ret_status)
{
        struct cw_sim_request request cw_cleanup(cw_sim_request_deinit) = CW_SIM_REQUEST_NULL;
        size_t empty = 0;
        int r;

        while (empty < reader->in.len && strchr("\r\n", reader->in.data[empty]) && reader->in.data[empty])
                empty++;
        drop(reader, empty);
        reader->head_len = find_head_end(reader);
        if ((reader->head_len ? reader->head_len : reader->in.len) > CW_SIM_REQUEST_HEAD_MAX) {
                *ret_status = 431;
                return CW_SIM_READER_BAD;
        }
        if (reader->head_len == 0)
                return CW_SIM_READER_MORE;
        r = parse_head(reader, &request, &reader->body_len, ret_status);
        if (r)
                return r;
        reader->expects_continue = lists(cw_sim_request_header(&request, "Expect"), "100-continue");
        return 0;
}

int cw_sim_reader_next(struct cw_sim_reader *reader, struct cw_sim_request *ret_request, int *ret_status)
{
        struct cw_sim_request request cw_cleanup(cw_sim_request_deinit) = CW_SIM_REQUEST_NULL;
        int r;

        if (reader->in.len == 0)
                return CW_SIM_READER_MORE;
        if (reader->head_len == 0) {
                r = begin_request(reader, ret_status);
                if (r)
                        return r;
        }
        if (reader->in.len < reader->head_len + reader->body_len) {
                if (!reader->expects_continue)
                        return CW_SIM_READER_MORE;
                reader->expects_continue = false;
                return CW_SIM_READER_CONTINUE;
        }
        r = parse_head(reader, &request, &request.body_len, ret_status);
        if (r)
                return r;
        request.body = malloc(request.body_len + 1);
        if (!request.body)
                return -ENOMEM;
        memcpy(request.body, reader->in.data + reader->head_len, request.body_len);
        request.body[request.body_len] = '\0';
        drop(reader, reader->head_len + reader->body_len);
        reader->head_len = 0;
        *ret_request = request;
        request = (struct cw_sim_request)CW_SIM_REQUEST_NULL;
        return 0;
}
