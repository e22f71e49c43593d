/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CONFIG_URL_H
#define CARDWATCH_CONFIG_URL_H

#include <stdbool.h>
#include <stddef.h>

/*
 * URL: enough of RFC 3986 to say early what is wrong with an address. Points into the text it was given; decides
 * nothing about what an address is used for.
 */

struct cw_config_url {
        const char *scheme, *host, *path; /* path: from the first '/' on, "" if there is none */
        size_t scheme_len, host_len; /* a host in brackets without them */
        unsigned port; /* 0: not said */
        bool has_userinfo, has_query, has_fragment;
};

/* NULL, or what is wrong: a phrase that goes on after "must", without any of the text. */
const char *cw_config_url_split(const char *text, struct cw_config_url *ret_url);

bool cw_config_url_is_scheme(const struct cw_config_url *url, const char *scheme);

/* Whether the host is this machine: localhost, 127.0.0.0/8, ::1. */
bool cw_config_url_is_loopback(const struct cw_config_url *url);

#endif
