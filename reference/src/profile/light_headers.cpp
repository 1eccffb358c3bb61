// Nothing: hdq_light_headers (reference/CMakeLists.txt) is a precompiled header.
