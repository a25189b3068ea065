/* The manual's rules on one access, one function each, with the clause quoted (Intel SDM volume 3A: chapter 4
 * "Linear-Address Pre-Processing", chapter 5 "Paging"; numbers of the editions of 2024 and 2025. "APM": AMD's manual,
 * volume 2).
 *
 *     rules_address.h   the linear address: masking, canonicality
 *     rules_entry.h     the walk: tables, leaves, reserved bits, page address, memory types
 *     rules_rights.h    access modes, rights, protection keys, shadow stacks, the error code
 *     rules_control.h   what control operations refuse
 *
 * Pure functions of their arguments. The order in which they are asked is oracle.c's business. */
#ifndef TWINWALK_RULES_H
#define TWINWALK_RULES_H

#include "rules_address.h"
#include "rules_control.h"
#include "rules_entry.h"
#include "rules_rights.h"

#endif
