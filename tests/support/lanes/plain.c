/* SPDX-License-Identifier: Apache-2.0 */
#include "plain.h"

#define CW_SCAN_PLAIN
#define CW_SCAN_PAGE cw_scan_page_plain
#include "../../../src/codec/scan.c"
