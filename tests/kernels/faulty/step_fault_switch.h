/* The faults of step_faults.hpp, and the one that HDQ_FAULT switches on: WRONG(name). */
#ifndef HDQ_STEP_FAULT_SWITCH_H
#define HDQ_STEP_FAULT_SWITCH_H

#include <stdlib.h>
#include <string.h>

enum fault {
  none,
#define FAULT(name, defect, check, what) name,
#include "step_faults.hpp"
#undef FAULT
};
static enum fault fault_on;
#define WRONG(name) (fault_on == name)

__attribute__((constructor)) static void switch_on(void) {
  const char* name = getenv("HDQ_FAULT");
#define FAULT(fault, defect, check, what) \
  if (name && strcmp(name, #fault) == 0) fault_on = fault;
#include "step_faults.hpp"
#undef FAULT
}

#endif
