/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SINK_MAIL_HEADER_H
#define CARDWATCH_SINK_MAIL_HEADER_H

#include <stddef.h>
#include <stdint.h>

struct cw_buf;

/*
 * Mail header: values of header fields from texts of any origin.
 *
 * Whatever goes in, what comes out is printable ASCII without CR or LF, short enough for one line of RFC 5322 (998
 * characters with the field's name): texts in other scripts as encoded words of RFC 2047 with a space between, each at
 * most 75 characters. Errors stick in the buffer.
 */

/* Unstructured text: a subject. */
void cw_mail_text(struct cw_buf *buf, const char *text);

/* "Name <a@b>" or "a@b", as configured. */
void cw_mail_address(struct cw_buf *buf, const char *text);

/* The addresses after one another, as many as fit one line. */
void cw_mail_addresses(struct cw_buf *buf, const char *const *texts, size_t n_texts);

/* Only what stands between the angle brackets: for the envelope. */
void cw_mail_bare_address(struct cw_buf *buf, const char *text);

/* The domain of an address, or cardwatch.invalid. */
void cw_mail_domain(struct cw_buf *buf, const char *text);

/* "<left@domain of from>" */
void cw_mail_id(struct cw_buf *buf, const char *left, const char *from);

/* RFC 5322, section 3.3, in UTC. */
void cw_mail_date(struct cw_buf *buf, int64_t at);

#endif
