/* SPDX-License-Identifier: Apache-2.0 */
#include "cairo_library.h"

#include <dlfcn.h>
#include <errno.h>

#include "cardwatch/cleanup.h"

/* The name under which every cairo 1.x is installed, with the functions as its headers declare them. */
#define LIBRARY "libcairo.so.2"

static void close_library(void **library)
{
        if (*library)
                dlclose(*library);
}

int cw_cairo_open(struct cw_cairo *ret_cairo)
{
        cw_cleanup(close_library) void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
        struct cw_cairo cairo;

        if (!library)
                return -ENOENT;
#define LOOK_UP(name)                                                                                                  \
        cairo.name = (__typeof__(cairo.name))dlsym(library, "cairo_" #name);                                           \
        if (!cairo.name)                                                                                               \
                return -ENOENT;
        CW_CAIRO_FUNCTIONS(LOOK_UP)
#undef LOOK_UP
        *ret_cairo = cairo;
        return 0;
}
