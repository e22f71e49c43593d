/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/buf.h"
#include "cardwatch/loop.h"
#include "cardwatch/server.h"

/*
 * A card API for tests of the source: log-in and the list over real HTTP, with a scripted fault. Included, not a
 * program.
 *
 * Writes down what was asked, in order: "L" for a login, a number for a page. Every request must carry an otp header of
 * six digits, a data request the token of the last login or the key: anything else is answered 401.
 */

enum fault {
        FAULT_NONE,
        FAULT_500,
        FAULT_429, /* Retry-After: 60 */
        FAULT_401,
        FAULT_REFUSED, /* HTTP 200, status "0" */
        FAULT_GARBAGE,
        FAULT_RESET,
        FAULT_SILENT,
        FAULT_HUGE,
        FAULT_NUMBER, /* says that it is another page */
};

enum login_manner { LOGIN_OK, LOGIN_WRONG, LOGIN_WRONG_401, LOGIN_LOCKED, LOGIN_500, LOGIN_GARBAGE, LOGIN_SILENT };

struct fake_script {
        unsigned customers, cap; /* cap 0: as asked */
        bool silent_about_pages;
        enum login_manner login;
        unsigned expires_s; /* 0: not said */
        unsigned fault_page, fault_times;
        enum fault fault;
        bool fault_after; /* also on later pages */
        unsigned token_dies_at; /* page whose first request finds the token dead */
        const char *key; /* takes this instead of tokens */
};

struct fake_connection {
        struct cw_connection *connection;
        struct cw_buf in;
        struct fake_connection *next;
};

struct fake_api {
        struct fake_script script;
        struct cw_server *server;
        uint16_t port;
        struct fake_connection *connections;
        char order[512];
        unsigned logins, requests, tokens, faults_made, dead_token, without_otp;
};

static inline void fake_send(struct cw_connection *connection, unsigned status, const char *extra, const char *body)
{
        struct cw_buf buf = CW_BUF_NULL;

        cw_buf_printf(&buf, "HTTP/1.1 %u X\r\n%sContent-Length: %zu\r\n\r\n%s", status, extra, strlen(body), body);
        (void)!cw_connection_send(connection, buf.data, buf.len);
        cw_buf_deinit(&buf);
}

static inline void fake_send_error(struct cw_connection *connection, unsigned status, const char *code)
{
        char body[200];

        snprintf(body, sizeof(body), "{\"status\":\"0\",\"details\":null,\"errors\":[{\"messageCode\":\"%s\"}]}", code);
        fake_send(connection, status, "", body);
}

static inline void fake_login(struct fake_api *api, struct cw_connection *connection, const char *body)
{
        char answer[200];

        api->logins++;
        assert_non_null(strstr(body, "\"username\":\"ops\""));
        assert_non_null(strstr(body, "\"password\":\"pass-word\""));
        switch (api->script.login) {
        case LOGIN_WRONG:
                fake_send_error(connection, 200, "Username_Or_Password_Incorrect");
                return;
        case LOGIN_WRONG_401:
                fake_send(connection, 401, "", "");
                return;
        case LOGIN_LOCKED:
                fake_send_error(connection, 400, "Account_Locked");
                return;
        case LOGIN_500:
                fake_send(connection, 500, "", "oops");
                return;
        case LOGIN_GARBAGE:
                fake_send(connection, 200, "", "{");
                return;
        case LOGIN_SILENT:
                return;
        case LOGIN_OK:
        default:
                break;
        }
        api->tokens++;
        if (api->script.expires_s)
                snprintf(
                        answer, sizeof(answer),
                        "{\"status\":\"1\",\"details\":{\"accessToken\":\"to-ken-%u\",\"expiresIn\":%u},\"errors\":[]}",
                        api->tokens, api->script.expires_s);
        else
                snprintf(answer, sizeof(answer), "{\"status\":\"1\",\"details\":{\"accessToken\":\"to-ken-%u\"}}",
                         api->tokens);
        fake_send(connection, 200, "", answer);
}

static inline void fake_page(struct fake_api *api, struct cw_connection *connection, unsigned page, unsigned asked,
                             unsigned said)
{
        unsigned size = api->script.cap && api->script.cap < asked ? api->script.cap : asked;
        struct cw_buf buf = CW_BUF_NULL;
        const char *comma = "";

        cw_buf_puts(&buf, "{\"id\":0,\"details\":[");
        for (unsigned i = (page - 1) * size; i < page * size && i < api->script.customers; i++) {
                cw_buf_printf(&buf,
                              "%s{\"customersId\":%u,\"cards\":[{\"id\":%u,\"currency\":\"usd\",\"totalBalance\":1,"
                              "\"availableBalance\":1,\"pendingBalance\":0,\"bSuppressed\":false}]}",
                              comma, i + 1, 1000 + i);
                comma = ",";
        }
        cw_buf_printf(&buf, "],\"pageSize\":%u,\"pageNumber\":%u,", size, said);
        if (!api->script.silent_about_pages)
                cw_buf_printf(&buf, "\"numberOfPages\":%u,", (api->script.customers + size - 1) / size);
        cw_buf_puts(&buf, "\"status\":\"1\",\"errors\":[]}");
        assert_int_equal(cw_buf_error(&buf), 0);
        fake_send(connection, 200, "", buf.data);
        cw_buf_deinit(&buf);
}

