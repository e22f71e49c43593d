/* SPDX-License-Identifier: Apache-2.0 */
#include "listener.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cardwatch/buf.h>
#include <cardwatch/cleanup.h>
#include <cardwatch/clock.h>
#include <cardwatch/loop.h>
#include <cardwatch/server.h>

#include "reply.h"
#include "request.h"
#include "sim.h"

/* Handed to the kernel in pieces, so that a client that reads slowly costs one piece and not a copy of the answer. */
#define PIECE ((size_t)256 * 1024)

enum client_state {
        CLIENT_READING, /* no request is being answered */
        CLIENT_HOLDING, /* the reply is ready and late on purpose */
        CLIENT_SENDING, /* a piece is on its way out */
        CLIENT_DRIPPING, /* between two pieces */
};

struct client {
        struct cw_sim_listener *listener;
        struct cw_connection *connection;
        struct cw_timer *timer; /* made when first needed */
        enum client_state state;
        struct cw_sim_reader reader;
        struct cw_sim_reply reply;
        struct cw_buf out; /* head and body */
        size_t sent;
};

struct cw_sim_listener {
        struct cw_loop *loop;
        struct cw_sim *sim;
        struct cw_server *server;
};

static void advance(struct client *client);

static void client_free(struct client *client)
{
        if (client->state != CLIENT_READING)
                client->listener->sim->counts.concurrent--;
        cw_timer_free(client->timer);
        cw_sim_reader_deinit(&client->reader);
        cw_sim_reply_deinit(&client->reply);
        cw_buf_deinit(&client->out);
        free(client);
}

/* Lets go of the connection, in good order or not. */
static void client_end(struct client *client, bool reset)
{
        struct cw_connection *connection = client->connection;

        cw_connection_set_user(connection, NULL);
        if (reset)
                cw_connection_reset(connection);
        else
                cw_connection_close(connection);
        client_free(client);
}

static uint64_t filler_left(const struct client *client)
{
        return client->reply.cut || client->reply.head_only ? 0 : client->reply.filler_left;
}

static bool all_sent(const struct client *client)
{
        return client->sent == client->out.len && filler_left(client) == 0;
}

/* The next piece of the filler goes where the body was, which is out by then. */
static void refill(struct client *client)
{
        struct cw_sim_reply *reply = &client->reply;
        /* Whole repetitions, so that each piece begins where the last one ended. */
        size_t piece = PIECE / reply->filler_len * reply->filler_len;

        if (piece > reply->filler_left)
                piece = (size_t)reply->filler_left;
        cw_buf_clear(&client->out);
        client->sent = 0;
        for (size_t left = piece; left > 0;) {
                size_t n = left < reply->filler_len ? left : reply->filler_len;

                cw_buf_append(&client->out, reply->filler, n);
                left -= n;
        }
        reply->filler_left -= piece;
}

/* Sends one piece; false: the client is gone. */
static bool push(struct client *client)
{
        size_t len;
        int r;

        if (client->sent == client->out.len && filler_left(client) > 0)
                refill(client);
        len = client->out.len - client->sent;
        len = len < PIECE ? len : PIECE;
        if (client->reply.drip_bytes > 0 && len > client->reply.drip_bytes)
                len = client->reply.drip_bytes;
        client->state = CLIENT_SENDING;
        r = cw_buf_error(&client->out);
        if (r == 0)
                r = cw_connection_send(client->connection, client->out.data + client->sent, len);
        if (r < 0) {
                client_end(client, true);
                return false;
        }
        client->sent += len;
        return true;
}

static void begin_sending(struct client *client)
{
        struct cw_sim *sim = client->listener->sim;

        cw_sim_reply_render(&client->reply, cw_sim_clock(sim, cw_clock_wall_ms()), &client->out);
        client->sent = 0;
        if (client->out.len == 0)
                client_end(client, client->reply.reset);
        else
                (void)push(client);
}

static void on_timer(void *data)
{
        struct client *client = data;

        if (client->state == CLIENT_HOLDING)
                begin_sending(client);
        else if (client->state == CLIENT_DRIPPING)
                (void)push(client);
}

/* Waits in `state`; false: it cannot, and the client is gone. */
static bool wait_in(struct client *client, enum client_state state, int64_t delay_ms)
{
        if (!client->timer && cw_timer_new(client->listener->loop, on_timer, client, &client->timer) < 0) {
                client_end(client, true);
                return false;
        }
        client->state = state;
        cw_timer_start(client->timer, (uint64_t)delay_ms);
        return true;
}

