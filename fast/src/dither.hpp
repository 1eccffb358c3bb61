#pragma once
#include "kernels.hpp"
