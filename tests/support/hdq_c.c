/* A shared object of the whole library, for tests in other languages. */
#include "hdq/hdq.h"
