// All checks, in the order in which they run: that of data flow, so that the first finding names the first wrong stage.
#pragma once

#include <vector>

#include "hdq/validate/checks/session.hpp"

namespace hdq::validate {

extern const Check signs_check, dither_check, codebook_check;                       // check_streams.cpp
extern const Check transform_check, transposed_check;                               // check_rotation.cpp
extern const Check pack_check;                                                      // check_pack.cpp
extern const Check encode_check, thresholds_near_check, decode_check, dot_check;    // check_codes.cpp, check_decode.cpp
extern const Check rows_check, repeat_check, variants_check, placement_check;       // check_paths.cpp
extern const Check leaks_check, concurrent_check;                                   // check_calls.cpp
extern const Check bad_input_check, range_check, scaling_check;                     // check_input.cpp
extern const Check file_check, oracle_check;                                        // check_file.cpp
extern const Check step_tables_check, step_encode_check, step_decode_check, step_dot_check;  // check_steps.cpp
extern const Check step_streams_check;                                                       // check_step_streams.cpp
extern const Check step_file_check;                                                          // check_step_file.cpp
extern const Check profile_data_check, profile_transform_check, profile_transposed_check, profile_pack_check, profile_encode_check,
    profile_decode_check, profile_dot_check;                                        // check_profile.cpp
extern const Check reachable_check;                                                 // check_reachable.cpp
extern const Check enumeration_check;                                               // check_enumeration.cpp
extern const Check audit_check, drift_check;                                        // audit.cpp

inline std::vector<const Check*> all_checks() {
  return {&signs_check,
          &dither_check,
          &codebook_check,
          &transform_check,
          &transposed_check,
          &pack_check,
          &encode_check,
          &thresholds_near_check,
          &decode_check,
          &dot_check,
          &step_tables_check,
          &step_encode_check,
          &step_decode_check,
          &step_dot_check,
          &step_streams_check,
          &step_file_check,
          &profile_data_check,
          &profile_transform_check,
          &profile_transposed_check,
          &profile_pack_check,
          &profile_encode_check,
          &profile_decode_check,
          &profile_dot_check,
          &repeat_check,
          &rows_check,
          &variants_check,
          &placement_check,
          &leaks_check,
          &concurrent_check,
          &bad_input_check,
          &range_check,
          &scaling_check,
          &file_check,
          &oracle_check,
          &reachable_check,
          &enumeration_check,
          &audit_check,
          &drift_check};
}

}  // namespace hdq::validate
