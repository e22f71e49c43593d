/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CONFIG_FINISH_H
#define CARDWATCH_CONFIG_FINISH_H

#include "draft.h"

/*
 * Finish: from a draft without mistakes to the configuration that is handed out. Takes what it needs out of the draft;
 * the ruleset is taken over on success. -ENOMEM.
 */
/* `root`: of the main file. */
int cw_finish(struct cw_draft *draft, struct cw_ruleset **rules, const char *path, struct cw_config **ret_config)
        __attribute__((warn_unused_result));

#endif
