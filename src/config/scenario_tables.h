/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CONFIG_SCENARIO_TABLES_H
#define CARDWATCH_CONFIG_SCENARIO_TABLES_H

#include "schema.h"

/*
 * Scenario tables: the keys of test files. They have rows like those of the configuration, but neither defaults nor
 * help: what they mean stands in the manual.
 */

/* Into a struct cw_scenario_file. */
extern const struct cw_table cw_schema_scenario;

/* Names and types only: there is nothing to read into. */
extern const struct cw_table cw_schema_expected_alert, cw_schema_expected_message;

#endif
