/* SPDX-License-Identifier: Apache-2.0 */
#include "reply.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cardwatch/cleanup.h>

#include "fault.h"
#include "render.h"
#include "sim_json.h"

#define HUGE_BYTES      (UINT64_C(10) * 1024 * 1024 * 1024)
#define GZIP_BOMB_BYTES (UINT64_C(10) * 1024 * 1024)
#define GARBAGE_BYTES   4096
#define DRIP_MS         100

void cw_sim_reply_deinit(struct cw_sim_reply *reply)
{
        cw_buf_deinit(&reply->headers);
        cw_buf_deinit(&reply->body);
        *reply = (struct cw_sim_reply)CW_SIM_REPLY_NULL;
}

void cw_sim_reply_type(struct cw_sim_reply *reply, const char *content_type)
{
        snprintf(reply->content_type, sizeof(reply->content_type), "%s", content_type);
}

void cw_sim_reply_refuse(struct cw_sim_reply *reply, int status, const char *text)
{
        reply->status = status;
        cw_sim_reply_type(reply, "application/json; charset=utf-8");
        cw_buf_clear(&reply->body);
        cw_buf_puts(&reply->body, "{\"error\":");
        cw_sim_json_quote(&reply->body, text, strlen(text));
        cw_buf_putc(&reply->body, '}');
}

bool cw_sim_fault_replaces(const struct cw_sim_fault *fault)
{
        switch (fault->kind) {
        case CW_SIM_FAULT_STATUS:
        case CW_SIM_FAULT_GARBAGE:
        case CW_SIM_FAULT_HUGE:
        case CW_SIM_FAULT_GZIP_BOMB:
        case CW_SIM_FAULT_RATE_LIMIT:
        case CW_SIM_FAULT_ENVELOPE_ERROR:
        case CW_SIM_FAULT_TOKEN_EXPIRED:
        case CW_SIM_FAULT_BODY:
                return true;
        case CW_SIM_FAULT_RESET:
                return fault->bytes < 0;
        default:
                return false;
        }
}

static void say_error(struct cw_sim_reply *reply, const struct cw_sim_fault *fault, int status, const char *code)
{
        reply->status = fault->status ? (int)fault->status : status;
        if (fault->body)
                cw_buf_puts(&reply->body, fault->body);
        else
                cw_sim_render_error(&reply->body, "", fault->code ? fault->code : code);
}

static void say_garbage(struct cw_sim_reply *reply, const struct cw_sim_fault *fault)
{
        uint64_t n = fault->bytes < 0 ? GARBAGE_BYTES : (uint64_t)fault->bytes;
        uint32_t state = 0x2545f491;

        /* As much as a page may have: more than that is what `huge` is for. */
        for (uint64_t i = 0; i < n && i < UINT64_C(16) * 1024 * 1024; i++) {
                state ^= state << 13;
                state ^= state >> 17;
                state ^= state << 5;
                cw_buf_putc(&reply->body, (char)(state >> 24));
        }
}

/* Valid JSON in all its bytes but the end that never comes; without a length, so that only counting helps. */
static void say_huge(struct cw_sim_reply *reply, const struct cw_sim_fault *fault)
{
        static const char spaces[] = "                                                                ";

        cw_buf_puts(&reply->body, "{\"id\":0,\"details\":[");
        reply->filler = spaces;
        reply->filler_len = sizeof(spaces) - 1;
        reply->filler_left = fault->bytes < 0 ? HUGE_BYTES : (uint64_t)fault->bytes;
        reply->close = true;
}

/*
 * A gzip member of one deflate block, as zlib begins it for a flood of spaces: its codes for "258 bytes from 1 back"
 * are a zero bit and a zero bit, so that every zero byte that follows says 1032 spaces more, and the block never ends.
 */
static void say_gzip_bomb(struct cw_sim_reply *reply, const struct cw_sim_fault *fault)
{
        static const unsigned char start[] = {0x1f, 0x8b, 8, 0, 0,    0,    0,    0,    0,    3,    0xec, 0xc1, 0x81,
                                              0,    0,    0, 0, 0x80, 0x20, 0x95, 0xfd, 0x29, 0x17, 0xa9, 0x0a};
        static const char zeros[64];

        cw_buf_append(&reply->body, start, sizeof(start));
        reply->filler = zeros;
        reply->filler_len = sizeof(zeros);
        reply->filler_left = fault->bytes < 0 ? GZIP_BOMB_BYTES : (uint64_t)fault->bytes;
        cw_buf_puts(&reply->headers, "Content-Encoding: gzip\r\n");
        reply->close = true;
}

