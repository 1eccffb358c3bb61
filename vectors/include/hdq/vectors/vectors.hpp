// A set of test vectors (docs/vectors.md): every stage of SPEC §1–§4 and §7 with its exact answers, for implementations in any language.
//
// The answers are computed in real arithmetic by hdq::reference. While they are made, the float32 implementation is run on
// each instruction set of this machine and compared; a disagreement is an exception, never a file.
#pragma once

#include <map>
#include <string>

#include "hdq/vectors/vector_document.hpp"

namespace hdq::vectors {

// File name → contents: JSON documents, their schema and the blob. The same on every machine.
std::map<std::string, std::string> make_vectors();

const char* vectors_schema();  // vectors.schema.json

// The documents, each in a function of its name.
Document make_streams(Blob& blob);    // signs and dither, SPEC §2
Document make_codebook(Blob& blob);   // thresholds and codewords, SPEC §3
Document make_scalar(Blob& blob);     // one value under many dithers, SPEC §3
Document make_packing(Blob& blob);    // codes and bytes, SPEC §4
Document make_transform(Blob& blob);  // y = H D x and its transpose, SPEC §1
Document make_codec(Blob& blob);      // a vector through every stage, SPEC §4
Document make_batch(Blob& blob);      // many rows in one call
Document make_dot(Blob& blob);        // ⟨q, x̂⟩ without the inverse transform
Document make_chain(Blob& blob);      // encode, decode, encode, …
Document make_refusal(Blob& blob);    // inputs that have no code
Document make_file(Blob& blob);       // .hdq files, whole and damaged (docs/format.md)
// Of the entropy-coded quantizer, SPEC §7; with a blob of their own.
Document make_entropy_tables(Blob& blob);   // raw bits and frequencies of a step
Document make_entropy_coded(Blob& blob);    // a vector through every stage
Document make_entropy_streams(Blob& blob);  // codes and streams, and what is no stream
Document make_entropy_file(Blob& blob);     // .hdq files of scheme 1, whole and damaged

// A group of tests of one vector: its rotation and norm, and what they may be off.
Json vector_group(Blob& blob, const std::string& type, const std::vector<float>& x, std::uint64_t seed);

}  // namespace hdq::vectors
