/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CLEANUP_H
#define CARDWATCH_CLEANUP_H

#include <stdlib.h>

/*
 * The one clean-up idiom.
 *
 * A local that owns something is declared with cw_cleanup(function); what is handed over on success is taken out of it
 * with cw_take(). There is no `goto out`, and no path on which something leaks because a line was added.
 */

#define cw_cleanup(function) __attribute__((cleanup(function)))

/* Defines cleanup function `name_cleanup` for variables of pointer type `type` that `release` lets go of (NULL is
 * fine). */
#define CW_DEFINE_CLEANUP(type, release)                                                                               \
        static inline void release##_cleanup(type *variable)                                                           \
        {                                                                                                              \
                release(*variable);                                                                                    \
        }                                                                                                              \
        struct cw_swallow_semicolon

static inline void cw_free_cleanup(void *variable)
{
        free(*(void **)variable);
}

#define cw_autofree cw_cleanup(cw_free_cleanup)

/* Hands the pointer over: its value, leaving NULL behind. */
#define cw_take(pointer)                                                                                               \
        ({                                                                                                             \
                __typeof__(pointer) taken_ = (pointer);                                                                \
                (pointer) = NULL;                                                                                      \
                taken_;                                                                                                \
        })

#define CW_ARRAY_SIZE(array) (sizeof(array) / sizeof(*(array)))

#endif
