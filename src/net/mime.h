/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_NET_MIME_H
#define CARDWATCH_NET_MIME_H

#include <curl/curl.h>

struct cw_smtp_request;

/*
 * Mime: a text and perhaps an HTML with its pictures as the body of a mail, through curl's encoder.
 */

/* multipart/alternative, quoted-printable; the Content-Type of the whole goes into `headers`, since curl's would be
 * multipart/mixed. NULL: no memory. */
curl_mime *cw_mime_new(CURL *easy, const struct cw_smtp_request *request, struct curl_slist **headers);

#endif
