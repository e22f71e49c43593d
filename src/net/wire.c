/* SPDX-License-Identifier: Apache-2.0 */
#include "cardwatch/wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/loop.h"
#include "cardwatch/work.h"
#include "uvloop.h"
#include "wire_private.h"

/*
 * The queue of a wire: sends come in, have their time-outs, and are told on a turn of their own.
 *
 * The head of the queue is worked off by the socket or the file; the next one's turn comes when it has ended, so that
 * records keep their order.
 */

static void send_free(struct cw_wire_send *send)
{
        if (!send)
                return;
        cw_timer_free(send->timer);
        free(send->bytes);
        free(send->records);
        free(send);
}

CW_DEFINE_CLEANUP(struct cw_wire_send *, send_free);

void cw_wire_describe(const struct cw_wire *wire, char *text, size_t size)
{
        if (wire->target.kind == CW_WIRE_UNIX || wire->target.kind == CW_WIRE_FILE)
                snprintf(text, size, "%s", wire->path);
        else
                snprintf(text, size, "%s:%u", wire->host, (unsigned)wire->target.port);
}

static int wake(struct cw_wire *wire)
{
        if (TAILQ_EMPTY(&wire->queue) || wire->freed)
                return 0;
        if (wire->target.kind == CW_WIRE_FILE)
                return cw_wire_file_wake(wire);
        cw_wire_socket_wake(wire->socket);
        return 0;
}

/* Takes a send out of the queue; it is told later. */
static void end(struct cw_wire_send *send, int failure, const char *reason)
{
        struct cw_wire *wire = send->wire;
        char target[128];

        send->failure = failure;
        if (failure < 0) {
                cw_wire_describe(wire, target, sizeof(target));
                snprintf(send->line, sizeof(send->line), "%s: %s", target,
                         reason ? reason : strerrordesc_np(-failure) ?: "unknown error");
        }
        cw_timer_stop(send->timer);
        TAILQ_REMOVE(&wire->queue, send, link);
        TAILQ_INSERT_TAIL(&wire->ended, send, link);
        cw_timer_start(wire->tell_timer, 0);
}

void cw_wire_end(struct cw_wire_send *send, int failure, const char *reason)
{
        struct cw_wire *wire = send->wire;
        struct cw_wire_send *next;

        end(send, failure, reason);
        /* A send whose turn cannot even begin has failed, and it is the next one's. */
        while ((next = TAILQ_FIRST(&wire->queue))) {
                int r = wake(wire);

                if (r == 0)
                        return;
                end(next, r, NULL);
        }
}

static void on_timeout(void *data)
{
        struct cw_wire_send *send = data;
        struct cw_wire *wire = send->wire;

        if (send == TAILQ_FIRST(&wire->queue)) {
                if (wire->target.kind == CW_WIRE_FILE)
                        cw_wire_file_abandon(wire);
                else
                        cw_wire_socket_abandon(wire->socket);
        }
        cw_wire_end(send, -ETIMEDOUT, "not taken in time");
}

static void release(struct cw_wire *wire)
{
        cw_wire_socket_free(wire->socket);
        cw_timer_free(wire->tell_timer);
        free(wire->host);
        free(wire->path);
        free(wire->ca);
        free(wire->cert);
        free(wire->key);
        free(wire);
}

static void tell(struct cw_wire *wire)
{
        struct cw_wire_send *send;
        bool outermost = !wire->telling;

        wire->telling = true;
        do {
                send = TAILQ_FIRST(&wire->ended);
                if (!send)
                        break;
                TAILQ_REMOVE(&wire->ended, send, link);
                send->done(send->data, send->failure, send->line);
                send_free(send);
        } while (wire->freed || !cw_loop_has_enough(wire->loop));
        if (!TAILQ_EMPTY(&wire->ended))
                cw_timer_start(wire->tell_timer, 0);
        if (!outermost)
                return;
        wire->telling = false;
        if (wire->freed)
                release(wire);
}

static void on_tell_timer(void *data)
{
        tell(data);
}

static bool target_is_sound(const struct cw_wire_target *target)
{
        if (target->kind == CW_WIRE_UNIX || target->kind == CW_WIRE_FILE)
                return target->path && target->path[0];
        return target->host && target->host[0] && target->port > 0;
}