static inline bool fake_make_fault(struct fake_api *api, struct cw_connection *connection, unsigned page, unsigned size)
{
        const struct fake_script *script = &api->script;
        static const char huge[100000] = {0};
        struct cw_buf buf = CW_BUF_NULL;

        if (script->fault == FAULT_NONE || api->faults_made >= script->fault_times ||
            (page != script->fault_page && !(script->fault_after && page > script->fault_page)))
                return false;
        api->faults_made++;
        switch (script->fault) {
        case FAULT_500:
                fake_send(connection, 500, "", "<html>4111111111111111</html>");
                return true;
        case FAULT_429:
                fake_send(connection, 429, "Retry-After: 60\r\n", "");
                return true;
        case FAULT_401:
                fake_send_error(connection, 401, "Unauthorized");
                return true;
        case FAULT_REFUSED:
                fake_send_error(connection, 200, "Required");
                return true;
        case FAULT_GARBAGE:
                fake_send(connection, 200, "", "{\"status\":\"1\",\"details\":[");
                return true;
        case FAULT_RESET:
                cw_connection_reset(connection);
                return true;
        case FAULT_HUGE:
                cw_buf_puts(&buf, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
                cw_buf_append(&buf, huge, sizeof(huge));
                (void)!cw_connection_send(connection, buf.data, buf.len);
                cw_buf_deinit(&buf);
                return true;
        case FAULT_NUMBER:
                fake_page(api, connection, page, size, page - 1);
                return true;
        case FAULT_SILENT:
        default:
                return true;
        }
}

static inline bool fake_authorized(struct fake_api *api, const char *head, unsigned page)
{
        char expected[64];

        if (api->script.key)
                snprintf(expected, sizeof(expected), "\r\nAuthorization: %s\r\n", api->script.key);
        else
                snprintf(expected, sizeof(expected), "\r\nAuthorization: Bearer to-ken-%u\r\n", api->tokens);
        if (page == api->script.token_dies_at && api->dead_token == 0)
                api->dead_token = api->tokens;
        if (api->dead_token == api->tokens && api->tokens > 0)
                return false;
        return strstr(head, expected) != NULL;
}

static inline void fake_list(struct fake_api *api, struct cw_connection *connection, const char *head)
{
        unsigned page = 0, size = 0;

        assert_int_equal(
                sscanf(head, "GET /x/api/v1/customer/cards/byuser/list?pageNumber=%u&pageSize=%u ", &page, &size), 2);
        api->requests++;
        if (strlen(api->order) < sizeof(api->order) - 12)
                sprintf(api->order + strlen(api->order), "%s%u", api->order[0] ? " " : "", page);
        if (!fake_authorized(api, head, page))
                fake_send_error(connection, 401, "Unauthorized");
        else if (!fake_make_fault(api, connection, page, size))
                fake_page(api, connection, page, size, page);
}

static inline void fake_check_otp(struct fake_api *api, const char *head)
{
        const char *otp = strstr(head, "\r\notp: ");

        if (!otp || strspn(otp + 7, "0123456789") != 6)
                api->without_otp++;
}

/* Takes whole requests off the front of what came. */
static inline void fake_serve(struct fake_api *api, struct fake_connection *client)
{
        char *end, *body;
        size_t len = 0;
        const char *field;

        while ((end = client->in.len ? strstr(client->in.data, "\r\n\r\n") : NULL)) {
                body = end + 4;
                field = strcasestr(client->in.data, "\r\nContent-Length: ");
                len = field && field < end ? (size_t)atoi(field + 18) : 0;
                if (client->in.len - (size_t)(body - client->in.data) < len)
                        return;
                fake_check_otp(api, client->in.data);
                if (strncmp(client->in.data, "POST /x/api/v1/public/auth/login ", 33) == 0) {
                        strcat(api->order, api->order[0] ? " L" : "L");
                        fake_login(api, client->connection, body);
                } else {
                        fake_list(api, client->connection, client->in.data);
                }
                len += (size_t)(body - client->in.data);
                memmove(client->in.data, client->in.data + len, client->in.len - len + 1);
                client->in.len -= len;
        }
}

static inline void fake_received(void *data, struct cw_connection *connection, const char *bytes, size_t len)
{
        struct fake_api *api = data;
        struct fake_connection *client = cw_connection_user(connection);

        if (!client) {
                client = calloc(1, sizeof(*client));
                assert_non_null(client);
                client->connection = connection;
                client->next = api->connections;
                api->connections = client;
                cw_connection_set_user(connection, client);
        }
        cw_buf_append(&client->in, bytes, len);
        fake_serve(api, client);
}

static inline void fake_closed(void *data, struct cw_connection *connection)
{
        (void)data;
        (void)connection;
}

static inline void fake_start(struct fake_api *api, struct cw_loop *loop, const struct fake_script *script)
{
        static const struct cw_server_handler handler = {.received = fake_received, .closed = fake_closed};

        *api = (struct fake_api){.script = *script};
        assert_int_equal(cw_server_new(loop, "127.0.0.1", 0, &handler, api, &api->server, &api->port), 0);
}

static inline void fake_stop(struct fake_api *api)
{
        struct fake_connection *client, *next;

        cw_server_free(api->server);
        for (client = api->connections; client; client = next) {
                next = client->next;
                cw_buf_deinit(&client->in);
                free(client);
        }
}
