/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_NET_FAILURE_H
#define CARDWATCH_NET_FAILURE_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/http.h"

/*
 * Failure: what a CURLcode means to us, and one line about it that a log may hold.
 *
 * The line names host and port and nothing else of the URL: not its user, its password, its path or its query.
 */

#define CW_FAILURE_LINE 320

/* Cards and their ids compress to a tenth or a thirtieth, a flood of the same byte to a thousandth. */
#define CW_FAILURE_BOMB_TIMES 100

struct cw_failure_facts {
        CURL *easy;
        CURLcode result;
        const char *error; /* curl's own text, "" if it has none */
        const char *peer; /* host:port */
        int64_t timeout_ms;
        int64_t waited_ms; /* of that, before curl began */
        size_t max_response;
        bool proxied; /* a proxy was given */
        bool too_large;
        bool is_bomb; /* unpacked to more than CW_FAILURE_BOMB_TIMES what was sent */
        bool bad_header;
};

/* "host:port" of a URL with one of the two schemes, malloc'd. -EINVAL: no such URL; -ENOMEM. */
int cw_failure_peer(const char *url, const char *const schemes[2], char **ret_peer) __attribute__((warn_unused_result));

/* Writes the line into `line` and says which failure it is; CW_HTTP_OK is "". */
enum cw_http_failure cw_failure_judge(const struct cw_failure_facts *facts, char line[CW_FAILURE_LINE]);

/* Appends text from outside to a line: printable ASCII, the rest as '?', as much as fits. */
void cw_failure_append(char line[CW_FAILURE_LINE], const char *text, size_t len);

#endif
