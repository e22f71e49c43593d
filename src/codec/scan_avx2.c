/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: the same scanner once more, compiled for processors that compare 32 bytes at once (CMakeLists.txt). */
#if defined(__x86_64__)
#define CW_SCAN_PAGE cw_scan_page_avx2
#include "scan.c" /* NOLINT(bugprone-suspicious-include): once more is the point */
#endif