/* The target points to a copy from now on. */
static int keep(const char **text, char **ret_copy)
{
        if (*text && !(*ret_copy = strdup(*text)))
                return -ENOMEM;
        *text = *ret_copy;
        return 0;
}

static int wire_init(struct cw_wire *wire)
{
        struct cw_wire_target *target = &wire->target;
        int r;

        if (keep(&target->host, &wire->host) < 0 || keep(&target->path, &wire->path) < 0 ||
            keep(&target->ca, &wire->ca) < 0 || keep(&target->cert, &wire->cert) < 0 ||
            keep(&target->key, &wire->key) < 0)
                return -ENOMEM;
        r = cw_timer_new(wire->loop, on_tell_timer, wire, &wire->tell_timer);
        if (r < 0 || wire->target.kind == CW_WIRE_FILE)
                return r;
        return cw_wire_socket_new(wire);
}

int cw_wire_new(struct cw_loop *loop, const struct cw_wire_target *target, struct cw_wire **ret_wire)
{
        struct cw_wire *wire;
        int r;

        if (!target_is_sound(target))
                return -EINVAL;
        wire = calloc(1, sizeof(*wire));
        if (!wire)
                return -ENOMEM;
        wire->loop = loop;
        wire->target = *target;
        TAILQ_INIT(&wire->queue);
        TAILQ_INIT(&wire->ended);
        r = wire_init(wire);
        if (r < 0) {
                release(wire);
                return r;
        }
        *ret_wire = wire;
        return 0;
}

void cw_wire_free(struct cw_wire *wire)
{
        struct cw_wire_send *send;

        if (!wire || wire->freed)
                return;
        wire->freed = true;
        if (wire->job)
                cw_wire_file_abandon(wire);
        while ((send = TAILQ_FIRST(&wire->queue)))
                end(send, -ECANCELED, "cancelled");
        tell(wire);
}

/* Streams of a unix socket have their records in lines (/dev/log's convention); datagrams leave the line's end out. */
static bool wants_line_end(const struct cw_wire *wire, const struct cw_wire_record *record)
{
        return wire->target.kind == CW_WIRE_UNIX && (record->len == 0 || record->data[record->len - 1] != '\n');
}

static int copy_records(struct cw_wire_send *send, const struct cw_wire_record *records, size_t n_records)
{
        size_t len = n_records; /* for the ends of lines */

        for (size_t i = 0; i < n_records; i++)
                if (__builtin_add_overflow(len, records[i].len, &len))
                        return -EMSGSIZE;
        send->bytes = malloc(len > 0 ? len : 1);
        send->records = calloc(n_records > 0 ? n_records : 1, sizeof(*send->records));
        if (!send->bytes || !send->records)
                return -ENOMEM;
        for (size_t i = 0; i < n_records; i++) {
                if (records[i].len > 0)
                        memcpy(send->bytes + send->len, records[i].data, records[i].len);
                send->records[i] = (struct cw_wire_span){.at = send->len, .len = records[i].len};
                send->len += records[i].len;
                if (wants_line_end(send->wire, &records[i]))
                        send->bytes[send->len++] = '\n';
        }
        send->n_records = n_records;
        return 0;
}

int cw_wire_send(struct cw_wire *wire, const struct cw_wire_record *records, size_t n_records, int64_t timeout_ms,
                 cw_wire_done_fn done, void *data)
{
        cw_cleanup(send_free_cleanup) struct cw_wire_send *send = NULL;
        bool first = TAILQ_EMPTY(&wire->queue);
        int r;

        if (wire->freed)
                return -ESHUTDOWN;
        if (timeout_ms <= 0)
                return -EINVAL;
        send = calloc(1, sizeof(*send));
        if (!send)
                return -ENOMEM;
        send->wire = wire;
        send->done = done;
        send->data = data;
        r = copy_records(send, records, n_records);
        if (r < 0)
                return r;
        r = cw_timer_new(wire->loop, on_timeout, send, &send->timer);
        if (r < 0)
                return r;
        TAILQ_INSERT_TAIL(&wire->queue, send, link);
        r = first ? wake(wire) : 0;
        if (r < 0) {
                TAILQ_REMOVE(&wire->queue, send, link);
                return r;
        }
        cw_timer_start(cw_take(send)->timer, (uint64_t)timeout_ms);
        return 0;
}
