/* SPDX-License-Identifier: Apache-2.0 */
#include "zone_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/zone.h"
#include "load_file.h"

#define ZONES     "/usr/share/zoneinfo"
#define LOCALTIME "/etc/localtime"
#define SIZE_MOST (256 * 1024)

static int load(const char *path, struct cw_zone **ret_zone)
{
        cw_autofree char *bytes = NULL;
        size_t len;
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        int r;

        if (fd < 0)
                return -errno;
        r = cw_load_bytes(fd, SIZE_MOST, &bytes, &len);
        close(fd);
        return r < 0 ? r : cw_zone_parse(bytes, len, ret_zone);
}

static int load_name(const char *name, struct cw_zone **ret_zone)
{
        char path[256];

        if ((size_t)snprintf(path, sizeof(path), "%s%s", *name == '/' ? "" : ZONES "/", name) >= sizeof(path))
                return -ENAMETOOLONG;
        return load(path, ret_zone);
}

int cw_zone_load(const char *name, const char *tz, struct cw_zone **ret_zone)
{
        int r;

        *ret_zone = NULL;
        if (name)
                return strcmp(name, "UTC") == 0 ? 0 : load_name(name, ret_zone);
        if (!tz)
                tz = getenv("TZ");
        r = tz && *tz ? load_name(tz + (*tz == ':'), ret_zone) : load(LOCALTIME, ret_zone);
        return r == -ENOMEM ? r : 0;
}
