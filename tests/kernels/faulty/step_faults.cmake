# hdq_faulty_steps.c is hdq_plain_entropy_coded.c with these edits, one after another: edit(RIGHT WRONG). Each right text stands in the plain kernel
# once; a fault is switched on by HDQ_FAULT (step_fault_switch.h). cmake -DPLAIN=… -DOUTPUT=… -P step_faults.cmake
cmake_minimum_required(VERSION 3.25)
file(READ "${PLAIN}" source)

# right, wrong: whole lines.
function(edit right wrong)
  string(FIND "${source}" "${right}" first)
  string(FIND "${source}" "${right}" last REVERSE)
  if(first EQUAL -1 OR NOT first EQUAL last)
    message(FATAL_ERROR "step_faults.cmake: not once in the plain kernel: ${right}")
  endif()
  string(REPLACE "${right}" "${wrong}" source "${source}")
  set(source "${source}" PARENT_SCOPE)
endfunction()

edit([==[
#include <string.h>
]==] [==[
#include <string.h>

#include "step_fault_switch.h"
]==])
edit([==[
  for (*coarse_step = step; *coarse_step <= 0.125f; *coarse_step *= 2) ++h;
]==] [==[
  for (*coarse_step = step;
       WRONG(raw_bits_edge) ? *coarse_step < 0.125f : *coarse_step <= (WRONG(raw_bits_more) ? 0.25f : 0.125f);
       *coarse_step *= 2)
    ++h;
]==])
edit([==[
static uint32_t weyl(uint32_t w, uint64_t j) { return w + (uint32_t)j * 0x9E3779B9; }
]==] [==[
static uint32_t weyl(uint32_t w, uint64_t j) {
  if (WRONG(weyl_from_one)) ++j;
  return w + (uint32_t)j * (WRONG(weyl_constant) ? 0x9E3779B1
                            : WRONG(weyl_scalar) ? 0
                            : WRONG(weyl_other)  ? 0x12345679
                                                 : 0x9E3779B9);
}
]==])
edit([==[
static float offset(uint32_t w_j, uint32_t h) { return ldexpf((float)(w_j >> 9) + 0.5f, (int)h - 23); }
]==] [==[
static float offset(uint32_t w_j, uint32_t h) {
  return ldexpf((float)(w_j >> 9) + (WRONG(offset_half) ? 0 : 0.5f), (int)h - 23);
}
]==])
edit([==[
  if (!isfinite(*norm)) return "the norm is beyond float32";
  memset(codes, 0, d * sizeof *codes);
]==] [==[
  if (!isfinite(*norm)) return "the norm is beyond float32";
  memset(codes, 0, d * sizeof *codes);
  if (*norm == 0 && WRONG(zero_row_codes)) codes[d - 1] = 1;
]==])
edit([==[
  const float per_step = (float)(1 / ((double)s->step * (double)(*norm * scale)));
]==] [==[
  const float per_step =
      (float)((WRONG(encode_twice_the_step) ? 0.5 : 1) / ((double)s->step * (double)(*norm * scale)));
]==])
edit([==[
    const float t = y[j] * per_step + offset(weyl(w, j), h);
    codes[j] = (int32_t)floorf(t);
]==] [==[
    const float t = y[j] * per_step + offset(weyl(w, j), WRONG(raw_bits_in_offset) ? 0 : h);
    codes[j] = WRONG(encode_towards_zero) ? (int32_t)t : (int32_t)floorf(WRONG(encode_nearest) ? t + 0.5f : t);
]==])
edit([==[
  return s->step * ((float)code + (0.5f - offset(w_j, h)));
]==] [==[
  return s->step * ((float)code + ((WRONG(cell_half) ? 0 : 0.5f) - offset(w_j, h)));
]==])
edit([==[
  const float scale = scale_of(norm), factor = (float)((double)(norm * scale) / (double)d);
  for (uint64_t j = 0; j < d; ++j) z[j] = rotated_value(s, h, weyl(w, j), codes[j]);
]==] [==[
  const float scale = scale_of(norm), factor = (float)((WRONG(decode_norm) ? 1 : (double)(norm * scale)) / (double)d);
  for (uint64_t j = 0; j < d; ++j)
    z[j] = rotated_value(s, h, WRONG(decode_weyl) ? w + (uint32_t)j * 0x61C88647 : weyl(w, j), codes[j]);
]==])
edit([==[
  const double order = (double)d, rho = norm, p = ((double)sum[0] * (rho / order)) * ldexp(1, e);
]==] [==[
  const double order = (double)d, rho = norm,
               p = ((double)sum[0] * (rho / (WRONG(dot_order) ? sqrt(order) : order))) * ldexp(1, e);
]==])
edit([==[
  return (uint32_t)ceil(4.5 * sqrt(1 + W * W / 12) / W);
]==] [==[
  return (uint32_t)(WRONG(table_k) ? floor(4.5 * sqrt(1 + W * W / 12) / W) : ceil(4.5 * sqrt(1 + W * W / 12) / W));
]==])
edit([==[
      const double tau = W * ((128 * c + 63 - 2 * u) / 128.0), q = (tau * tau) / (2 + (W * W) / 6), a = q * 0x1p-10;
]==] [==[
      const double tau = W * ((128 * c + (WRONG(table_centre) ? 64 : 63) - 2 * (WRONG(table_buckets) ? 63 - u : u)) /
                              128.0),
                   q = (tau * tau) / (2 + (W * W) / 6), a = q * 0x1p-10;
]==])
edit([==[
      for (int i = 0; i < 10; ++i) r = r * r;
]==] [==[
      for (int i = 0; i < 10; ++i) r = r * r;
      if (WRONG(table_exp)) r = exp(-q);
]==])
edit([==[
      const double rounded = floor((65535 * e[c + K]) / E + 0.5);
]==] [==[
      const double rounded = floor((65535 * e[c + K]) / E + (WRONG(table_round) ? 0 : 0.5));
]==])
edit([==[
    f[K] = 65535 - others;
]==] [==[
    if (!WRONG(table_mode)) f[K] = 65535 - others;
]==])
edit([==[
  if (s->x >= (uint64_t)f << 47) {
]==] [==[
  if (s->x >> (WRONG(renormalise_early) ? 46 : WRONG(renormalise_late) ? 48 : 47) >= f) {
]==])
edit([==[
  s->x = s->x / f * 65536 + s->x % f + F;
]==] [==[
  s->x = s->x / f * 65536 + s->x % f + F + WRONG(cumulative);
]==])
edit([==[
  s->x = f * (s->x >> 16) + (s->x & 65535) - F;
  if (s->x >= (uint64_t)1 << 31) return;
]==] [==[
  s->x = f * (s->x >> 16) + (s->x & 65535) - F - WRONG(cumulative);
  if (s->x >= (uint64_t)1 << (WRONG(renormalise_get) ? 30 : 31)) return;
]==])
edit([==[
  for (uint32_t i = 0; i < e; ++i) put_bit(s, over >> i & 1);
  put_bit(s, 0);
  for (uint32_t i = 0; i < e; ++i) put_bit(s, 1);
  put_bit(s, negative != 0);
]==] [==[
  for (uint32_t i = 0; i < e; ++i) put_bit(s, over >> (WRONG(gamma_order) ? e - 1 - i : i) & 1);
  put_bit(s, WRONG(gamma_inverted));
  for (uint32_t i = 0; i < e; ++i) put_bit(s, !WRONG(gamma_inverted));
  put_bit(s, (negative != 0) != WRONG(escape_sign));
]==])
edit([==[
  const uint32_t negative = get_bit(s);
]==] [==[
  const uint32_t negative = get_bit(s) != (uint32_t)WRONG(escape_get_sign);
]==])
edit([==[
  if (escaped) put_escape(s, c < 0, (uint32_t)((c < 0 ? -c : c) - K));
]==] [==[
  if (escaped) put_escape(s, c < 0, (uint32_t)((c < 0 ? -c : c) - K + WRONG(escape_over)));
]==])
edit([==[
  if (norm == 0) return 0;
]==] [==[
  if (norm == 0 && !WRONG(zero_row_stream)) return 0;
]==])
edit([==[
  coder state = {((uint64_t)1 << 31) + bits_of(norm), malloc(ec_most_bytes(d)), 0, 0};
  for (uint64_t j = d; j-- > 0;) put_code(&state, f + (int)(weyl(w, j) >> 26) * count, K, codes[j] >> h);
  uint64_t length = 5;
]==] [==[
  coder state = {((uint64_t)1 << 31) + (WRONG(norm_not_in_state) ? 0 : bits_of(norm)), malloc(ec_most_bytes(d)), 0, 0};
  for (uint64_t i = d; i-- > 0;) {
    const uint64_t j = WRONG(coordinates_forward) ? d - 1 - i : i;
    put_code(&state, f + (int)(weyl(w, j) >> 26) * count, K, codes[j] >> h);
  }
  uint64_t length = WRONG(state_whole) ? 8 : 5;
]==])
edit([==[
  while (state.count > 0) {
    memcpy(stream + length, &state.words[--state.count], 4);
]==] [==[
  for (uint64_t i = 0, words = state.count; i < words; ++i) {
    memcpy(stream + length, &state.words[WRONG(words_forward) ? i : words - 1 - i], 4);
]==])
edit([==[
  if (first > 5 && state.x >> 8 * (first - 1) == 0) wrong = "the first state of a stream has a leading byte of zero";
]==] [==[
  if (!WRONG(stream_leading_zero) && first > 5 && state.x >> 8 * (first - 1) == 0)
    wrong = "the first state of a stream has a leading byte of zero";
]==])
edit([==[
    if (state.empty) wrong = "a stream has too few words";
]==] [==[
    if (!WRONG(stream_words_missing) && state.empty) wrong = "a stream has too few words";
]==])
edit([==[
  if (!wrong && state.count != 0) wrong = "a stream has words left";
]==] [==[
  if (!WRONG(stream_words_left) && !wrong && state.count != 0) wrong = "a stream has words left";
]==])
edit([==[
  if (!wrong && (bits == 0 || bits >= 0x7F800000)) wrong = "a stream ends in a norm that is not finite and positive";
]==] [==[
  if (!WRONG(stream_norm) && !wrong && (bits == 0 || bits >= 0x7F800000))
    wrong = "a stream ends in a norm that is not finite and positive";
]==])
edit([==[
    if (codes[p / h] >> p % h & 1) raw[p / 8] = (uint8_t)(raw[p / 8] | 1u << p % 8);
]==] [==[
    if (WRONG(raw_bits_stored)
            ? p / (h - (h > 1)) < ec_order(s->dimension, &m) && codes[p / (h - (h > 1))] >> p % (h - (h > 1)) & 1
            : codes[p / h] >> (WRONG(raw_bits_order) ? h - 1 - p % h : p % h) & 1)
      raw[p / 8] = (uint8_t)(raw[p / 8] | 1u << p % 8);
]==])
edit([==[
static uint32_t width_of(uint64_t largest) { return largest < 256 ? 1 : largest < 65536 ? 2 : 4; }
]==] [==[
static uint32_t width_of(uint64_t largest) {
  return WRONG(step_file_width) ? 4 : largest < 256 ? 1 : largest < 65536 ? 2 : 4;
}
]==])
edit([==[
  if (crc32c(0, file, 124) != u32(file + 124)) return "the header is damaged";
]==] [==[
  if (!WRONG(step_file_header) && crc32c(0, file, 124) != u32(file + 124)) return "the header is damaged";
]==])
edit([==[
    if (file[i]) return "a reserved byte is not zero";
]==] [==[
    if (file[i] && !WRONG(step_file_reserved)) return "a reserved byte is not zero";
]==])
edit([==[
  if (checksum(number, block, size - 4) != u32(block + size - 4)) return "a block is damaged";
]==] [==[
  if (!WRONG(step_file_block) && checksum(number, block, size - 4) != u32(block + size - 4))
    return "a block is damaged";
]==])
edit([==[
        ec_get_row(&f->config, first + i, block + at, length[i], block + raw_at + i * raw, norms + i, codes + i * d);
]==] [==[
        ec_get_row(&f->config, first + i, block + at, length[i], block + raw_at + i * raw, norms + i, codes + i * d);
    if (wrong && WRONG(step_file_stream)) wrong = NULL;
]==])
edit([==[
      ((int32_t*)codes)[i] = all[i];
]==] [==[
      ((int32_t*)codes)[i] = WRONG(width_16) ? (int16_t)all[i] : all[i];
]==])
edit([==[
  if (f.config.step != k->step || f.rows != rows || f.first_row != 0 || f.has_mean) return HDQ_KERNEL_BAD_INPUT;
]==] [==[
  if ((f.config.step != k->step && !WRONG(step_file_step)) || f.rows != rows || f.first_row != 0 || f.has_mean)
    return HDQ_KERNEL_BAD_INPUT;
]==])
edit([==[
    .name = "plain C, entropy-coded",
]==] [==[
    .name = "faulty, entropy-coded",
]==])

file(WRITE "${OUTPUT}" "${source}")
