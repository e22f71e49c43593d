/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CONFIG_SHOW_H
#define CARDWATCH_CONFIG_SHOW_H

struct cw_buf;
struct cw_files;

/*
 * Show: what files without mistakes come to, as one file of YAML: every key that is written or has a default, in the
 * tables' order; what others brought stands in the lists that it was appended to. No secret is in it: a reference
 * stays, a text becomes three asterisks.
 */
void cw_show(const struct cw_files *files, struct cw_buf *buf);

#endif
