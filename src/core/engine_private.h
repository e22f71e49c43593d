/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_ENGINE_PRIVATE_H
#define CARDWATCH_CORE_ENGINE_PRIVATE_H

#include "engine_builtin.h"
#include "engine_card.h"
#include "engine_poll.h"
#include "engine_rule.h"
#include "engine_rules.h"
#include "engine_seen.h"
#include "engine_state.h"
#include "engine_suspicion.h"

/*
 * The parts of the engine, for its own files.
 */

#endif
