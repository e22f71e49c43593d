/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/loop.h"
#include "cardwatch/server.h"

/*
 * A card API for tests of the source: log-in, the list and single customers over real HTTP, with a scripted fault.
 * Included, not a program.
 *
 * Writes down what was asked, in order: "L" for a login, a number for a page, "c5" for customer 5. Every request must
 * carry an otp header of six digits, a data request the token of the last login or the key: anything else is answered
 * 401. Customers are 1 to `customers`; those with an even id are answered as an array when read alone.
 */

enum fault {
        FAULT_NONE,
        FAULT_500,
        FAULT_429, /* with `retry_after`, 60 if none is given */
        FAULT_503, /* likewise */
        FAULT_401,
        FAULT_REFUSED, /* HTTP 200, status "0" */
        FAULT_GARBAGE,
        FAULT_RESET,
        FAULT_SILENT,
        FAULT_HUGE,
        FAULT_NUMBER, /* says that it is another page */
        FAULT_302,
        FAULT_HEADER, /* a header without end */
};

/* What becomes of the readings of one customer. */
enum one_manner {
        ONE_OK,
        ONE_500,
        ONE_429,
        ONE_401,
        ONE_SILENT,
        ONE_GARBAGE,
        ONE_ANOTHER, /* the answer is about another customer */
        ONE_TWO, /* and another customer */
        ONE_EMPTY, /* an empty array */
        ONE_GONE_200,
        ONE_GONE_UNNAMED, /* Invalid, of no field by name */
        ONE_WRONG_FIELD, /* Invalid, but not the customer */
        ONE_404,
};

enum login_manner {
        LOGIN_OK,
        LOGIN_WRONG,
        LOGIN_WRONG_401,
        LOGIN_WRONG_500, /* the envelope says that it is the password */
        LOGIN_LOCKED,
        LOGIN_LOCKED_429, /* likewise that the account is locked */
        LOGIN_LOCKED_503,
        LOGIN_500,
        LOGIN_GARBAGE,
        LOGIN_SILENT,
};

struct fake_script {
        uint16_t port; /* 0: any */
        unsigned customers, cap; /* cap 0: as asked */
        bool silent_about_pages;
        enum login_manner login;
        unsigned expires_s; /* 0: not said */
        unsigned fault_page, fault_times;
        enum fault fault;
        bool fault_after; /* also on later pages */
        unsigned token_dies_at; /* page whose first request finds the token dead */
        bool no_new_token; /* and those that come after it are dead, too */
        const char *key; /* takes this instead of tokens */
        const char *retry_after;
        unsigned one; /* this customer */
        enum one_manner one_manner;
        unsigned one_times; /* 0: always */
        unsigned delay_ms; /* of every answer about data */
        bool dated;
        int64_t clock_ahead_ms;
};

struct fake_connection {
        struct cw_connection *connection;
        struct cw_buf in, late;
        int64_t late_mono;
        bool closed;
        struct fake_connection *next;
};

struct fake_api {
        struct fake_script script;
        struct cw_server *server;
        uint16_t port;
        struct fake_connection *connections;
        struct cw_timer *timer; /* of late answers */
        char order[2048];
        unsigned logins, requests, tokens, faults_made, ones_made, dead_token, without_otp;
        unsigned opened, at_once, most_at_once; /* connections; answers under way */
        bool delaying; /* what is sent now is late */
        /* Called before a page is answered. */
        void (*before_page)(struct fake_api *api, unsigned page);
        /* Called with a page's body before it is sent. */
        void (*with_body)(void *data, char *body);
        void *with_data;
};

static inline void fake_note(struct fake_api *api, const char *what, unsigned number)
{
        if (strlen(api->order) < sizeof(api->order) - 16)
                sprintf(api->order + strlen(api->order), "%s%s%u", api->order[0] ? " " : "", what, number);
}

static inline void fake_put_date(const struct fake_api *api, struct cw_buf *buf)
{
        time_t at = (time_t)((cw_clock_wall_ms() + api->script.clock_ahead_ms) / 1000);
        struct tm utc;
        char text[40];

        strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&at, &utc));
        cw_buf_printf(buf, "Date: %s\r\n", text);
}