static void replace(struct cw_sim_reply *reply, const struct cw_sim_fault *fault)
{
        const char *retry_after = fault->retry_after;

        reply->retry_date_s = fault->retry_date_s;
        switch (fault->kind) {
        case CW_SIM_FAULT_GARBAGE:
                reply->status = fault->status ? (int)fault->status : 200;
                say_garbage(reply, fault);
                break;
        case CW_SIM_FAULT_HUGE:
                say_huge(reply, fault);
                break;
        case CW_SIM_FAULT_GZIP_BOMB:
                say_gzip_bomb(reply, fault);
                break;
        case CW_SIM_FAULT_RATE_LIMIT:
                say_error(reply, fault, 429, "Too_Many_Requests");
                retry_after = retry_after || fault->retry_date_s >= 0 ? retry_after : "1";
                break;
        case CW_SIM_FAULT_TOKEN_EXPIRED:
                say_error(reply, fault, 401, "Invalid");
                break;
        case CW_SIM_FAULT_ENVELOPE_ERROR:
                say_error(reply, fault, 200, "Account_Suppressed");
                break;
        case CW_SIM_FAULT_RESET:
                reply->reset = reply->headless = true;
                break;
        default:
                say_error(reply, fault, 200, "Internal_Error");
                break;
        }
        if (retry_after)
                cw_buf_printf(&reply->headers, "Retry-After: %s\r\n", retry_after);
        if (fault->location)
                cw_buf_printf(&reply->headers, "Location: %s\r\n", fault->location);
        if (fault->content_type)
                cw_sim_reply_type(reply, fault->content_type);
}

void cw_sim_reply_spoil(struct cw_sim_reply *reply, const struct cw_sim_fault *fault)
{
        if (cw_sim_fault_replaces(fault))
                replace(reply, fault);
        switch (fault->kind) {
        case CW_SIM_FAULT_RESET:
                reply->reset = true;
                reply->cut = true;
                reply->cut_at = fault->bytes < 0 ? 0 : (uint64_t)fault->bytes;
                break;
        case CW_SIM_FAULT_TRUNCATE:
                reply->close = true;
                reply->cut = true;
                reply->cut_at = fault->bytes < 0 ? reply->body.len / 2 : (uint64_t)fault->bytes;
                break;
        case CW_SIM_FAULT_DRIP:
                reply->drip_bytes = fault->bytes < 0 ? 1 : (size_t)fault->bytes;
                reply->drip_ms = fault->delay_ms ? fault->delay_ms : DRIP_MS;
                break;
        case CW_SIM_FAULT_CONTENT_TYPE:
                cw_sim_reply_type(reply, fault->content_type ? fault->content_type : "text/html; charset=utf-8");
                break;
        default:
                break;
        }
        if (fault->kind != CW_SIM_FAULT_DRIP)
                reply->delay_ms = fault->delay_ms;
}

static const char *status_text(int status)
{
        static const struct {
                int status;
                const char *text;
        } texts[] = {
                {200, "OK"},
                {302, "Found"},
                {400, "Bad Request"},
                {401, "Unauthorized"},
                {403, "Forbidden"},
                {404, "Not Found"},
                {405, "Method Not Allowed"},
                {408, "Request Timeout"},
                {409, "Conflict"},
                {410, "Gone"},
                {413, "Content Too Large"},
                {429, "Too Many Requests"},
                {431, "Request Header Fields Too Large"},
                {500, "Internal Server Error"},
                {501, "Not Implemented"},
                {502, "Bad Gateway"},
                {503, "Service Unavailable"},
                {504, "Gateway Timeout"},
                {505, "HTTP Version Not Supported"},
        };

        for (size_t i = 0; i < CW_ARRAY_SIZE(texts); i++)
                if (texts[i].status == status)
                        return texts[i].text;
        return "Status";
}

static void append_date(struct cw_buf *buf, const char *name, int64_t now)
{
        time_t seconds = (time_t)(now / 1000);
        struct tm tm;
        char text[64];

        if (!gmtime_r(&seconds, &tm) || strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm) == 0)
                return;
        cw_buf_printf(buf, "%s: %s\r\n", name, text);
}

void cw_sim_reply_render(const struct cw_sim_reply *reply, int64_t now, struct cw_buf *buf)
{
        size_t body_len = reply->body.len;

        if (reply->headless)
                return;
        cw_buf_printf(buf, "HTTP/1.1 %d %s\r\n", reply->status, status_text(reply->status));
        append_date(buf, "Date", now);
        if (reply->retry_date_s >= 0)
                append_date(buf, "Retry-After", now + 1000 * reply->retry_date_s);
        if (reply->status != 204 && reply->status != 304)
                cw_buf_printf(buf, "Content-Type: %s\r\n", reply->content_type);
        else
                body_len = 0;
        if (!reply->filler && reply->status != 204)
                cw_buf_printf(buf, "Content-Length: %zu\r\n", body_len);
        if (reply->headers.len > 0)
                cw_buf_append(buf, reply->headers.data, reply->headers.len);
        cw_buf_printf(buf, "Connection: %s\r\n\r\n", reply->close ? "close" : "keep-alive");
        if (reply->head_only)
                return;
        if (reply->cut && reply->cut_at < body_len)
                body_len = (size_t)reply->cut_at;
        if (body_len > 0)
                cw_buf_append(buf, reply->body.data, body_len);
}
