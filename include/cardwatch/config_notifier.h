/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CONFIG_NOTIFIER_H
#define CARDWATCH_CONFIG_NOTIFIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cw_label;
struct cw_secret;

/*
 * Config, notifiers: whom to tell, as checked structs. What a type has no key for is NULL or zero.
 */

struct cw_config_tls {
        char *ca, *cert, *key;
};

enum cw_config_notifier_type {
        CW_NOTIFIER_WEBHOOK,
        CW_NOTIFIER_EMAIL,
        CW_NOTIFIER_SYSLOG,
        CW_NOTIFIER_FILE,
        CW_NOTIFIER_SLACK,
        CW_NOTIFIER_DISCORD,
        CW_NOTIFIER_TEAMS,
        CW_NOTIFIER_TELEGRAM,
        CW_NOTIFIER_MATRIX,
        CW_NOTIFIER_NTFY,
        CW_NOTIFIER_GOTIFY,
        CW_NOTIFIER_PUSHOVER,
        CW_NOTIFIER_PAGERDUTY,
        CW_NOTIFIER_ALERTMANAGER,
        CW_NOTIFIER_EXEC
};

/* In the order of enum cw_detail. */
enum cw_config_detail { CW_CONFIG_DETAIL_FULL, CW_CONFIG_DETAIL_BAND, CW_CONFIG_DETAIL_NONE };

enum cw_config_starttls { CW_STARTTLS_REQUIRED, CW_STARTTLS_OPPORTUNISTIC, CW_STARTTLS_OFF };

/* Whom a customer's own alerts are told besides. */
struct cw_config_customer {
        int64_t id;
        char **to;
        size_t n_to;
};

struct cw_config_notifier {
        char *name;
        enum cw_config_notifier_type type;
        bool send_resolved;
        enum cw_config_detail detail;
        uint32_t list; /* CW_LIST_ALL or a count */
        int64_t timeout_ms, retry_for_ms;
        char *title, *body; /* templates; NULL: the default words */
        char *rate; /* "30/m", or "none" */
        struct cw_secret *url; /* webhook, slack, discord, teams */
        struct cw_secret *secret; /* webhook */
        struct cw_label *headers; /* webhook, alertmanager */
        size_t n_headers;
        char *proxy; /* all that speak HTTP */
        char *smtp, *username, *from; /* email */
        struct cw_secret *password; /* email */
        char **to; /* email */
        size_t n_to;
        /* email: of the notifier that was made of `to_customers`, whose name ends in "/customers" and which has no
         * `to`; sorted. It stands behind all that were written. */
        struct cw_config_customer *customers;
        size_t n_customers;
        enum cw_config_starttls starttls; /* email; the default for the host is already applied */
        char *target, *app_name; /* syslog */
        unsigned facility; /* syslog, RFC 5424 number */
        char *path; /* file */
        char *server; /* telegram, matrix, ntfy, gotify, pagerduty, alertmanager: their `url`, which is no secret */
        struct cw_secret *token; /* telegram, matrix, ntfy, gotify, pushover */
        struct cw_secret *user; /* pushover */
        struct cw_secret *routing_key; /* pagerduty */
        char **command; /* exec */
        size_t n_command;
        char *chat_id, *room, *topic; /* telegram, matrix, ntfy */
        struct cw_config_tls tls;
};

#endif
