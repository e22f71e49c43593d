/* SPDX-License-Identifier: Apache-2.0 */
/* cardwatch-sim: a card API with invented customers, for trying and testing cardwatch. */
#include <stdio.h>

#include <cardwatch/buf.h>
#include <cardwatch/cleanup.h>
#include <cardwatch/streams.h>

#include "options.h"
#include "run.h"

int main(int argc, char **argv)
{
        struct cw_buf message cw_cleanup(cw_buf_deinit) = CW_BUF_NULL;
        struct cw_sim_options options;
        int r;

        cw_streams_fill();
        r = cw_sim_options_parse(argc, argv, &options, &message);
        if (r == CW_SIM_OPTIONS_SHOW) {
                fputs(cw_buf_text(&message), stdout);
                return fflush(stdout) == 0 ? 0 : 1;
        }
        if (r != 0) {
                fputs(cw_buf_text(&message), stderr);
                return CW_SIM_EXIT_USAGE;
        }
        return cw_sim_run(&options);
}