static inline void fake_on_timer(void *data)
{
        struct fake_api *api = data;
        int64_t now = cw_clock_mono_ms();

        for (struct fake_connection *client = api->connections; client; client = client->next) {
                if (client->late.len == 0 || client->late_mono > now)
                        continue;
                api->at_once--;
                if (!client->closed)
                        (void)!cw_connection_send(client->connection, client->late.data, client->late.len);
                cw_buf_deinit(&client->late);
        }
        if (api->at_once > 0)
                cw_timer_start(api->timer, 2);
}

static inline void fake_send(struct fake_api *api, struct cw_connection *connection, unsigned status, const char *extra,
                             const char *body)
{
        struct fake_connection *client = cw_connection_user(connection);
        struct cw_buf buf = CW_BUF_NULL;

        cw_buf_printf(&buf, "HTTP/1.1 %u X\r\n%s", status, extra);
        if (api->script.dated)
                fake_put_date(api, &buf);
        cw_buf_printf(&buf, "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
        if (api->delaying) {
                client->late = buf;
                client->late_mono = cw_clock_mono_ms() + api->script.delay_ms;
                api->at_once++;
                if (api->at_once > api->most_at_once)
                        api->most_at_once = api->at_once;
                cw_timer_start(api->timer, 2);
                return;
        }
        (void)!cw_connection_send(connection, buf.data, buf.len);
        cw_buf_deinit(&buf);
}

static inline void fake_send_error(struct fake_api *api, struct cw_connection *connection, unsigned status,
                                   const char *field, const char *code)
{
        char body[200];

        snprintf(body, sizeof(body),
                 "{\"status\":\"0\",\"details\":null,\"errors\":[{\"fieldName\":\"%s\",\"messageCode\":\"%s\"}]}",
                 field, code);
        fake_send(api, connection, status, "", body);
}

static inline void fake_login(struct fake_api *api, struct cw_connection *connection, const char *body)
{
        char answer[200];

        api->logins++;
        assert_non_null(strstr(body, "\"username\":\"ops\""));
        assert_non_null(strstr(body, "\"password\":\"pass-word\""));
        switch (api->script.login) {
        case LOGIN_WRONG:
                fake_send_error(api, connection, 200, "", "Username_Or_Password_Incorrect");
                return;
        case LOGIN_WRONG_401:
                fake_send(api, connection, 401, "", "");
                return;
        case LOGIN_WRONG_500:
                fake_send_error(api, connection, 500, "", "Username_Or_Password_Incorrect");
                return;
        case LOGIN_LOCKED_429:
                fake_send_error(api, connection, 429, "", "Account_Locked");
                return;
        case LOGIN_LOCKED_503:
                fake_send_error(api, connection, 503, "", "Account_Locked");
                return;
        case LOGIN_LOCKED:
                fake_send_error(api, connection, 400, "", "Account_Locked");
                return;
        case LOGIN_500:
                fake_send(api, connection, 500, "", "oops");
                return;
        case LOGIN_GARBAGE:
                fake_send(api, connection, 200, "", "{");
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
        fake_send(api, connection, 200, "", answer);
}

static inline void fake_put_customer(struct cw_buf *buf, const char *comma, unsigned id)
{
        cw_buf_printf(buf,
                      "%s{\"customersId\":%u,\"cards\":[{\"id\":%u,\"currency\":\"usd\",\"totalBalance\":1,"
                      "\"availableBalance\":1,\"pendingBalance\":0,\"bSuppressed\":false}]}",
                      comma, id, 999 + id);
}

static inline void fake_page(struct fake_api *api, struct cw_connection *connection, unsigned page, unsigned asked,
                             unsigned said)
{
        unsigned size = api->script.cap && api->script.cap < asked ? api->script.cap : asked;
        struct cw_buf buf = CW_BUF_NULL;
        const char *comma = "";

        cw_buf_puts(&buf, "{\"id\":0,\"details\":[");
        for (unsigned i = (page - 1) * size; i < page * size && i < api->script.customers; i++) {
                fake_put_customer(&buf, comma, i + 1);
                comma = ",";
        }
        cw_buf_printf(&buf, "],\"pageSize\":%u,\"pageNumber\":%u,", size, said);
        if (!api->script.silent_about_pages)
                cw_buf_printf(&buf, "\"numberOfPages\":%u,", (api->script.customers + size - 1) / size);
        cw_buf_puts(&buf, "\"status\":\"1\",\"errors\":[]}");
        assert_int_equal(cw_buf_error(&buf), 0);
        if (api->with_body)
                api->with_body(api->with_data, buf.data);
        fake_send(api, connection, 200, "", buf.data);
        cw_buf_deinit(&buf);
}

static inline bool fake_make_fault(struct fake_api *api, struct cw_connection *connection, unsigned page, unsigned size)
{
        const struct fake_script *script = &api->script;
        static const char huge[100000] = {0};
        struct cw_buf buf = CW_BUF_NULL;
        char extra[100];

        if (script->fault == FAULT_NONE || api->faults_made >= script->fault_times ||
            (page != script->fault_page && !(script->fault_after && page > script->fault_page)))
                return false;
        api->faults_made++;
        switch (script->fault) {
        case FAULT_500:
                fake_send(api, connection, 500, "", "<html>4111111111111111</html>");
                return true;
        case FAULT_429:
        case FAULT_503:
                snprintf(extra, sizeof(extra), "Retry-After: %s\r\n", script->retry_after ? script->retry_after : "60");
                fake_send(api, connection, script->fault == FAULT_429 ? 429 : 503, extra, "");
                return true;
        case FAULT_302:
                fake_send(api, connection, 302, "Location: http://127.0.0.1:1/\r\n", "");
                return true;
        case FAULT_HEADER:
                cw_buf_puts(&buf, "HTTP/1.1 200 OK\r\n");
                for (unsigned i = 0; i < 6000; i++)
                        cw_buf_printf(&buf, "X-%u: %050u\r\n", i, i);
                (void)!cw_connection_send(connection, buf.data, buf.len);
                cw_buf_deinit(&buf);
                return true;
        case FAULT_401:
                fake_send_error(api, connection, 401, "", "Unauthorized");
                return true;
        case FAULT_REFUSED:
                fake_send_error(api, connection, 200, "", "Required");
                return true;
        case FAULT_GARBAGE:
                fake_send(api, connection, 200, "", "{\"status\":\"1\",\"details\":[");
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
        if (api->dead_token > 0 && (api->script.no_new_token || api->dead_token == api->tokens))
                return false;
        return strstr(head, expected) != NULL;
}

static inline void fake_list(struct fake_api *api, struct cw_connection *connection, const char *head)
{
        unsigned page = 0, size = 0;

        assert_int_equal(
                sscanf(head, "GET /x/api/v1/customer/cards/byuser/list?pageNumber=%u&pageSize=%u ", &page, &size), 2);
        api->requests++;
        fake_note(api, "", page);
        if (api->before_page)
                api->before_page(api, page);
        if (!fake_authorized(api, head, page))
                fake_send_error(api, connection, 401, "", "Unauthorized");
        else if (!fake_make_fault(api, connection, page, size))
                fake_page(api, connection, page, size, page);
}

static inline void fake_send_one(struct fake_api *api, struct cw_connection *connection, const unsigned *ids,
                                 unsigned n, bool array)
{
        struct cw_buf buf = CW_BUF_NULL;

        cw_buf_printf(&buf, "{\"id\":0,\"details\":%s", array ? "[" : "");
        for (unsigned i = 0; i < n; i++)
                fake_put_customer(&buf, i > 0 ? "," : "", ids[i]);
        cw_buf_printf(&buf, "%s,\"status\":\"1\",\"errors\":[]}", array ? "]" : "");
        fake_send(api, connection, 200, "", buf.data);
        cw_buf_deinit(&buf);
}

static inline enum one_manner fake_one_manner(struct fake_api *api, unsigned customer)
{
        const struct fake_script *script = &api->script;

        if (customer != script->one || (script->one_times > 0 && api->ones_made >= script->one_times))
                return ONE_OK;
        api->ones_made++;
        return script->one_manner;
}

static inline void fake_one(struct fake_api *api, struct cw_connection *connection, const char *head)
{
        unsigned ids[2] = {0};

        assert_int_equal(sscanf(head, "GET /x/api/v1/customer/cards/byuser?customersId=%u ", &ids[0]), 1);
        ids[1] = ids[0] + 1;
        api->requests++;
        fake_note(api, "c", ids[0]);
        if (!fake_authorized(api, head, UINT32_MAX)) {
                fake_send_error(api, connection, 401, "", "Unauthorized");
                return;
        }
        switch (fake_one_manner(api, ids[0])) {
        case ONE_500:
                fake_send(api, connection, 500, "", "oops");
                break;
        case ONE_429:
                fake_send(api, connection, 429, api->script.retry_after ? "Retry-After: 1\r\n" : "Retry-After: 60\r\n",
                          "");
                break;
        case ONE_401:
                fake_send_error(api, connection, 401, "", "Unauthorized");
                break;
        case ONE_SILENT:
                break;
        case ONE_GARBAGE:
                fake_send(api, connection, 200, "", "{");
                break;
        case ONE_ANOTHER:
                fake_send_one(api, connection, ids + 1, 1, false);
                break;
        case ONE_TWO:
                fake_send_one(api, connection, ids, 2, true);
                break;
        case ONE_EMPTY:
                fake_send_one(api, connection, ids, 0, true);
                break;
        case ONE_GONE_200:
                fake_send_error(api, connection, 200, "CustomersId", "Invalid");
                break;
        case ONE_GONE_UNNAMED:
                fake_send_error(api, connection, 400, "", "Invalid");
                break;
        case ONE_WRONG_FIELD:
                fake_send_error(api, connection, 400, "otp", "Invalid");
                break;
        case ONE_404:
                fake_send(api, connection, 404, "", "no such page");
                break;
        case ONE_OK:
        default:
                if (ids[0] > api->script.customers)
                        fake_send_error(api, connection, 400, "customersId", "Invalid");
                else
                        fake_send_one(api, connection, ids, 1, ids[0] % 2 == 0);
                break;
        }
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
                        if (strlen(api->order) < sizeof(api->order) - 4)
                                strcat(api->order, api->order[0] ? " L" : "L");
                        fake_login(api, client->connection, body);
                } else {
                        api->delaying = api->script.delay_ms > 0;
                        if (strstr(client->in.data, "byuser?"))
                                fake_one(api, client->connection, client->in.data);
                        else
                                fake_list(api, client->connection, client->in.data);
                        api->delaying = false;
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
        struct fake_connection *client = cw_connection_user(connection);

        (void)data;
        if (client)
                client->closed = true;
}

static inline void fake_opened(void *data, struct cw_connection *connection)
{
        struct fake_api *api = data;

        (void)connection;
        api->opened++;
}

static inline void fake_start(struct fake_api *api, struct cw_loop *loop, const struct fake_script *script)
{
        static const struct cw_server_handler handler = {
                .received = fake_received, .closed = fake_closed, .opened = fake_opened};

        *api = (struct fake_api){.script = *script};
        assert_int_equal(cw_timer_new(loop, fake_on_timer, api, &api->timer), 0);
        assert_int_equal(cw_server_new(loop, "127.0.0.1", script->port, &handler, api, &api->server, &api->port), 0);
}

static inline void fake_stop(struct fake_api *api)
{
        struct fake_connection *client, *next;

        cw_server_free(api->server);
        cw_timer_free(cw_take(api->timer));
        for (client = api->connections; client; client = next) {
                next = client->next;
                cw_buf_deinit(&client->in);
                cw_buf_deinit(&client->late);
                free(client);
        }
}
