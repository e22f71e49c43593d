/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CONFIG_REPORT_PRIVATE_H
#define CARDWATCH_CONFIG_REPORT_PRIVATE_H

#include "cardwatch/config_report.h"
#include "document.h"

/*
 * Report, as the loader fills it: diagnostics with their excerpts, in any order; finishing sorts them and drops what
 * was said twice (a node that is used twice has its mistakes twice).
 */

/* `document` NULL: about `name`, which could not be read. -ENOMEM. */
int cw_report_put(struct cw_config_report *report, const struct cw_document *document, struct cw_span span,
                  bool warning, const char *message) __attribute__((warn_unused_result));
int cw_report_put_file(struct cw_config_report *report, const char *name, unsigned order, const char *message)
        __attribute__((warn_unused_result));

/* The place of a file among those of the load: its own if something was said about it, else behind all, not before
 * `least`. */
unsigned cw_report_order(const struct cw_config_report *report, const char *name, unsigned least);

void cw_report_finish(struct cw_config_report *report);

#endif
