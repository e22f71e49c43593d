/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: the words for severities, as configurations and messages write them. */
#include <string.h>

#include "cardwatch/card.h"
#include "cardwatch/cleanup.h"

static const char *const names[] = {
        [CW_SEVERITY_NONE] = "none",
        [CW_SEVERITY_INFO] = "info",
        [CW_SEVERITY_WARNING] = "warning",
        [CW_SEVERITY_CRITICAL] = "critical",
};

const char *cw_severity_name(enum cw_severity severity)
{
        return (size_t)severity < CW_ARRAY_SIZE(names) ? names[severity] : names[CW_SEVERITY_NONE];
}

enum cw_severity cw_severity_parse(const char *text)
{
        for (size_t i = CW_SEVERITY_INFO; i < CW_ARRAY_SIZE(names); i++)
                if (strcmp(names[i], text) == 0)
                        return (enum cw_severity)i;
        return CW_SEVERITY_NONE;
}
