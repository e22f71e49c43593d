/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CONFIG_REPORT_H
#define CARDWATCH_CONFIG_REPORT_H

#include <stdbool.h>
#include <stddef.h>

struct cw_buf;

/*
 * Config report: what is wrong with a configuration, and where.
 *
 * Filled by cw_config_load with every mistake and warning of one pass; owned by whoever passed it in. It never holds a
 * secret: values of secret keys are masked before a line becomes an excerpt.
 */

struct cw_config_place {
        const char *file;
        unsigned line, column; /* from 1, in characters; 0: none */
};

struct cw_config_diagnostic {
        char *file;
        unsigned line, column;
        bool warning;
        char *message;
        char *excerpt; /* the line itself, cut and made harmless, secrets masked; NULL: none */
        unsigned caret; /* where in the excerpt, from 1 */
        unsigned width; /* of what is underlined, at least 1 */
        unsigned order; /* private: of its file */
};

struct cw_config_report {
        struct cw_config_diagnostic *items; /* in order of file and place */
        size_t n_items, n_errors, n_warnings;
};

#define CW_CONFIG_REPORT_NULL                                                                                          \
        {                                                                                                              \
                0                                                                                                      \
        }

void cw_config_report_deinit(struct cw_config_report *report);

/* Adds an error that a layer above found, in its place in the order. -ENOMEM. */
int cw_config_report_add(struct cw_config_report *report, const struct cw_config_place *place, const char *message)
        __attribute__((warn_unused_result));

/* As config.md shows it, one block per diagnostic; `format` json: an array of objects. */
void cw_config_report_text(const struct cw_config_report *report, struct cw_buf *buf);
void cw_config_report_json(const struct cw_config_report *report, struct cw_buf *buf);

/* One line: how many errors there are, and the first, with its file where that is not `main_path`. */
void cw_config_report_first(const struct cw_config_report *report, const char *main_path, struct cw_buf *buf);

#endif
