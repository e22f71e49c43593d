/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CODEC_ENVELOPE_H
#define CARDWATCH_CODEC_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json_span.h"

struct cw_provider_error;

/*
 * Envelope: what every answer of the card API is wrapped in (api.md), judged.
 *
 * Runs the strict pass (and so cuts card numbers), then reads the members around `details`. What the details mean is
 * the caller's. One of them that stands twice, in any case, makes an envelope that cannot be trusted.
 */

struct cw_envelope {
        bool has_details; /* there and not null */
        struct cw_json_span details;
        int64_t page_size, page_number, number_of_pages; /* -1: not said, or null */
};

/* A verdict (enum cw_provider_verdict) or -ENOMEM; *ret_envelope is set for CW_PROVIDER_OK only, *ret_error for the
 * others. */
int cw_envelope_read(char *bytes, size_t len, struct cw_envelope *ret_envelope, struct cw_provider_error *ret_error)
        __attribute__((warn_unused_result));

/* Says why an answer is not what it must be; returns CW_PROVIDER_MALFORMED. */
int cw_envelope_malformed(struct cw_provider_error *ret_error, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

#endif
