// Properties of dithered Hadamard quantizers, for the test suites of others (GoogleTest, RapidCheck, any):
//
//   HDQ_EXPECT_PROPERTY(hdq::properties::transform_is_orthogonal(384, my_transform));
//   HDQ_RC_ASSERT_PROPERTY(hdq::properties::codes_within_bound(config, x, row, my_encode(x, row)));
//
// A property is a function of callables that the caller provides; it returns a Result with a message that names the first
// violation. Each states the theorem behind it: the section of docs/SPEC.md and the name in proofs/Statements.v. A property that
// draws random numbers states its probability of a false alarm, at most 1e-9; the others have none.
#pragma once

#include "hdq/properties/codec.hpp"
#include "hdq/properties/packing.hpp"
#include "hdq/properties/reconstruction.hpp"
#include "hdq/properties/result.hpp"
#include "hdq/properties/rotation.hpp"
#include "hdq/properties/scalar.hpp"
#include "hdq/properties/streams.hpp"

#define HDQ_EXPECT_PROPERTY(property) EXPECT_EQ((property).message, "")
#define HDQ_RC_ASSERT_PROPERTY(property) RC_ASSERT((property).message == std::string())
