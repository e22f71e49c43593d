/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_NET_TRANSFER_OPTIONS_H
#define CARDWATCH_NET_TRANSFER_OPTIONS_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "cardwatch/http.h"

/*
 * How easy handles are set up, whatever they carry.
 */

/* What every easy handle is set to: bounds in time, TLS, no signals. */
CURLcode cw_transfer_set_common(CURL *easy, const struct cw_http_tls *tls, int64_t timeout_ms);

/* Neither name nor value can break out of its line. */
bool cw_transfer_header_is_sound(const struct cw_http_header *header);

/* "name: value" with neither name nor value able to break out of its line: -EINVAL, -ENOMEM. */
int cw_transfer_add_header(struct curl_slist **headers, const char *name, const char *value)
        __attribute__((warn_unused_result));

#endif
