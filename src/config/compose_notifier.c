/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: what the keys of a notifier say together. */
#include <stdlib.h>
#include <string.h>

#include "cardwatch/secret.h"
#include "compose.h"
#include "url.h"

static const struct cw_node *name_of(const struct cw_draft *draft, size_t i)
{
        return cw_node_get(draft->notifiers[i].node, "name");
}

static void check_login(struct cw_reader *reader, const struct cw_node *node)
{
        const struct cw_node *username = cw_node_key(node, "username"), *password = cw_node_key(node, "password");

        if (username && !password)
                cw_reader_complain(reader, username, "\"username\" needs \"password\"");
        if (password && !username)
                cw_reader_complain(reader, password, "\"password\" needs \"username\"");
}

static void compose_email(struct cw_composer *composer, struct cw_notifier_draft *draft)
{
        const struct cw_node *starttls = cw_node_key(draft->node, "starttls");
        struct cw_config_notifier *notifier = &draft->notifier;
        struct cw_config_url url;

        check_login(composer->reader, draft->node);
        if (!notifier->smtp || cw_config_url_split(notifier->smtp, &url) != NULL)
                return;
        if (!starttls)
                notifier->starttls = cw_config_url_is_loopback(&url) ? CW_STARTTLS_OFF : CW_STARTTLS_REQUIRED;
        if (cw_config_url_is_scheme(&url, "smtps")) {
                if (starttls)
                        cw_reader_warn(composer->reader, starttls, "\"starttls\" has no effect with smtps://");
                return;
        }
        if (notifier->password && notifier->starttls != CW_STARTTLS_REQUIRED && !cw_config_url_is_loopback(&url))
                cw_reader_warn(
                        composer->reader, starttls ? starttls : draft->node,
                        "the password may go over the network unencrypted; \"starttls: required\" prevents that");
}

/* A reference in a header is taken as it stands: headers are no secrets of the contract. */
static void check_headers(struct cw_composer *composer, const struct cw_notifier_draft *draft)
{
        const struct cw_node *headers = cw_node_get(draft->node, "headers");

        for (size_t i = 0; headers && headers->kind == CW_NODE_MAPPING && i < headers->n_items; i++) {
                const struct cw_node *value = headers->items[i];

                if (value->kind == CW_NODE_SCALAR &&
                    (strncmp(value->text, "env:", 4) == 0 || strncmp(value->text, "file:", 5) == 0 ||
                     strncmp(value->text, "credential:", 11) == 0))
                        cw_reader_warn(composer->reader, value,
                                       "headers are sent as they stand: this is not looked up");
        }
}

static void compose_traits(struct cw_composer *composer, const struct cw_config_notifier *notifier,
                           struct cw_notifier_traits *traits)
{
        traits->name = cw_reader_dup(composer->reader, notifier->name ? notifier->name : "");
        traits->send_resolved = notifier->send_resolved;
        traits->list = notifier->list;
        traits->retry_for_ms = notifier->retry_for_ms;
}

void cw_compose_notifiers(struct cw_composer *composer)
{
        struct cw_draft *draft = composer->draft;
        struct cw_ruleset *rules = composer->rules;

        cw_compose_unique(composer, "notifier", draft->n_notifiers, name_of);
        rules->notifiers = cw_reader_alloc(composer->reader, draft->n_notifiers, sizeof(*rules->notifiers));
        for (size_t i = 0; rules->notifiers && i < draft->n_notifiers; i++) {
                struct cw_notifier_draft *notifier = &draft->notifiers[i];

                if (notifier->notifier.type == CW_NOTIFIER_EMAIL)
                        compose_email(composer, notifier);
                if (notifier->notifier.type == CW_NOTIFIER_WEBHOOK)
                        check_headers(composer, notifier);
                cw_compose_tls(composer, cw_node_get(notifier->node, "tls"), &notifier->notifier.tls);
                compose_traits(composer, &notifier->notifier, &rules->notifiers[i]);
                rules->n_notifiers++;
        }
        if (draft->n_notifiers == 0 && cw_compose_is_absent(composer, "notifiers"))
                cw_compose_complain(composer, true, "there are no notifiers: nobody will be told");
}
