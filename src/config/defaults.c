#include "cardwatch/config.h"
void cw_config_defaults(struct cw_buf *buf)
{
        (void)buf;
}
void cw_config_man(struct cw_buf *buf)
{
        (void)buf;
}