static void begin_reply(struct client *client)
{
        struct cw_sim_counts *counts = &client->listener->sim->counts;

        client->state = CLIENT_HOLDING;
        if (++counts->concurrent > counts->max_concurrent)
                counts->max_concurrent = counts->concurrent;
        if (client->reply.delay_ms > 0)
                (void)wait_in(client, CLIENT_HOLDING, client->reply.delay_ms);
        else
                begin_sending(client);
}

static void answer(struct client *client, const struct cw_sim_request *request)
{
        if (cw_sim_answer(client->listener->sim, request, cw_clock_wall_ms(), &client->reply) < 0) {
                client_end(client, true);
                return;
        }
        begin_reply(client);
}

static void answer_bad(struct client *client, int status)
{
        client->listener->sim->counts.other++;
        cw_sim_reply_refuse(&client->reply, status, "this is no request that can be read");
        client->reply.close = true;
        begin_reply(client);
}

/* Reads on, as far as a whole request: its answer goes on from there. */
static void advance(struct client *client)
{
        static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
        struct cw_sim_request request cw_cleanup(cw_sim_request_deinit) = CW_SIM_REQUEST_NULL;
        int status = 400, r;

        r = cw_sim_reader_next(&client->reader, &request, &status);
        if (r == CW_SIM_READER_CONTINUE)
                r = cw_connection_send(client->connection, go_on, sizeof(go_on) - 1) < 0 ? -EPIPE : CW_SIM_READER_MORE;
        if (r < 0)
                client_end(client, true);
        else if (r == CW_SIM_READER_BAD)
                answer_bad(client, status);
        else if (r == 0)
                answer(client, &request);
}

static void finish(struct client *client)
{
        if (client->reply.reset || client->reply.close || client->reply.cut) {
                client_end(client, client->reply.reset);
                return;
        }
        cw_sim_reply_deinit(&client->reply);
        cw_buf_deinit(&client->out);
        client->state = CLIENT_READING;
        client->listener->sim->counts.concurrent--;
        advance(client);
}

static struct client *client_of(struct cw_sim_listener *listener, struct cw_connection *connection)
{
        struct client *client = calloc(1, sizeof(*client));

        if (!client) {
                cw_connection_reset(connection);
                return NULL;
        }
        client->listener = listener;
        client->connection = connection;
        client->reply = (struct cw_sim_reply)CW_SIM_REPLY_NULL;
        cw_connection_set_user(connection, client);
        listener->sim->counts.connections++;
        return client;
}

static void on_received(void *data, struct cw_connection *connection, const char *bytes, size_t len)
{
        struct client *client = cw_connection_user(connection);

        if (!client)
                client = client_of(data, connection);
        if (!client)
                return;
        if (cw_sim_reader_feed(&client->reader, bytes, len) < 0)
                client_end(client, true);
        else if (client->state == CLIENT_READING)
                advance(client);
}

static void on_closed(void *data, struct cw_connection *connection)
{
        struct client *client = cw_connection_user(connection);

        (void)data;
        cw_connection_set_user(connection, NULL);
        if (client)
                client_free(client);
}

static void on_drained(void *data, struct cw_connection *connection)
{
        struct client *client = cw_connection_user(connection);

        (void)data;
        if (!client || client->state != CLIENT_SENDING)
                return;
        if (all_sent(client))
                finish(client);
        else if (client->reply.drip_bytes > 0)
                (void)wait_in(client, CLIENT_DRIPPING, client->reply.drip_ms);
        else
                (void)push(client);
}

int cw_sim_listener_new(struct cw_loop *loop, struct cw_sim *sim, const char *host, uint16_t port,
                        struct cw_sim_listener **ret_listener, uint16_t *ret_port)
{
        static const struct cw_server_handler handler = {
                .received = on_received, .closed = on_closed, .drained = on_drained};
        struct cw_sim_listener *listener cw_autofree = calloc(1, sizeof(*listener));
        int r;

        if (!listener)
                return -ENOMEM;
        listener->loop = loop;
        listener->sim = sim;
        r = cw_server_new(loop, host, port, &handler, listener, &listener->server, ret_port);
        if (r < 0)
                return r;
        *ret_listener = cw_take(listener);
        return 0;
}

void cw_sim_listener_free(struct cw_sim_listener *listener)
{
        if (!listener)
                return;
        cw_server_free(listener->server);
        free(listener);
}
