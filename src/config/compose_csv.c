/* SPDX-License-Identifier: Apache-2.0 */
#include "compose_rule.h"

void cw_compose_csv(struct cw_composer *composer, const struct cw_node *node, const char *path,
                    const struct cw_rule *rule, struct cw_override *override)
{
        (void)path;
        (void)rule;
        (void) override;
        cw_reader_complain(composer->reader, node, "\"csv\" is not supported yet");
}
