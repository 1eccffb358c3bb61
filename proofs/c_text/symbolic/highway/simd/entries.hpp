// The entry points need no declarations where one file is the whole library.
#pragma once
